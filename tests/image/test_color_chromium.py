"""Chromium, a judge that is not ours: variants look as it shows their originals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.image.chromium import shown
from tests.image.declaring import (
    ADOBE_RGB,
    BT_2020,
    DISPLAY_P3,
    HLG,
    PQ,
    SRGB,
    SRGB_CURVE,
    avif_with,
    bars,
    cicp,
    gamma,
    light_level,
    png_with,
)
from tools.conformance.delta_e import delta_e, lab
from tools.drawing import only

if TYPE_CHECKING:
    from PIL import Image
    from playwright.sync_api import Browser

FILES: dict[str, tuple[str, bytes]] = {
    **{
        f"avif, code points {primaries} and {transfer}": ("image/avif", avif_with(bars(), primaries, transfer))
        for primaries in (SRGB, 5, 6, BT_2020, DISPLAY_P3)
        for transfer in (1, 4, 5, 7, 8, SRGB_CURVE, 14, PQ, HLG)
    },
    **{
        f"png, code points {primaries} and {transfer}": ("image/png", png_with(bars(), cicp(primaries, transfer)))
        for primaries in (SRGB, 4, 5, 6, 8, BT_2020, 11, DISPLAY_P3, 22)
        for transfer in (1, 8, SRGB_CURVE, 17, PQ, HLG)
    },
    "png, Adobe RGB": ("image/png", png_with(bars(), ADOBE_RGB, gamma(1 / 2.2))),
    "png, gamma 0.55": ("image/png", png_with(bars(), gamma(0.55))),
    "png, gamma 1": ("image/png", png_with(bars(), gamma(1.0))),
    **{
        f"png, PQ up to {peak} cd/m2": ("image/png", png_with(bars(), cicp(BT_2020, PQ), light_level(peak)))
        for peak in (300, 400, 4_000)
    },
    "png, HLG up to 400 cd/m2": ("image/png", png_with(bars(), cicp(BT_2020, HLG), light_level(400))),
}
MOST_DIFFERENT, MOST_ON_AVERAGE = 4.0, 1.0  # CIEDE2000; about 1 is just noticeable side by side


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", FILES)
def test_a_variant_looks_as_chromium_shows_its_original(name: str, browser: Browser) -> None:
    media_type, data = FILES[name]
    made, wanted = only(data).convert("RGB"), shown(browser, media_type, data)
    differences = [_difference(made, wanted, (x, y)) for y in range(4, made.height, 8) for x in range(0, made.width, 5)]
    assert sum(differences) / len(differences) <= MOST_ON_AVERAGE
    assert sorted(differences)[-len(differences) // 100] <= MOST_DIFFERENT, "but for one in a hundred"


def _difference(made: Image.Image, wanted: Image.Image, at: tuple[int, int]) -> float:
    one, other = made.getpixel(at), wanted.getpixel(at)
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    return delta_e(lab(*one), lab(*other))
