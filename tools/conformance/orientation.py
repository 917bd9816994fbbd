"""Reads the orientation from the bytes of a file, without an image library, where browsers do (docs/orientation.md)."""

from __future__ import annotations

import struct
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAG = 0x0112
_SHORT = 3
_ENTRY = 12
# EXIF orientations of HEIF's `irot` (counterclockwise quarter turns), and of `irot` followed by `imir` (0: flipped
# vertically, 1: horizontally).
_TURNS = {0: 1, 1: 8, 2: 3, 3: 6}
_MIRRORED_TURNS = {(0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5}


class Declared(NamedTuple):
    """The orientation that a file declares.

    Attributes:
        orientation: 1 to 8, as in EXIF.
        at: Offset of the number in the file; None where it is not stored as such.
        order: Byte order of the number, as in `struct`.
    """

    orientation: int
    at: int | None = None
    order: str = "<"

    def quarter_turn(self) -> bool:
        """Whether width and height are swapped."""
        return self.orientation >= 5  # noqa: PLR2004  EXIF's number


UPRIGHT = Declared(1)


def declared(data: bytes) -> Declared | None:
    """The orientation that the file declares; None where it declares it in a way that this parser does not read."""
    try:
        if data[4:8] == b"ftyp":
            return _in_boxes(data)
        for start in _exif_starts(data):
            return _in_tiff(data, start)
    except (struct.error, IndexError, ValueError):
        return UPRIGHT
    return UPRIGHT


def _exif_starts(data: bytes) -> Iterator[int]:
    if data[:4] in {b"II*\0", b"MM\0*"}:
        yield 0
    elif data[:2] == b"\xff\xd8":
        yield from _in_segments(data)
    elif data[:4] == b"\x89PNG":
        ahead = takewhile(lambda chunk: chunk[0] != b"IDAT", _chunks(data))
        yield from (start for name, start in ahead if name == b"eXIf")


def _in_segments(data: bytes) -> Iterator[int]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004
        if data[at + 1] == 0xFF:  # noqa: PLR2004  fill byte
            at += 1
            continue
        if data[at + 1] == 0xDA:  # noqa: PLR2004  start of scan
            return
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":  # noqa: PLR2004
            yield at + 10
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8
        at += 12 + length


def _in_tiff(data: bytes, start: int) -> Declared:
    order = "<" if data[start : start + 2] == b"II" else ">"
    first = start + struct.unpack_from(order + "I", data, start + 4)[0]
    for entry in range(struct.unpack_from(order + "H", data, first)[0]):
        at = first + 2 + entry * _ENTRY
        tag, kind, count = struct.unpack_from(order + "HHI", data, at)
        if (tag, kind, count) == (_TAG, _SHORT, 1):
            value = struct.unpack_from(order + "H", data, at + 8)[0]
            return Declared(value, at + 8, order) if value in range(1, 9) else UPRIGHT
    return UPRIGHT


def _in_boxes(data: bytes) -> Declared | None:
    """AVIF and HEIF: `irot` and `imir` count, EXIF does not. Files with several of them give None."""
    properties = data.find(b"ipco")
    end = properties - 4 + struct.unpack_from(">I", data, properties - 4)[0] if properties > 0 else 0
    boxes = list(_boxes(data, properties + 4, end))
    turns = [data[start] & 3 for name, start in boxes if name == b"irot"]
    mirrors = [data[start] & 1 for name, start in boxes if name == b"imir"]
    if len(turns) > 1 or len(mirrors) > 1:
        return None
    turn = turns[0] if turns else 0
    return Declared(_MIRRORED_TURNS[turn, mirrors[0]] if mirrors else _TURNS[turn])


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8
        at += max(size, 8)


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The image upright, from where row 0 and column 0 belong, as the EXIF standard defines it."""
    w, h = image.size
    # Maps x, y in the upright image to the stored pixel: (x factor, y factor, constant) for each coordinate.
    stored = {
        1: (1, 0, 0, 0, 1, 0),  # row 0 is the top, column 0 is the left side
        2: (-1, 0, w, 0, 1, 0),  # top, right
        3: (-1, 0, w, 0, -1, h),  # bottom, right
        4: (1, 0, 0, 0, -1, h),  # bottom, left
        5: (0, 1, 0, 1, 0, 0),  # left, top
        6: (0, 1, 0, -1, 0, h),  # right, top
        7: (0, -1, w, -1, 0, h),  # right, bottom
        8: (0, -1, w, 1, 0, 0),  # left, bottom
    }[orientation]
    seen = (h, w) if Declared(orientation).quarter_turn() else (w, h)
    return image.transform(seen, Image.Transform.AFFINE, stored, Image.Resampling.NEAREST)
