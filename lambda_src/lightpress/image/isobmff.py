"""The properties of the primary item of an AVIF or HEIC file (ISO/IEC 23008-12): what stands beside its pixels.

Walks over box headers only. What cannot be read says nothing; telling damage is the decoder's business.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BOXES = 10_000
_LARGE, _TO_THE_END = 1, 0
_LONG_INDEX = 1

Span = tuple[int, int]


def properties(data: bytes) -> list[tuple[bytes, bytes]]:
    """The properties of the primary item, in the order of their association, as (kind, contents)."""
    try:
        return list(_of_primary(data))
    except (struct.error, KeyError, IndexError):
        return []


def _of_primary(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start, end = _first(data, b"meta", 0, len(data))
    meta = dict(_boxes(data, start + 4, end))
    primary = _number(data, meta[b"pitm"][0])
    stored = dict(_boxes(data, *meta[b"iprp"]))
    everything = list(_boxes(data, *stored[b"ipco"]))
    for index in _associated(data, stored[b"ipma"], primary):
        if 0 < index <= len(everything):
            kind, (begin, finish) = everything[index - 1]
            yield kind, data[begin:finish]


def _associated(data: bytes, span: Span, item: int) -> list[int]:
    """The numbers of the properties of an item; the first property is number 1."""
    at, end = span
    version, flags, entries = data[at], data[at + 3], struct.unpack_from(">I", data, at + 4)[0]
    name = ">I" if version else ">H"
    index, mask = (">H", 0x7FFF) if flags & _LONG_INDEX else (">B", 0x7F)
    at += 8
    for _ in range(min(entries, _MOST_BOXES)):
        (found,) = struct.unpack_from(name, data, at)
        at += struct.calcsize(name)
        count, at = data[at], at + 1
        if found == item:
            return [struct.unpack_from(index, data, at + n * struct.calcsize(index))[0] & mask for n in range(count)]
        at += count * struct.calcsize(index)
        if at > end:
            break
    return []


def _number(data: bytes, at: int) -> int:
    """The item that a `pitm` box names."""
    return int(struct.unpack_from(">I" if data[at] else ">H", data, at + 4)[0])


def _first(data: bytes, kind: bytes, at: int, end: int) -> Span:
    return next((span for found, span in _boxes(data, at, end) if found == kind), (end, end))


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, Span]]:
    """The boxes between two places: their kind, and where what is in them begins and ends."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if length == _LARGE:
            (length,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        finish = end if length == _TO_THE_END else at + length
        if not begin <= finish <= end:
            return
        yield kind, (begin, finish)
        at = finish
