"""What each step makes of a picture, as its formula says, pixel by pixel; and that all of them keep to the rules."""

from __future__ import annotations

import io
import math
import statistics
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageSequence

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import Pixels, Size
from lightpress.image.step_drawing import PLACES
from lightpress.image.step_options import OptionError
from lightpress.image.stepping import built_in
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.stepping import FILES, ONE_OF_EACH, after, step
from tools.drawing import (
    BLUE,
    GREEN,
    RED,
    as_camera_stores,
    deep_grey,
    disc,
    distance,
    exif_with,
    file_of,
    four_corners,
    mean_difference,
    pixel,
    plain,
    ramp,
    rendered,
    rgb_profile,
    seen,
    spec,
    speckled,
    stripes,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LUMA = (0.2126, 0.7152, 0.0722)
WHOLE = {"whole": Size("whole", 16_383, 16_383)}


def levels_of(image: Image.Image) -> list[tuple[int, ...]]:
    data = image.tobytes()
    bands = len(image.getbands())
    return [tuple(data[at : at + bands]) for at in range(0, len(data), bands)]


def difference(image: Image.Image, expected: Sequence[Sequence[float]]) -> float:
    """The mean difference of all channels, in levels of 255."""
    pairs = zip(levels_of(image), expected, strict=True)
    return statistics.fmean(
        abs(a - min(255, max(0, b))) for one, other in pairs for a, b in zip(one, other, strict=True)
    )


def luma(color: Sequence[float]) -> float:
    return sum(part * level for part, level in zip(LUMA, color, strict=True))


def gaussian(image: Image.Image, radius: float) -> list[list[float]]:
    """The convolution with a Gaussian, as it is defined, with the pixels of the edge repeated beyond it."""
    reach = math.ceil(4 * radius)
    weights = [math.exp(-(x**2) / (2 * radius**2)) for x in range(-reach, reach + 1)]
    total = sum(weights)
    width, height = image.size
    rows = [levels_of(image)[y * width : (y + 1) * width] for y in range(height)]

    def along(line: Sequence[Sequence[float]]) -> list[list[float]]:
        last = len(line) - 1
        return [
            [
                sum(w * line[min(last, max(0, at + x - reach))][band] for x, w in enumerate(weights)) / total
                for band in range(3)
            ]
            for at in range(len(line))
        ]

    columns = list(zip(*map(along, rows), strict=True))
    turned = [along(column) for column in columns]
    return [turned[x][y] for y in range(height) for x in range(width)]


def tinted(color: Sequence[float], tint: tuple[int, ...]) -> list[float]:
    level = luma(color)
    if level <= 128:
        return [part * level / 128 for part in tint]
    return [part + (255 - part) * (level - 128) / 127 for part in tint]


# What a step makes of one pixel; the most that the result may differ from it on average.
OF_ONE_PIXEL: dict[str, tuple[dict[str, Any], Callable[[tuple[int, ...]], Sequence[float]], float]] = {
    "grayscale": ({"grayscale": True}, lambda color: [luma(color)] * 3, 0.6),
    "saturation": (
        {"saturation": 1.6},
        lambda color: [luma(color) + 1.6 * (level - luma(color)) for level in color],
        0.6,
    ),
    "less saturation": (
        {"saturation": 0.3},
        lambda color: [luma(color) + 0.3 * (level - luma(color)) for level in color],
        0.6,
    ),
    "brightness": ({"brightness": 1.3}, lambda color: [1.3 * level for level in color], 0.3),
    "contrast": ({"contrast": 1.5}, lambda color: [127.5 + 1.5 * (level - 127.5) for level in color], 0.3),
    "less contrast": ({"contrast": 0.4}, lambda color: [127.5 + 0.4 * (level - 127.5) for level in color], 0.3),
    "tint": ({"tint": "#704214"}, lambda color: tinted(color, (0x70, 0x42, 0x14)), 0.8),
    "half a tint": (
        {"tint": "#704214", "amount": 0.5},
        lambda color: [(a + b) / 2 for a, b in zip(color, tinted(color, (0x70, 0x42, 0x14)), strict=True)],
        0.8,
    ),
}


@pytest.mark.parametrize(("entry", "formula", "most"), OF_ONE_PIXEL.values(), ids=OF_ONE_PIXEL)
@pytest.mark.parametrize("image", [ramp((48, 40)), speckled((48, 40))], ids=["soft", "noise"])
def test_a_step_that_changes_colors_does_what_its_formula_says(
    entry: dict[str, Any], formula: Callable[[tuple[int, ...]], Sequence[float]], most: float, image: Image.Image
) -> None:
    found = difference(after(image, entry), [formula(color) for color in levels_of(image)])
    assert found <= most
    assert mean_difference(after(image, entry), image) > 4  # else the formula would be held by doing nothing


@pytest.mark.parametrize("radius", [2, 4])
def test_a_blur_is_the_convolution_with_a_gaussian_within_one_level(radius: int) -> None:
    image = speckled((64, 48))
    assert difference(after(image, {"blur": radius}), gaussian(image, radius)) <= 1.0
    assert mean_difference(after(image, {"blur": radius}), image) > 20


@pytest.mark.parametrize(("amount", "radius"), [(0.5, 0.7), (1.5, 2)])
def test_sharpening_adds_what_the_gaussian_takes_away(amount: float, radius: float) -> None:
    image = stripes([RED, GREEN, BLUE, RED, BLUE], 8, 30).resize((60, 45), Image.Resampling.BICUBIC)
    soft = gaussian(image, radius)
    expected = [
        [level + amount * (level - low) for level, low in zip(color, blurred, strict=True)]
        for color, blurred in zip(levels_of(image), soft, strict=True)
    ]
    found = difference(after(image, {"sharpen": amount, "radius": radius}), expected)
    assert found <= 1.0
    assert difference(image, expected) > 5 * found


@pytest.mark.parametrize("size", [(40, 30), (1, 1), (2, 3)])
def test_the_edges_of_the_picture_are_sharpened_as_all_of_it_is(size: tuple[int, int]) -> None:
    image = speckled(size)
    soft = gaussian(image, 0.7)
    expected = [
        [level + 0.5 * (level - low) for level, low in zip(color, blurred, strict=True)]
        for color, blurred in zip(levels_of(image), soft, strict=True)
    ]
    found = levels_of(after(image, {"sharpen": 0.5}))
    off = [
        abs(a - min(255, max(0, b)))
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    assert max(off) <= 4


def test_turning_and_mirroring_move_pixels_and_change_none() -> None:
    image = four_corners((60, 40))
    red, green, blue, yellow = (pixel(image, at) for at in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)))
    corners: dict[str, tuple[dict[str, Any], tuple[int, int], tuple[tuple[int, ...], ...]]] = {
        "90": ({"rotate": 90}, (40, 60), (blue, red, yellow, green)),
        "180": ({"rotate": 180}, (60, 40), (yellow, blue, green, red)),
        "270": ({"rotate": 270}, (40, 60), (green, yellow, red, blue)),
        "horizontal": ({"flip": "horizontal"}, (60, 40), (green, red, yellow, blue)),
        "vertical": ({"flip": "vertical"}, (60, 40), (blue, yellow, red, green)),
        "both": ({"flip": "both"}, (60, 40), (yellow, blue, green, red)),
    }
    for entry, size, expected in corners.values():
        made = after(image, entry)
        assert made.size == size
        assert tuple(pixel(made, at) for at in ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))) == expected


