"""See-through stays see-through where a format allows it, and gets a background where it does not."""

from __future__ import annotations

import pytest
from PIL import Image

from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Size
from tools.drawing import disc, distance, file_of, only, pixel, plain, spec

SEE_THROUGH = [name for name, output in OUTPUTS.items() if output.alpha]
OPAQUE = [name for name, output in OUTPUTS.items() if not output.alpha]
LOSS = 12


@pytest.mark.parametrize("name", SEE_THROUGH)
def test_transparency_is_kept_where_the_format_can_hold_it(name: str) -> None:
    image = only(file_of(disc(color=(200, 30, 40))), spec(formats=(name,)))
    assert image.mode == "RGBA"
    assert pixel(image, (0.02, 0.02))[3] <= 2
    assert distance(pixel(image, (0.5, 0.5)), (200, 30, 40, 255)) <= LOSS


@pytest.mark.parametrize("background", ["#ffffff", "#000000", "#3366CC"])
@pytest.mark.parametrize("name", OPAQUE)
def test_where_it_cannot_the_recipes_background_shows_through(name: str, background: str) -> None:
    wanted = tuple(bytes.fromhex(background[1:]))
    image = only(file_of(plain((250, 0, 0, 0), mode="RGBA")), spec(formats=(name,), background=background))
    assert image.mode == "RGB"
    assert distance(pixel(image, (0.5, 0.5)), wanted) <= LOSS
    half = only(file_of(plain((0, 255, 0, 128), mode="RGBA")), spec(formats=(name,), background=background))
    mixed = tuple(round((a + b) / 2) for a, b in zip((0, 255, 0), wanted, strict=True))
    assert distance(pixel(half, (0.5, 0.5)), mixed) <= LOSS


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("hidden", [(0, 0, 0), (0, 255, 0), (255, 0, 255)])
def test_a_white_disc_has_no_rim_of_the_color_that_lay_hidden_around_it(
    name: str, hidden: tuple[int, int, int]
) -> None:
    small = Size("small", 30, 30)
    image = only(file_of(disc(color=(255, 255, 255), hidden=hidden)), spec(small, formats=(name,)))
    on_white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    on_white.alpha_composite(image.convert("RGBA"))
    darkest = min(on_white.convert("RGB").tobytes())
    assert darkest >= 255 - 2 * LOSS


@pytest.mark.parametrize("name", SEE_THROUGH)
def test_an_alpha_channel_that_shows_nothing_is_dropped(name: str) -> None:
    assert only(file_of(plain((9, 99, 199, 255), mode="RGBA")), spec(formats=(name,))).mode == "RGB"


def test_a_single_faint_pixel_keeps_the_alpha_channel() -> None:
    image = plain((9, 99, 199, 255), mode="RGBA")
    image.putpixel((7, 7), (9, 99, 199, 254))
    assert only(file_of(image)).mode == "RGBA"
