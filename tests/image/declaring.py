"""Pictures in files that declare their color space by numbers, as cameras and editors write them."""

from __future__ import annotations

import struct
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
    data = file_of(image, "AVIF", quality=100, subsampling="4:4:4", icc_profile=icc_profile)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


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