# Picture, size, steps: the pixels of the variant.
RESULTS: dict[str, tuple[tuple[int, int], Size, list[dict[str, Any]], tuple[int, int]]] = {
    "turned, the width is that of the result": ((400, 300), Size("s", 150), [{"rotate": 90}], (150, 200)),
    "turned, in a box": ((400, 300), Size("s", 100, 300), [{"rotate": 270}], (100, 133)),
    "turned twice": ((400, 300), Size("s", 100), [{"rotate": 90}, {"rotate": 270}], (100, 75)),
    "turned, covering a box": ((400, 300), Size("s", 90, 160, "cover"), [{"rotate": 90}], (90, 160)),
    "turned, in a padded box": ((400, 300), Size("s", 90, 160, "pad"), [{"rotate": 90}], (90, 160)),
    "half a turn": ((400, 300), Size("s", 100), [{"rotate": 180}], (100, 75)),
    "a border adds to the size": ((400, 300), Size("s", 100), [{"pad": 8}], (116, 91)),
    "a border by share": ((400, 300), Size("s", 200), [{"pad": "5%"}], (220, 170)),
    "a circle is square": ((400, 300), Size("s", 100), [{"circle": True}], (75, 75)),
    "a small picture is not enlarged": ((40, 30), Size("s", 100), [{"rotate": 90}], (30, 40)),
    "a border, then a turn": ((400, 300), Size("s", 100), [{"pad": 8}, {"rotate": 90}], (116, 149)),
}


