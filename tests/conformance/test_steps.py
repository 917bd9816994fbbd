"""Steps of recipes, judged by ImageMagick where it is installed (make bench, or make conformance)."""

from __future__ import annotations

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.image.stepping import built_in
from tools.conformance import steps
from tools.peers.install import install

PEERS = PROJECT / ".local" / "bench" / "peers"


def test_every_step_is_compared_or_said_to_be_left_out() -> None:
    assert sorted([*steps.ENTRIES, *steps.LEFT_OUT]) == sorted(built_in())


def test_no_step_is_further_than_half_a_level_from_what_imagemagick_makes() -> None:
    if not (PEERS / "ready").exists():
        pytest.skip("ImageMagick is not here: python -m tools.conformance.steps installs it")
    found = steps.compare(install(PEERS, lambda _: None))
    assert [one.name for one in found] == list(steps.ENTRIES)
    assert {one.name: one.mean for one in found if one.mean > 0.5} == {}
    moved = [one for one in found if one.name in {"flip", "rotate", "trim", "pad", "watermark"}]
    assert {one.most for one in moved} == {0}


def test_a_result_of_other_pixels_is_infinitely_far() -> None:
    found = steps.Compared("trim", float("inf"), 255)
    assert steps.table([steps.Compared("flip", 0.0, 0), found]).splitlines()[2] == "| `trim = 10` | inf | 255 |"
