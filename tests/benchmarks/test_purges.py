"""Deletions are purged in time, at a bounded cost, and the decision that rests on it says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks import purges
from tools.benchmarks.purges import purged, purged_at_most, table

DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "0086-everything-or-one-by-one.md"


@pytest.mark.parametrize(("deletions", "minutes", "paths"), [(1, 2, 2), (199, 14, 398), (200, 2, 2), (5_000, 3, 10)])
def test_what_is_deleted_at_once_is_served_for_a_quarter_of_an_hour_at_most(
    deletions: int, minutes: int, paths: int
) -> None:
    found = purged(deletions, all_from=purges.ALL_FROM)
    assert found.seconds <= minutes * 60
    assert found.paths == paths


@pytest.mark.nightly
def test_a_million_deletions_are_done_within_two_hours_for_ten_dollars() -> None:
    found = purged_at_most(1_000_000, all_from=purges.ALL_FROM)
    assert found.seconds < 7_200
    assert found.dollars < 10


@pytest.mark.nightly
def test_the_decision_has_the_table_of_the_virtual_time() -> None:
    assert table(purges.ALL_FROM) in DECISION.read_text(encoding="utf-8")
