"""The files that a command is given: files, folders with all below them, patterns, and - for the standard input."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.image.inputs import INPUTS, USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STDIN = "-"
STDIN_NAME = "stdin"
_LONGEST_KEY = 1_024  # bytes, as in S3


class NoFileError(Exception):
    """A name leads to no file; the message names it, and says what is allowed."""


class SameNameError(Exception):
    """Two files would have the same name; the message names both, and says what to do."""


class NoKeyError(Exception):
    """The name of a file makes no key; the message names it, and says what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was named, or found in a folder.

    Attributes:
        path: Of the file; None for the standard input.
        name: With "/" between its parts. A file that was named has its own name only; one in a folder has that of the
            folder and its path below, such as trips/paris/a.jpg.
    """

    path: Path | None
    name: str

    def __str__(self) -> str:
        return STDIN if self.path is None else str(self.path)


def files_of(
    names: Iterable[str],
    *,
    relative: bool = False,
    formats: Iterable[str] = USUAL,
    out: Path | None = None,
    skipped: Callable[[Path], None],
) -> list[File]:
    """The files that names lead to, each once, in the order of the names, and sorted within a folder.

    Args:
        names: Of files, folders and patterns (such as "photos/*.jpg" or "photos/**").
        relative: Whether a file that was named keeps the folders of its name, too.
        formats: Names of rows in `INPUTS`: what is taken of a folder, by its extension; by default, no documents and
            drawings.
        out: Where files are written to: what folders and patterns find there has been written before, and is left out.
        skipped: Is called with each file of a folder that is none of a picture, by its extension.

    Raises:
        NoFileError: A name leads nowhere, or all of them lead to no picture.
    """
    finding = _Finding(relative, extensions_of(formats), skipped, out and out.resolve())
    found = {file.path: file for name in names for file in _found(name, finding)}
    if not found:
        but = f" What is in {out} is taken for what was written there before." if out and out.is_dir() else ""
        raise NoFileError(f"There are no pictures in these folders, going by the names of the files.{but}")
    return list(found.values())


def extensions_of(formats: Iterable[str]) -> frozenset[str]:
    """With the dot, such as ".jpg"."""
    named = set(formats)
    return frozenset(f".{extension}" for row in INPUTS if row.name in named for extension in row.extensions)


@dataclass(frozen=True, slots=True)
class _Finding:
    """How files are looked for: see `files_of`."""

    relative: bool
    extensions: frozenset[str]
    skipped: Callable[[Path], None]
    out: Path | None


def refuse_same_names(files: Iterable[File]) -> None:
    """Raise SameNameError where two files have the same name."""
    files = list(files)
    name, count = Counter(file.name for file in files).most_common(1)[0]
    if count > 1:
        first, second, *_ = [str(file) for file in files if file.name == name]
        raise SameNameError(
            f"{first} and {second} would both become {name}: name the folder that holds both, or add --relative to "
            "keep the folders that you name."
        )


def refuse_unfit_names(files: Iterable[File], prefix: str) -> None:
    """Raise NoKeyError where S3 takes no key of prefix and name: any of them would end what is sent with it."""
    for file in files:
        try:
            size = len(f"{prefix}{file.name}".encode())
        except UnicodeEncodeError:
            raise NoKeyError(f"{file} is no name in UTF-8, of which S3 makes keys: rename it.") from None
        if size > _LONGEST_KEY:
            raise NoKeyError(
                f"{file} would have a key of {size:,} bytes, and S3 takes {_LONGEST_KEY:,}: shorten its name, or name "
                "a folder further down."
            )


def _found(name: str, finding: _Finding) -> Iterator[File]:
    path = Path(name)
    if name == STDIN:
        yield File(None, STDIN_NAME)
    elif path.is_dir():
        yield from _in_folder(path, finding)
    elif path.is_file():
        yield File(path, _kept_folders(path) if finding.relative else path.name)
    elif path.exists():
        raise NoFileError(f"{name!r} is neither a file nor a folder.")
    elif has_magic(name) and (matches := sorted(glob(name, recursive=True))):  # noqa: PTH207  patterns of any root
        beside = _beginning(path).resolve()
        written = finding.out if finding.out and beside in finding.out.parents else None
        for match in matches:
            if written and Path(match).resolve().is_relative_to(written):
                continue
            if not Path(match).is_dir():  # the files in it match a pattern with **, or are not meant
                yield from _found(match, finding)
    else:
        raise NoFileError(f"{name!r} is no file, no folder, and no pattern that matches any.")


def _in_folder(folder: Path, finding: _Finding) -> Iterator[File]:
    root = folder.resolve().name if folder.name in {"", ".."} and str(folder) != "." else folder.name
    for where, folders, names in os.walk(folder, onerror=_raise):
        if Path(where).resolve() == finding.out:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith("."):
                continue
            if path.suffix.lower() in finding.extensions:
                yield File(path, (root / path.relative_to(folder)).as_posix())
            else:
                finding.skipped(path)


def _beginning(pattern: Path) -> Path:
    """The folder that a pattern begins in."""
    return next(folder for folder in pattern.parents if not has_magic(str(folder)))


def _kept_folders(path: Path) -> str:
    """The path without what leads out of the folder where the command runs: no root, no "..", no "."."""
    return "/".join(part for part in path.parts if part not in {path.anchor, "..", "."})


def _raise(error: OSError) -> None:
    raise error  # os.walk passes over folders that it cannot read
