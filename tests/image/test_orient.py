"""However the camera was held, every variant stands upright, and nothing tells a viewer to turn it again."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Size
from tools.drawing import (
    CORNERS,
    as_camera_stores,
    colors_at_corners,
    distance,
    exif_with,
    file_of,
    four_corners,
    mean_difference,
    only,
    spec,
    summary_of,
)

ORIENTATIONS = range(1, 9)
FILES: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "AVIF": {"quality": 95},
    "TIFF": {},
}
LOSS = 24  # of an encoder at its everyday quality, in levels of 255


def photo(orientation: int, form: str = "JPEG", size: tuple[int, int] = (96, 64)) -> bytes:
    """`four_corners`, as a camera that was held so stores it."""
    stored = as_camera_stores(four_corners(size), orientation)
    return file_of(stored, form, exif=exif_with(orientation), **FILES[form])


def assert_upright(image: Image.Image) -> None:
    for got, wanted in zip(colors_at_corners(image), CORNERS, strict=True):
        assert distance(got, wanted) <= LOSS


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_photo_is_upright_in_every_format_and_carries_no_tag(orientation: int, name: str) -> None:
    image = only(photo(orientation), spec(formats=(name,)))
    assert image.size == (96, 64)
    assert_upright(image)
    assert 0x0112 not in image.getexif()


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_format_that_can_say_how_it_was_held_is_heard(form: str, orientation: int) -> None:
    assert_upright(only(photo(orientation, form)))
    facts = summary_of(photo(orientation, form))
    assert (facts.width, facts.height) == (96, 64)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_large_photo_that_is_reduced_while_it_is_decoded_is_upright_too(orientation: int) -> None:
    image = only(photo(orientation, size=(960, 640)), spec(Size("w96", width=96)))
    assert image.size == (96, 64)
    assert_upright(image)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_turned_photo_is_as_sharp_as_one_that_was_not(orientation: int, form: str) -> None:
    upright = Image.effect_noise((48, 32), 200).resize((960, 640), Image.Resampling.NEAREST).convert("RGB")
    turned, level = (
        file_of(as_camera_stores(upright, held), form, exif=exif_with(held), **FILES[form]) for held in (orientation, 1)
    )
    w96 = spec(Size("w96", width=96))
    assert mean_difference(only(turned, w96), only(level, w96)) < 3


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_face_is_cut_out_of_the_upright_picture(orientation: int) -> None:
    image = only(photo(orientation), spec(Size("small", 32, 32, "cover")))
    assert image.size == (32, 32)
    assert_upright(image)


def test_what_xmp_says_of_it_is_not_obeyed_as_in_browsers() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation></x:xmpmeta>'
    assert Image.open(io.BytesIO(file_of(four_corners(), "JPEG", xmp=xmp))).getexif()[0x0112] == 6, "Pillow obeys"
    assert_upright(only(file_of(four_corners(), "JPEG", xmp=xmp)))


@pytest.mark.parametrize("nonsense", [0, 9, 255, 65_535])
def test_an_orientation_that_does_not_exist_is_not_obeyed(nonsense: int) -> None:
    assert_upright(only(file_of(four_corners(), "JPEG", exif=exif_with(nonsense), **FILES["JPEG"])))


BROKEN_EXIF = {
    "not EXIF at all": b"Exif\0\0these are no tags",
    "empty": b"Exif\0\0",
    "cut short": exif_with(6).tobytes()[:12],
    "more tags than bytes": b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
    "offset beyond the end": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "a text where a number belongs": b"Exif\0\0II*\0\x08\0\0\0\x01\0"
    + struct.pack("<HHI4s", 0x0112, 2, 4, b"six\0")
    + bytes(4),
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow warns, and goes on
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("exif", BROKEN_EXIF.values(), ids=BROKEN_EXIF)
def test_broken_camera_data_does_not_cost_a_good_picture(exif: bytes, form: str) -> None:
    assert_upright(only(file_of(four_corners(), form, exif=exif, **FILES[form])))
