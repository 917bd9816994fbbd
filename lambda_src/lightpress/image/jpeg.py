"""The structure of a JPEG file, walked as ITU-T T.81 (annex B) and libjpeg do.

What lies between two segments is skipped, as decoders do with a warning; nothing behind the end of the picture is
looked at: phones append films there.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

START_OF_SCAN, END_OF_IMAGE, START_OF_IMAGE = 0xDA, 0xD9, 0xD8

# Table B.1: how the picture is coded.
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_RARE_FRAMES = dict.fromkeys((0xC3, 0xC7, 0xCB, 0xCF), "lossless") | dict.fromkeys(
    (0xC5, 0xC6, 0xCD, 0xCE), "hierarchical"
)
_PRECISION_AT, _EIGHT_BITS = 4, 8

MOST_SEGMENTS = 20_000
"""The longest sound files have some 1,000: extended XMP data in parts of 64 KB."""

# B.1.1.2: a marker is 0xFF, any number of fill bytes 0xFF, and a byte that is neither 0 (a stuffed 0xFF of coded data)
# nor 0xFF.
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
# Coded data also holds restart markers, which end nothing. Written so that the search is for one byte, in C: 0.4 ms for
# each megabyte; with `\xff+` it takes thirty times that.
_END_OF_CODED_DATA = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_WITHOUT_LENGTH = {0x01, START_OF_IMAGE, *range(0xD0, 0xD8)}
_SMALLEST_LENGTH = 2
# Application data, comments and DNL: decoders that are told of a shorter one than that go on behind its length.
_SKIPPED = {*range(0xE0, 0xF0), 0xFE, 0xDC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_CHANNELS_OF_FRAME, _CHANNELS_OF_SCAN = 9, 4  # where their number is


class TooManySegmentsError(ValueError):
    """The file is made of more segments than any sound one."""


class Segment(NamedTuple):
    """A marker and what belongs to it, from its 0xFF to the next segment.

    Attributes:
        marker: The second byte of the marker.
        start: Where it begins in the file.
        end: Where it ends: a scan behind its coded data, or where the file is cut short.
    """

    marker: int
    start: int
    end: int


def jpeg_segments(data: bytes, *, up_to_pixels: bool = False) -> Iterator[Segment]:
    """Every segment of the first picture, the end marker included where there is one.

    Raises ValueError where a segment is longer than the file, or lacks a length that it needs, and TooManySegmentsError
    behind `MOST_SEGMENTS`. up_to_pixels: the last is the first scan, without its coded data.
    """
    at = 2
    for _ in range(MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return
        segment = _segment(data, found.end() - 2)
        is_scan = segment.marker == START_OF_SCAN
        if is_scan and not up_to_pixels:
            after = _END_OF_CODED_DATA.search(data, segment.end)
            segment = segment._replace(end=len(data) if after is None else after.start())
        yield segment
        if segment.marker == END_OF_IMAGE or (is_scan and up_to_pixels):
            return
        at = segment.end
    raise TooManySegmentsError


def _segment(data: bytes, start: int) -> Segment:
    """One, of a scan what comes before its coded data."""
    marker = data[start + 1]
    if marker == END_OF_IMAGE or marker in _WITHOUT_LENGTH:
        return Segment(marker, start, start + 2)
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    if marker in _SKIPPED:
        length = max(length, _SMALLEST_LENGTH)
    end = start + 2 + length
    if length < _SMALLEST_LENGTH or end > len(data):
        raise ValueError("a segment is cut short")
    return Segment(marker, start, end)


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """The bytes of a segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_unreadable(data: bytes) -> str | None:
    """What a sound file is that no browser shows either: of more than eight bits a color, or of a rare coding."""
    try:
        frame = next((one for one in jpeg_segments(data) if one.marker in _FRAMES), None)
    except ValueError:
        return None
    if frame is None or frame.start + _PRECISION_AT >= len(data):
        return None
    if frame.marker in _RARE_FRAMES:
        return f"a {_RARE_FRAMES[frame.marker]} JPEG"
    bits = data[frame.start + _PRECISION_AT]
    return None if bits == _EIGHT_BITS else f"a JPEG of {bits} bits a color"


def jpeg_scans(data: bytes) -> int:
    """How often the decoder goes over the pixels of the picture; `MOST_SEGMENTS` where there are too many segments.

    That is once where the first scan announces no more: libjpeg takes no other then (`consume_markers`), and what
    follows is not walked.
    """
    scans = 0
    try:
        if not _announces_more(data):
            return 1
        for segment in jpeg_segments(data):
            scans += segment.marker == START_OF_SCAN
    except TooManySegmentsError:
        return MOST_SEGMENTS
    except (ValueError, IndexError):
        pass  # the decoder tells damage
    return scans


def is_held_whole(data: bytes) -> bool:
    """Whether the decoder holds all coefficients of the picture: its first scan announces more.

    As libjpeg decides it (`initial_setup`), before it has seen how many scans there are: a file may be cut short.
    """
    try:
        return _announces_more(data)
    except (ValueError, IndexError):
        return False  # the decoder tells damage


def around_pixels(data: bytes) -> bytes:
    """What comes before the first scan, and behind the picture: where something may be said of it, and others follow.

    The whole file where that is not told apart.
    """
    try:
        segments = tuple(jpeg_segments(data))
    except ValueError:
        return data
    first = next((one for one in segments if one.marker == START_OF_SCAN), None)
    return data if first is None else data[: first.start] + data[segments[-1].end :]


def _announces_more(data: bytes) -> bool:
    """Whether the first scan leaves out channels, or bits of them; raises ValueError or IndexError over damage."""
    frame = None
    for segment in jpeg_segments(data, up_to_pixels=True):
        if segment.marker in _FRAMES:
            frame = segment
        elif segment.marker == START_OF_SCAN and frame is not None:
            fewer = data[segment.start + _CHANNELS_OF_SCAN] < data[frame.start + _CHANNELS_OF_FRAME]
            return frame.marker in _PROGRESSIVE or fewer
    return False


def jpeg_end(data: bytes) -> int | None:
    """Where the picture ends, behind its end marker; None where it has none, or something lies between segments."""
    at = 2
    for segment in jpeg_segments(data):
        if data[at : segment.start].strip(b"\xff"):
            return None
        at = segment.end
        if segment.marker == END_OF_IMAGE:
            return at
    return None
