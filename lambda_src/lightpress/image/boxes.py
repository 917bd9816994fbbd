"""The structure of a file of the ISO family (HEIC, AVIF): boxes in boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALLEST = 8
_REPEATS = 1
# Durations as (header version: layout of the field, where it is): of a track, and of the first edit.
_TRACK_DURATION = {0: (">I", 20), 1: (">Q", 28)}
_EDIT_DURATION = {0: (">I", 8), 1: (">Q", 8)}
_MOST_PLAYS = 65_535


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The boxes between two places: their kind, and where what is in them begins and ends.

    Raises ValueError or struct.error where a box is longer than what it is in.
    """
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if not _SMALLEST <= length <= end - at:  # 0 and 1 mean lengths that are written elsewhere
            raise ValueError("a box of another length")
        yield kind, (at + _SMALLEST, at + length)
        at += length


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


def _inside(data: bytes, span: tuple[int, int], kind: bytes) -> tuple[int, int]:
    for name, found in boxes(data, *span):
        if name == kind:
            return found
    raise LookupError(kind)


def _duration(data: bytes, at: int, layouts: dict[int, tuple[str, int]]) -> int:
    layout, offset = layouts[data[at]]
    return int(struct.unpack_from(layout, data, at + offset)[0])
