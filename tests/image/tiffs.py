"""TIFF files of uncommon kinds, put together from their parts: Pillow writes none of them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
_CODES = {(8, UNSIGNED): "B", (16, UNSIGNED): "H", (32, UNSIGNED): "I", (32, FLOAT): "f", (16, SIGNED): "h"}
_SHORT, _LONG, _LONG8 = 3, 4, 16

Pixel = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """How the pixels of a TIFF file lie.

    Attributes:
        photometric: What the samples stand for.
        bits: Of each sample.
        extra: What the samples behind the colors stand for: 0 unspecified, 1 premultiplied alpha, 2 alpha.
        planar: Whether the channels lie one after the other.
        deflate: Whether they are compressed.
        predictor: Whether each sample is stored as the difference from the one before.
        order: "<" or ">".
        big: Whether addresses have 64 bits.
        numbers: Unsigned, signed or floating-point.
        rows_per_strip: Rows in each piece.
    """

    photometric: int
    bits: int = 16
    extra: tuple[int, ...] = ()
    planar: bool = False
    deflate: bool = False
    predictor: bool = False
    order: str = "<"
    big: bool = False
    numbers: int = UNSIGNED
    rows_per_strip: int = 7


def tiff(kind: Kind, size: tuple[int, int], at: Callable[[int, int], Pixel], colors: Sequence[int] = ()) -> bytes:
    """A file of `size`, its samples given by `at(x, y)`; `colors` is the color map of a palette."""
    width, height = size
    count = len(at(0, 0))
    planes = [(n,) for n in range(count)] if kind.planar else [tuple(range(count))]
    strips = [
        _strip(kind, [[at(x, y)[n] for x in range(width) for n in plane] for y in rows], len(plane))
        for plane in planes
        for rows in _batches(height, kind.rows_per_strip)
    ]
    tags = {
        256: (_LONG, [width]), 257: (_LONG, [height]), 258: (_SHORT, [kind.bits] * count),
        259: (_SHORT, [8 if kind.deflate else 1]), 262: (_SHORT, [kind.photometric]), 277: (_SHORT, [count]),
        278: (_LONG, [kind.rows_per_strip]), 279: (_LONG, [len(strip) for strip in strips]),
        284: (_SHORT, [2 if kind.planar else 1]), 339: (_SHORT, [kind.numbers] * count),
    }  # fmt: skip
    if kind.predictor:
        tags[317] = (_SHORT, [2])
    if kind.extra:
        tags[338] = (_SHORT, list(kind.extra))
    if colors:
        tags[320] = (_SHORT, list(colors))
    return _file(kind, tags, strips)


def _batches(height: int, rows: int) -> list[range]:
    return [range(top, min(top + rows, height)) for top in range(0, height, rows)]


def _strip(kind: Kind, rows: list[list[float]], step: int) -> bytes:
    if kind.predictor:
        rows = [_differences(row, step, 1 << kind.bits) for row in rows]
    data = b"".join(_packed(kind, row) for row in rows)
    return zlib.compress(data) if kind.deflate else data


def _differences(row: list[float], step: int, modulus: int) -> list[float]:
    return [row[n] if n < step else (row[n] - row[n - step]) % modulus for n in range(len(row))]


def _packed(kind: Kind, row: list[float]) -> bytes:
    code = _CODES.get((kind.bits, kind.numbers))
    if code is not None:
        return struct.pack(f"{kind.order}{len(row)}{code}", *row)
    bits = "".join(f"{int(sample):0{kind.bits}b}" for sample in row)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _file(kind: Kind, tags: dict[int, tuple[int, list[int]]], strips: list[bytes]) -> bytes:
    order, start = kind.order, 16 if kind.big else 8
    places, at = [], start
    for strip in strips:
        places.append(at)
        at += len(strip) + len(strip) % 2
    tags[273] = (_LONG8 if kind.big else _LONG, places)
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(f"{order}HHHQ", 43, 8, 0, at) if kind.big else struct.pack(f"{order}HI", 42, at)
    body = b"".join(strip + bytes(len(strip) % 2) for strip in strips)
    return mark + head + body + _directory(kind, tags, at)


def _directory(kind: Kind, tags: dict[int, tuple[int, list[int]]], at: int) -> bytes:
    order, inline = kind.order, 8 if kind.big else 4
    count, address, entry_size = ("Q", "Q", 20) if kind.big else ("H", "I", 12)
    behind = at + struct.calcsize(order + count) + entry_size * len(tags) + inline
    entries, values = b"", b""
    for tag, (type_, numbers) in sorted(tags.items()):
        code: Any = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}[type_]
        data = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        if len(data) > inline:
            place, values = struct.pack(order + address, behind + len(values)), values + data
        else:
            place = data.ljust(inline, b"\0")
        entries += struct.pack(f"{order}HH{address}", tag, type_, len(numbers)) + place
    return struct.pack(order + count, len(tags)) + entries + bytes(inline) + values