@pytest.mark.parametrize(("picture", "size", "entries", "result"), RESULTS.values(), ids=RESULTS)
def test_the_variant_has_the_pixels_that_its_steps_leave(
    picture: tuple[int, int], size: Size, entries: list[dict[str, Any]], result: tuple[int, int]
) -> None:
    size = replace(size, steps=tuple(map(step, entries)))
    what = spec(size)
    (variant,) = rendered(file_of(ramp(picture)), what)
    assert (variant.width, variant.height) == seen(variant).size == result
    (rung,) = what.rungs(Pixels(*picture))
    assert rung.result == result


def framed(inner: Image.Image, border: tuple[int, int, int, int], color: tuple[int, ...]) -> Image.Image:
    left, top, right, bottom = border
    whole = Image.new(inner.mode, (left + inner.width + right, top + inner.height + bottom), color)
    whole.paste(inner, (left, top))
    return whole


@pytest.mark.parametrize("border", [(10, 20, 30, 40), (0, 0, 7, 0), (300, 300, 1, 300)])
def test_trimming_cuts_borders_off_to_the_pixel(border: tuple[int, int, int, int]) -> None:
    inner = plain(RED, (40, 30))
    inner.putpixel((0, 0), (0, 0, 200))
    outside = (250, 250, 250) if border[0] else inner.getpixel((0, 0))
    made = after(framed(inner, border, (250, 250, 250)), {"trim": 10, "color": "#fafafa"})
    assert made.size == (40, 30)
    assert levels_of(made) == levels_of(inner)
    assert outside


def test_a_border_that_differs_by_more_than_is_said_stays() -> None:
    whole = framed(plain(RED, (40, 30)), (5, 5, 5, 5), (250, 250, 250))
    whole.putpixel((1, 1), (239, 250, 250))
    assert after(whole, {"trim": 10}).size == (44 + 5 - 5, 34)
    assert after(whole, {"trim": 11}).size == (40, 30)


def test_a_picture_of_one_color_is_not_trimmed_away() -> None:
    assert after(plain(RED, (40, 30)), {"trim": 10}).size == (40, 30)


def test_see_through_borders_are_trimmed() -> None:
    assert after(disc(120), {"trim": 0}).size == (81, 81)


def test_what_is_left_after_trimming_is_fitted_and_never_enlarged() -> None:
    whole = framed(ramp((400, 200)), (300, 300, 300, 300), (255, 255, 255))
    trimmed = step({"trim": 4, "color": "#ffffff"})
    what = spec(Size("small", 100, steps=(trimmed,)), Size("large", 800, steps=(trimmed,)), Size("plain", 500))
    made = {one.names: one for one in rendered(file_of(whole), what)}
    # The corners of the ramp are white, too: a few pixels less.
    assert 395 <= made[("large",)].width <= 400
    assert (made[("small",)].width, made[("plain",)].width, made[("plain",)].height) == (100, 500, 400)


