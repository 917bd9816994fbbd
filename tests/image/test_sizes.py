"""Every size fits its box, nothing is enlarged, and nothing vanishes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.image.limits import Limits
from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Pixels, Size, Spec
from tools.drawing import (
    Color,
    distance,
    file_of,
    mean_difference,
    only,
    pixel,
    plain,
    ramp,
    rendered,
    seen,
    spec,
    stripes,
    summary_of,
)

# A size, a picture, and the pixels that it gets.
CONTAINED = {
    "width only": (Size("s", width=100), (400, 300), (100, 75)),
    "height only": (Size("s", height=100), (400, 300), (133, 100)),
    "both, the width decides": (Size("s", 100, 100), (400, 300), (100, 75)),
    "both, the height decides": (Size("s", 100, 100), (300, 400), (75, 100)),
    "already as wide": (Size("s", width=400), (400, 300), (400, 300)),
    "smaller than the box": (Size("s", 1000, 1000), (400, 300), (400, 300)),
    "one side smaller": (Size("s", 1000, 100), (400, 300), (133, 100)),
    "a single pixel": (Size("s", 100, 100), (1, 1), (1, 1)),
    "to a single pixel": (Size("s", 1, 1), (400, 300), (1, 1)),
    "very tall, by width": (Size("s", width=320), (1, 5000), (1, 5000)),
    "very tall, by height": (Size("s", height=50), (1, 5000), (1, 50)),
    "very wide, by width": (Size("s", width=50), (5000, 1), (50, 1)),
    "very wide, in a box": (Size("s", 320, 320), (5000, 3), (320, 1)),
}
COVERED = {
    "wide": (Size("s", 100, 100, "cover"), (400, 300), (100, 100)),
    "tall": (Size("s", 100, 100, "cover"), (300, 400), (100, 100)),
    "not square": (Size("s", 160, 90, "cover"), (400, 300), (160, 90)),
    "odd pixels": (Size("s", 97, 31, "cover"), (401, 299), (97, 31)),
    "as large as the box": (Size("s", 400, 300, "cover"), (400, 300), (400, 300)),
    "smaller than the box": (Size("s", 1000, 1000, "cover"), (400, 300), (400, 300)),
    "one side smaller": (Size("s", 200, 1000, "cover"), (400, 300), (200, 300)),
    "very tall": (Size("s", 96, 96, "cover"), (1, 5000), (1, 96)),
    "very wide": (Size("s", 96, 96, "cover"), (5000, 1), (96, 1)),
}


PADDED = {
    "in a larger box": (Size("s", 500, 400, "pad"), (400, 300), (500, 400)),
    "in a smaller box": (Size("s", 100, 100, "pad"), (400, 300), (100, 100)),
    "in its own box": (Size("s", 400, 300, "pad"), (400, 300), (400, 300)),
    "a single pixel in a box": (Size("s", 7, 5, "pad"), (1, 1), (7, 5)),
    "in a box of one pixel": (Size("s", 1, 1, "pad"), (400, 3), (1, 1)),
}
FITTED = CONTAINED | COVERED | PADDED


@pytest.mark.parametrize(("size", "picture", "result"), FITTED.values(), ids=FITTED)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_picture_fits_its_size(size: Size, picture: tuple[int, int], result: tuple[int, int], form: str) -> None:
    assert only(file_of(plain(size=picture), form), spec(size)).size == result


def test_each_size_is_made_in_each_format_and_the_largest_first() -> None:
    sizes = (Size("w40", 40), Size("w160", 160), Size("w80", 80))
    made = rendered(file_of(ramp((320, 320))), spec(*sizes, formats=tuple(OUTPUTS)))
    assert [(one.names, one.format) for one in made] == [
        ((name,), form) for name, form in itertools.product(("w160", "w80", "w40"), OUTPUTS)
    ]
    assert [seen(one).width for one in made] == [int(one.names[0][1:]) for one in made]


def test_sizes_that_a_picture_does_not_reach_share_one_rendition() -> None:
    sizes = (Size("w50", 50), Size("w100", 100), Size("w200", 200), Size("w400", 400))
    largest, smaller = rendered(file_of(plain(size=(100, 80))), spec(*sizes))
    assert (largest.names, largest.width, largest.height) == (("w100", "w200", "w400"), 100, 80)
    assert (smaller.names, smaller.width, smaller.height) == (("w50",), 50, 40)


def test_a_face_and_a_whole_picture_of_the_same_reduction_are_not_mixed_up() -> None:
    face, whole = Size("face", 100, 100, "cover"), Size("whole", height=100)
    made = rendered(file_of(plain(size=(400, 200))), spec(face, whole))
    assert {one.names: (one.width, one.height) for one in made} == {("face",): (100, 100), ("whole",): (200, 100)}


@pytest.mark.parametrize("turned", [False, True])
def test_what_overhangs_is_cut_off_evenly(turned: bool) -> None:
    colors: list[Color] = [(255, 0, 0), (255, 255, 255), (0, 0, 255)]
    picture = stripes(colors)
    if turned:
        picture = picture.rotate(-90, expand=True)
    image = only(file_of(picture), spec(Size("face", 50, 50, "cover")))
    assert image.size == (50, 50)
    for at in itertools.product((0.1, 0.5, 0.9), repeat=2):
        assert distance(pixel(image, at), (255, 255, 255)) <= 2


def test_a_face_shows_the_middle_to_the_pixel() -> None:
    picture = plain((0, 0, 0), size=(301, 100))
    picture.putpixel((150, 50), (255, 255, 255))
    image = only(file_of(picture), spec(Size("face", 101, 101, "cover")))
    assert image.size == (101, 100)
    assert image.getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_reducing_step_by_step_looks_like_reducing_at_once(form: str) -> None:
    data = file_of(ramp((1000, 800)), form)
    ladder = rendered(data, spec(Size("w800", 800), Size("w400", 400), Size("w200", 200), Size("w100", 100)))
    for one in ladder:
        assert mean_difference(seen(one), only(data, spec(Size("alone", one.width)))) <= 1.0


@pytest.mark.parametrize("picture", [(1, 5000), (5000, 1), (2, 4999), (4999, 2)])
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_thread_of_a_picture_never_vanishes(picture: tuple[int, int], name: str) -> None:
    sizes = (Size("tiny", 8, 8), Size("w320", width=320), Size("h320", height=320), Size("face", 96, 96, "cover"))
    for one in rendered(file_of(plain(size=picture)), spec(*sizes, formats=(name,))):
        assert min(seen(one).size) >= 1


# As far as browsers and their own decoders go: a longer AVIF can be written, and nobody can read it.
@pytest.mark.parametrize("name", OUTPUTS)
def test_a_format_gets_no_longer_side_than_it_can_hold(name: str) -> None:
    data = file_of(plain(size=(1, 65_535)))
    image = only(data, spec(Size("w320", width=320), formats=(name,), limits=Limits(max_side=65_535)))
    assert image.height == OUTPUTS[name].max_side
    assert summary_of(data, spec(limits=Limits(max_side=65_535))).height == 65_535


def test_all_formats_of_a_size_have_the_same_pixels() -> None:
    data = file_of(plain(size=(4, 40_000)))
    made = rendered(data, spec(Size("w320", 320), formats=tuple(OUTPUTS), limits=Limits(max_side=65_535)))
    assert {(one.width, one.height) for one in made} == {(2, 16_383)}


sides = st.integers(1, 65_535)
boxes = st.integers(1, 16_383)
sizes = st.one_of(
    st.builds(Size, st.just("s"), boxes, st.none() | boxes),
    st.builds(Size, st.just("s"), st.none(), boxes),
    st.builds(Size, st.just("s"), boxes, boxes, st.just("cover"), st.tuples(st.floats(0, 1), st.floats(0, 1))),
    st.builds(Size, st.just("s"), boxes, boxes, st.just("pad")),
)


@given(sides, sides, st.lists(sizes, min_size=1, max_size=5))
def test_every_plan_keeps_to_its_boxes(width: int, height: int, ladder: list[Size]) -> None:
    named = tuple(replace(size, name=f"s{number}") for number, size in enumerate(ladder))
    rungs = Spec(named, ("webp", "jpeg")).rungs(Pixels(width, height))
    assert sorted(name for rung in rungs for name in rung.names) == sorted(size.name for size in named)
    by_name = {name: rung for rung in rungs for name in rung.names}
    for size in named:
        whole, result = by_name[size.name].whole, by_name[size.name].result
        assert 1 <= whole.width <= width
        assert 1 <= whole.height <= height
        assert max(result) <= OUTPUTS["webp"].max_side
        if size.fit == "pad":
            assert result == (size.width, size.height)
            continue
        cut = by_name[size.name].cut
        assert 1 <= result.width <= min(whole.width, size.width or width)
        assert 1 <= result.height <= min(whole.height, size.height or height)
        assert 0 <= cut.left <= whole.width - result.width
        assert 0 <= cut.top <= whole.height - result.height
        if size.fit == "cover" and size.width and size.height:
            assert result == (min(width, size.width), min(height, size.height))
    for larger, smaller in itertools.pairwise(rungs):
        assert larger.whole.width >= smaller.whole.width
        assert larger.whole.height >= smaller.whole.height


small = st.integers(1, 60)
small_sizes = st.one_of(
    st.builds(Size, st.just("s"), small, st.none() | small),
    st.builds(Size, st.just("s"), small, small, st.just("cover"), st.tuples(st.floats(0, 1), st.floats(0, 1))),
    st.builds(Size, st.just("s"), small, small, st.just("pad")),
)


@given(small, small, small_sizes, st.sampled_from(sorted(OUTPUTS)), st.sampled_from(["RGB", "RGBA", "L", "P"]))
def test_every_drawn_picture_gets_the_pixels_that_its_plan_says(
    width: int, height: int, size: Size, form: str, mode: str
) -> None:
    what = spec(size, formats=(form,))
    (rung,) = what.rungs(Pixels(width, height))
    image = only(file_of(ramp((width, height)).convert(mode)), what)
    assert image.size == rung.result
    assert size.fit == "pad" or (image.width <= width and image.height <= height)


FOCI = {(0.0, 0.5): 0, (0.1, 0.5): 0, (0.3, 0.0): 1, (0.5, 1.0): 2, (0.7, 0.2): 3, (1.0, 0.5): 4}


@pytest.mark.parametrize(("focus", "stripe"), FOCI.items(), ids=str)
def test_what_is_in_focus_is_kept(focus: tuple[float, float], stripe: int) -> None:
    colors: list[Color] = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]
    image = only(file_of(stripes(colors)), spec(Size("face", 100, 100, "cover", focus)))
    assert image.size == (100, 100)
    assert distance(pixel(image, (0.5, 0.5)), colors[stripe]) <= 2


@pytest.mark.parametrize("form", OUTPUTS)
def test_a_pad_shows_the_whole_picture_in_the_middle(form: str) -> None:
    size = Size("tile", 100, 100, "pad")
    image = only(file_of(plain((200, 30, 30), size=(200, 100))), spec(size, formats=(form,), background="#2040e0"))
    assert image.size == (100, 100)
    for at in ((0.5, 0.5), (0.1, 0.3), (0.9, 0.7)):
        assert distance(pixel(image, at)[:3], (200, 30, 30)) <= 12
    for at in ((0.5, 0.1), (0.5, 0.9)):
        shown = pixel(image, at)
        assert shown[3] == 0 if OUTPUTS[form].alpha else distance(shown, (0x20, 0x40, 0xE0)) <= 12


def test_a_small_picture_is_padded_and_not_enlarged() -> None:
    image = only(file_of(plain((200, 30, 30), size=(10, 10))), spec(Size("tile", 30, 20, "pad")))
    assert image.getchannel("A").getbbox() == (10, 5, 20, 15)
