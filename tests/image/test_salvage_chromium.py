"""What a browser shows of damaged files, and that it opens whatever is published of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageStat

from lightpress.image.outputs import OUTPUTS
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


def noise(width: int, height: int) -> Image.Image:
    state, levels = 1, bytearray()
    for _ in range(width * height):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        levels.append(state >> 23 & 255)
    return Image.frombytes("L", (width, height), bytes(levels)).convert("RGB")


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("subsampling", [0, 2], ids=["4:4:4", "4:2:0"])
def test_a_small_cut_jpeg_has_the_rows_that_chromium_shows(part: float, subsampling: int, browser: Browser) -> None:
    """Of a small picture a row of blocks is much; where color has half the rows, two rows less are sure."""
    whole = file_of(noise(160, 120), "JPEG", quality=85, subsampling=subsampling)
    cut = whole[: int(len(whole) * part)]
    assert first_white_row(on_white(only(cut))) == first_white_row(shown(browser, "image/jpeg", cut))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("interlace", [0, 1])
def test_a_cut_gif_shows_what_chromium_shows(part: float, interlace: int, browser: Browser) -> None:
    whole = file_of(noise(60, 40).quantize(16), "GIF", interlace=interlace)
    cut = whole[: int(len(whole) * part)]
    assert on_white(only(cut)).tobytes() == shown(browser, "image/gif", cut).tobytes()


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
