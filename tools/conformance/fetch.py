"""Downloads the test files once, pinned by checksum. They are never committed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tools.conformance import debian

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.conformance.corpora import Corpus

_SECONDS = 600
_PROJECT = Path(__file__).resolve().parents[2]


class FetchError(Exception):
    """The test files cannot be downloaded, or an archive is not the pinned one."""


def fetch(corpora: Iterable[Corpus], fixtures: Path, say: Callable[[str], None]) -> None:
    """Download and unpack the corpora that are missing in `fixtures`. Raises FetchError."""
    fixtures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=fixtures, prefix=".") as scratch:
        download = _Downloads(Path(scratch).resolve())
        for corpus in corpora:
            target = fixtures / corpus.name
            if target.exists():
                continue
            say(f"fetching {corpus.name}")
            unpacked = Path(scratch) / "unpacked" / corpus.name
            say(f"{corpus.name}: {_unpack(download(corpus), corpus, unpacked)} files")
            unpacked.rename(target)  # only a complete folder gets the name


class _Downloads:
    """Downloads archives by the client of each registry into a folder for each; Debian's list is read once."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._apt: Path | None = None

    def __call__(self, corpus: Corpus) -> Path:
        """The archive, whose checksum is the pinned one. Raises FetchError."""
        folder = self._scratch / "archives" / corpus.name
        folder.mkdir(parents=True)
        archive = _from_pypi(corpus, folder) if corpus.registry == "PyPI" else self._from_debian(corpus, folder)
        if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != corpus.sha256:
            raise FetchError(f"{corpus.name} is not the pinned archive: its sha256 is {found}, not {corpus.sha256}.")
        return archive

    def _from_debian(self, corpus: Corpus, folder: Path) -> Path:
        try:
            self._apt = self._apt or debian.prepare(self._scratch)
            return debian.download(corpus, self._apt, folder)
        except debian.DebianError as error:
            why = f"{corpus.name} cannot be downloaded: {error}."
            raise FetchError(f"{why} Conformance needs a network once, apt-get, and debian-archive-keyring.") from error


def _from_pypi(corpus: Corpus, folder: Path) -> Path:
    program = [sys.executable, "-m", "tools.conformance.sdist", str(folder), corpus.requirement]
    try:
        done = subprocess.run(program, cwd=_PROJECT, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{corpus.name} did not arrive within {_SECONDS} s.") from error
    if done.returncode != 0:
        messages = done.stderr.strip().splitlines() or ["pip printed no error"]
        raise FetchError(f"{corpus.name} cannot be downloaded; conformance needs a network once. {messages[-1]}")
    return folder / corpus.name


def _unpack(archive: Path, corpus: Corpus, target: Path) -> int:
    """Copy the files in the corpus's folders, but no links and no paths that lead outside; returns their number."""
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            inside = PurePosixPath(*PurePosixPath(member.name).parts[1:])  # the first is the package's own folder
            source = tar.extractfile(member) if member.isfile() and corpus.holds(inside) else None
            if source is None:
                continue
            path = target / corpus.placed(inside)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(source, file)
            count += 1
    if count == 0:
        raise FetchError(f"{corpus.name} has no files in {', '.join(corpus.folders)}.")
    return count
