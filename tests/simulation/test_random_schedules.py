"""The real code keeps its promises under random schedules of large cases."""

import os
from collections import Counter

import pytest

from tests.simulation import randomly
from tests.simulation.invocation import Fault
from tests.simulation.randomly import Told

# CI can afford more: LIGHTPRESS_SCHEDULES=100000 make unit
SCHEDULES = int(os.environ.get("LIGHTPRESS_SCHEDULES", "300"))


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """What came of each, up to the first that breaks a promise: they take some ten seconds."""
    all_told = []
    for number in range(max(SCHEDULES, 300)):
        all_told.append(randomly.run(number))
        if all_told[-1].broken:
            break
    return all_told


def test_random_schedules_keep_every_promise_whatever_fails(told: list[Told]) -> None:
    last = told[-1]
    assert not last.broken, f"make simulate SCHEDULES=1 SEED={last.number}\n{last.broken}\n{last.story}"


def test_whatever_is_lost_is_found_at_night_in_100_schedules() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 100)):
        told = randomly.run(number, lossy=True)
        assert not told.broken, f"make simulate SCHEDULES=1 LOSSY=1 SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["expired"] >= 100


def test_lazy_variants_keep_every_promise_in_100_schedules_with_first_views() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 100)):
        told = randomly.run(number, lazy=True)
        assert not told.broken, f"make simulate SCHEDULES=1 LAZY=1 SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["first view"] >= 100


def test_corrected_focuses_are_followed_and_kept_in_50_schedules_with_and_50_without_first_views() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 100)):
        told = randomly.run(number, lazy=number % 4 < 2, corrected=True)
        assert not told.broken, f"make simulate SCHEDULES=1 CORRECTED=1 SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["correction"] >= 100


def test_what_is_erased_is_gone_in_100_schedules_in_which_operators_erase() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 100)):
        told = randomly.run(number, erasing=True)
        assert not told.broken, f"make simulate SCHEDULES=1 ERASING=1 SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["erased"] >= 150


def test_nothing_is_published_before_it_is_reviewed_in_100_schedules_with_a_gate() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 100)):
        told = randomly.run(number, gated=True)
        assert not told.broken, f"make simulate SCHEDULES=1 GATED=1 SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["review"] >= 100


def test_a_schedule_is_the_same_each_time_it_is_run() -> None:
    stories = {number: randomly.run(number, tell=True).story for number in range(30)}
    assert all(randomly.run(number, tell=True).story == story for number, story in stories.items())
    assert len(set(stories.values())) == len(stories)


def test_everything_that_can_go_wrong_does(told: list[Told]) -> None:
    happened = sum((one.happened for one in told[:300]), start=Counter())
    kinds = {*(fault.name for fault in Fault), "redrive", "redelivery", "duplicate", "retry", "outage"}
    kinds |= {"closed", "opened", "view", "purge"}
    assert {name for name in kinds if happened[name] < 5} == set()