def test_a_mark_is_put_where_it_belongs_at_its_share_of_the_width() -> None:
    for number, place in enumerate(PLACES):
        made = after(plain(BLUE, (100, 100)), {"watermark": "logo.png", "at": place, "width": "30%", "margin": 5})
        row, column = divmod(number, 3)
        middle = [(0.2, 0.5, 0.8)[at] for at in (column, row)]
        assert distance(pixel(made, tuple(middle)), (255, 0, 0)) <= 2
        reds = [at for at in product(range(100), repeat=2) if pixel(made, (at[0] / 100, at[1] / 100))[0] > 128]
        assert max(x for x, _ in reds) - min(x for x, _ in reds) in {19, 20}  # of the 30, the disc takes two thirds


def test_a_mark_of_60_pixels_is_not_enlarged_and_fits_into_what_is_small() -> None:
    wide = after(plain(BLUE, (1000, 500)), {"watermark": "logo.png", "width": "50%", "at": "center"})
    assert sum(color[0] > 128 for color in levels_of(wide)) == pytest.approx(math.pi * 20**2, rel=0.06)
    assert after(plain(BLUE, (9, 3)), {"watermark": "logo.png", "width": "100%", "margin": 4}).size == (9, 3)


def test_a_mark_of_half_opacity_is_half_of_both() -> None:
    made = after(plain((0, 100, 200)), {"watermark": "logo.png", "at": "center", "width": "100%", "opacity": 0.5})
    assert distance(pixel(made, (0.5, 0.5)), (128, 50, 100)) <= 1
    seen_through = after(disc(90, hidden=(9, 9, 9)), {"watermark": "logo.png", "at": "north-west", "opacity": 0.5})
    assert 100 <= seen_through.getchannel("A").getpixel((10, 10)) <= 130  # type: ignore[operator]


def test_a_mark_is_put_on_as_it_is_seen_and_recipes_with_it_are_stale() -> None:
    """A logo that a camera has turned, and one of 16 bits; recipes with any other are as they were."""
    corners = four_corners((40, 20))
    lying = as_camera_stores(corners, 6)
    marks = {
        "upright": file_of(corners, "JPEG", quality=95),
        "turned": file_of(lying, "JPEG", quality=95, exif=exif_with(6)),
        "gray": file_of(plain((64,), mode="L")),
        "deep": file_of(deep_grey([64 * 257] * 5)),
    }
    made, steps = {}, {}
    for name, data in marks.items():
        steps[name] = step({"watermark": "logo", "at": "center", "width": "40%"}, {"logo": data})
        (variant,) = rendered(file_of(plain(BLUE, (100, 100))), spec(Size("s", 100, steps=(steps[name],))))
        made[name] = seen(variant)
    assert mean_difference(made["turned"], made["upright"]) < 2
    assert distance(pixel(made["deep"], (0.5, 0.5)), (64, 64, 64)) <= 1
    assert distance(pixel(made["gray"], (0.5, 0.5)), (64, 64, 64)) <= 1
    assert [getattr(one.options, "REVISION", 1) for one in steps.values()] == [1, 2, 1, 2]


def test_a_mark_has_its_own_color_on_a_picture_in_display_p3() -> None:
    vivid = file_of(plain((0, 255, 0), (200, 100)), icc_profile=rgb_profile())
    size = Size("s", 200, steps=(step({"watermark": "logo.png", "at": "center", "width": "50%"}),))
    (variant,) = rendered(vivid, spec(size, colors="p3"))
    made = seen(variant)
    assert made.info.get("icc_profile")
    assert distance(pixel(made, (0.5, 0.5)), (234, 51, 35)) <= 3  # sRGB's red, in Display P3


