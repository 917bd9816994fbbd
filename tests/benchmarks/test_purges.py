"""Deletions are purged in time, at a bounded cost, and the decision that rests on it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lightpress.delivery.resolve import _FOR_A_MINUTE
from tools.benchmarks import purges
from tools.benchmarks.purges import purged, purged_at_most, table

DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "0086-everything-or-one-by-one.md"


@pytest.mark.parametrize(
    ("deletions", "minutes", "paths"),
    [(1, 2, 2), (199, 14, 398), (200, 2, 2), (1_199, 14, 400), (5_000, 3, 10), (5_150, 11, 310), (9_199, 15, 416)],
)
def test_up_to_ten_thousand_deleted_at_once_are_served_for_a_quarter_of_an_hour_at_most(
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


@pytest.mark.nightly
def test_what_is_deleted_is_seen_for_13_minutes_at_a_permalink_a_tail_of_199_for_25_and_a_million_for_92() -> None:
    told = purges.seen(purges.ALL_FROM)
    minutes = [int(line.split(" | ")[-1].removesuffix(" min |")) for line in told.splitlines()[2:]]
    assert minutes == [13, 24, 13, 25, 92]
    assert told in (DECISION.parent / "0145-what-the-cdn-owes.md").read_text(encoding="utf-8")
    maximum, stale = re.findall(r"(?:max-age|stale-while-revalidate)=(\d+)", _FOR_A_MINUTE)
    assert int(maximum) + int(stale) == purges.BROWSER_SECONDS


@pytest.mark.nightly
def test_one_by_one_a_million_deletions_end_after_five_days_since_the_queue_keeps_them_for_ten() -> None:
    found = purged_at_most(1_000_000, all_from=0)
    assert 5 * 86_400 < found.seconds < 5.1 * 86_400
    assert found.dollars < 1_000
