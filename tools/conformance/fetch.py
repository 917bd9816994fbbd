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
    for corpus in corpora:
        target = fixtures / corpus.name
        if target.exists():
            continue
        say(f"fetching {corpus.name}")
        with tempfile.TemporaryDirectory(dir=fixtures, prefix=".") as scratch:
            archive = _download(corpus, Path(scratch))
            unpacked = Path(scratch) / "unpacked"
            say(f"{corpus.name}: {_unpack(archive, corpus, unpacked)} files")
            unpacked.rename(target)  # only a complete folder gets the name


def _download(corpus: Corpus, folder: Path) -> Path:
    program = [sys.executable, "-m", "tools.conformance.sdist", str(folder.resolve()), corpus.requirement]
    try:
        done = subprocess.run(program, cwd=_PROJECT, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{corpus.name} did not arrive within {_SECONDS} s.") from error
    if done.returncode != 0:
        messages = done.stderr.strip().splitlines() or ["pip printed no error"]
        raise FetchError(f"{corpus.name} cannot be downloaded; conformance needs a network once. {messages[-1]}")
    archive = folder / corpus.name
    if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != corpus.sha256:
        raise FetchError(f"{corpus.name} is not the pinned archive: its sha256 is {found}, not {corpus.sha256}.")
    return archive


def _unpack(archive: Path, corpus: Corpus, target: Path) -> int:
    """Copy the files in the corpus's folder, but no links and no paths that lead outside; returns their number."""
    wanted = PurePosixPath(corpus.folder).parts
    count = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            inside = PurePosixPath(member.name).parts[1:]  # the first is the package's own folder
            if not member.isfile() or inside[: len(wanted)] != wanted or ".." in inside:
                continue
            path = target.joinpath(*inside[len(wanted) :])
            path.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            if source is not None:
                with path.open("wb") as file:
                    shutil.copyfileobj(source, file)
                count += 1
    if count == 0:
        raise FetchError(f"{corpus.name} has no files in {corpus.folder}.")
    return count
