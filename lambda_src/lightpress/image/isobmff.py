"""The structure of AVIF and HEIC files (ISO/IEC 14496-12 and 23008-12): boxes in boxes.

Walks over box headers only. What cannot be read says nothing; telling damage is the decoder's business.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BOXES = 10_000
_MOST_EXTENTS = 1_000  # a grid of 256 parts, with as many of its transparency, has some 500
_LARGE, _TO_THE_END = 1, 0
_LONG_INDEX = 1
_REPEATS = 1
# Durations as (version of the box: layout of the number, and where it is): of a track, of all, and of the first edit.
_TRACK_DURATION = {0: (">I", 20), 1: (">Q", 28)}
_MOVIE_DURATION = {0: (">I", 16), 1: (">Q", 24)}
_EDIT_DURATION = {0: (">I", 8), 1: (">Q", 8)}
_TIMES = {0: slice(4, 12), 1: slice(4, 20)}  # of creation, and of modification
_MOST_PLAYS = 65_535

Span = tuple[int, int]


def properties(data: bytes) -> list[tuple[bytes, bytes]]:
    """The properties of the primary item, in the order of their association, as (kind, contents)."""
    try:
        return list(_of_primary(data))
    except (struct.error, KeyError, IndexError):
        return []


def _of_primary(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start, end = _first(data, b"meta", 0, len(data))
    meta = dict(boxes(data, start + 4, end))
    primary = _number(data, meta[b"pitm"][0])
    stored = dict(boxes(data, *meta[b"iprp"]))
    everything = list(boxes(data, *stored[b"ipco"]))
    for index in _associated(data, stored[b"ipma"], primary):
        if 0 < index <= len(everything):
            kind, (begin, finish) = everything[index - 1]
            yield kind, data[begin:finish]


def _associated(data: bytes, span: Span, item: int) -> list[int]:
    """The numbers of the properties of an item; the first property is number 1."""
    version, flags = data[span[0]], data[span[0] + 3]
    index, mask = (">H", 0x7FFF) if flags & _LONG_INDEX else (">B", 0x7F)
    for found, entry in item_associations(data, span):
        if found == item:
            numbers = entry[(5 if version else 3) :]
            return [number & mask for (number,) in struct.iter_unpack(index, numbers)]
    return []


def item_associations(data: bytes, span: Span) -> Iterator[tuple[int, bytes]]:
    """The entries of an `ipma` box, as (item, entry with its number of properties).

    Raises IndexError or struct.error where the box ends within one.
    """
    at, end = span
    name, index = ">I" if data[at] else ">H", 2 if data[at + 3] & _LONG_INDEX else 1
    (entries,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(min(entries, _MOST_BOXES)):
        begin, at = at, at + struct.calcsize(name)
        (item,) = struct.unpack_from(name, data, begin)
        at += 1 + data[at] * index
        if at > end:
            raise IndexError("an entry that ends behind its box")
        yield item, data[begin:at]


def item_extents(data: bytes, span: Span) -> Iterator[tuple[int, Span]]:
    """The pieces of all items that an `iloc` box lists, as (how it is addressed, where it begins and ends).

    How (ISO/IEC 14496-12, 8.11.3): 0 in the file, 1 in its `idat` box. Raises ValueError where the box ends within one,
    and where there are more than any sound file has.
    """
    version, sizes, place = data[span[0]], data[span[0] + 4 : span[0] + 6], _Numbers(data, span[0] + 6, span[1])
    offset, length, base, index = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15 if version else 0
    wide, left = 4 if version > 1 else 2, _MOST_EXTENTS
    for _ in range(place.next(wide)):
        place.next(wide)  # its number
        method = place.next(2) & 15 if version else 0
        place.next(2)  # which file
        start = place.next(base)
        count = place.next(2)
        left -= max(count, 1)
        if left < 0:
            raise ValueError("too many pieces")
        for _ in range(count):
            place.next(index)
            begin = start + place.next(offset)
            yield method, (begin, begin + place.next(length))


class _Numbers:
    """Numbers of changing sizes, one behind the other."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data, self._at, self._end = data, at, end

    def next(self, size: int) -> int:
        """The next number, of so many bytes."""
        begin, self._at = self._at, self._at + size
        if self._at > self._end:
            raise ValueError("a box that is cut short")
        return int.from_bytes(self._data[begin : self._at], "big")


