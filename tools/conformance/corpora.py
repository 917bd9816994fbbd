"""The sources of the test files: test suites in source packages, by name, version and checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import PurePosixPath

Registry = Literal["PyPI", "Debian"]

_SUFFIXES = re.compile(
    r"\.(apng|avifs?|bmp|cur|dib|gif|hei[cf]s?|hif|ico|j2[ck]|jfif|jp[2cefgx]|jpeg|mpo|png|ps[bd]|tiff?|webp)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files in some folders of a source package.

    Attributes:
        package: Name in the registry.
        version: Its version; of a Debian package, that of the upstream archive.
        sha256: Checksum of the archive.
        folders: Paths of the test files in the archive.
        registry: Where the package comes from.
        everything: Whether files count whose name says that they are no pictures.
    """

    package: str
    version: str
    sha256: str
    folders: tuple[str, ...]
    registry: Registry = "Debian"
    everything: bool = False

    @property
    def name(self) -> str:
        """The name of its folder in the fixtures."""
        return f"{self.package}-{self.version}"

    @property
    def requirement(self) -> str:
        """The requirement for pip."""
        return f"{self.package}=={self.version}"

    def holds(self, path: PurePosixPath) -> bool:
        """Whether the file counts at this path in the archive, below the archive's first folder."""
        inside = any(path.is_relative_to(folder) for folder in self.folders)
        return inside and ".." not in path.parts and (self.everything or _SUFFIXES.search(path.name) is not None)

    def placed(self, path: PurePosixPath) -> PurePosixPath:
        """Where the file lies in the fixtures: with one folder, below that, else below the archive."""
        return path.relative_to(self.folders[0]) if len(self.folders) == 1 else path


def _all(package: str, version: str, sha256: str, folder: str) -> Corpus:
    return Corpus(package, version, sha256, (folder,), "PyPI", everything=True)


