"""Which file a viewer gets: the one rule of permalinks, markup, events, the upload page and the contact sheet.

A viewer gets the smallest file among those that it can show; of an animation, the smallest one that moves. All browsers
that show AVIF show WebP, too, so there are as many kinds of viewers as formats that not all can show, and one more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from lightpress.image.formats import FALLBACKS, OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class File(Protocol):
    """A published file.

    Attributes:
        format: Its name in `OUTPUTS`.
        width: In pixels.
        bytes: Its size.
        animated: Whether it moves.
    """

    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def animated(self) -> bool: ...


SomeFile = TypeVar("SomeFile", bound=File)

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
    return min(moving or able, key=lambda file: (file.bytes, _NEWEST_FIRST.index(file.format)), default=None)


def offered(files: Sequence[File]) -> tuple[str, ...]:
    """Name the formats that a `<picture>` offers, of which a browser takes the first that it can show.

    A page names all widths of a format at once, so formats are compared by the bytes of all their widths.

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
    return min(moving or able, key=lambda name: _total(by_format[name]), default=None)


def _moves(files: Iterable[File]) -> bool:
    return any(file.animated for file in files)


def _total(files: Iterable[File]) -> int:
    """The bytes of one file for each width."""
    return sum({file.width: file.bytes for file in files}.values())
