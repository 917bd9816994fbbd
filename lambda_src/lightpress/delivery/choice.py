"""Which file a viewer gets: the one rule of permalinks, markup, events, the upload page and the contact sheet.

A viewer gets the smallest file among those that it can show; of an animation, the smallest one that moves. Reduced, a
page of text or a drawing of few colors often grows: a page that offers several widths leaves out those that take more
bytes than a wider one (docs/decisions/0144). How large a lazy variant is, nobody knows: it is taken for smaller than
files in older formats, and for larger than those in newer ones; and for smaller than larger sizes.

All browsers that show AVIF show WebP, too, so there are as many kinds of viewers as formats that not all can show, and
one more.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Protocol, TypeVar

from lightpress.image.outputs import FALLBACKS, OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class File(Protocol):
    """A published file.

    Attributes:
        format: Its name in `OUTPUTS`.
        width: In pixels.
        bytes: Its size; None if it is made at its first view, whether it is there by now or not.
        animated: Whether it moves.
    """

    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def animated(self) -> bool: ...


SomeFile = TypeVar("SomeFile", bound=File)
One = TypeVar("One")

_NEWEST_FIRST = tuple(OUTPUTS)
_NOT_FOR_ALL = tuple(name for name in OUTPUTS if name not in FALLBACKS)

VIEWERS = tuple(frozenset((*_NOT_FOR_ALL[kind:], *FALLBACKS)) for kind in range(len(_NOT_FOR_ALL) + 1))
"""The formats that each kind of viewer can show, from the newest viewers to those that show only what all can."""


def smallest(files: Sequence[SomeFile], formats: Collection[str]) -> SomeFile | None:
    """Choose the file that a viewer gets.

    Args:
        files: Of one size, in several formats.
        formats: The names of those that the viewer can show.

    Returns:
        The smallest file that the viewer can show, animated ones before still ones; None if it can show none. If two
        are equally small, the one in the newer format.
    """
    able = [file for file in files if file.format in formats]
    moving = [file for file in able if file.animated]
    return _first((file, file.format, file.bytes) for file in moving or able)


def _first(weighed: Iterable[tuple[One, str, int | None]]) -> One | None:
    """Of things with their formats and bytes, the smallest, unless one of unknown bytes has a newer format."""
    newest_first = sorted(weighed, key=lambda one: _NEWEST_FIRST.index(one[1]))
    known = [one for one in newest_first if one[2] is not None]
    least = min(known, key=lambda one: one[2] or 0, default=None)
    return next((one[0] for one in newest_first if one[2] is None or one is least), None)


def is_dominated(file: File, files: Iterable[File]) -> bool:
    """Whether one of these files, of the same picture in the same format, is wider and has fewer bytes."""
    return any(other.width > file.width and _has_fewer_bytes(other, file) for other in files)


def dominant(files: Sequence[SomeFile]) -> list[SomeFile]:
    """Choose the files that a page offers, of one picture in one format.

    Args:
        files: Of all widths. Of two as wide, the last one counts.

    Returns:
        For each width one file, the narrowest first, and none where a wider one has fewer bytes.
    """
    by_width = {file.width: file for file in files}
    return [file for _, file in sorted(by_width.items()) if not is_dominated(file, files)]


def _has_fewer_bytes(wider: File, file: File) -> bool:
    """Whether it does, and moves where the other does. What is lazy has no known bytes."""
    if wider.bytes is None or file.bytes is None or file.animated > wider.animated:
        return False
    return wider.bytes < file.bytes


def offered(files: Sequence[File]) -> tuple[str, ...]:
    """Name the formats that a `<picture>` offers, of which a browser takes the first that it can show.

    A page names all widths of a format at once, so formats are compared by the bytes of all widths, each of which is
    what a browser loads that wants it (`dominant`).

    Args:
        files: Of all widths that a browser may choose from.

    Returns:
        For each kind of viewer, the newest first, the format with the fewest bytes. The last one is for `<img>`; if
        there is none that every viewer can show, it is the oldest one. Empty if there are no files.
    """
    complete = _complete(files)
    best = (_best(complete, viewer) for viewer in VIEWERS)
    return tuple(dict.fromkeys(name for name in best if name))


def _complete(files: Sequence[File]) -> dict[str, list[File]]:
    """The files by format, the newest first: of those formats that have most widths, and of all that move."""
    by_format = {name: [file for file in files if file.format == name] for name in OUTPUTS}
    widths = {name: len({file.width for file in own}) for name, own in by_format.items()}
    most = max(widths.values())
    return {name: own for name, own in by_format.items() if own and (widths[name] == most or _moves(own))}


def _best(by_format: dict[str, list[File]], viewer: Collection[str]) -> str | None:
    able = [name for name in by_format if name in viewer] or list(by_format)[-1:]
    moving = [name for name in able if _moves(by_format[name])]
    return _first((name, name, _total(by_format[name])) for name in moving or able)


def _moves(files: Iterable[File]) -> bool:
    return any(file.animated for file in files)


def _total(files: Iterable[File]) -> int | None:
    """The bytes that browsers load, one for each width; None if those of one file are not known."""
    known = {file.width: file.bytes for file in files}
    widest_first = [known[width] or 0 for width in sorted(known, reverse=True)]
    return None if None in known.values() else sum(accumulate(widest_first, min))
