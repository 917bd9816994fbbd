"""`effort = "high"`: fewer bytes for several times the CPU, and pictures that look no worse."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageStat

from lightpress.image.outputs import OUTPUTS, SLOWER
from lightpress.image.planar import Planar
from lightpress.image.plane_codecs import plane_codecs
from lightpress.image.spec import Pixels, Size, Spec
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.test_palette import logo
from tests.image.test_planar import photo
from tools.drawing import file_of, plain, window

if TYPE_CHECKING:
    from lightpress.image.job import EncodedVariant

PHOTO = file_of(photo((900, 600)), "PNG")
LOGO = file_of(logo(), "PNG")
SCREEN = file_of(window((1920, 1200)), "PNG")
((_, HIGH),) = SLOWER["high", False]
ONE = (Size("w", 640),)


def of_all(data: bytes, spec: Spec) -> tuple[list[EncodedVariant], list[EncodedVariant]]:
    """The variants at normal effort, and at high."""
    normal, high = (replace(spec, effort=effort) for effort in ("normal", "high"))
    limits = SandboxLimits()
    return list(render_in_sandbox(data, normal, limits).variants), list(render_in_sandbox(data, high, limits).variants)


def of_both(data: bytes, spec: Spec) -> tuple[EncodedVariant, EncodedVariant]:
    """The only variant at normal effort, and at high."""
    (normal,), (high,) = of_all(data, spec)
    return normal, high


def picture_of(variant: EncodedVariant) -> Image.Image:
    return Image.open(io.BytesIO(variant.data)).convert("RGB")


def decibels(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio, of luma."""
    of_luma = (picture.convert("L") for picture in (one, other))
    return 20 * math.log10(255 / ImageStat.Stat(ImageChops.difference(*of_luma)).rms[0])


# What it is worth depends on the picture: of real photos, AVIF has 0.7 to 0.8 (docs/decisions/0161).
MOST_OF_A_PHOTO = {"avif": 0.9, "webp": 0.97}


@pytest.mark.parametrize("form", MOST_OF_A_PHOTO)
def test_a_photo_has_fewer_bytes_and_looks_no_worse(form: str) -> None:
    normal, high = of_both(PHOTO, Spec(ONE, (form,), quality={form: 60}))
    reference = photo((900, 600)).resize((normal.width, normal.height), Image.Resampling.BICUBIC)
    assert len(high.data) <= MOST_OF_A_PHOTO[form] * len(normal.data)
    assert decibels(picture_of(high), reference) >= decibels(picture_of(normal), reference) - 0.2


@pytest.mark.parametrize(
    ("data", "form", "most"),
    [(PHOTO, "jpeg", 0.98), (LOGO, "jpeg", 0.98), (LOGO, "png", 0.9), (SCREEN, "webp", 0.999)],
    ids=["a photo in jpeg", "a logo in jpeg", "a logo in png", "a screen in webp"],
)
def test_what_is_packed_has_the_same_pixels_in_fewer_bytes(data: bytes, form: str, most: float) -> None:
    normal, high = of_both(data, Spec((Size("w", 1920),), (form,)))
    assert len(high.data) <= most * len(normal.data)
    assert picture_of(high).tobytes() == picture_of(normal).tobytes()


def test_the_quality_is_told_as_it_was_asked_for() -> None:
    normal, high = of_both(PHOTO, Spec(ONE, ("avif",), quality={"avif": 40}))
    assert (normal.quality, high.quality) == (40, 40)


def high_of(spec: Spec, original: Pixels) -> list[str]:
    """The sizes of a picture that are written at high effort."""
    avif = OUTPUTS["avif"]
    return [name for rung in spec.rungs(original) if spec.row_of(avif, rung) != avif for name in rung.names]


def test_the_smallest_sizes_have_it_up_to_ten_megapixels_together() -> None:
    """So no picture takes all of the CPU time that there is for one: some 15 s at worst, of 20."""
    widths = (640, 1280, 1920, 2560, 3840)
    ladder = Spec(tuple(Size(f"w{width}", width) for width in widths), ("avif",), effort="high")
    assert high_of(ladder, Pixels(6000, 4000)) == ["w2560", "w1920", "w1280", "w640"]  # of 8.2 megapixels
    assert high_of(ladder, Pixels(4000, 6000)) == ["w1920", "w1280", "w640"]  # w2560 has 9.8 by itself
    assert high_of(ladder, Pixels(1000, 12_000)) == ["w640"]
    assert high_of(replace(ladder, effort="normal"), Pixels(6000, 4000)) == []


def test_a_size_with_a_budget_counts_as_often_as_it_may_be_encoded() -> None:
    sizes = (Size("w1280", 1280, max_bytes=90_000), Size("w1920", 1920))
    assert high_of(Spec(sizes, ("avif",), effort="high"), Pixels(3000, 2000)) == ["w1280"]  # 7.6 and 2.5 megapixels
    assert high_of(Spec(sizes[1:], ("avif",), effort="high"), Pixels(3000, 2000)) == ["w1920"]


def test_within_a_budget_the_quality_is_higher() -> None:
    budget = Spec((Size("w", 640, max_bytes=12_000),), ("avif",))
    normal, high = of_both(PHOTO, budget)
    assert max(len(normal.data), len(high.data)) <= 12_000
    assert normal.quality is not None
    assert high.quality is not None
    assert high.quality > normal.quality


@pytest.mark.parametrize("form", ["avif", "jpeg"])
def test_a_size_beyond_that_is_written_as_ever(form: str) -> None:
    sizes = (Size("w", 3200), Size("small", 320))
    large = file_of(photo((3200, 3200)), "PNG")
    normal, high = of_all(large, Spec(sizes, (form,)))
    assert high[0] == normal[0]
    assert len(high[1].data) < len(normal[1].data)


@pytest.mark.parametrize("form", ["webp", "avif"])
def test_animations_are_written_as_ever(form: str) -> None:
    first, second = (plain(color, (64, 48)) for color in ((200, 30, 30), (30, 200, 30)))
    film = file_of(first, "GIF", save_all=True, append_images=[second], duration=200, loop=0)
    normal, high = of_both(film, Spec(ONE, (form,), moving=(form,)))
    assert normal.animated
    assert high == normal


def test_planes_are_written_at_high_effort_too() -> None:
    """None of its settings sends a photo in JPEG back to RGB."""
    codecs, picture = plane_codecs(), photo((320, 240)).convert("YCbCr")
    if codecs is None:
        pytest.skip("there is no pixel library for this system")
    luma, blue, red = picture.split()
    planar = Planar.of(luma, blue.reduce(2), red.reduce(2))
    for name in ("avif", "webp"):
        settings = {**HIGH[name].options, "quality": 50}
        assert codecs.encoded(planar, name, settings), name


def test_qualities_do_not_rise_with_the_size_at_high_effort_either() -> None:
    spec = Spec(ONE, tuple(OUTPUTS), effort="high")
    for row in HIGH.values():
        told = [spec.quality_of(row, Pixels(side, side)) for side in (16, 320, 640, 1280, 1920, 2560)]
        assert told == sorted(told, reverse=True)
