"""Pictures in files that declare their color space by numbers, as cameras and editors write them."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from tools.drawing import file_of, png_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

SRGB, BT_2020, DISPLAY_P3 = 1, 9, 12
PQ, HLG, SRGB_CURVE = 16, 18, 13

_LEVELS = 256
_BARS: tuple[Callable[[int], tuple[int, int, int]], ...] = (
    lambda level: (level, level, level),
    lambda level: (level, 0, 0),
    lambda level: (0, level, 0),
    lambda level: (0, 0, level),
    lambda level: (level, level * 3 // 4, level // 2),
    lambda level: (level // 2, level, level * 3 // 4),
)


def bars(height: int = 8) -> Image.Image:
    """Bars of gray, red, green, blue and two mixtures, each from its darkest on the left to its brightest."""
    rows = [bytes(channel for level in range(_LEVELS) for channel in bar(level)) * height for bar in _BARS]
    return Image.frombytes("RGB", (_LEVELS, height * len(_BARS)), b"".join(rows))


def png_with(image: Image.Image, *chunks: bytes) -> bytes:
    """A PNG with these chunks before its pixels."""
    data = file_of(image)
    return data[:33] + b"".join(chunks) + data[33:]


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    """A PNG's chunk of code points."""
    return png_chunk(b"cICP", bytes((primaries, transfer, matrix, full)))


def gamma(exponent: float) -> bytes:
    """A PNG's chunk that says by which exponent light was encoded."""
    return png_chunk(b"gAMA", struct.pack(">I", round(exponent * 100_000)))


def chromaticities(*values: float) -> bytes:
    """A PNG's chunk of primaries: x and y of white, red, green and blue."""
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


ADOBE_RGB = chromaticities(0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def light_level(brightest: float) -> bytes:
    """A PNG's chunk of the content's light levels in cd/m2, the average half of the brightest."""
    return png_chunk(b"cLLI", struct.pack(">II", round(brightest * 10_000), round(brightest * 5_000)))


def avif_with(image: Image.Image, primaries: int, transfer: int, icc_profile: bytes = b"") -> bytes:
    """An AVIF file with these code points in its `nclx` box; the matrix stays as it is encoded."""
    data = _avif(image.mode, image.size, image.tobytes(), icc_profile)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


@cache  # most of them are made while tests are collected, by every worker
def _avif(mode: str, size: tuple[int, int], pixels: bytes, icc_profile: bytes) -> bytes:
    image = Image.frombytes(mode, size, pixels)
    return file_of(image, "AVIF", quality=100, subsampling="4:4:4", icc_profile=icc_profile)


def heic_with(image: Image.Image, primaries: int, transfer: int) -> bytes:
    """The same as a HEIC file."""
    data = file_of(image, "HEIF", quality=100, chroma=444)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def with_code_points(profile: bytes, primaries: int, transfer: int) -> bytes:
    """An ICC profile with a `cicp` tag, which counts for more than its other tags."""
    (count,) = struct.unpack_from(">I", profile, 128)
    behind = len(profile) + 12
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    entries = [(name, at + 12, length) for name, at, length in entries] + [(b"cicp", behind, 12)]
    table = b"".join(struct.pack(">4sII", *entry) for entry in entries)
    body = profile[132 + 12 * count :] + b"cicp\0\0\0\0" + bytes((primaries, transfer, 0, 1))
    whole = profile[:128] + struct.pack(">I", count + 1) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def orientation(kind: int, count: int, value: bytes, order: str = "<") -> bytes:
    """EXIF data (without its name) with an orientation of any type, count and value."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(f"{order}IH", 8, 1) + struct.pack(f"{order}HHI", 0x0112, kind, count)
    return head + value.ljust(4, b"\0") + bytes(4)


def avif_item_with(avif: bytes, *properties: tuple[bytes, bytes]) -> bytes:
    """An AVIF file, as Pillow writes it, whose first item has these properties too, as (kind, contents)."""
    meta = avif.index(b"meta") - 4
    box, table = avif.index(b"ipco") - 4, avif.index(b"ipma") - 4
    body = b"".join(struct.pack(">I4s", 8 + len(contents), kind) + contents for kind, contents in properties)
    first = _count_of_boxes(avif[box + 8 : table]) + 1
    listed = table + 18  # where the first item's number of properties stands
    numbers = bytes(0x80 | (first + number) for number in range(len(properties)))
    made = bytearray(avif)
    made[listed + 1 : listed + 1] = numbers
    made[listed] += len(numbers)
    made[table:table] = body
    grown = len(body) + len(numbers)
    for at, more in ((box, len(body)), (avif.index(b"iprp") - 4, grown), (meta, grown)):
        _add(made, at, more)
    _add(made, table + len(body), len(numbers))
    _move_items(made, grown)
    return bytes(made)


def _count_of_boxes(data: bytes) -> int:
    count, at = 0, 0
    while at < len(data):
        count, at = count + 1, at + int(struct.unpack_from(">I", data, at)[0])
    return count


def _add(data: bytearray, at: int, more: int) -> None:
    struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + more)


def _move_items(data: bytearray, by: int) -> None:
    """Add to the place of each item (`iloc` of version 0, with addresses and lengths of 32 bits)."""
    at = data.index(b"iloc") + 4
    assert data[at] == 0
    assert data[at + 4] == 0x44
    (count,) = struct.unpack_from(">H", data, at + 6)
    at += 8
    for _ in range(count):
        (extents,) = struct.unpack_from(">H", data, at + 4)
        at += 6
        for _ in range(extents):
            _add(data, at, by)
            at += 8


def aperture(width: int, height: int, across: int, down: int) -> tuple[bytes, bytes]:
    """A clean aperture of this size, its middle so far from the picture's."""
    return b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, across, 1, down, 1)
