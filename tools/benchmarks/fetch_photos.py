"""Downloads real photos once, from Debian's packages, pinned by checksum. They are never committed."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MIRROR = "https://deb.debian.org/debian"
_TIMEOUT_SECONDS = 300
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60


class FetchError(Exception):
    """The photos cannot be downloaded, or a package is not the pinned one."""


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package of photos under free licenses (CC BY, CC BY-SA). path: below `pool/` of a mirror."""

    path: str
    sha256: str
    photos: tuple[str, ...]


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
    ),
    Package(
        "main/l/lomiri-wallpapers/lomiri-wallpapers-20.04_20.04.0-2_all.deb",
        "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709",
        ("Fossa_by_Jasper_Roks.jpg", "Kleiber_by_Lukas_Baubkus.jpg"),
    ),
)


def fetch(folder: Path, say: Callable[[str], None]) -> None:
    """Download the photos that are missing in `folder`. Raises FetchError."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if all((folder / name).exists() for name in package.photos):
            continue
        say(f"fetching {PurePosixPath(package.path).name}")
        unpack(_download(package), package.photos, folder)


def unpack(deb: bytes, names: tuple[str, ...], folder: Path) -> None:
    """Write the files with these names into `folder`, each completely or not at all.

    Raises:
        FetchError: A file is missing in the package, or it is no Debian package.
    """
    missing = set(names)
    with tarfile.open(fileobj=io.BytesIO(_data_of(deb))) as tar:
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
