"""What turns a picture in Chromium turns it here, and nothing else does: the table of docs/orientation.md."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.image.chromium import shown
from tests.image.declaring import aperture, avif_item_with, orientation
from tools.drawing import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    colors_at_corners,
    distance,
    file_of,
    four_corners,
    only,
    png_chunk,
    with_chunk_before,
)

if TYPE_CHECKING:
    from PIL import Image
    from playwright.sync_api import Browser

BYTE, ASCII, SHORT, LONG, UNDEFINED, SIGNED, FLOAT = 1, 2, 3, 4, 7, 9, 11
QUARTER, HALF = 6, 3
"""EXIF orientations that the drawn files declare."""
DRAWN, TURNED, UPSIDE_DOWN = (RED, GREEN, BLUE, YELLOW), (BLUE, RED, YELLOW, GREEN), (YELLOW, BLUE, GREEN, RED)
PICTURE = four_corners((96, 64))
PNG, AVIF = file_of(PICTURE), file_of(PICTURE, "AVIF", quality=95)
QUARTER_TURN = orientation(SHORT, 1, struct.pack("<H", QUARTER))


def jpeg(exif: bytes) -> bytes:
    return file_of(PICTURE, "JPEG", quality=95, exif=b"Exif\0\0" + exif)


def png(*chunks: tuple[bytes, bytes], behind: bytes = b"") -> bytes:
    made = PNG
    for kind, data in chunks:
        made = with_chunk_before(made, b"IDAT", kind, data)
    return made[:-12] + behind + made[-12:]


AS_TEXT = b"\nexif\n%8d\n" % len(QUARTER_TURN) + QUARTER_TURN.hex().encode() + b"\n"
RAW_PROFILE = b"Raw profile type exif\0\0" + zlib.compress(AS_TEXT)
FILES: dict[str, tuple[str, bytes, tuple[int, int], tuple[tuple[int, ...], ...]]] = {
    "jpeg, SHORT": ("image/jpeg", jpeg(QUARTER_TURN), (64, 96), TURNED),
    "jpeg, SHORT, big-endian": ("image/jpeg", jpeg(orientation(SHORT, 1, b"\0\6", ">")), (64, 96), TURNED),
    "jpeg, BYTE": ("image/jpeg", jpeg(orientation(BYTE, 1, b"\6")), (96, 64), DRAWN),
    "jpeg, LONG": ("image/jpeg", jpeg(orientation(LONG, 1, b"\6\0\0\0")), (96, 64), DRAWN),
    "jpeg, LONG, big-endian": ("image/jpeg", jpeg(orientation(LONG, 1, b"\0\0\0\6", ">")), (96, 64), DRAWN),
    "jpeg, signed LONG": ("image/jpeg", jpeg(orientation(SIGNED, 1, b"\6\0\0\0")), (96, 64), DRAWN),
    "jpeg, two SHORT": ("image/jpeg", jpeg(orientation(SHORT, 2, b"\6\0\6\0")), (96, 64), DRAWN),
    "jpeg, no SHORT": ("image/jpeg", jpeg(orientation(SHORT, 0, b"\6\0")), (96, 64), DRAWN),
    "jpeg, ASCII": ("image/jpeg", jpeg(orientation(ASCII, 2, b"6\0")), (96, 64), DRAWN),
    "jpeg, undefined": ("image/jpeg", jpeg(orientation(UNDEFINED, 1, b"\6")), (96, 64), DRAWN),
    "jpeg, fraction": ("image/jpeg", jpeg(orientation(FLOAT, 1, struct.pack("<f", 6))), (96, 64), DRAWN),
    "webp": ("image/webp", file_of(PICTURE, "WEBP", lossless=True, exif=QUARTER_TURN), (96, 64), DRAWN),
    "png, before its pixels": ("image/png", png((b"eXIf", QUARTER_TURN)), (64, 96), TURNED),
    "png, behind its pixels": ("image/png", png(behind=png_chunk(b"eXIf", QUARTER_TURN)), (96, 64), DRAWN),
    "png, beginning as in a JPEG": ("image/png", png((b"eXIf", b"Exif\0\0" + QUARTER_TURN)), (96, 64), DRAWN),
    "png, LONG": ("image/png", png((b"eXIf", orientation(LONG, 1, b"\6\0\0\0"))), (96, 64), DRAWN),
    "png, twice": (
        "image/png",
        png((b"eXIf", orientation(SHORT, 1, bytes((HALF,)))), (b"eXIf", QUARTER_TURN)),
        (96, 64),
        UPSIDE_DOWN,
    ),
    "png, as text": ("image/png", png((b"zTXt", RAW_PROFILE)), (96, 64), DRAWN),
    "avif, a quarter to the left": (
        "image/avif",
        avif_item_with(AVIF, (b"irot", b"\1")),
        (64, 96),
        (GREEN, YELLOW, RED, BLUE),
    ),
    "avif, half a turn": ("image/avif", avif_item_with(AVIF, (b"irot", b"\2")), (96, 64), UPSIDE_DOWN),
    "avif, flipped": ("image/avif", avif_item_with(AVIF, (b"imir", b"\0")), (96, 64), (BLUE, YELLOW, RED, GREEN)),
    "avif, mirrored": ("image/avif", avif_item_with(AVIF, (b"imir", b"\1")), (96, 64), (GREEN, RED, YELLOW, BLUE)),
    "avif, turned and mirrored": (
        "image/avif",
        avif_item_with(AVIF, (b"irot", b"\1"), (b"imir", b"\1")),
        (64, 96),
        (YELLOW, GREEN, BLUE, RED),
    ),
    "avif, cut at the right": (
        "image/avif",
        avif_item_with(AVIF, aperture(48, 64, -24, 0)),
        (48, 64),
        (RED, RED, BLUE, BLUE),
    ),
    "avif, cut and turned": (
        "image/avif",
        avif_item_with(AVIF, aperture(48, 64, -24, 0), (b"irot", b"\1")),
        (64, 48),
        (RED, BLUE, RED, BLUE),
    ),
    "avif, cut on all sides": ("image/avif", avif_item_with(AVIF, aperture(60, 40, 0, 0)), (96, 64), DRAWN),
    "avif, cut to more than there is": ("image/avif", avif_item_with(AVIF, aperture(200, 40, 0, 0)), (96, 64), DRAWN),
}  # fmt: skip


def assert_corners(image: Image.Image, size: tuple[int, int], corners: tuple[tuple[int, ...], ...]) -> None:
    assert image.size == size
    for got, wanted in zip(colors_at_corners(image), corners, strict=True):
        assert distance(got, wanted) <= 24


@pytest.mark.parametrize("name", FILES)
def test_only_what_counts_turns_or_cuts_a_picture(name: str) -> None:
    _, data, size, corners = FILES[name]
    assert_corners(only(data), size, corners)


@pytest.mark.sampled(9)
@pytest.mark.parametrize("name", FILES)
def test_chromium_shows_the_original_so(name: str, browser: Browser) -> None:
    media_type, data, size, corners = FILES[name]
    assert_corners(shown(browser, media_type, data), size, corners)
