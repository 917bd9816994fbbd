"""Chromium, a judge that is not ours: what CSS has, too, looks as it does there."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.image.stepping import after
from tools.drawing import file_of, four_corners, mean_difference, ramp

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PHOTO = Image.blend(ramp((160, 120)), four_corners((160, 120)), 0.4)

# The steps, the style of an <img>, the most that the two may differ on average (of 255).
STYLES: dict[str, tuple[list[dict[str, Any]], str, float]] = {
    "grayscale": ([{"grayscale": True}], "filter: grayscale(1)", 1.0),
    "saturation": ([{"saturation": 1.8}], "filter: saturate(1.8)", 1.0),
    "brightness": ([{"brightness": 0.7}], "filter: brightness(0.7)", 1.0),
    "contrast": ([{"contrast": 1.4}], "filter: contrast(1.4)", 1.0),
    "three in a row": (
        [{"contrast": 1.3}, {"brightness": 0.8}, {"saturation": 0.4}],
        "filter: contrast(1.3) brightness(0.8) saturate(0.4)",
        1.5,
    ),
    "rotate": ([{"rotate": 180}], "transform: rotate(180deg)", 0.1),
    "flip": ([{"flip": "horizontal"}], "transform: scaleX(-1)", 0.1),
    "round": ([{"round": 24}], "border-radius: 24px", 0.3),
    "pad": ([{"pad": 10, "color": "#20c040"}], "border: 10px solid #20c040", 0.1),
}


def styled(browser: Browser, image: Image.Image, style: str, size: tuple[int, int]) -> Image.Image:
    page = browser.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    address = f"data:image/png;base64,{base64.b64encode(file_of(image)).decode()}"
    page.set_content(f'<body style="margin: 0"><img src="{address}" style="display: block; {style}">')
    page.evaluate("document.images[0].decode()")
    shot = page.screenshot()
    page.close()
    return Image.open(io.BytesIO(shot)).convert("RGB")


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("entries", "style", "most"), STYLES.values(), ids=STYLES)
def test_a_step_looks_as_chromium_shows_its_counterpart_in_css(
    entries: list[dict[str, Any]], style: str, most: float, browser: Browser
) -> None:
    made = after(PHOTO, *entries)
    flat = Image.new("RGBA", made.size, "#ffffff")
    flat.alpha_composite(made.convert("RGBA"))
    expected = styled(browser, PHOTO, style, made.size)
    assert mean_difference(flat, expected) <= most
    plain = styled(browser, PHOTO, "", made.size)
    assert mean_difference(plain, expected) > 2 * most
