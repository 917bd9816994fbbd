"""Encoders get the settings that their rows promise."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, JpegImagePlugin

from lightpress.image.jpegli import tables
from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Size
from tools.drawing import (
    BLUE,
    RED,
    distance,
    file_of,
    four_corners,
    mean_difference,
    pixel,
    plain,
    ramp,
    rendered,
    seen,
    spec,
    speckled,
)

# Sums of jpegli's own tables, luma and chroma, as read from files that it wrote.
SUMS = {1: 19680, 15: 10061, 29: 5806, 30: 5715, 50: 4225, 76: 2189, 84: 1522, 85: 1439, 95: 542, 99: 186, 100: 128}
_NOISE = {side: file_of(speckled((side, 8)), "PNG") for side in (32, 33, 500, 501, 1_001, 1_601)}
FIRST_ROW_OF_76 = [6, 7, 12, 12, 16, 17, 18, 19]


@pytest.mark.parametrize(("quality", "total"), SUMS.items())
def test_the_tables_are_jpegli_s(quality: int, total: int) -> None:
    assert sum(map(sum, tables(quality))) == total


def test_the_tables_lie_row_by_row() -> None:
    luma, chroma = tables(76)
    assert luma[:8] == FIRST_ROW_OF_76
    assert len(luma) == len(chroma) == 64
    assert all(
        table[8 * row + column] == table[8 * column + row]
        for table in (luma, chroma)
        for row in range(8)
        for column in range(row)
    )


def test_a_better_quality_is_never_coarser() -> None:
    for quality in range(1, 100):
        for worse, better in zip(tables(quality), tables(quality + 1), strict=True):
            assert all(1 <= fine <= coarse <= 255 for coarse, fine in zip(worse, better, strict=True))


@pytest.mark.parametrize("quality", [1, 33, 76, 100])
def test_a_jpeg_holds_the_tables_of_its_quality(quality: int) -> None:
    (one,) = rendered(file_of(speckled()), spec(formats=("jpeg",), quality={"jpeg": quality}))
    image = Image.open(io.BytesIO(one.data))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    assert [list(table) for table in image.quantization.values()] == tables(quality)
    assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0


def test_no_jpeg_is_progressive_for_at_these_qualities_that_costs_cpu_and_saves_nothing() -> None:
    (one,) = rendered(file_of(speckled((640, 640))), spec(formats=("jpeg",)))
    assert "progressive" not in seen(one).info


@pytest.mark.parametrize(
    ("side", "qualities"),
    [
        (32, {"avif": 90, "webp": 95, "jpeg": 95}),
        (33, {"avif": 55, "webp": 78, "jpeg": 62}),
        (500, {"avif": 55, "webp": 78, "jpeg": 62}),
        (501, {"avif": 51, "webp": 75, "jpeg": 55}),
        (1_001, {"avif": 48, "webp": 75, "jpeg": 53}),
        (1_601, {"avif": 46, "webp": 75, "jpeg": 51}),
    ],
)
def test_small_variants_get_a_better_quality_than_large_ones(side: int, qualities: dict[str, int]) -> None:
    asked = spec(Size("s", side), formats=("avif", "webp", "jpeg"))
    found = {one.format: (one.quality, max(one.width, one.height)) for one in rendered(_NOISE[side], asked)}
    assert found == {name: (quality, side) for name, quality in qualities.items()}


@pytest.mark.parametrize("form", ["avif", "webp", "jpeg"])
def test_icons_keep_their_colors_within_12_levels_and_their_clear_parts_within_4(form: str) -> None:
    image = plain(RED, (2, 2), "RGBA")
    image.putpixel((0, 0), (255, 255, 255, 255))
    image.putpixel((1, 1), (0, 0, 0, 0))
    (one,) = rendered(file_of(image), spec(formats=(form,)))
    shown = seen(one).convert("RGBA")
    assert distance(pixel(shown, (0.9, 0.1)), (*RED[:3], 255)) <= 12
    assert distance(pixel(shown, (0.1, 0.1)), (255, 255, 255, 255)) <= 12
    assert form == "jpeg" or pixel(shown, (0.9, 0.9))[3] <= 4


def test_a_recipe_s_own_quality_is_that_of_all_sizes() -> None:
    asked = spec(Size("s", 16), Size("l", 501), formats=("avif",), quality={"avif": 33})
    assert {one.quality for one in rendered(_NOISE[501], asked)} == {33}


def test_a_jpeg_looks_like_its_picture() -> None:
    picture = ramp((300, 200))
    (one,) = rendered(file_of(picture), spec(Size("whole", 300), formats=("jpeg",)))
    assert mean_difference(seen(one), picture) < 2


def logo() -> Image.Image:
    """Thin red lines on blue: what half the sharpness in colors spoils."""
    image = plain(BLUE, size=(96, 96))
    for at in range(1, 96, 5):
        image.paste(RED, (at, 0, at + 1, 96))
    return image


@pytest.mark.parametrize("form", ["jpeg", "avif"])
def test_a_picture_of_few_colors_keeps_them_sharp_and_a_photo_does_not_pay_for_it(form: str) -> None:
    (graphic,) = rendered(file_of(logo()), spec(formats=(form,)))
    assert mean_difference(seen(graphic), logo()) < 6, "with 4:2:0 it is 25 and more"
    (photo,) = rendered(file_of(speckled((96, 96))), spec(formats=("jpeg",)))
    opened = Image.open(io.BytesIO(photo.data))
    assert isinstance(opened, JpegImagePlugin.JpegImageFile)
    assert JpegImagePlugin.get_sampling(opened) == 2  # 4:2:0


def test_a_webp_of_few_colors_loses_nothing_where_that_is_smaller_and_names_no_quality() -> None:
    (one,) = rendered(file_of(four_corners()), spec(formats=("webp",)))
    assert ImageChops.difference(seen(one).convert("RGB"), four_corners()).getbbox() is None
    assert one.quality is None
    (photo,) = rendered(file_of(ramp((200, 200))), spec(formats=("webp",)))
    assert photo.quality == 78


@pytest.mark.parametrize("form", [name for name, output in OUTPUTS.items() if output.lossy and output.by_default])
@pytest.mark.parametrize("quality", [1, 100])
def test_a_photo_is_written_at_the_lowest_and_at_the_highest_quality_that_a_recipe_may_ask_for(
    form: str, quality: int
) -> None:
    (variant,) = rendered(file_of(speckled((300, 240)), "JPEG"), spec(formats=(form,), quality={form: quality}))
    assert seen(variant).size == (300, 240)
    assert variant.quality in {quality, None}  # None: the original's own bytes were fewer