CORPORA = (
    _all("pillow", "13.0.0", "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510", "Tests/images"),
    _all("pillow-heif", "1.8.1", "521ebffb8a181d56c3904e5a61f20903edee0d9d3275967b8fb345f866215c06", "tests/images"),
    _all("thumbor", "7.8.0", "3211d7b3210864fae09a67a822e69851aa54ac6137d8a35c1a4047881e3c6dfc", "tests/fixtures"),
    _all("wand", "0.7.2", "0387fd08848d00cadd1d885fcb19a17dd4250df2029e5338b6b668b7fed64b5b", "tests/assets"),
    _all("imagesize", "2.0.1", "b2ba6a4dea487a7ebcd53248d3476aca449d30db12a2dde5e0c5ca9624fd77e5", "test/images"),
    _all("filetype", "1.2.0", "66b56cd6474bf41d8c54660347d37afcc3f7d1970648de365c102ef77548aadb", "tests/fixtures"),
    Corpus(
        "imagecodecs",
        "2026.10.10",
        "cde6914505668196b15e0f99dbc236b779e3b61217f04d2e498cbae790965f9f",
        ("tests/data",),
        "PyPI",
    ),
    Corpus(
        "scikit-image",
        "0.26.0",
        "f5f970ab04efad85c24714321fcc91613fcb64ef2a892a13167df2f3e59199fa",
        ("src/skimage/data", "tests/skimage"),
        "PyPI",
    ),
    Corpus(
        "pygame",
        "2.6.1",
        "56fb02ead529cee00d415c3e007f75e0780c655909aaa8e8bf616ee09c9feb1f",
        ("examples/data", "test/fixtures"),
        "PyPI",
    ),
    Corpus("hachoir", "3.4.0", "7f88018d58ef42b5dcd8ff51f2a6191abf3ade38eee8da11acd93f5a7d9cf8f8", ("tests",), "PyPI"),
    Corpus("img2pdf", "0.6.3", "219518020f5bd242bdc46493941ea3f756f664c2e86f2454721e74353f58cd95", ("src",), "PyPI"),
    Corpus(
        "pillow-jxl-plugin",
        "1.3.8",
        "4430fd7757899742079c548a7d2537d6d63cf0f1d323180095bc0f6f03d9d4fa",
        ("test/images",),
        "PyPI",
    ),
    Corpus("exiv2", "0.27.6", "f16ee5ff08b6994c66106109417857f13e711fca100ac43c6a403d4f02b59602", ("test/data",)),
    Corpus(
        "gdk-pixbuf",
        "2.42.10+dfsg",
        "46663e445468e92f4a0ca876b02aed4f8758595ee3acfaa6ef3ba2b29e1c1930",
        ("tests",),
    ),
    Corpus(
        "giflib", "5.2.1", "31da5562f44c5f15d63340a09a4fd62b48c45620cd302f77a6d9acf0077879bd", ("doc", "pic", "tests")
    ),
    Corpus("golang-1.19", "1.19.8", "1d7a67929dccafeaf8a29e55985bc2b789e0499cb1a17100039f084e3238da2f", ("src/image",)),
    Corpus(
        "golang-golang-x-image",
        "0.5.0",
        "0a20261459736052f77cb775ae819f635a5389db7f640546007632b918b01c26",
        ("testdata", "ccitt/testdata"),
    ),
    Corpus(
        "graphicsmagick",
        "1.4+really1.3.40",
        "97dc1a9d4e89c77b25a3b24505e7ff1653b88f9bfe31f189ce10804b8efa7746",
        ("PerlMagick/t", "TclMagick/images", "www/images", "www/Magick++"),
    ),
    Corpus(
        "kimageformats", "5.103.0", "dd7dc417aacc9dfe74745e4dfd9750129051c36502fa1cd18b92c4035d721e7e", ("autotests",)
    ),
    Corpus("leptonlib", "1.82.0", "155302ee914668c27b6fe3ca9ff2da63b245f6d62f3061c8f27563774b8ae2d6", ("prog",)),
    Corpus("libexif", "0.6.24", "d3fb7c47829ec4d2def39aa38f4c35a0891763448a05dbf216a329a12bf198f9", ("test/testdata",)),
    Corpus("libgd2", "2.3.3", "dd3f1f0bb016edcc0b2d082e8229c822ad1d02223511997c80461481759b1ed2", ("tests",)),
    Corpus(
        "libheif",
        "1.15.1",
        "28d5a376fe7954d2d03453f983aaa0b7486f475c27c7806bda31df9102325556",
        ("fuzzing/corpus", "examples"),
    ),
    Corpus(
        "libimage-exiftool-perl",
        "12.57+dfsg",
        "9de7ccd6ed6adf92038c8d943b1960d087b58c00b3924d19f61a1d774b7610fc",
        ("t/images",),
    ),
    Corpus(
        "libjpeg-turbo",
        "2.1.5",
        "254f3642b04e309fee775123133c6464181addc150499561020312ec61c1bf7c",
        ("testimages",),
    ),
    Corpus(
        "libmetadata-extractor-java",
        "2.11.0",
        "916aadbe6179b352b187bbd8ab0b81f3d8185a4ed16eb988ae427ea915ca71c3",
        ("Tests/Data",),
    ),
    Corpus("libpng1.6", "1.6.39", "a00e9d2f2f664186e4202db9299397f851aea71b36a35e74910b8820e380d441", ("contrib",)),
    Corpus("libspng", "0.7.3", "a50cadbe808ffda1a7fab17d145f52a23b163f34b3eb3696c7ecb5a52340fc1d", ("tests",)),
    Corpus(
        "netsurf",
        "3.10",
        "495adf6b6614ce36fca6c605f7c321f9cb4a3df838043158122678ce2b3325b7",
        ("libnsbmp/test/bmpsuite", "libnsbmp/test/ns-afl-ico", "libnsgif/test/ns-afl-gif"),
    ),
    Corpus(
        "php8.2", "8.2.32", "e02aa173c236c12791696254d607da680e6d5516f8f5c2339642de7c4f944bd2", ("ext", "sapi/fuzzer")
    ),
    Corpus(
        "qt6-imageformats",
        "6.4.2",
        "fc5f999ae0779a67d5507956d4dd315386eb81cf6ccba632de039bb9eee11707",
        ("tests",),
    ),
    Corpus("tiff", "4.5.0", "638f43d7dea33948d5dee7f39572fc0194d9cc3c74195de9dd26a4388a1f880a", ("test",)),
    Corpus(
        "vips",
        "8.14.1",
        "a4a6b282216f7522b42ebb5cd64cfd82a0d1a632033e9c0502f021e945fed641",
        ("test/test-suite/images",),
    ),
    Corpus(
        "wxwidgets3.2",
        "3.2.2+dfsg",
        "e825125ac61f68548a3faae0fd5b3fc5377c0538961f02ac7cc2f0eae4e4f3e4",
        ("tests/image", "samples/image"),
    ),
)
