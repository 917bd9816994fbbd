"""Whatever list of steps a recipe has: sizes are what was planned, nothing is enlarged, and it moves if it moved."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lightpress.image.spec import Pixels, Size, Spec
from tests.image.stepping import step
from tools.drawing import file_of, ramp, rendered, seen, spec

WORDS = st.sampled_from(["north-west", "center", "south-east"])
LENGTHS = st.integers(1, 40) | st.sampled_from(["1%", "12.5%", "45%"])
COLORS = st.sampled_from(["#000000", "#fe7f01"])
SHARES = st.sampled_from([0.1, 0.3, 0.5, 1.0])

PIXEL_STEPS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"sharpen": st.floats(0, 3)}),
    st.fixed_dictionaries({"blur": st.integers(1, 9)}),
    st.just({"grayscale": True}),
    st.fixed_dictionaries({"saturation": st.floats(0, 5)}),
    st.fixed_dictionaries({"brightness": st.floats(0, 5)}),
    st.fixed_dictionaries({"contrast": st.floats(0, 5)}),
    st.fixed_dictionaries({"tint": COLORS, "amount": st.floats(0, 1)}),
    st.fixed_dictionaries({"flip": st.sampled_from(["horizontal", "vertical", "both"])}),
    st.fixed_dictionaries({"background": COLORS}),
    st.fixed_dictionaries({"round": LENGTHS}),
    st.fixed_dictionaries({"watermark": st.just("logo.png"), "at": WORDS, "width": LENGTHS, "margin": LENGTHS}),
    st.fixed_dictionaries({"text": st.just("a b"), "at": WORDS, "margin": LENGTHS}),
    st.fixed_dictionaries({"pixelate": st.lists(st.lists(SHARES, min_size=4, max_size=4), min_size=1, max_size=2)}),
)
SHAPE_STEPS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"rotate": st.sampled_from([90, 180, 270])}),
    st.fixed_dictionaries({"pad": LENGTHS}, optional={"color": COLORS}),
    st.just({"circle": True}),
)
BOXES = st.integers(1, 50)
SIZES = st.one_of(
    st.builds(Size, st.just("s"), BOXES, st.none() | BOXES),
    st.builds(Size, st.just("s"), BOXES, BOXES, st.just("cover"), st.tuples(st.floats(0, 1), st.floats(0, 1))),
    st.builds(Size, st.just("s"), BOXES, BOXES, st.just("pad")),
)


def with_steps(size: Size, entries: list[dict[str, Any]]) -> Spec:
    steps = tuple(map(step, entries))
    return spec(Size(size.name, size.width, size.height, size.fit, size.focus, steps), formats=("webp",))


@given(st.tuples(BOXES, BOXES), st.sampled_from(["RGB", "RGBA", "L", "P"]), SIZES, st.lists(PIXEL_STEPS | SHAPE_STEPS))
def test_the_variant_has_the_pixels_that_were_planned(
    picture: tuple[int, int], mode: str, size: Size, entries: list[dict[str, Any]]
) -> None:
    what = with_steps(size, entries)
    (variant,) = rendered(file_of(ramp(picture).convert(mode)), what)
    (rung,) = what.rungs(Pixels(*picture))
    assert seen(variant).size == rung.result


@given(st.tuples(BOXES, BOXES), SIZES, st.lists(PIXEL_STEPS, max_size=4), st.integers(0, 3))
def test_steps_that_add_nothing_enlarge_nothing(
    picture: tuple[int, int], size: Size, entries: list[dict[str, Any]], turns: int
) -> None:
    what = with_steps(size, entries + [{"rotate": 90}] * turns)
    (variant,) = rendered(file_of(ramp(picture)), what)
    original = picture[::-1] if turns % 2 else picture
    if size.fit == "pad":
        assert (variant.width, variant.height) == (size.width, size.height)
        return
    assert variant.width <= min(original[0], size.width or original[0])
    assert variant.height <= min(original[1], size.height or original[1])


@given(st.tuples(BOXES, BOXES), SIZES, st.lists(PIXEL_STEPS | SHAPE_STEPS, max_size=4), st.integers(0, 20))
def test_after_trimming_what_is_left_is_the_picture(
    picture: tuple[int, int], size: Size, entries: list[dict[str, Any]], border: int
) -> None:
    inner = Image.new("RGB", picture, (0, 0, 200))
    whole = Image.new("RGB", (picture[0] + 2 * border, picture[1] + 2 * border), (255, 255, 255))
    whole.paste(inner, (border, border))
    (trimmed,) = rendered(file_of(whole), with_steps(size, [{"trim": 5, "color": "#ffffff"}, *entries]))
    (alone,) = rendered(file_of(inner), with_steps(size, entries))
    assert (trimmed.width, trimmed.height) == (alone.width, alone.height)


@settings(max_examples=15)
@given(SIZES, st.lists(PIXEL_STEPS | SHAPE_STEPS, max_size=3), st.booleans())
def test_what_moves_goes_on_moving_frame_for_frame(size: Size, entries: list[dict[str, Any]], trims: bool) -> None:
    frames = [ramp((48, 32)).rotate(90 * number) for number in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], duration=90, lossless=True)
    what = with_steps(size, [{"trim": 3, "color": "#010203"}] * trims + entries)
    (variant,) = rendered(buffer.getvalue(), what)
    (rung,) = what.rungs(Pixels(48, 32))
    shown = Image.open(io.BytesIO(variant.data))
    assert shown.size == rung.result
    assert not variant.animated or getattr(shown, "n_frames", 1) in {2, 3}
