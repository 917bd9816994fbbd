from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image, ImageOps

from conformance.orientation import declared, turned
from tests.drawing import four_corners

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")


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
def test_cut_short_anywhere_nothing_is_raised(pillow: str) -> None:
    whole = picture_with(6, pillow)
    for end in range(0, len(whole), max(1, len(whole) // 300)):
        found = declared(whole[:end])
        assert found is not None
        assert found.orientation in {1, 6}


def test_a_tag_out_of_range_says_nothing() -> None:
    found = declared(picture_with(9, "JPEG"))
    assert found is not None
    assert found.orientation == 1


@pytest.mark.parametrize("tag", range(1, 9))
def test_the_standards_words_and_pillows_function_agree(tag: int) -> None:
    image = four_corners()
    image.getexif()[ExifTags.Base.Orientation] = tag
    assert turned(four_corners(), tag).tobytes() == ImageOps.exif_transpose(image).tobytes()
