"""Downloads real photos once, from Debian's archive, pinned by checksum. They are never committed."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_MIRROR = "https://deb.debian.org/debian"
_TIMEOUT_SECONDS = 300
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60


class FetchError(Exception):
    """The photos cannot be downloaded, or a package is not the pinned one."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package or source archive with photos under free licenses (CC BY, CC BY-SA, GPL).

    Attributes:
        path: Below `pool/` of a mirror.
        sha256: Its checksum.
        photos: The file names of the photos.
        tuned: Whether qualities and settings were chosen by these photos; the others judge that choice.
    """

    path: str
    sha256: str
    photos: tuple[str, ...]
    tuned: bool = False


PACKAGES = (
    Package(
        "main/l/lomiri-wallpapers/lomiri-wallpapers-16.04_20.04.0-2_all.deb",
        "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
        (
            "Bridge_by_Sander_Klootwijk.jpg",
            "Dragonfly_by_Bolly.jpg",
            "Wine_by_Jakkub_Mede.jpg",
            "aitzgorri_by_Aitzol_Berasategi.jpg",
            "analogpattern_by_Peter_Nerlich.jpg",
            "free_by_Peter_Nerlich.jpg",
            "friends_by_Aitzol_Berasategi.jpg",
            "greentock_by_Peter_Nerlich.jpg",
            "life_by_Aitzol_Berasategi.jpg",
            "picosdeeuropa_by_Aitzol_Berasategi.jpg",
            "seeding_by_Clements_Engelhardt.jpg",
            "sunset_by_Aitzol_Berasategi.jpg",
        ),
        tuned=True,
    ),
    Package(
        "main/l/lomiri-wallpapers/lomiri-wallpapers-20.04_20.04.0-2_all.deb",
        "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709",
        ("Fossa_by_Jasper_Roks.jpg", "Kleiber_by_Lukas_Baubkus.jpg"),
        tuned=True,
    ),
    Package(
        "main/m/mate-backgrounds/mate-backgrounds_1.26.0-1_all.deb",
        "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
        (
            "Aqua.jpg",
            "Blinds.jpg",
            "Garden.jpg",
            "LadyBird.jpg",
            "RainDrops.jpg",
            "Storm.jpg",
            "TwoWings.jpg",
            "Wood.jpg",
            "YellowFlower.jpg",
        ),
    ),
    Package(
        "main/e/exiv2/exiv2_0.27.6.orig.tar.gz",
        "f16ee5ff08b6994c66106109417857f13e711fca100ac43c6a403d4f02b59602",
        ("exiv2-bug922a.jpg",),
    ),
    Package(
        "main/g/gdk-pixbuf/gdk-pixbuf_2.42.10+dfsg.orig.tar.xz",
        "46663e445468e92f4a0ca876b02aed4f8758595ee3acfaa6ef3ba2b29e1c1930",
        ("issue70.jpg",),
    ),
)
TUNED = tuple(package for package in PACKAGES if package.tuned)
HELD_OUT = tuple(package for package in PACKAGES if not package.tuned)

# For engines that fragment the C library's heap: what sharp's own documentation recommends on Linux.
JEMALLOC = "libjemalloc.so.2"
_JEMALLOC = {
    "x86_64": Package(
        "main/j/jemalloc/libjemalloc2_5.3.0-1_amd64.deb",
        "a4117c23c5c8acf6c9678a6cb086f000b79476369da7efe8a78a70826956ad3d",
        (JEMALLOC,),
    )
}


def fetch_jemalloc(folder: Path, say: Callable[[str], None]) -> Path | None:
    """Download the allocator; None where there is none for this machine. Raises FetchError."""
    package = _JEMALLOC.get(platform.machine()) if sys.platform == "linux" else None
    if package is None:
        return None
    fetch(folder, say, (package,))
    return folder / JEMALLOC


def fetch(folder: Path, say: Callable[[str], None], packages: Iterable[Package] = PACKAGES) -> None:
    """Download the photos that are missing in `folder`. Raises FetchError."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if all((folder / name).exists() for name in package.photos):
            continue
        say(f"fetching {PurePosixPath(package.path).name}")
        unpack(_download(package), package.photos, folder)


def unpack(deb: bytes, names: tuple[str, ...], folder: Path) -> None:
    """Write the files with these names into `folder`, each completely or not at all.

    Raises:
        FetchError: A file is missing in the package, or it is neither a Debian package nor a source archive.
    """
    missing = set(names)
    with _opened(deb) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            source = tar.extractfile(member) if member.isfile() and name in missing else None
            if source is not None:
                partial = folder / f".{name}"
                partial.write_bytes(source.read())
                partial.rename(folder / name)
                missing.discard(name)
    if missing:
        raise FetchError(f"The package lacks {', '.join(sorted(missing))}.")


def _download(package: Package) -> bytes:
    address = f"{os.environ.get('DEBIAN_MIRROR', _MIRROR).rstrip('/')}/pool/{package.path}"
    if not address.startswith(("https://", "http://")):
        raise FetchError(f"DEBIAN_MIRROR must be an http or https address, not {address}.")
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  checked right above
            deb = bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise FetchError(f"{address} cannot be downloaded; the benchmark needs a network once. {error}") from error
    if (found := hashlib.sha256(deb).hexdigest()) != package.sha256:
        raise FetchError(f"{address} is not the pinned package: its sha256 is {found}, not {package.sha256}.")
    return deb


def _opened(archive: bytes) -> tarfile.TarFile:
    """The tar archive that a source archive is, or that is in a Debian package."""
    try:
        return tarfile.open(fileobj=io.BytesIO(_data_of(archive) if archive.startswith(_AR_MAGIC) else archive))
    except tarfile.ReadError as error:
        raise FetchError("That is neither a Debian package nor a source archive.") from error


def _data_of(deb: bytes) -> bytes:
    """The tar archive in a Debian package, which is an `ar` archive of three parts."""
    for name, content in _parts(deb):
        if name.startswith("data.tar"):
            return content
    raise FetchError("That is not a Debian package.")


def _parts(archive: bytes) -> Iterator[tuple[str, bytes]]:
    at = len(_AR_MAGIC) if archive.startswith(_AR_MAGIC) else len(archive)
    while at + _AR_HEADER <= len(archive):
        header = archive[at : at + _AR_HEADER].decode("ascii")
        size = int(header[48:58])
        yield header[:16].strip().rstrip("/"), archive[at + _AR_HEADER : at + _AR_HEADER + size]
        at += _AR_HEADER + size + size % 2