def test_text_is_written_in_its_color_and_place_and_smaller_where_it_is_too_long() -> None:
    black = plain((0, 0, 0), (400, 200))
    made = after(black, {"text": "Lightpress", "size": "10%", "color": "#00ff00", "at": "north"})
    box = made.getbbox()
    assert box is not None
    left, top, right, bottom = box
    assert {color for color in levels_of(made) if color[0] or color[2]} == set()
    assert top == 8
    assert 25 <= bottom - top <= 42
    assert abs((left + right) / 2 - 200) <= 3
    long = after(black, {"text": "Lightpress " * 10, "size": "10%", "color": "#00ff00"}).getbbox()
    assert long is not None
    assert 8 <= long[0] <= 12
    assert long[2] <= 392


REFUSED_TEXTS = {
    "Hebrew": ("שלום", "right to left"),
    "Arabic": ("سلام", "right to left"),
    "an emoji": ("Hi 😀", "emoji"),
    "a joined emoji": ("a\ufe0f", "emoji"),
    "Devanagari": ("नमस्ते", "letters change with their neighbors"),
    "Thai": ("สวัสดี", "letters change with their neighbors"),
    "an umlaut, which Aileron lacks": ("Käse", "no 'ä'; name a font file"),
    "Greek, which Aileron lacks": ("λ", "no 'λ'"),
    "two lines": ("a\nb", "one line"),
    "nothing": (" ", "one line"),
}


@pytest.mark.parametrize(("words", "why"), REFUSED_TEXTS.values(), ids=REFUSED_TEXTS)
def test_text_that_would_come_out_wrong_is_refused_with_a_reason(words: str, why: str) -> None:
    with pytest.raises(OptionError, match=why):
        step({"text": words})


def test_a_font_that_is_none_and_a_mark_that_is_no_picture_are_refused() -> None:
    with pytest.raises(OptionError, match=r"brand\.ttf is not a font"):
        step({"text": "a", "font": "brand.ttf"}, {"brand.ttf": b"no font"})
    with pytest.raises(OptionError, match=r"logo\.svg cannot be used: .*SVG"):
        step({"watermark": "logo.svg"}, {"logo.svg": b"<svg/>"})
    with pytest.raises(OptionError, match="4000000 are accepted"):
        step({"watermark": "logo.png"}, {"logo.png": file_of(plain(size=(2001, 2000)))})


def test_pixelated_blocks_are_the_means_of_what_they_cover() -> None:
    image = speckled((80, 60))
    made = after(image, {"pixelate": [[0.25, 0.5, 0.5, 0.5]], "block": 10})
    for left, top in product(range(20, 60, 10), range(30, 60, 10)):
        box = (left, top, left + 10, top + 10)
        means = [statistics.fmean(band) for band in zip(*levels_of(image.crop(box)), strict=True)]
        assert difference(made.crop(box), [means] * 100) <= 0.6
    assert made.crop((0, 0, 80, 30)) == image.crop((0, 0, 80, 30))
    assert made.crop((60, 30, 80, 60)) == image.crop((60, 30, 80, 60))


def test_rounded_corners_and_circles_cover_as_much_as_geometry_says() -> None:
    def coverage(made: Image.Image) -> float:
        return sum(made.getchannel("A").tobytes()) / 255

    rounded = after(plain(RED, (200, 100)), {"round": 20})
    assert coverage(rounded) == pytest.approx(200 * 100 - (4 - math.pi) * 20**2, rel=0.002)
    assert [rounded.getpixel(at)[3] for at in ((0, 0), (199, 99), (100, 0), (0, 50))] == [0, 0, 255, 255]  # type: ignore[index]
    circle = after(plain(RED, (200, 100)), {"circle": True})
    assert coverage(circle) == pytest.approx(math.pi * 50**2, rel=0.002)
    assert coverage(after(plain(RED, (200, 100)), {"round": "50%"})) == pytest.approx(
        100 * 100 + math.pi * 50**2, rel=0.002
    )


def test_a_background_after_round_corners_fills_them() -> None:
    made = after(plain(RED, (200, 100)), {"round": 20}, {"background": "#102030"})
    assert made.mode == "RGB"
    assert made.getpixel((0, 0)) == (0x10, 0x20, 0x30)
    assert made.getpixel((100, 50)) == RED


