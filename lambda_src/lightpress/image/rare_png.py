"""What Pillow makes of a PNG's palette and its see-through colors (tRNS), set right where browsers read them otherwise.

Only chunks before the pixels count, tRNS behind the palette and the first of several (PNG, third edition, 5.6). A
number beyond the palette is its last color, and what has no palette at all shows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.png import chunks_before_pixels

if TYPE_CHECKING:
    from PIL import Image

_PALETTE, _CLEAR = b"PLTE", b"tRNS"
_COLOR_TYPE_AT, _INDEXED = 25, 3
_MOST_COLORS, _BYTES_PER_COLOR = 256, 3

READ_DIFFERENTLY = "read_differently"
"""In `info`: whether programs disagree on the palette of the file or on what of it is see-through, Pillow being one."""


def follow_chunks(opened: Image.Image, data: bytes) -> None:
    """Change palette and transparency of `opened`, whose pixels are decoded, to those of the file `data`.

    Raises PictureRejected where a palette is needed and missing.
    """
    if opened.format != "PNG":
        return
    indexed = data[_COLOR_TYPE_AT] == _INDEXED
    if not indexed and "transparency" not in opened.info:
        return
    chunks = chunks_before_pixels(data, {_PALETTE, _CLEAR})
    colors = chunks.get(_PALETTE, b"")
    if indexed and not colors:
        raise PictureRejected(Reason.CORRUPT, "The palette of the picture is missing.")
    if "transparency" in opened.info:
        _set_clear(opened, chunks, indexed=indexed)
    if indexed:
        _repeat_last_color(opened, colors)


def _set_clear(opened: Image.Image, chunks: dict[bytes, bytes], *, indexed: bool) -> None:
    body = chunks.get(_CLEAR, b"")
    if not body or (indexed and (list(chunks) != [_PALETTE, _CLEAR] or len(body) > _MOST_COLORS)):
        del opened.info["transparency"]
        opened.info[READ_DIFFERENTLY] = True
    elif indexed:
        opened.info["transparency"] = body
    else:
        levels = tuple(body[at] << 8 | body[at + 1] for at in range(0, len(body) - 1, 2))
        opened.info["transparency"] = _as_pillow_does(levels, opened.mode)


def _as_pillow_does(levels: tuple[int, ...], mode: str) -> int | tuple[int, ...]:
    if mode == "RGB":
        return levels[:3]
    return levels[0] % 2 * 255 if mode == "1" else levels[0]


def _repeat_last_color(opened: Image.Image, colors: bytes) -> None:
    count = len(colors) // _BYTES_PER_COLOR
    greatest: Any = opened.getextrema()[1]
    if opened.mode == "P" and greatest >= count:
        known = colors[: count * _BYTES_PER_COLOR]
        opened.info[READ_DIFFERENTLY] = True
        opened.putpalette(known + known[-_BYTES_PER_COLOR:] * (_MOST_COLORS - count))
