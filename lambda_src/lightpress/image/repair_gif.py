"""The first picture of a GIF file that is cut short or damaged within it, pixel by pixel as far as its codes lead.

Pillow gives up such a picture, or fills what is missing with a color. Browsers show each pixel up to the damage, and an
interlaced picture coarsely from its first pass on; so does this.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.image.gif import EXTENSION, IMAGE, color_table_bytes
from lightpress.image.salvage import Repaired, cut_note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

_MOST_CODED = 1 << 22
_MOST_PIXELS = 1 << 26
_HEADER, _IMAGE_HEADER, _CONTROL = 13, 10, b"\xf9\x04"
_MOST_LITERAL_BITS, _MOST_CODES = 8, 1 << 12
_INTERLACED = 0x40
# GIF89a, appendix E: first row and step of each pass; browsers fill the rows up to those of the next one.
_PASSES = ((0, 8, 8), (4, 8, 4), (2, 4, 2), (1, 2, 1))
_BYTES_PER_COLOR = 3


@dataclass(frozen=True, slots=True)
class _Picture:
    """The first picture of a file, and the canvas that it is on.

    Attributes:
        canvas: Width and height in pixels.
        corner: Where on it the picture begins.
        size: Width and height of the picture.
        colors: Its table of colors, three bytes each.
        clear: The color that is see-through, if one is.
        interlaced: Whether its rows are stored in four passes.
        literal_bits: Of a color in its codes.
        coded: Its codes, as far as they are there.
    """

    canvas: tuple[int, int]
    corner: tuple[int, int]
    size: tuple[int, int]
    colors: bytes
    clear: int | None
    interlaced: bool
    literal_bits: int
    coded: bytes


def gif_as_far_as_coded(data: bytes) -> Repaired | None:
    """A GIF of the first picture, see-through where its pixels are missing."""
    try:
        picture = _first_picture(data)
    except (IndexError, struct.error):
        return None
    pixels = picture.size[0] * picture.size[1]
    if not 0 < pixels <= _MOST_PIXELS or len(picture.coded) > _MOST_CODED:
        return None
    levels = b"".join(_decoded(picture.coded, picture.literal_bits, pixels))[:pixels]
    if not levels:
        return None
    copy = _written(picture, levels)
    if len(levels) == pixels:
        return Repaired(copy, "The file is damaged behind its first picture, or lacks its end; that picture is whole.")
    note = "The file is cut short or damaged; details of its last passes are missing."
    if not picture.interlaced:
        note = cut_note(len(levels) / pixels)
    return Repaired(copy, note, is_cut=True)


def _first_picture(data: bytes) -> _Picture:
    """Raises IndexError or struct.error where the file ends before its pixels."""
    at, clear = _HEADER + color_table_bytes(data[10]), None
    colors = data[_HEADER:at]
    while data[at] == EXTENSION:
        if data[at + 1 : at + 3] == _CONTROL:
            clear = data[at + 6] if data[at + 3] & 1 else None
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    if data[at] != IMAGE:
        raise IndexError("no picture")
    left, top, width, height, flags = struct.unpack_from("<4HB", data, at + 1)
    own = color_table_bytes(flags)
    at += _IMAGE_HEADER
    return _Picture(
        canvas=(max(left + width, data[6] | data[7] << 8), max(top + height, data[8] | data[9] << 8)),
        corner=(left, top),
        size=(width, height),
        colors=data[at : at + own] if own else colors,
        clear=clear,
        interlaced=bool(flags & _INTERLACED),
        literal_bits=data[at + own],
        coded=b"".join(_parts(data, at + own + 1)),
    )


def _parts(data: bytes, at: int) -> Iterator[bytes]:
    while at < len(data) and data[at]:
        yield data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]


def _decoded(coded: bytes, bits: int, most: int) -> Iterator[bytes]:
    """Runs of levels, until there are enough, or a code comes that has no meaning (GIF89a, appendix F)."""
    if not 0 < bits <= _MOST_LITERAL_BITS:
        return
    clear = 1 << bits
    literals = [bytes((level,)) for level in range(clear)] + [b"", b""]
    table, before, count = literals.copy(), b"", 0
    codes = _Codes(coded, bits + 1)
    while count < most and (code := codes.next()) is not None and code != clear + 1:
        if code == clear:
            table, before, codes.width = literals.copy(), b"", bits + 1
            continue
        if code > len(table) or (code == len(table) and not before):
            return
        run = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < _MOST_CODES:
            table.append(before + run[:1])
            codes.width = min(len(table).bit_length(), 12)
        yield run
        before, count = run, count + len(run)


class _Codes:
    """Numbers of changing width, the lowest bit first."""

    def __init__(self, coded: bytes, width: int) -> None:
        self.width = width
        self._bytes = iter(coded)
        self._held, self._count = 0, 0

    def next(self) -> int | None:
        """The next number; None where the data end before it does."""
        while self._count < self.width:
            byte = next(self._bytes, None)
            if byte is None:
                return None
            self._held |= byte << self._count
            self._count += 8
        code = self._held & ((1 << self.width) - 1)
        self._held >>= self.width
        self._count -= self.width
        return code


def _written(picture: _Picture, levels: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415  the table of formats is read where there is no Pillow

    levels, missing = _with_free_level(picture, levels)
    canvas = Image.new("P", picture.canvas, missing)
    canvas.paste(_placed(picture, levels, missing), picture.corner)
    canvas.putpalette(picture.colors.ljust(256 * _BYTES_PER_COLOR, b"\0"))
    file = io.BytesIO()
    canvas.save(file, "GIF", transparency=missing, interlace=0, optimize=False)
    return file.getvalue()


def _with_free_level(picture: _Picture, levels: bytes) -> tuple[bytes, int]:
    """The levels, and one for what is missing. Where all are used, the rarest becomes its neighbor in the table."""
    if picture.clear is not None:
        return levels, picture.clear
    from PIL import Image  # noqa: PLC0415  as above

    used = Image.frombytes("L", (len(levels), 1), levels).histogram()
    free = next((level for level in range(255, -1, -1) if not used[level]), None)
    if free is not None:
        return levels, free
    rarest = min(range(1, 256), key=used.__getitem__)
    return levels.replace(bytes((rarest,)), bytes((rarest - 1,))), rarest


def _placed(picture: _Picture, levels: bytes, missing: int) -> Image.Image:
    """The picture, its rows in order."""
    from PIL import Image  # noqa: PLC0415  as above

    width, height = picture.size
    if not picture.interlaced:
        return Image.frombytes("P", picture.size, levels.ljust(width * height, bytes((missing,))))
    made = Image.new("P", picture.size, missing)
    rows = (levels[at : at + width] for at in range(0, len(levels), width))
    for first, step, filled in _PASSES:
        for y, row in zip(range(first, height, step), islice(rows, len(range(first, height, step))), strict=False):
            strip = Image.frombytes("P", (len(row), 1), row)
            covered = filled if len(row) == width else 1  # a row is repeated once it is whole
            for below in range(y, min(y + covered, height)):
                made.paste(strip, (0, below))
    return made