def _number(data: bytes, at: int) -> int:
    """The item that a `pitm` box names."""
    return int(struct.unpack_from(">I" if data[at] else ">H", data, at + 4)[0])


def _first(data: bytes, kind: bytes, at: int, end: int) -> Span:
    return next((span for found, span in boxes(data, at, end) if found == kind), (end, end))


def whole_boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, Span]]:
    """The boxes that fill what is between two places; raises ValueError where they do not fill it."""
    covered = at
    for kind, (begin, finish) in boxes(data, at, end):
        yield kind, (begin, finish)
        covered = finish
    if covered != end:
        raise ValueError("something that is no box")


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, Span]]:
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


def plays_of(data: bytes) -> int:
    """How often an AVIF sequence plays; 0 is for ever, also where the file does not say."""
    try:
        track = _inside(data, _inside(data, (0, len(data)), b"moov"), b"trak")
        header = _inside(data, track, b"tkhd")
        edits = _inside(data, _inside(data, track, b"edts"), b"elst")
        if not data[edits[0] + 3] & _REPEATS:
            return 1
        whole, once = _duration(data, header[0], _TRACK_DURATION), _duration(data, edits[0], _EDIT_DURATION)
        plays = math.ceil(whole / once)
    except (LookupError, ValueError, struct.error, ZeroDivisionError):
        return 0
    return plays if plays <= _MOST_PLAYS else 0


def with_plays(data: bytes, plays: int) -> bytes:
    """The AVIF sequence, which plays for ever, playing so often instead; 0 is for ever."""
    if not plays:
        return data
    written = bytearray(data)
    movie = _inside(data, (0, len(data)), b"moov")
    tracks = [span for kind, span in boxes(data, *movie) if kind == b"trak"]
    for track in tracks:
        header = _inside(data, track, b"tkhd")[0]
        edits = _inside(data, _inside(data, track, b"edts"), b"elst")[0]
        whole = plays * _duration(data, edits, _EDIT_DURATION)
        _put(written, header, _TRACK_DURATION, whole)
        _put(written, _inside(data, movie, b"mvhd")[0], _MOVIE_DURATION, whole)
        written[edits + 3] = written[edits + 3] & ~_REPEATS | (_REPEATS if plays > 1 else 0)
    return bytes(written)


def without_times(data: bytes) -> bytes:
    """The AVIF sequence without the times at which it was written: one picture is always the same file."""
    written = bytearray(data)
    movie = _inside(data, (0, len(data)), b"moov")
    headers = [_inside(data, movie, b"mvhd")]
    for track in (span for kind, span in boxes(data, *movie) if kind == b"trak"):
        headers += [_inside(data, track, b"tkhd"), _inside(data, _inside(data, track, b"mdia"), b"mdhd")]
    for at, _ in headers:
        place = _TIMES[data[at]]
        written[at + place.start : at + place.stop] = bytes(place.stop - place.start)
    return bytes(written)


def _inside(data: bytes, span: tuple[int, int], kind: bytes) -> tuple[int, int]:
    start, end = _first(data, kind, *span)
    if start == end:
        raise LookupError(kind)
    return start, end


def _duration(data: bytes, at: int, layouts: dict[int, tuple[str, int]]) -> int:
    layout, offset = layouts[data[at]]
    return int(struct.unpack_from(layout, data, at + offset)[0])


def _put(data: bytearray, at: int, layouts: dict[int, tuple[str, int]], number: int) -> None:
    layout, offset = layouts[data[at]]
    struct.pack_into(layout, data, at + offset, number)
