"""What a file says of itself before any decoder sees it: how many parts it has, and whether it is one of ours at all.

Each of these reads a few bytes here and there and allocates nothing: a file may claim what it likes. What cannot be
read ends the count; telling damage is the decoder's business.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.image.png import MOST_CHUNKS, PNG_SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Iterator

# Image resources of a Photoshop file, and what Pillow can read: (mode, bits) of its header.
_PSD_VERSION_INFO = 1057
_PSD_READABLE = {(0, 1), (0, 8), (1, 8), (2, 8), (3, 8), (4, 8), (8, 8), (9, 8)}
_PSD_MODES = {
    0: "Bitmap", 1: "Grayscale", 2: "Indexed Color", 3: "RGB", 4: "CMYK", 7: "Multichannel", 8: "Duotone", 9: "Lab",
}  # fmt: skip
_MOST_RESOURCES = 10_000

_TIFF_SUBFILE_TYPE, _TIFF_SUB_IFDS, _TIFF_DNG_VERSION = 254, 330, 50_706
_TIFF_NO_PAGE = 1 | 4  # a reduced copy of another page, or its mask
_TIFF_TILE = 322, 323
_TIFF_NUMBERS = {3: "H", 16: "Q"}  # by type; of any other, four bytes are read
_MOST_TAGS = 65_535
MOST_DIRECTORIES = 200

_TARGA_HEADER = 18
_TARGA_MAPPED, _TARGA_ENTRIES = {1, 9}, {15, 16, 24, 32}
_TARGA_BITS = {
    1: {8, 16}, 9: {8, 16}, 3: {8, 16}, 11: {8, 16}, 2: {15, 16, 24, 32}, 10: {15, 16, 24, 32},
}  # fmt: skip
_TARGA_KINDS = _TARGA_BITS.keys()

_TONE_MAPPED = b"tmap"  # the brand of AVIF and HEIC files with a gain map (ISO/IEC 23008-12)
_GAIN_MAPS = (b"hdrgm:Version", b"urn:iso:std:iso:ts:21496:-1", b"/HDRGainMap/", b"aux:hdrgainmap")


def number(data: bytes, layout: str, at: int) -> int:
    """One number, or struct.error where the file ends before it."""
    if not 0 <= at < len(data):
        raise struct.error
    return int(struct.unpack_from(layout, data, at)[0])


def brands(data: bytes) -> set[bytes]:
    """What a file of the ISO family (HEIC, AVIF, MP4) says it can be read as; the first brand leads."""
    if data[4:8] != b"ftyp" or len(data) < 12:  # noqa: PLR2004  where the first brand ends
        return set()
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}


def holds_gain_map(data: bytes) -> bool:
    """Whether the picture comes with a second one that makes it brighter on screens that can."""
    return _TONE_MAPPED in brands(data) or any(name in data for name in _GAIN_MAPS)


@dataclass(frozen=True, slots=True)
class _Tiff:
    """How numbers lie in this TIFF file: old or big (64-bit), and which byte comes first."""

    order: str
    big: bool

    @property
    def count(self) -> str:
        return self.order + ("Q" if self.big else "H")

    @property
    def offset(self) -> str:
        return self.order + ("Q" if self.big else "I")

    @property
    def entry_size(self) -> int:
        return 20 if self.big else 12

    def first(self, data: bytes) -> int:
        return number(data, self.offset, 8 if self.big else 4)


def _tiff(data: bytes) -> _Tiff:
    order = "<" if data[:2] == b"II" else ">"
    return _Tiff(order, big=number(data, order + "H", 2) == 43)  # noqa: PLR2004  the format's own number, 42 is the old


def _directories(data: bytes) -> Iterator[int]:
    """Where the directories of a TIFF file begin, each once."""
    kind, seen = _tiff(data), set[int]()
    at = kind.first(data)
    while at and at not in seen:
        seen.add(at)
        after = at + struct.calcsize(kind.count) + number(data, kind.count, at) * kind.entry_size
        yield at
        at = number(data, kind.offset, after)


def _tags(data: bytes, at: int, most: int) -> dict[int, int]:
    """The first tags of a directory, with their values where these are single numbers."""
    return dict(_entries(data, at, most))


def _entries(data: bytes, at: int, most: int) -> Iterator[tuple[int, int]]:
    """The same, those that are there twice, too."""
    kind = _tiff(data)
    start = at + struct.calcsize(kind.count)
    value_at = 12 if kind.big else 8
    for index in range(min(most, number(data, kind.count, at))):
        entry = start + index * kind.entry_size
        layout = _TIFF_NUMBERS.get(number(data, kind.order + "H", entry + 2), "I")
        yield number(data, kind.order + "H", entry), number(data, kind.order + layout, entry + value_at)


def _readable(places: Iterator[int]) -> Iterator[int]:
    try:
        yield from places
    except struct.error:
        return


def tiff_directories(data: bytes) -> int:
    """How many directories there are; the count stops above the limit."""
    return sum(1 for _ in islice(_readable(_directories(data)), MOST_DIRECTORIES + 1))


def tiff_pages(data: bytes) -> int:
    """How many of the directories are pages, and not small copies or masks of one."""
    first = [_first_tag(data, at) for at in islice(_readable(_directories(data)), MOST_DIRECTORIES)]
    return sum(1 for tags in first if not tags.get(_TIFF_SUBFILE_TYPE, 0) & _TIFF_NO_PAGE)


def _first_tag(data: bytes, at: int) -> dict[int, int]:
    try:
        return _tags(data, at, 1)  # tags are sorted, and this one has the lowest number
    except struct.error:
        return {}


def tiff_tiles(data: bytes) -> Iterator[tuple[int, int]]:
    """How large the tiles of the first page are, of which the decoder unpacks whole ones, however little is shown."""
    try:
        entries = list(_entries(data, _tiff(data).first(data), _MOST_TAGS))
    except struct.error:
        return
    width, height = (max((value for tag, value in entries if tag == side), default=0) for side in _TIFF_TILE)
    yield width, height


def tiff_unreadable(data: bytes) -> str | None:
    """Raw files of cameras are TIFF files whose first page is a thumbnail; anything made of that would be a lie."""
    try:
        tags = _tags(data, _tiff(data).first(data), 100)
    except struct.error:
        return None
    thumbnail = tags.get(_TIFF_SUBFILE_TYPE, 0) & 1 and _TIFF_SUB_IFDS in tags
    return "a camera's raw file" if thumbnail or _TIFF_DNG_VERSION in tags else None


def psd_unreadable(data: bytes) -> str | None:
    """Pillow reads the flattened picture, in eight bits; Photoshop can leave it out."""
    try:
        kind = (number(data, ">H", 24), number(data, ">H", 22))
        if kind not in _PSD_READABLE:
            mode = _PSD_MODES.get(kind[0], f"mode {kind[0]}")
            return f"a Photoshop file in {mode} with {kind[1]} bits"
        if _is_without_composite(data):
            return 'a Photoshop file saved without "Maximize Compatibility"'
    except struct.error:
        pass
    return None


def _is_without_composite(data: bytes) -> bool:
    at = 30 + number(data, ">I", 26)
    end = at + 4 + number(data, ">I", at)
    at += 4
    for _ in range(_MOST_RESOURCES):
        if at >= end:
            break
        name = number(data, "B", at + 6)
        body = at + 7 + name + (1 - name % 2) + 4
        if number(data, ">H", at + 4) == _PSD_VERSION_INFO:
            return number(data, "B", body + 4) == 0
        length = number(data, ">I", body - 4)
        at = body + length + length % 2
    return False


def is_cursor(data: bytes) -> bool:
    """Whether at least one picture follows the signature of a cursor, which Targa pictures may share."""
    return data[4:6].strip(b"\0") != b""


def is_sgi(data: bytes) -> bool:
    """Whether the signature of two bytes is followed by what an SGI picture has: packing, bytes and dimensions."""
    return data[2:3] in {b"\0", b"\1"} and data[3:4] in {b"\1", b"\2"} and data[4:6] in {b"\0\1", b"\0\2", b"\0\3"}


def is_targa(data: bytes) -> bool:
    """Whether the header makes sense as that of a Targa picture, which has no signature (version 1 has no footer).

    Truevision TGA File Format Specification 2.0, fields 2 to 5: a color map is there exactly for the kinds 1 and 9.
    """
    if len(data) < _TARGA_HEADER:
        return False
    mapped, kind, _, _, entry, _, _, width, height, bits, flags = struct.unpack_from("<BBHHBHHHHBB", data, 1)
    if kind not in _TARGA_KINDS or mapped != (kind in _TARGA_MAPPED) or flags & 0xC0:
        return False
    return bool(width and height and bits in _TARGA_BITS[kind] and (entry in _TARGA_ENTRIES) == bool(mapped))


def ico_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """The true sizes of the pictures in an icon: its own list can only say up to 256."""
    with suppress(struct.error):
        for at in _pictures_of_icon(data):
            if data[at : at + 8] != PNG_SIGNATURE:
                width, height = number(data, "<i", at + 4), number(data, "<i", at + 8)
                yield abs(width), abs(height) // 2
    for kind, at in islice(_chunks_of_icon(data), MOST_CHUNKS):
        if kind == b"IHDR" and at + 8 <= len(data):
            yield number(data, ">I", at), number(data, ">I", at + 4)


def ico_chunks(data: bytes) -> int:
    """How many chunks stand before the pixels of the PNG pictures in an icon; the count stops above the limit."""
    return sum(1 for _ in islice(_chunks_of_icon(data), MOST_CHUNKS + 1))


def _pictures_of_icon(data: bytes) -> Iterator[int]:
    for entry in range(number(data, "<H", 4)):
        yield number(data, "<I", 6 + 16 * entry + 12)


def _chunks_of_icon(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Their kind, and where what is in them begins: of several headers, the decoder takes the last."""
    with suppress(struct.error):
        for at in _pictures_of_icon(data):
            if data[at : at + 8] == PNG_SIGNATURE:
                yield from _chunks_before_pixels(data, at + 8)


def _chunks_before_pixels(data: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            return
        yield kind, at + 8
        at += 12 + length


def webp_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """What the first chunk says: the canvas, or the size of the only picture."""
    try:
        kind = data[12:16]
        if kind == b"VP8X":
            yield 1 + (number(data, "<I", 24) & 0xFF_FFFF), 1 + (number(data, "<I", 26) >> 8)
        elif kind == b"VP8L":
            bits = number(data, "<I", 21)
            yield 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"VP8 ":
            yield number(data, "<H", 26) & 0x3FFF, number(data, "<H", 28) & 0x3FFF
    except struct.error:
        return
