"""Damaged files give a rendering or a reason, and never anything else."""

from __future__ import annotations

import os
import random

import pytest

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.spec import Size
from tests.image.files import GOOD, MORE, damaged
from tools.drawing import rendered, spec, summary_of

# Of each file: some 1,000 in all. Overnight: LIGHTPRESS_MUTANTS=1000 make unit
MUTANTS = int(os.environ.get("LIGHTPRESS_MUTANTS", "80"))
SMALL = Limits(max_pixels=1_000_000)

# Some damage Pillow only warns of.
pytestmark = pytest.mark.filterwarnings("ignore::Warning:PIL")


def reason_for(data: bytes) -> Reason | None:
    try:
        rendered(data, spec(Size("small", 16), limits=SMALL))
    except PictureRejected as rejected:
        return rejected.reason
    return None


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_format_is_read(name: str) -> None:
    facts = summary_of(GOOD[name])
    assert facts.format == name.partition(",")[0]
    assert facts.notes == ()


def says_cut_short(data: bytes) -> bool:
    try:
        return any("cut short" in note or "lacks its end" in note for note in summary_of(data).notes)
    except PictureRejected:
        return False


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_cut_short_is_corrupt_or_published_with_a_note(name: str, part: float) -> None:
    cut = GOOD[name][: int(len(GOOD[name]) * part)]
    assert reason_for(cut) in {Reason.CORRUPT, None if says_cut_short(cut) else ...}


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_cut_short_is_corrupt_where_the_recipe_refuses_such_files(name: str, part: float) -> None:
    cut = GOOD[name][: int(len(GOOD[name]) * part)]
    with pytest.raises(PictureRejected) as caught:
        rendered(cut, spec(damaged="refuse"))
    assert caught.value.reason is Reason.CORRUPT
    assert "index" not in caught.value.detail


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", GOOD)
def test_wherever_a_file_is_cut_off_there_is_a_reason_or_a_rendering(name: str) -> None:
    data = GOOD[name]
    for end in {*range(1, 40), *range(40, len(data), max(1, len(data) // 40)), len(data) - 2, len(data) - 1}:
        # A cut right before the end may take nothing that matters: an end marker, or padding.
        ready = None if end > len(data) * 0.8 or says_cut_short(data[:end]) else ...
        assert reason_for(data[:end]) in {Reason.CORRUPT, Reason.NOT_A_PICTURE, ready}


EVERYTHING = GOOD | MORE


@pytest.mark.sampled(12)
@pytest.mark.parametrize("name", EVERYTHING)
def test_random_damage_gives_a_rendering_or_a_reason(name: str) -> None:
    dice = random.Random(f"damage {name}")  # noqa: S311  nothing secret is drawn
    allowed = {None, Reason.CORRUPT, Reason.NOT_A_PICTURE, Reason.TOO_MANY_PIXELS, Reason.TOO_LONG_SIDE, Reason.EMPTY}
    allowed |= {Reason.FORMAT_NOT_ACCEPTED}  # a byte away from our formats there are others
    for _ in range(MUTANTS):
        assert reason_for(damaged(EVERYTHING[name], dice)) in allowed


@pytest.mark.parametrize("name", EVERYTHING)
def test_the_same_file_and_spec_give_the_same_bytes(name: str) -> None:
    everything = spec(Size("a", 40), Size("b", 20, 20, "cover"), formats=("avif", "webp", "jpeg", "png"))
    assert rendered(EVERYTHING[name], everything) == rendered(EVERYTHING[name], everything)
