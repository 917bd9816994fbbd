"""Forecasts of backfills, against arithmetic, and against what bounds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.benchmarks.backfills import Setting, loop, machine

SETTING = Setting("one")


@pytest.mark.parametrize("rate", [10.0, 15.0])
def test_where_the_rate_is_what_bounds_it_a_backfill_takes_as_long_as_that_says(rate: float) -> None:
    slow = replace(SETTING, rate=rate)
    assert machine(50_000, slow, 1_000) == pytest.approx(50_000 / rate, rel=0.15)
    assert 1_000 / rate <= loop(1_000, slow) < 1.3 * 1_000 / rate, "what it is late by, it does not catch up"


def test_where_the_functions_are_what_bounds_it_it_takes_as_long_as_they_do() -> None:
    quick = replace(SETTING, rate=10_000.0)
    assert machine(100_000, quick, 1_000) == pytest.approx(100_000 / quick.capacity, rel=0.15)


def test_more_children_look_quicker_where_looking_is_what_bounds_it() -> None:
    quick = replace(SETTING, rate=1e6, concurrency=10**6, depth=10**9)
    one, ten = (machine(1_000_000, replace(quick, children=children)) for children in (1, 10))
    assert 5 < one / ten <= 10


def test_time_grows_with_the_number_of_originals_and_no_faster() -> None:
    assert machine(4_000_000, SETTING) == pytest.approx(4 * machine(1_000_000, SETTING), rel=0.05)


def test_originals_that_never_end_hold_up_the_loop_by_their_patience_and_not_each_by_its_own() -> None:
    assert loop(2_000, SETTING, stuck=500) < loop(2_000, SETTING) + 1_000
