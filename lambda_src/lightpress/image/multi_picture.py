"""Several JPEG pictures in one file: the Multi-Picture Format (CIPA DC-007), read and written."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lightpress.image.jpeg import START_OF_IMAGE, START_OF_SCAN, jpeg_end, jpeg_segment, jpeg_segments

if TYPE_CHECKING:
    from collections.abc import Iterator

APP1, APP2 = 0xE1, 0xE2
_APP0 = 0xE0
_MPF = b"MPF\0"
_VERSION, _COUNT, _ENTRIES = 0xB000, 0xB001, 0xB002
_UNDEFINED, _LONG = 7, 4
_ENTRY = "IIIHH"  # attribute, size, offset from the header, two dependent pictures
_ENTRY_BYTES = 16
_MOST_PICTURES = 16
_PRIMARY = 0x030000
_STARTS = bytes((0xFF, START_OF_IMAGE, 0xFF))


def header_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The segments before the pixels, as (marker, where the segment begins, body); damage ends them."""
    try:
        for marker, start, end in jpeg_segments(data):
            if marker == START_OF_SCAN:
                return
            yield marker, start, data[start + 4 : end]
    except ValueError:
        return


def bodies(data: bytes, marker: int, signature: bytes) -> Iterator[bytes]:
    """What stands behind a signature in the segments of a marker."""
    for found, _, body in header_segments(data):
        if found == marker and body.startswith(signature):
            yield body[len(signature) :]


def further_pictures(data: bytes) -> list[bytes]:
    """The files of the pictures behind the first: those that its index lists, else what begins right behind it."""
    found = [part for part in _listed(data) if part.startswith(_STARTS)]
    if found:
        return found
    try:
        end = jpeg_end(data)
    except ValueError:
        return []
    return [data[end:]] if end is not None and data[end : end + 3] == _STARTS else []


def _listed(data: bytes) -> Iterator[bytes]:
    try:
        for marker, start, body in header_segments(data):
            if marker == APP2 and body.startswith(_MPF):
                yield from _entries(data, start + 4 + len(_MPF))
                return
    except struct.error:
        return


def _entries(data: bytes, header: int) -> Iterator[bytes]:
    """header: where the TIFF header of the index begins, from which offsets count."""
    order = "<" if data[header : header + 2] == b"II" else ">"
    directory = header + int(struct.unpack_from(order + "I", data, header + 4)[0])
    (count,) = struct.unpack_from(order + "H", data, directory)
    for number in range(min(count, _MOST_PICTURES)):
        tag, _, size, at = struct.unpack_from(order + "HHII", data, directory + 2 + 12 * number)
        if tag != _ENTRIES:
            continue
        for further in range(1, min(size // _ENTRY_BYTES, _MOST_PICTURES)):
            entry = struct.unpack_from(order + _ENTRY, data, header + at + _ENTRY_BYTES * further)
            yield data[header + entry[2] : header + entry[2] + entry[1]]


def with_segments(data: bytes, segments: bytes) -> bytes:
    """The JPEG file with more segments, behind those that readers look for first (JFIF, EXIF)."""
    at = _behind_first(data)
    return data[:at] + segments + data[at:]


def _behind_first(data: bytes) -> int:
    at = 2
    for marker, start, body in header_segments(data):
        if marker not in {_APP0, APP1}:
            break
        at = start + 4 + len(body)
    return at


def joined(first: bytes, second: bytes) -> bytes:
    """One file of two JPEG files, with an index of both."""
    at = _behind_first(first)
    length = len(_index(0, 0, 0))
    whole = len(first) + length
    header = at + 4 + len(_MPF)
    return first[:at] + _index(whole, whole - header, len(second)) + first[at:] + second


def _index(first: int, offset: int, second: int) -> bytes:
    """The segment of the index; offset: of the second picture, from the TIFF header in this segment."""
    behind = 8 + 2 + 3 * 12 + 4
    directory = struct.pack(">H", 3) + struct.pack(">HHI4s", _VERSION, _UNDEFINED, 4, b"0100")
    directory += struct.pack(">HHII", _COUNT, _LONG, 1, 2)
    directory += struct.pack(">HHII", _ENTRIES, _UNDEFINED, 2 * _ENTRY_BYTES, behind) + bytes(4)
    entries = struct.pack(">" + _ENTRY, _PRIMARY, first, 0, 0, 0) + struct.pack(">" + _ENTRY, 0, second, offset, 0, 0)
    return jpeg_segment(APP2, _MPF + b"MM\0*\0\0\0\x08" + directory + entries)
