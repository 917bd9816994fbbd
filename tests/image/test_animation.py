"""Of what moves, the first frame is shown, and that is noted."""

from __future__ import annotations

from typing import Any

import pytest

from lightpress.isolation import Bounds, Child
from tests.drawing import BLUE, GREEN, RED, distance, facts_of, file_of, only, pixel, plain, rendered, seen, spec

NOTE = "The picture is animated; its variants show the first frame."
OPTIONS: dict[str, dict[str, Any]] = {"GIF": {}, "PNG": {}, "WEBP": {"lossless": True}, "AVIF": {"quality": 90}}
MOVING = {
    name: file_of(plain(RED), name, save_all=True, append_images=[plain(GREEN), plain(BLUE)], duration=80, **options)
    for name, options in OPTIONS.items()
}


@pytest.mark.parametrize("form", MOVING)
def test_an_animated_picture_becomes_its_first_frame_with_a_note(form: str) -> None:
    assert facts_of(MOVING[form]).notes == (NOTE,)
    assert distance(pixel(only(MOVING[form]), (0.5, 0.5)), RED) <= 4


@pytest.mark.parametrize("form", MOVING)
def test_no_variant_moves(form: str) -> None:
    for one in rendered(MOVING[form], spec(formats=("avif", "webp", "jpeg", "png"))):
        assert not getattr(seen(one), "is_animated", False)


@pytest.mark.parametrize("form", MOVING)
def test_a_picture_of_one_frame_gets_no_note(form: str) -> None:
    assert facts_of(file_of(plain(RED), form)).notes == ()


def test_a_see_through_animation_keeps_the_holes_of_its_first_frame() -> None:
    first = plain((230, 30, 30, 0), mode="RGBA")
    first.paste((230, 30, 30, 255), (0, 0, 20, 20))
    data = file_of(first, "GIF", save_all=True, append_images=[plain(GREEN).convert("RGBA")])
    image = only(data)
    assert pixel(image, (0.2, 0.5)) == (230, 30, 30, 255)
    assert pixel(image, (0.8, 0.5))[3] == 0


def test_many_frames_cost_no_more_than_the_first() -> None:
    frames = [plain((level, 255 - level, level // 2), size=(400, 400)) for level in range(0, 256, 4)]
    data = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with Child(data, spec(), Bounds()) as child:
        assert len(list(child.rendering().renditions)) == 1
    alone = file_of(frames[0], "GIF")
    with Child(alone, spec(), Bounds()) as single:
        assert len(list(single.rendering().renditions)) == 1
    assert child.cost.cpu_ms < single.cost.cpu_ms + 100
