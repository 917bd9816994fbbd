"""The sources of the test files: test suites in source distributions, by name, version and checksum."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files in one folder of a source distribution.

    Attributes:
        package: Name on PyPI.
        version: Its version.
        sha256: Checksum of the archive.
        folder: Path of the test files in the archive.
    """

    package: str
    version: str
    sha256: str
    folder: str

    @property
    def name(self) -> str:
        """The name of its folder in the fixtures."""
        return f"{self.package}-{self.version}"

    @property
    def requirement(self) -> str:
        """The requirement for pip."""
        return f"{self.package}=={self.version}"


CORPORA = (
    Corpus("pillow", "13.0.0", "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510", "Tests/images"),
    Corpus("pillow-heif", "1.8.1", "521ebffb8a181d56c3904e5a61f20903edee0d9d3275967b8fb345f866215c06", "tests/images"),
    Corpus("thumbor", "7.8.0", "3211d7b3210864fae09a67a822e69851aa54ac6137d8a35c1a4047881e3c6dfc", "tests/fixtures"),
    Corpus("wand", "0.7.2", "0387fd08848d00cadd1d885fcb19a17dd4250df2029e5338b6b668b7fed64b5b", "tests/assets"),
    Corpus("imagesize", "2.0.1", "b2ba6a4dea487a7ebcd53248d3476aca449d30db12a2dde5e0c5ca9624fd77e5", "test/images"),
    Corpus("filetype", "1.2.0", "66b56cd6474bf41d8c54660347d37afcc3f7d1970648de365c102ef77548aadb", "tests/fixtures"),
)
