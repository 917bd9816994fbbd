"""What a browser shows of damaged files, and that it opens whatever is published of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageStat

from lightpress.image.formats import OUTPUTS
from tests.image.chromium import shown
from tests.image.test_salvage import BESIDE_THE_PIXELS, EVERYTHING, PICTURE
from tools.drawing import file_of, only, rendered, speckled

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VERY_CLOSE = 4.0
ROWS_OF_A_BLOCK = 32
"""The decoders of a browser stop at whole blocks, and where they looked ahead one row of blocks earlier."""


def difference(one: Image.Image, other: Image.Image) -> float:
    means: list[float] = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return max(means)


@pytest.mark.sampled(5)
@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("name", BESIDE_THE_PIXELS)
def test_chromium_opens_every_variant_of_a_file_with_damage_beside_its_pixels(name: str, browser: Browser) -> None:
    for one in rendered(BESIDE_THE_PIXELS[name], EVERYTHING):
        image = shown(browser, OUTPUTS[one.format].media_type, one.data)
        assert difference(image, PICTURE) < VERY_CLOSE, one.format


def first_white_row(image: Image.Image) -> int:
    """Where the lowest rows begin that show nothing, on white."""
    box = ImageChops.invert(image.convert("RGB")).getbbox()
    return box[3] if box else 0


def on_white(image: Image.Image) -> Image.Image:
    flat = Image.new("RGBA", image.size, "white")
    flat.alpha_composite(image.convert("RGBA"))
    return flat.convert("RGB")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("form", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_chromium_shows_the_same_rows_of_a_file_that_is_cut_short(
    form: str, media_type: str, part: float, browser: Browser
) -> None:
    whole = file_of(speckled((640, 480)), form)
    cut = whole[: int(len(whole) * part)]
    ours, theirs = on_white(only(cut)), shown(browser, media_type, cut)
    assert ours.size == theirs.size
    assert abs(first_white_row(ours) - first_white_row(theirs)) <= ROWS_OF_A_BLOCK
    both = (0, 0, 640, min(first_white_row(ours), first_white_row(theirs)) - ROWS_OF_A_BLOCK)
    assert difference(ours.crop(both), theirs.crop(both)) < VERY_CLOSE
