"""The quality that reaches a score is interpolated between two measured ones."""

from __future__ import annotations

import pytest

from tools.benchmarks.sweep import Point, quality_for, table

CURVE = [Point(40, 1000, 60.0), Point(50, 2000, 68.0), Point(60, 4000, 72.0)]


def test_a_quality_between_two_measured_ones_is_interpolated() -> None:
    assert quality_for(CURVE, 70.0) == pytest.approx(55.0)
    assert quality_for(CURVE, 60.0) == pytest.approx(40.0)


@pytest.mark.parametrize("score", [59.9, 72.1])
def test_scores_outside_the_measured_range_have_no_quality(score: float) -> None:
    assert quality_for(CURVE, score) is None


def test_the_table_has_the_measured_qualities_and_the_interpolated_one() -> None:
    assert "| avif | 640 | 40: 1.0, 60.0, 50: 2.0, 68.0, 60: 4.0, 72.0 | 55 |" in table({("avif", 640): CURVE}, 70)
    assert table({("avif", 640): CURVE}, 90).endswith("| beyond |")
