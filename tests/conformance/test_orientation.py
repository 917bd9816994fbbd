"""The orientation parser: every container, damaged files, and the EXIF standard's definition of each value."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import ExifTags, Image, ImageOps

from tools.conformance.orientation import UPRIGHT, declared, turned
from tools.drawing import file_of, four_corners, with_chunk_before

FORMATS = ("JPEG", "PNG", "TIFF")


def picture_with(tag: int, pillow: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "a camera"
    exif[ExifTags.Base.Orientation] = tag
    buffer = io.BytesIO()
    four_corners().save(buffer, pillow, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("pillow", FORMATS)
@pytest.mark.parametrize("tag", range(1, 9))
def test_the_tag_is_found_in_every_format(tag: int, pillow: str) -> None:
    found = declared(picture_with(tag, pillow))
    assert found is not None
    assert found.orientation == tag


@pytest.mark.parametrize("pillow", FORMATS)
def test_a_truncated_file_raises_no_exception(pillow: str) -> None:
    whole = picture_with(6, pillow)
    for end in range(0, len(whole), max(1, len(whole) // 300)):
        found = declared(whole[:end])
        assert found is not None
        assert found.orientation in {1, 6}


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt"])
def test_browsers_look_for_it_in_no_text(kind: bytes) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 5
    raw = exif.tobytes()
    text = f"\nexif\n{len(raw):8d}\n{raw.hex()}\n".encode()
    value = text if kind == b"tEXt" else b"\0" + zlib.compress(text)
    png = with_chunk_before(file_of(four_corners()), b"IDAT", kind, b"Raw profile type exif\0" + value)
    assert declared(png) == UPRIGHT


def test_browsers_look_for_it_in_no_webp_file_and_in_no_chunk_behind_the_pixels() -> None:
    assert declared(picture_with(7, "WEBP")) == UPRIGHT
    png = picture_with(7, "PNG")
    at = png.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(png[at : at + 4], "big")
    assert declared(png[:at] + png[end:-12] + png[at:end] + png[-12:]) == UPRIGHT


@pytest.mark.parametrize(
    ("boxes", "orientation"),
    [
        (((b"irot", 1),), 8),
        (((b"irot", 2),), 3),
        (((b"irot", 3),), 6),
        (((b"imir", 0),), 4),
        (((b"imir", 1),), 2),
        (((b"irot", 1), (b"imir", 0)), 5),
        ((), 1),
        (((b"irot", 1), (b"irot", 3)), None),
    ],
)
def test_avif_and_heif_have_boxes_of_their_own(boxes: tuple[tuple[bytes, int], ...], orientation: int | None) -> None:
    inside = b"".join(struct.pack(">I4sB", 9, name, value) for name, value in boxes)
    file = struct.pack(">I4s4s", 12, b"ftyp", b"avif") + struct.pack(">I4s", 8 + len(inside), b"ipco") + inside
    found = declared(file)
    assert (found and found.orientation) == orientation


def test_a_value_out_of_range_is_ignored() -> None:
    found = declared(picture_with(9, "JPEG"))
    assert found is not None
    assert found.orientation == 1


@pytest.mark.parametrize("tag", range(1, 9))
def test_the_standard_and_pillows_exif_transpose_agree(tag: int) -> None:
    image = four_corners()
    image.getexif()[ExifTags.Base.Orientation] = tag
    assert turned(four_corners(), tag).tobytes() == ImageOps.exif_transpose(image).tobytes()
