"""What is compiled into the wheels of the layers: libraries in C and crates in Rust, which no lock names.

Their versions are read from the very files that are deployed, by what those say of themselves; where they say nothing,
from the list (SBOM) that a wheel brings. A list alone is not trusted: it may name what is not in the wheel, or an old
version. A file that no row accounts for is an error, so that what a later wheel brings besides is noticed.

`python -m lightpress.cdk.native FILE` adds all of them to a CycloneDX file (`make sbom`); `lightpress.cdk.advisories`
looks for their known vulnerabilities.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lightpress.cdk.layer_build import on_lambda, provide
from lightpress.cdk.readiness import CACHE, PROJECT
from lightpress.image.inputs import EXTRA_INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LOCK = PROJECT / "layers" / "pillow" / "requirements.txt"
FACES = "faces"
EXTRA_LOCKS = {name: PROJECT / "layers" / name / "requirements.txt" for name in (*EXTRA_INPUTS, FACES)}
"""Of the layers that are added by an option: `extra_inputs`, by format, and `face_focus`."""

TARGET = on_lambda("aarch64", "3.13")
"""What is looked into: the layer as it is deployed by default."""

_CACHE = CACHE / "layer-cache"
_CRATE = re.compile(rb"/index\.crates\.io-[0-9a-f]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)/")
_RPM = re.compile(r"pkg:rpm/almalinux/([^@]+)@([^?#]+\.el(\d+)[^?#]*)")
_GITHUB = "https://github.com/"


class NativeError(Exception):
    """It cannot be told what is in the layer; the message says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Library:
    """A row of the table below: a library, and how its version is found.

    Attributes:
        name: Its name for people.
        wheel: The package that brings it.
        files: Where it is, as patterns of paths below the layer's folder.
        told: How its bytes, or with `by_name` its files' names, tell the version; None if they do not.
        listed: Its name in the wheel's own list (SBOM); None if it is not in there.
        repository: Where its releases are; None if OSV knows it by another name alone.
        tag: How releases are tagged there: {v} is the version, {v_} the same with dashes.
        fuzzed: Its name at OSS-Fuzz; None if it is not fuzzed there.
        by_name: Whether `told` is matched with the names of its files.
        silent: Whether it is no error that its version cannot be known.
    """

    name: str
    wheel: str
    files: tuple[str, ...]
    told: bytes | None = None
    listed: str | None = None
    repository: str | None = None
    tag: str = "v{v}"
    fuzzed: str | None = None
    by_name: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A library or crate that is in the layer.

    Attributes:
        name: Its name for people.
        version: None if it cannot be known.
        wheel: The package that brings it.
        purl: Its package URL.
        files: Paths below the layer's folder, each with its SHA-256.
        queries: What OSV is asked about it (https://google.github.io/osv.dev/post-v1-query/).
    """

    name: str
    version: str | None
    wheel: str
    purl: str
    files: tuple[tuple[str, str], ...]
    queries: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version or '(version not told)'} ({self.wheel})"


_PLAIN = rb"\0(\d+\.\d+\.\d+)\0"
_FILE_NAME = rb"\.so\.(\d+\.\d+\.\d+)$"
_FREEDESKTOP = "https://gitlab.freedesktop.org"

# fmt: off
LIBRARIES = (
    Library("OpenJPEG", "pillow", ("pillow.libs/libopenjp2-*",), _PLAIN, "OpenJPEG",
            _GITHUB + "uclouvain/openjpeg", fuzzed="openjpeg"),
    Library("libjpeg-turbo", "pillow", ("pillow.libs/libjpeg-*",), rb"libjpeg-turbo version (\S+)",
            "libjpeg / libjpeg-turbo", _GITHUB + "libjpeg-turbo/libjpeg-turbo", "{v}", "libjpeg-turbo"),
    Library("libpng", "pillow", ("pillow.libs/libpng16-*",), rb"libpng version (\d+\.\d+\.\d+)", None,
            _GITHUB + "pnggroup/libpng", fuzzed="libpng"),
    Library("libtiff", "pillow", ("pillow.libs/libtiff-*",), rb"LIBTIFF, Version (\d+\.\d+\.\d+)", "libtiff",
            "https://gitlab.com/libtiff/libtiff", fuzzed="libtiff"),
    Library("libwebp", "pillow", ("pillow.libs/libwebp*-*", "pillow.libs/libsharpyuv-*"), None, "libwebp",
            "https://chromium.googlesource.com/webm/libwebp", fuzzed="libwebp"),
    Library("libavif", "pillow", ("pillow.libs/libavif-*",), None, "libavif",
            _GITHUB + "AOMediaCodec/libavif", fuzzed="libavif"),
    Library("dav1d", "pillow", ("pillow.libs/libavif-*",), rb"\0(\d+\.\d+\.\d+)-\d+-g[0-9a-f]+\0", None,
            "https://code.videolan.org/videolan/dav1d", "{v}", "dav1d"),
    Library("libaom", "pillow", ("pillow.libs/libavif-*",), rb"AOMedia Project AV1 Encoder (\d+\.\d+\.\d+)", None,
            "https://aomedia.googlesource.com/aom", fuzzed="libaom"),
    Library("libyuv", "pillow", ("pillow.libs/libavif-*",), silent=True),
    Library("Little CMS", "pillow", ("pillow.libs/liblcms2-*",), None, "Little CMS 2",
            _GITHUB + "mm2/Little-CMS", "lcms{v}", "lcms"),
    Library("FreeType", "pillow", ("pillow.libs/libfreetype-*",), None, "FreeType",
            _FREEDESKTOP + "/freetype/freetype", "VER-{v_}", "freetype2"),
    Library("HarfBuzz", "pillow", ("pillow.libs/libharfbuzz-*",), _PLAIN, "HarfBuzz",
            _GITHUB + "harfbuzz/harfbuzz", "{v}", "harfbuzz"),
    Library("Raqm", "pillow", ("PIL/_imagingft.*",), _PLAIN, "raqm", _GITHUB + "HOST-Oman/libraqm"),
    Library("Brotli", "pillow", ("pillow.libs/libbrotli*-*",), _FILE_NAME, None,
            _GITHUB + "google/brotli", fuzzed="brotli", by_name=True),
    Library("XZ Utils", "pillow", ("pillow.libs/liblzma-*",), _PLAIN, None,
            _GITHUB + "tukaani-project/xz", fuzzed="xz"),
    Library("Zstandard", "pillow", ("pillow.libs/libzstd-*",), _PLAIN, None,
            _GITHUB + "facebook/zstd", fuzzed="zstd"),
    Library("libxcb", "pillow", ("pillow.libs/libxcb-*",), None, "libxcb",
            _FREEDESKTOP + "/xorg/lib/libxcb", "libxcb-{v}"),
    Library("libXau", "pillow", ("pillow.libs/libXau-*",), None, "libXau"),
    Library("libheif", "pillow-heif", ("pillow_heif.libs/libheif-*",), _PLAIN, None,
            _GITHUB + "strukturag/libheif", fuzzed="libheif"),
    Library("libde265", "pillow-heif", ("pillow_heif.libs/libde265-*",), _PLAIN, None,
            _GITHUB + "strukturag/libde265", fuzzed="libde265"),
    Library("x265", "pillow-heif", ("pillow_heif.libs/libx265-*",), rb"\0(\d+\.\d+)\+\d+-[0-9a-f]{7,}\0", None,
            "https://bitbucket.org/multicoreware/x265_git", "{v}"),
    Library("MozJPEG", "mozjpeg-lossless-optimization", ("mozjpeg_lossless_optimization/_mozjpeg_opti.*",),
            rb"mozjpeg version (\d+\.\d+\.\d+)", None, _GITHUB + "mozilla/mozjpeg"),
    Library("ISA-L", "isal", ("isal/isal_zlib.*", "isal/igzip_lib.*", "isal/_isal.*"), None, "ISA-L",
            _GITHUB + "intel/isa-l"),
    Library("libffi", "cffi", ("_cffi_backend.*",), silent=True),
)
OF_EXTRA_INPUTS = (
    Library("libjxl", "pillow-jxl-plugin", ("pillow_jxl/pillow_jxl.*",), rb"jpegxl-rs-[0-9.]+\+libjxl-(\d+\.\d+\.\d+)/",
            None, _GITHUB + "libjxl/libjxl", fuzzed="libjxl"),
    Library("PDFium", "pypdfium2", ("pypdfium2_raw/libpdfium.so",), None, "PDFium",
            "https://pdfium.googlesource.com/pdfium", "chromium/{v}", "pdfium"),
)
OF_FACES = (
    Library("LiteRT", "ai-edge-litert", ("ai_edge_litert/libLiteRt.so",), None, "LiteRT",
            _GITHUB + "google-ai-edge/LiteRT"),
    # With XNNPACK and what else it is built from, whose versions it does not tell.
    Library("TensorFlow Lite", "ai-edge-litert", ("ai_edge_litert/libpywrap_litert_common.so",),
            rb"\0(\d+\.\d+\.\d+)-dev0\+selfbuilt\0", None, _GITHUB + "tensorflow/tensorflow", fuzzed="tensorflow"),
    Library("OpenBLAS", "numpy", ("numpy.libs/libscipy_openblas64_-*",), rb"OpenBLAS (\d+\.\d+\.\d+)", None,
            _GITHUB + "OpenMathLib/OpenBLAS"),
    Library("libgfortran", "numpy", ("numpy.libs/libgfortran-*",), silent=True),
    Library("libquadmath", "numpy", ("numpy.libs/libquadmath-*",), silent=True),
)
# fmt: on
_ROWS = (*LIBRARIES, *OF_EXTRA_INPUTS, *OF_FACES)

# Modules of the packages themselves, which the lock names; what they hold besides has a row above, or is a crate.
# Pillow's list names zlib-ng, which is in none of its files: they load the zlib of the system, which AWS keeps.
_EXTENSIONS = {
    "PIL/_*.so": "pillow",
    "_pillow_heif.*.so": "pillow-heif",
    "_cffi_backend.*.so": "cffi",
    "mozjpeg_lossless_optimization/_mozjpeg_opti.*.so": "mozjpeg-lossless-optimization",
    "oxipng/oxipng.*.so": "pyoxipng",
    "resvg_py/resvg_py.*.so": "resvg-py",
    "pillow_jxl/pillow_jxl.*.so": "pillow-jxl-plugin",
    "ai_edge_litert/_pywrap_litert_interpreter_wrapper.so": "ai-edge-litert",
    "numpy/_core/_multiarray_umath.*.so": "numpy",
    "numpy/linalg/_umath_linalg.*.so": "numpy",
}


@contextmanager
def layer(lock: Path = LOCK) -> Iterator[Path]:
    """The modules of a layer, built as they are deployed, or kept from before."""
    with TemporaryDirectory() as folder:
        provide(lock, TARGET, out=Path(folder), cache=_CACHE)
        yield Path(folder) / "python"


def look_into(modules: Path) -> tuple[Found, ...]:
    """Everything native that is in a layer's folder, sorted by wheel and name; raises NativeError."""
    files = {path.relative_to(modules).as_posix(): path.read_bytes() for path in sorted(modules.rglob("*.so*"))}
    _check_all_known(files)
    listed = _listed(modules)
    libraries = [_library(row, files, listed) for row in _ROWS if _matching(row.files, files)]
    return tuple(sorted((*libraries, *_crates(files)), key=lambda found: (found.wheel, found.name.lower())))


def _check_all_known(files: Iterable[str]) -> None:
    known = [*_EXTENSIONS, *(pattern for row in _ROWS for pattern in row.files)]
    for file in files:
        if not any(fnmatchcase(file, pattern) for pattern in known):
            raise NativeError(f"{file}: nobody knows what this is; find out, and give it a row in infra/native.py")


def _matching(patterns: Iterable[str], files: Iterable[str]) -> list[str]:
    return [file for file in files if any(fnmatchcase(file, pattern) for pattern in patterns)]


def _listed(modules: Path) -> dict[str, dict[str, Any]]:
    """The components that wheels list themselves (https://peps.python.org/pep-0770/), by their names."""
    lists = [json.loads(path.read_bytes()) for path in sorted(modules.glob("*.dist-info/sboms/*.json"))]
    found = {component["name"]: component for one in lists for component in one.get("components", ())}
    for path in modules.glob("pypdfium2_raw/version.json"):  # a list of its own kind, of one library
        found["PDFium"] = {"name": "PDFium", "version": str(json.loads(path.read_bytes())["build"])}
    for path in modules.glob("isal/isa-l/Release_notes.txt"):  # begins with "v2.32.1 Intel Intelligent Storage"
        released = path.read_text(encoding="utf-8").split(maxsplit=1)[0]
        found["ISA-L"] = {"name": "ISA-L", "version": released.removeprefix("v")}
    for path in modules.glob("ai_edge_litert-*.dist-info"):  # released as one
        found["LiteRT"] = {"name": "LiteRT", "version": path.stem.rpartition("-")[2]}
    return found


def _library(row: Library, files: Mapping[str, bytes], listed: Mapping[str, dict[str, Any]]) -> Found:
    places = _matching(row.files, files)
    component = listed.get(row.listed or "", {})
    version = _version(row, {place: files[place] for place in places}, component.get("version"))
    purl, queries = _identity(row, version, component.get("purl"))
    return Found(row.name, version, row.wheel, purl, _with_digests(places, files), queries)


def _version(row: Library, files: Mapping[str, bytes], listed: str | None) -> str | None:
    """What its files say, and the wheel's list where they do not; that both say the same is checked."""
    told = set[str]()
    if row.told is not None:
        texts = [name.encode() for name in files] if row.by_name else list(files.values())
        told = {match.decode() for text in texts for match in re.findall(row.told, text)}
        if len(told) != 1:
            said = ", ".join(sorted(told)) or "nothing"
            raise NativeError(f"{row.name}: {', '.join(files)} should tell one version and tells {said}")
    version = next(iter(told), listed)
    if listed is not None and version != listed:
        raise NativeError(f"{row.name}: its file says {version}, and the list that {row.wheel} brings says {listed}")
    if version is None and not row.silent:
        raise NativeError(
            f"{row.name}: neither {', '.join(files)} nor a list that {row.wheel} brings tells its version"
        )
    return version


def _identity(row: Library, version: str | None, purl: str | None) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """How it is named in an SBOM, and what OSV is asked."""
    if version is None:
        return f"pkg:generic/{row.name.lower()}", ()
    if rpm := _RPM.match(purl or ""):
        package = {"ecosystem": f"AlmaLinux:{rpm[3]}", "name": rpm[1]}
        return rpm[0], ({"package": package, "version": rpm[2]},)
    tag = row.tag.format(v=version, v_=version.replace(".", "-"))
    asked = []
    if row.repository is not None:
        asked.append({"package": {"ecosystem": "GIT", "name": f"{row.repository}.git"}, "version": tag})
    if row.fuzzed is not None:
        asked.append({"package": {"ecosystem": "OSS-Fuzz", "name": row.fuzzed}, "version": tag})
    repository = row.repository or ""
    if repository.startswith(_GITHUB):
        return f"pkg:github/{repository.removeprefix(_GITHUB).lower()}@{tag}", tuple(asked)
    return f"pkg:generic/{row.name.lower().replace(' ', '-')}@{version}", tuple(asked)


def _crates(files: Mapping[str, bytes]) -> Iterator[Found]:
    """Crates leave the paths of their sources in what may panic; those that cannot panic are not seen."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for file, data in files.items():
        for name, version in set(_CRATE.findall(data)):
            wheel = next((wheel for pattern, wheel in _EXTENSIONS.items() if fnmatchcase(file, pattern)), "")
            places.setdefault((wheel, name.decode(), version.decode()), []).append(file)
    for (wheel, name, version), found in sorted(places.items()):
        query = {"package": {"ecosystem": "crates.io", "name": name}, "version": version}
        yield Found(name, version, wheel, f"pkg:cargo/{name}@{version}", _with_digests(found, files), (query,))


def _with_digests(places: Iterable[str], files: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    return tuple((place, hashlib.sha256(files[place]).hexdigest()) for place in places)


def with_native(sbom: dict[str, Any], found: Iterable[Found]) -> dict[str, Any]:
    """A CycloneDX file (as of 1.4) with these components more, each as something that its wheel depends on."""
    wheels = {component["name"]: component["bom-ref"] for component in sbom["components"]}
    components, needs = [*sbom["components"]], {one["ref"]: dict(one) for one in sbom.get("dependencies", ())}
    for one in found:
        if one.wheel not in wheels:
            raise NativeError(f"{one}: the SBOM has no component named {one.wheel}")
        component = _component(one)
        components.append(component)
        needs.setdefault(component["bom-ref"], {"ref": component["bom-ref"]})
        needing = needs.setdefault(wheels[one.wheel], {"ref": wheels[one.wheel]})
        needing["dependsOn"] = sorted({*needing.get("dependsOn", ()), component["bom-ref"]})
    return sbom | {"components": components, "dependencies": sorted(needs.values(), key=lambda one: str(one["ref"]))}


def _component(found: Found) -> dict[str, Any]:
    """Files are told as components of it, for one library may be in several, and several in one."""
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"native-{found.wheel}-{found.name.lower().replace(' ', '-')}",
        "name": found.name,
        "purl": found.purl,
        "components": [
            {
                "type": "file",
                "bom-ref": f"native-{found.wheel}-{found.name.lower().replace(' ', '-')}/{file}",
                "name": file,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for file, digest in found.files
        ],
    }
    return component | ({"version": found.version} if found.version else {})


def main(path: Path) -> None:
    """Add what is in a layer to the CycloneDX file at `path`, which is named as the extra input, or in another way."""
    with layer(EXTRA_LOCKS.get(path.name.partition(".")[0], LOCK)) as modules:
        found = look_into(modules)
    sbom = with_native(json.loads(path.read_text(encoding="utf-8")), found)
    path.write_text(json.dumps(sbom, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except NativeError as error:
        sys.exit(str(error))
