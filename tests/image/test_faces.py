"""`focus = "faces"` keeps faces: found by the model itself in drawn people, and cut by a rule that boxes alone show."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from lightpress.image.faces import Face, faces_of, is_installed, load_faces, point_that_keeps
from lightpress.image.render import render
from lightpress.image.spec import Pixels, Size
from lightpress.pipeline.sandbox import Cost, SandboxLimits, render_in_sandbox
from lightpress.units import MB
from tests.image.stepping import step
from tools.drawing import as_camera_stores, exif_with, file_of, plain, seen, spec, speckled
from tools.focus.people import SKINS, group
from tools.focus.scenes import scenes

SQUARE = Size("square", 100, 100, "cover", auto_focus=True, faces=True)
TALL = Size("tall", 90, 160, "cover", auto_focus=True, faces=True)
PICTURE = Pixels(640, 420)

needs_model = pytest.mark.skipif(not is_installed(), reason="ai-edge-litert has no wheel for this machine")


def face(x: float, y: float, side: float = 0.1) -> Face:
    return Face(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


ALONE = {
    "left": [(0.15, 0.4, 100)],
    "right": [(0.85, 0.4, 100)],
    "below": [(0.5, 0.75, 100)],
    "small": [(0.7, 0.3, 60)],
    "large": [(0.4, 0.5, 240)],
}


@pytest.mark.sampled(6)
@needs_model
@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("heads", ALONE.values(), ids=ALONE)
def test_a_face_is_found_where_it_is(heads: list[tuple[float, float, int]], skin: tuple[int, int, int]) -> None:
    ((x, y, width),) = heads
    (found,) = faces_of(group(PICTURE, heads, (skin,)))
    assert abs((found.left + found.right) / 2 - x) < 0.02
    assert abs((found.top + found.bottom) / 2 - y) < 0.04
    assert 0.5 < (found.right - found.left) * PICTURE.width / width < 0.9


@needs_model
def test_each_of_several_is_found_once() -> None:
    places = [(0.1, 0.3, 80), (0.3, 0.35, 80), (0.5, 0.6, 60), (0.9, 0.3, 100)]
    found = sorted(faces_of(group(PICTURE, places)))
    assert [round((one.left + one.right) / 2, 1) for one in found] == [0.1, 0.3, 0.5, 0.9]
    assert all(one.right < other.left for one, other in pairwise(found))


@pytest.mark.nightly
@needs_model
def test_in_60_scenes_every_face_that_is_seen_is_in_the_head_of_a_drawn_person() -> None:
    """Which a fifth of them shows: streets, leaves, boats, cars and mugs have none."""
    people = 0
    for scene in scenes(60, held_out=True, seed=7):
        width, height = scene.image.size
        left, top, right, bottom = scene.subject
        for face in faces_of(scene.image):
            people += 1
            assert left <= (face.left + face.right) / 2 * width <= right
            assert top <= (face.top + face.bottom) / 2 * height <= (top + bottom) / 2
    assert 8 <= people <= 20


@needs_model
@pytest.mark.parametrize("image", [plain(), speckled(PICTURE), group(PICTURE, [])], ids=["plain", "specks", "a wall"])
def test_where_there_is_none_none_is_seen_and_the_point_is_that_of_auto(image: Image.Image) -> None:
    assert faces_of(image) == ()
    auto = render(file_of(image), spec(replace(SQUARE, faces=False))).original.focus
    assert render(file_of(image), spec(SQUARE)).original.focus == auto


@pytest.mark.sampled(6)
@needs_model
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("size", [(640, 420), (420, 640), (1, 1), (900, 2), (3000, 2000)], ids=str)
def test_pictures_of_any_shape_and_mode_can_be_looked_at(mode: str, size: tuple[int, int]) -> None:
    heads = [(0.6, 0.4, min(size) // 4)] if min(size) > 100 else []
    assert len(faces_of(group(size, heads).convert(mode))) == len(heads)


@needs_model
def test_a_size_that_asks_keeps_the_face_that_the_middle_and_auto_lose() -> None:
    """A loud thing at the left is what stands out; the face is at the right."""
    image = group(PICTURE, [(0.86, 0.4, 60)])
    image.paste((230, 20, 20), (60, 120, 180, 300))
    middle, auto = Size("middle", 100, 100, "cover"), Size("auto", 100, 100, "cover", auto_focus=True)
    data = file_of(image, "PNG")
    made = {}
    for size in (middle, auto, replace(SQUARE, width=400, height=400)):
        (variant,) = render(data, spec(replace(size, width=400, height=400), formats=("png",))).variants
        made[size.name] = len(faces_of(seen(variant)))
    assert made == {"middle": 0, "auto": 0, "square": 1}


@needs_model
def test_the_confined_child_finds_it_with_the_memory_and_time_of_the_smallest_function() -> None:
    costs: list[Cost] = []
    data = file_of(group((1920, 1260), [(0.8, 0.4, 300)]), "JPEG", quality=90)
    result = render_in_sandbox(data, spec(SQUARE, TALL), SandboxLimits(memory_mb=256), costs.append)
    assert [one.names for one in result.variants] == [("tall",), ("square",)]
    assert costs[0].open == ()
    assert result.original.focus is not None
    assert max(abs(a - b) for a, b in zip(result.original.focus, (0.8, 0.4), strict=True)) < 0.04


@needs_model
def test_a_face_costs_little_more_memory_than_auto() -> None:
    data = file_of(group((1920, 1260), [(0.8, 0.4, 300)]), "JPEG", quality=90)
    load_faces()
    peaks = {}
    for size in (replace(SQUARE, faces=False), SQUARE):
        costs: list[Cost] = []
        tuple(render_in_sandbox(data, spec(size), SandboxLimits(), costs.append).variants)
        peaks[size.faces] = costs[0].peak_rss_mb
    assert peaks[True] - peaks[False] < 40


@needs_model
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_faces_are_looked_for_in_the_picture_as_it_is_seen(orientation: int) -> None:
    stored = as_camera_stores(group(PICTURE, [(0.8, 0.3, 90)]), orientation)
    found = render(file_of(stored, "JPEG", quality=90, exif=exif_with(orientation)), spec(SQUARE)).original.focus
    assert found is not None
    assert max(abs(a - b) for a, b in zip(found, (0.8, 0.3), strict=True)) < 0.03


@needs_model
def test_after_a_step_that_trims_they_are_looked_for_in_what_is_left() -> None:
    framed = Image.new("RGB", (1200, 800), (255, 255, 255))
    framed.paste(group(PICTURE, [(0.8, 0.4, 90)]), (0, 0))
    size = replace(SQUARE, steps=(step({"trim": 3, "color": "#ffffff"}),))
    (variant,) = render(file_of(framed, "PNG"), spec(replace(size, width=300, height=300), formats=("png",))).variants
    (found,) = faces_of(seen(variant))
    assert 0.3 < (found.left + found.right) / 2 < 0.7


@needs_model
def test_who_says_a_point_by_hand_has_no_faces_looked_for() -> None:
    assert not replace(spec(SQUARE), focus=(0.1, 0.1)).finds_faces
    data = file_of(group(PICTURE, [(0.8, 0.4, 90)]), "PNG")
    assert render(data, replace(spec(SQUARE), focus=(0.1, 0.1))).original.focus == (0.1, 0.1)


def test_recipes_that_do_not_ask_load_neither_the_model_nor_what_runs_it() -> None:
    """In a process of its own, for this one may have loaded them."""
    code = (
        "import sys\nfrom lightpress.image.spec import Size, Spec\n"
        "from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox\n"
        "from tools.drawing import file_of, plain\n"
        "spec = Spec((Size('s', 9, 9, 'cover', auto_focus=True),), ('jpeg',))\n"
        "tuple(render_in_sandbox(file_of(plain()), spec, SandboxLimits()).variants)\n"
        "print([name for name in ('numpy', 'ai_edge_litert') if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def kept(faces: list[Face], point: tuple[float, float], size: Size = SQUARE) -> list[bool]:
    """Which of the faces are whole in the size, cut around the point: pixel by pixel, by what `render` cuts."""
    whole = PICTURE.times(size.scale(PICTURE))
    left, top, shown = replace(size, focus=point).cut(whole)
    return [
        left <= one.left * whole.width
        and one.right * whole.width <= left + shown.width
        and top <= one.top * whole.height
        and one.bottom * whole.height <= top + shown.height
        for one in faces
    ]


RULE = {
    "all, where all fit": ([face(0.3, 0.4), face(0.5, 0.4), face(0.7, 0.4)], [True] * 3),
    "two of three, where the third is far off": (
        [face(0.1, 0.4), face(0.25, 0.4), face(0.95, 0.4)],
        [True, True, False],
    ),
    "the largest, where they are too far apart": ([face(0.1, 0.4, 0.08), face(0.9, 0.4, 0.2)], [False, True]),
    "two small ones rather than a large one of less area": (
        [face(0.1, 0.3, 0.15), face(0.3, 0.3, 0.15), face(0.92, 0.4, 0.16)],
        [True, True, False],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("faces", "wanted"), RULE.values(), ids=RULE)
def test_a_crop_keeps_as_much_of_the_faces_as_it_can_and_never_the_wall_between(
    faces: list[Face], wanted: list[bool]
) -> None:
    assert kept(faces, point_that_keeps(faces, PICTURE, (SQUARE,))) == wanted
    assert kept(faces[::-1], point_that_keeps(faces[::-1], PICTURE, (SQUARE,))) == wanted[::-1]


def test_one_point_serves_a_wide_and_a_narrow_size() -> None:
    """The middle of all would be between two faces in the narrow one."""
    faces = [face(0.3, 0.4), face(0.72, 0.4)]
    point = point_that_keeps(faces, PICTURE, (SQUARE, TALL))
    assert sum(kept(faces, point, TALL)) == 1


def test_a_crowd_is_no_slower_than_a_few() -> None:
    crowd = [face(0.05 + 0.09 * (number % 11), 0.1 + 0.09 * (number // 11), 0.05) for number in range(100)]
    x, y = point_that_keeps(crowd, PICTURE, (SQUARE, TALL))
    assert 0 <= x <= 1
    assert 0 <= y <= 1


def test_the_model_is_small() -> None:
    from lightpress.image.faces import MODEL

    assert MODEL.stat().st_size < 1.1 * MB