def test_steps_are_done_in_their_order() -> None:
    image = four_corners((200, 100))
    first = after(image, {"pad": 10, "color": "#ff0000"}, {"grayscale": True}).getpixel((0, 0))
    last = after(image, {"grayscale": True}, {"pad": 10, "color": "#ff0000"}).getpixel((0, 0))
    assert first == (54, 54, 54)
    assert last == (255, 0, 0)


@pytest.mark.parametrize("entry", [{"blur": 6}, {"sharpen": 1.0, "radius": 4}], ids=["blur", "sharpen"])
def test_hidden_colors_of_see_through_parts_do_not_come_to_light(entry: dict[str, Any]) -> None:
    # A halo of the hidden red around a white disc is what a careless blur makes.
    made = after(disc(120, hidden=(255, 0, 0)), entry)
    visible = [color for color in levels_of(made) if color[3] > 8]
    assert min(color[1] for color in visible) >= 240


def test_a_size_of_its_own_scale_gets_pixels_as_they_are_and_shares_by_its_width() -> None:
    image = plain(BLUE, (800, 400))
    for width, share in product((800, 400, 200), ("2%", 16)):
        made = after(image, {"pad": share, "color": "#ff0000"}, width=width)
        assert made.width - width == 2 * (16 if share == 16 else width // 50)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_every_step_runs_in_the_confined_child_and_makes_there_what_it_makes_here(name: str) -> None:
    what = spec(Size("s", 160, steps=(step(ONE_OF_EACH[name]),)))
    data = file_of(ramp((240, 180)))
    here = [one.data for one in render(data, what).variants]
    there = [one.data for one in render_in_sandbox(data, what, SandboxLimits()).variants]
    assert here == there


def test_every_step_of_the_folder_is_tested_here() -> None:
    assert set(ONE_OF_EACH) == set(built_in())


@pytest.mark.parametrize("form", OUTPUTS)
def test_an_original_that_is_small_already_is_not_published_without_its_steps(form: str) -> None:
    small = file_of(plain(BLUE, (64, 64)), OUTPUTS[form].pillow, quality=30)
    size = Size("s", 64, steps=(step({"watermark": "logo.png", "width": "100%", "at": "center"}),))
    for lossless in (False, True):
        (variant,) = rendered(small, spec(size, formats=(form,), lossless=lossless))
        assert distance(pixel(seen(variant).convert("RGB"), (0.5, 0.5)), (255, 0, 0)) <= 12


def film(*images: Image.Image, **options: Any) -> bytes:  # noqa: ANN401
    buffer = io.BytesIO()
    first, *others = images
    first.save(buffer, "WEBP", save_all=True, append_images=others, duration=80, lossless=True, **options)
    return buffer.getvalue()


def frames_of(data: bytes) -> list[Image.Image]:
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(data)))]


def test_every_frame_of_an_animation_gets_the_steps() -> None:
    data = film(*(plain(color, (120, 90)) for color in (RED, GREEN, BLUE)))
    size = Size("s", 60, steps=(step({"grayscale": True}), step({"pad": 10, "color": "#ffffff"})))
    (variant,) = rendered(data, spec(size, formats=("webp",), quality={"webp": 95}))
    assert variant.animated
    assert (variant.width, variant.height) == (80, 65)
    middles = [pixel(frame, (0.5, 0.5)) for frame in frames_of(variant.data)]
    assert [
        distance(color[:3], (round(luma(of)),) * 3) <= 6 for color, of in zip(middles, (RED, GREEN, BLUE), strict=True)
    ] == [True] * 3
    assert all(distance(pixel(frame, (0.03, 0.03))[:3], (255, 255, 255)) <= 6 for frame in frames_of(variant.data))


