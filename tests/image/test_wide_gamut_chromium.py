"""Chromium, a judge that is not ours: variants in Display P3 look as their originals on a screen that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.image.outputs import OUTPUTS, WRITTEN
from tests.image.chromium import shown_in_p3
from tests.image.declaring import ADOBE_RGB, BT_2020, DISPLAY_P3, SRGB_CURVE, cicp, gamma, png_with
from tools.drawing import file_of, mean_difference, ramp, rendered, rgb_profile, spec

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SOFT = ramp((128, 96))
FILES: dict[str, tuple[str, bytes]] = {
    "png, a profile of Display P3": ("image/png", file_of(SOFT, icc_profile=rgb_profile())),
    "jpeg, a profile of Display P3": ("image/jpeg", file_of(SOFT, "JPEG", quality=95, icc_profile=rgb_profile())),
    "png, code points of Display P3": ("image/png", png_with(SOFT, cicp(DISPLAY_P3, SRGB_CURVE))),
    "png, code points of BT.2020": ("image/png", png_with(SOFT, cicp(BT_2020, SRGB_CURVE))),
    "png, Adobe RGB": ("image/png", png_with(SOFT, ADOBE_RGB, gamma(1 / 2.2))),
}
MOST_ON_AVERAGE = {"png": 1.0, "webp": 3.0, "jpeg": 3.0, "avif": 3.0}  # of 255


def difference(browser: Browser, original: tuple[str, bytes], form: str, colors: str) -> float:
    media_type, data = original
    (one,) = rendered(data, spec(formats=(form,), quality={} if form == "png" else {form: 95}, colors=colors))
    made = shown_in_p3(browser, OUTPUTS[form].media_type, one.data)
    return mean_difference(made, shown_in_p3(browser, media_type, data))


@pytest.mark.parametrize("name", FILES)
def test_a_variant_looks_as_chromium_shows_its_original_in_display_p3(name: str, browser: Browser) -> None:
    assert difference(browser, FILES[name], "png", "p3") <= MOST_ON_AVERAGE["png"]


@pytest.mark.parametrize("form", WRITTEN)
def test_it_does_so_in_every_format_and_would_not_in_srgb(form: str, browser: Browser) -> None:
    original = FILES["png, a profile of Display P3"]
    assert difference(browser, original, form, "p3") <= MOST_ON_AVERAGE[form]
    assert difference(browser, original, form, "srgb") > 2 * MOST_ON_AVERAGE[form]
