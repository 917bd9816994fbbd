"""BMP files of uncommon kinds, put together from their parts: Pillow writes none of them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RGB, RLE8, RLE4, BIT_FIELDS, ALPHA_BIT_FIELDS = 0, 1, 2, 3, 6
INFO, V3, V4, V5 = 40, 56, 108, 124

Masks = tuple[int, int, int, int]


def bmp(  # noqa: PLR0913  the fields of the header
    size: tuple[int, int],
    bits: int,
    pixels: bytes,
    *,
    compression: int = RGB,
    masks: Masks | None = None,
    header: int = INFO,
    colors: Sequence[tuple[int, int, int]] = (),
    top_down: bool = False,
) -> bytes:
    """A BMP of these bytes."""
    width, height = size
    info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression,
                       len(pixels), 0, 0, len(colors), 0)  # fmt: skip
    fields = b""
    if masks is not None:
        fields = struct.pack("<4I", *masks)
        fields = fields[:12] if header == INFO and compression == BIT_FIELDS else fields
    info += fields if header == INFO else fields.ljust(16, b"\0")
    info = info.ljust(header, b"\0")
    table = b"".join(bytes((blue, green, red, 0)) for red, green, blue in colors)
    offset = 14 + len(info) + len(table)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + table + pixels


def masked(size: tuple[int, int], bits: int, masks: Masks, at: Callable[[int, int], tuple[int, ...]]) -> bytes:
    """Pixels (red, green, blue, alpha of 8 bits by `at(x, y)`) as their masks say, the lowest row first."""
    width, height = size
    rows = []
    for y in reversed(range(height)):
        numbers = [_packed(masks, at(x, y)) for x in range(width)]
        row = struct.pack(f"<{width}{'H' if bits == 16 else 'I'}", *numbers)
        rows.append(row + bytes(-len(row) % 4))
    return b"".join(rows)


def _packed(masks: Masks, color: tuple[int, ...]) -> int:
    number = 0
    for mask, level in zip(masks, color, strict=True):
        if mask:
            lowest = mask & -mask
            number |= round(level * (mask // lowest) / 255) * lowest
    return number