def test_an_animation_is_trimmed_to_what_any_frame_shows() -> None:
    frames = []
    for left in (20, 60, 100):
        frame = plain((255, 255, 255), (160, 90))
        frame.paste(RED, (left, 30, left + 30, 60))
        frames.append(frame)
    size = Size("s", 400, steps=(step({"trim": 4}),))
    webp, png = rendered(film(*frames), spec(size, formats=("webp", "png")))
    assert webp.animated
    assert (webp.width, webp.height) == (png.width, png.height) == (110, 30)
    assert [
        distance(pixel(frame, (at, 0.5))[:3], RED) < 40
        for frame, at in zip(frames_of(webp.data), (0.1, 0.5, 0.9), strict=True)
    ] == [True] * 3


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_an_animation_goes_through_every_step(name: str) -> None:
    frames = [stripes([RED, GREEN, BLUE][number:] + [RED, GREEN, BLUE][:number], 20, 40) for number in range(3)]
    what = spec(Size("s", 40, steps=(step(ONE_OF_EACH[name]),)), formats=("webp",))
    (variant,) = render_in_sandbox(film(*frames), what, SandboxLimits()).variants
    assert variant.animated
    assert len(frames_of(variant.data)) == 3


def test_sizes_with_and_without_steps_stand_beside_each_other() -> None:
    gray = (step({"grayscale": True}),)
    what = spec(Size("w80", 80), Size("w40", 40), Size("g80", 80, steps=gray), Size("g40", 40, steps=gray))
    made = {one.names: one for one in rendered(file_of(stripes([RED, BLUE])), what)}
    assert set(made) == {("w80",), ("w40",), ("g80",), ("g40",)}
    for names, one in made.items():
        red, green, blue = pixel(seen(one), (0.2, 0.5))
        assert (red == green == blue) == names[0].startswith("g")
    assert made[("w80",)].look is made[("w40",)].look is None
    assert made[("g80",)].look == made[("g40",)].look
    assert str(made[("g80",)].look).startswith("whole-")


def test_formats_are_chosen_for_what_the_steps_leave() -> None:
    circle = (step({"circle": True}),)
    what = spec(Size("w80", 80), Size("face", 80, steps=circle), formats=tuple(OUTPUTS), auto=True)
    made = rendered(file_of(speckled((120, 100)), "JPEG"), what)
    assert {one.format for one in made if one.names == ("w80",)} == {"avif", "jpeg"}
    assert "png" in {one.format for one in made if one.names == ("face",)}
    assert "jpeg" not in {one.format for one in made if one.names == ("face",)}


def test_the_placeholder_shows_the_steps_that_all_sizes_have() -> None:
    gray = (step({"grayscale": True}),)
    alike = summary_of(file_of(plain(RED)), spec(Size("a", 20, steps=gray), Size("b", 10, steps=gray)))
    mixed = summary_of(file_of(plain(RED)), spec(Size("a", 20, steps=gray), Size("b", 10)))
    assert alike.color == "#494949"
    assert mixed.color == "#e61e1e"


def test_a_step_that_would_take_more_memory_than_the_limits_allow_is_refused_before_it_begins() -> None:
    data = file_of(plain(size=(2000, 1000)))
    sharpen = (step({"sharpen": 0.5}),)
    tight = Limits(max_decoded_bytes=20_000_000)
    assert rendered(data, spec(Size("s", 800, steps=sharpen), limits=tight))[0].width == 800
    with pytest.raises(PictureRejected) as caught:
        rendered(data, spec(Size("s", 2000, steps=sharpen), limits=tight))
    assert caught.value.reason is Reason.TOO_MANY_PIXELS


def test_a_border_never_makes_a_variant_longer_than_its_format_can_be() -> None:
    data = file_of(plain(size=(16_383, 4)))
    size = Size("s", 16_383, steps=(step({"pad": 10, "color": "#ff0000"}),))
    (variant,) = rendered(data, spec(size, formats=("webp",)))
    assert seen(variant).width == OUTPUTS["webp"].max_side


def test_the_files_that_tests_name_are_those_of_the_logo() -> None:
    assert seen_logo().size == (60, 60)


def seen_logo() -> Image.Image:
    return Image.open(io.BytesIO(FILES["logo.png"]))
