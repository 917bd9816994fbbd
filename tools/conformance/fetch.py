"""Brings the pictures here: once, checked against their pins, never committed."""

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

_PATIENCE = 600
_PROJECT = Path(__file__).resolve().parents[2]


class FetchError(Exception):
    """The pictures cannot be had."""


def fetch(corpora: Iterable[Corpus], fixtures: Path, say: Callable[[str], None]) -> None:
    """Unpack what is missing in `fixtures`. Raises FetchError without a network, or where an archive is not the one."""
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
        done = subprocess.run(program, cwd=_PROJECT, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{corpus.name} did not arrive within {_PATIENCE} s.") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["pip said nothing"]
        raise FetchError(f"{corpus.name} cannot be fetched; the pictures need a network once. {said[-1]}")
    archive = folder / corpus.name
    if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != corpus.sha256:
        raise FetchError(f"{corpus.name} is not the archive it was: its sha256 is {found}, not {corpus.sha256}.")
    return archive


def _unpack(archive: Path, corpus: Corpus, target: Path) -> int:
    """Copy the files below the corpus's folder; links and anything that points outside stay where they are."""
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
