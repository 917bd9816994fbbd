"""Forecasts of backfills, against arithmetic, and against what bounds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lightpress.costs.prices import prices_of
from tools.benchmarks.backfills import TASKS, Setting, Task, loop, machine, table, task_table

SETTING = Setting("one")
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("rate", [10.0, 15.0])
def test_where_the_rate_is_what_bounds_it_a_backfill_takes_as_long_as_that_says(rate: float) -> None:
    slow = replace(SETTING, rate=rate)
    assert machine(50_000, slow, 1_000) == pytest.approx(50_000 / rate, rel=0.15)
    assert 1_000 / rate <= loop(1_000, slow) < 1.02 * 1_000 / rate


def test_the_loop_keeps_to_50_a_second_where_a_request_takes_30_ms_and_comes_to_90_where_nothing_else_bounds_it() -> (
    None
):
    many = replace(SETTING, concurrency=10_000)
    assert 2_000 / 50 <= loop(2_000, many) < 1.05 * 2_000 / 50
    assert loop(2_000, replace(many, rate=10_000.0)) < 2_000 / 90


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


SWEEP, PLAN = TASKS
PRICES = prices_of("us-east-1")


@pytest.mark.parametrize("task", TASKS, ids=["sweep", "plan"])
def test_tasks_take_as_long_as_their_children_divide_them_by(task: Task) -> None:
    one, ten = (task.seconds(10_000_000, Setting("", children=children)) for children in (1, 10))
    assert 5 < one / ten <= 10, "the planner lists alone"
    assert task.seconds(40_000_000, SETTING) == pytest.approx(4 * task.seconds(10_000_000, SETTING), rel=0.05)
    one, four = (task.dollars(count, SETTING, PRICES) for count in (1_000_000, 4_000_000))
    assert four == pytest.approx(4 * one, rel=0.01)


def test_requests_are_most_of_what_a_sweep_and_a_plan_cost() -> None:
    """Of a manifest, two reads at $0.40 a million, and 14 names at $5 a million lists of a thousand; or one and two."""
    assert 0.8 + 0.07 < SWEEP.dollars(1_000_000, SETTING, PRICES) < 1.3 * (0.8 + 0.07)
    assert 0.4 + 0.01 < PLAN.dollars(1_000_000, SETTING, PRICES) < 1.3 * (0.4 + 0.01)


def test_the_how_to_shows_these_numbers() -> None:
    assert task_table() in (DOCS / "how-to" / "scale.md").read_text(encoding="utf-8")


@pytest.mark.nightly  # a minute of CPU
def test_the_page_about_operations_shows_how_long_a_backfill_takes() -> None:
    assert table() in (DOCS / "operations.md").read_text(encoding="utf-8")
