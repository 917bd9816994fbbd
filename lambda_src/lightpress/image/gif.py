"""The structure of a GIF file: blocks, whose data come in parts of up to 255 bytes."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE, EXTENSION, _END = 0x2C, 0x21, 0x3B
_HEADER, _IMAGE_HEADER = 13, 11
_HAS_COLORS, _COLOR_BITS = 0x80, 0x07
_COLORS_OF_FILE, _COLORS_OF_IMAGE = 10, 9  # where the flags of a table of colors are

_BLOCK = re.compile(rb"[!,;]")
_EMPTY_EXTENSION = re.compile(rb"!(?:[^\xfe]\0|\xff\x0bNETSCAPE2\.0\0)", re.DOTALL)

MOST_BLOCKS = 1_000_000
"""64 MB in parts of 255 bytes are a quarter of that."""


def color_table_bytes(flags: int) -> int:
    """How many bytes a table of colors takes, by the flags that announce it."""
    return 6 << (flags & _COLOR_BITS) if flags & _HAS_COLORS else 0


def gif_blocks(data: bytes) -> int:
    """How many blocks, and parts of blocks, there are, and bytes between them; the count stops above the limit."""
    count, at, is_first = 0, _HEADER + _announced(data, _COLORS_OF_FILE), True
    while count <= MOST_BLOCKS and (start := _next_block(data, at, is_first=is_first)) < len(data):
        count += start - at
        is_first = is_first and data[start] == EXTENSION
        at = _behind_header(data, start)
        while at < len(data) and data[at] and count <= MOST_BLOCKS:
            at += 1 + data[at]
            count += 1
        at += 1
        count += 1
    return min(count, MOST_BLOCKS + 1)


def gif_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """How far the pictures reach, each time it is further than before.

    Decoders take memory for it, however small the file says that it is as a whole.
    """
    at, right, bottom, is_first = _HEADER + _announced(data, _COLORS_OF_FILE), 0, 0, True
    for _ in range(MOST_BLOCKS):
        at = _next_block(data, at, is_first=is_first)
        if at + _IMAGE_HEADER > len(data):
            return
        if data[at] == IMAGE:
            is_first = False
            left, top, width, height = struct.unpack_from("<4H", data, at + 1)
            if left + width > right or top + height > bottom:
                right, bottom = max(right, left + width), max(bottom, top + height)
                yield right, bottom
        at = _behind_parts(data, _behind_header(data, at))


def without_empty_extensions(data: bytes) -> bytes:
    """The file without extensions that say nothing, behind which the decoder takes the next block for more of them."""
    if _EMPTY_EXTENSION.search(data) is None:
        return data
    kept, begin, at, is_first = [], 0, _HEADER + _announced(data, _COLORS_OF_FILE), True
    while (start := _next_block(data, at, is_first=is_first)) < len(data):
        is_first = is_first and data[start] == EXTENSION
        at = _behind_parts(data, _behind_header(data, start))
        if _EMPTY_EXTENSION.match(data, start):
            kept.append(data[begin:start])
            begin = at
    return b"".join((*kept, data[begin:]))


def _next_block(data: bytes, at: int, *, is_first: bool) -> int:
    """Where the next picture or extension begins; at the end of the file where there is none.

    Before the first picture, the decoder passes over what is neither; behind it, that ends the file, as in browsers.
    """
    if not is_first:
        return at if data[at : at + 1] in {b"!", b","} else len(data)
    found = _BLOCK.search(data, at)
    return found.start() if found and found[0] != b";" else len(data)


def _behind_header(data: bytes, at: int) -> int:
    return at + (2 if data[at] == EXTENSION else _IMAGE_HEADER + _announced(data, at + _COLORS_OF_IMAGE))


def _behind_parts(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _announced(data: bytes, at: int) -> int:
    return color_table_bytes(data[at]) if at < len(data) else 0


def gif_extensions(data: bytes) -> list[tuple[int, int]]:
    """Where the extensions of a file begin and end; raises as `gif_length` does."""
    return [(start, end) for kind, start, end in _blocks(data) if kind == EXTENSION]


def gif_length(data: bytes) -> int:
    """Where the file ends, behind its end marker; raises IndexError or ValueError where no block leads there."""
    *_, (_, _, end) = _blocks(data)
    return end


def _blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Every block as (kind, start, end), the end marker last."""
    at = _HEADER + color_table_bytes(data[_COLORS_OF_FILE])
    while (kind := data[at]) != _END:
        start = at
        if kind == IMAGE:
            at += _IMAGE_HEADER + color_table_bytes(data[at + _COLORS_OF_IMAGE])
        elif kind == EXTENSION:
            at += 2
        else:
            raise ValueError("no block")
        while count := data[at]:
            at += 1 + count
        at += 1
        yield kind, start, at
    yield kind, at, at + 1
