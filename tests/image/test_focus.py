"""`focus = "auto"` keeps the subject, also of drawn scenes that were never used for tuning."""

from __future__ import annotations

import itertools
import statistics
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

import lightpress.image.focus
from lightpress.image.focus import focus_of
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.manifest import Publication, manifest_from_json
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.stepping import step
from tools.drawing import (
    BLUE,
    RED,
    as_camera_stores,
    exif_with,
    file_of,
    plain,
    rendered,
    rgb_profile,
    seen,
    spec,
    speckled,
)
from tools.focus import CENTRE, RATIOS, kept_by
from tools.focus.scenes import scenes

SQUARE = Size("square", 100, 100, "cover", auto_focus=True)


def with_dot(at: tuple[float, float], size: tuple[int, int] = (600, 400), color: tuple[int, ...] = RED) -> Image.Image:
    """A plain picture with a disc of a tenth of its width around a point."""
    image = plain((120, 150, 180), size)
    x, y, radius = at[0] * size[0], at[1] * size[1], size[0] / 20
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return image


@pytest.mark.parametrize("at", list(itertools.product((0.15, 0.5, 0.85), (0.2, 0.5, 0.8))))
def test_the_one_thing_on_a_plain_ground_is_found_within_a_twentieth(at: tuple[float, float]) -> None:
    found = focus_of(with_dot(at))
    assert max(abs(a - b) for a, b in zip(found, at, strict=True)) <= 0.05


@pytest.mark.parametrize(
    "image",
    [plain(), plain(size=(1, 1)), plain(size=(900, 1)), plain(mode="RGBA", color=(0, 0, 0, 0))],
    ids=["plain", "one pixel", "a line", "see-through"],
)
def test_where_nothing_stands_out_it_is_the_middle(image: Image.Image) -> None:
    assert focus_of(image) == (0.5, 0.5)


def test_of_40_scenes_that_were_not_used_for_tuning_it_keeps_more_than_the_middle_does() -> None:
    drawn = scenes(40, held_out=True, seed=3)
    found = [focus_of(scene.image) for scene in drawn]
    for name, ratio in RATIOS.items():
        ours = statistics.fmean(kept_by(scene, ratio, point) for scene, point in zip(drawn, found, strict=True))
        middle = statistics.fmean(kept_by(scene, ratio, CENTRE) for scene in drawn)
        assert ours >= 0.92, name
        assert ours >= middle + 0.15, name


def test_the_point_is_the_same_however_many_pixels_there_are() -> None:
    (scene,) = scenes(1, held_out=True, seed=5)
    whole = focus_of(scene.image)
    for width in (1200, 300, 150):
        small = scene.image.resize(
            (width, round(width * scene.image.height / scene.image.width)), Image.Resampling.BICUBIC
        )
        assert max(abs(a - b) for a, b in zip(focus_of(small), whole, strict=True)) <= 0.06


def test_every_size_that_asks_for_it_is_cut_around_the_subject_and_the_others_are_not() -> None:
    what = spec(SQUARE, Size("tall", 60, 120, "cover", auto_focus=True), Size("middle", 90, 90, "cover"))
    made = {one.names[0]: seen(one) for one in rendered(file_of(with_dot((0.92, 0.5))), what)}
    assert {name: has_red(image) for name, image in made.items()} == {"square": True, "tall": True, "middle": False}


def has_red(image: Image.Image) -> bool:
    return max(image.convert("RGB").getchannel("R").tobytes()) > 200


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_point_is_that_of_the_picture_as_it_is_seen(orientation: int) -> None:
    stored = as_camera_stores(with_dot((0.85, 0.3)), orientation)
    data = file_of(stored, "JPEG", quality=90, exif=exif_with(orientation))
    result = render(data, spec(SQUARE))
    assert result.original.focus is not None
    assert max(abs(a - b) for a, b in zip(result.original.focus, (0.85, 0.3), strict=True)) <= 0.05
    assert has_red(seen(next(iter(result.variants))))


def test_it_works_in_the_confined_child_and_comes_into_the_manifest() -> None:
    result = render_in_sandbox(file_of(with_dot((0.2, 0.5))), spec(SQUARE), SandboxLimits())
    assert has_red(seen(next(iter(result.variants))))
    manifest = Publication("a.png", 1, "v1", 9, "web", "0").ready(result.original, ())
    assert manifest.source is not None
    assert manifest.source.focus == result.original.focus
    assert manifest_from_json(manifest.to_json()) == manifest
    assert lightpress.image.focus.FOCUS_REVISION >= 1


def test_who_does_not_ask_is_told_none() -> None:
    assert render(file_of(with_dot((0.2, 0.5))), spec(Size("w", 9))).original.focus is None


def test_a_point_chosen_by_hand_counts_more_than_any_other() -> None:
    two = with_dot((0.15, 0.5))
    ImageDraw.Draw(two).rectangle((500, 170, 560, 230), fill=BLUE)
    fixed = Size("fixed", 100, 110, "cover", (0.5, 0.5))
    what = replace(spec(SQUARE, fixed, Size("whole", 300)), focus=(0.88, 0.5))
    made = {one.names[0]: seen(one) for one in rendered(file_of(two), what)}
    assert not has_red(made["square"])
    assert not has_red(made["fixed"])
    for name in ("square", "fixed"):
        assert min(made[name].convert("RGB").getchannel("R").tobytes()) < 60  # the blue is there
    assert made["whole"].size == (300, 200)


def test_after_trimming_it_is_looked_for_in_what_is_left() -> None:
    whole = Image.new("RGB", (1200, 400), (255, 255, 255))
    whole.paste(with_dot((0.8, 0.5)), (0, 0))
    size = replace(SQUARE, steps=(step({"trim": 3, "color": "#ffffff"}),))
    (variant,) = rendered(file_of(whole), spec(size))
    assert has_red(seen(variant))


def test_a_turn_keeps_the_subject_too() -> None:
    size = replace(SQUARE, width=60, height=100, steps=(step({"rotate": 90}),))
    (variant,) = rendered(file_of(with_dot((0.85, 0.5))), spec(size))
    assert (variant.width, variant.height) == (60, 100)
    assert has_red(seen(variant))


def test_a_picture_in_display_p3_and_one_that_is_noise_have_points_within() -> None:
    for data in (file_of(speckled((90, 70))), file_of(with_dot((0.3, 0.5)), icc_profile=rgb_profile())):
        focus = render(data, spec(SQUARE, colors="p3")).original.focus
        assert focus is not None
        assert all(0 <= part <= 1 for part in focus)
