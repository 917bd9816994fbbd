"""`png_colors`: PNG variants of few colors, where nobody sees the difference."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tools.drawing import file_of, mean_difference, rendered, rgb_profile, spec

WHOLE = Size("w", 16_383)


def logo(mode: str = "RGB") -> Image.Image:
    """Discs and a bar with soft edges, which make hundreds of colors; with RGBA, on nothing."""
    ground = (255, 255, 255, 255) if mode == "RGB" else (0, 0, 0, 0)
    large = Image.new("RGBA", (2400, 1200), ground)
    draw = ImageDraw.Draw(large)
    for number, color in enumerate(((210, 40, 50), (40, 140, 70), (30, 60, 190), (240, 180, 20))):
        draw.ellipse((100 + 500 * number, 150, 700 + 500 * number, 750), fill=(*color, 255))
    draw.rounded_rectangle((100, 850, 2300, 1100), 120, fill=(40, 40, 50, 255))
    return large.resize((600, 300), Image.Resampling.LANCZOS).convert(mode)


def made(image: Image.Image, colors: int | None, **more: bytes) -> tuple[Image.Image, int]:
    (variant,) = rendered(file_of(image, "PNG", **more), replace(spec(WHOLE), png_colors=colors))
    opened = Image.open(io.BytesIO(variant.data))
    opened.load()
    return opened, len(variant.data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("colors", [256, 64, 16])
def test_a_logo_takes_fewer_bytes_and_looks_the_same(mode: str, colors: int) -> None:
    image = logo(mode)
    (_, usual), (few, fewer) = made(image, None), made(image, colors)
    assert few.mode == "P"
    assert len(few.convert("RGBA").getcolors(1 << 20) or ()) <= colors
    assert fewer < 0.7 * usual
    for ground in ("black", "white"):
        below = Image.new("RGBA", image.size, ground)
        one, other = (Image.alpha_composite(below, shown.convert("RGBA")) for shown in (image, few))
        assert mean_difference(one, other) <= 3
    assert few.convert("RGBA").getchannel("A").getextrema() == image.convert("RGBA").getchannel("A").getextrema()


def test_a_picture_that_would_be_seen_to_change_keeps_all_of_its_colors() -> None:
    gradient = Image.merge("RGB", [Image.linear_gradient("L").rotate(turn).resize((300, 200)) for turn in (0, 90, 180)])
    few, size = made(gradient, 16)
    usual, usual_size = made(gradient, None)
    assert (few.mode, size) == ("RGB", usual_size)
    assert few.tobytes() == usual.tobytes()


def test_it_is_never_larger_than_the_file_without_a_palette() -> None:
    """A picture of one color is a few bytes in any mode; a palette of 256 would add to them."""
    for image in (Image.new("RGB", (8, 8), (9, 99, 199)), Image.new("RGB", (300, 300), (9, 99, 199))):
        assert made(image, 256)[1] <= made(image, None)[1]


def test_a_profile_stays_and_other_formats_do_not_change() -> None:
    wide = rgb_profile()
    assert made(logo(), 64, icc_profile=wide)[0].mode == "P"
    data = file_of(logo())
    for form in ("webp", "jpeg", "avif"):
        few, usual = (
            [one.data for one in rendered(data, replace(spec(WHOLE, formats=(form,)), png_colors=colors))]
            for colors in (16, None)
        )
        assert few == usual


def test_the_confined_child_can_do_it() -> None:
    wanted = replace(spec(WHOLE), png_colors=32)
    (variant,) = render_in_sandbox(file_of(logo("RGBA")), wanted, SandboxLimits()).variants
    assert Image.open(io.BytesIO(variant.data)).mode == "P"
