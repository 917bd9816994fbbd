"""The real code keeps its promises under every schedule of small cases, and under random ones of large cases."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation import cases, mutants, randomly
from tests.simulation.exhaustive import Case, explore
from tests.simulation.invocation import BrokenCodeError, Fault
from tests.simulation.mutants import MUTANTS, RECONCILE, Mutant
from tests.simulation.syntax import Change

# CI can afford more: LIGHTPRESS_SCHEDULES=100000 make unit
SCHEDULES = int(os.environ.get("LIGHTPRESS_SCHEDULES", "1000"))
PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.mark.parametrize("case", cases.QUICK, ids=str)
def test_every_schedule_of_a_small_case_keeps_every_promise(case: Case) -> None:
    explored = explore(case)
    assert not explored.broken, f"{explored.broken}\n{explored.story}"
    assert explored.complete
    assert explored.ends > 0


def test_random_schedules_keep_every_promise_whatever_fails() -> None:
    for number in range(SCHEDULES):
        told = randomly.run(number)
        assert not told.broken, f"make simulate SCHEDULES=1 SEED={number}\n{told.broken}\n{told.story}"


def test_a_schedule_is_the_same_each_time_it_is_run() -> None:
    stories = {number: randomly.run(number, tell=True).story for number in range(30)}
    assert all(randomly.run(number, tell=True).story == story for number, story in stories.items())
    assert len(set(stories.values())) == len(stories)


def test_everything_that_can_go_wrong_does() -> None:
    happened = sum((randomly.run(number).happened for number in range(200)), start=Counter())
    kinds = {*(fault.name for fault in Fault), "redrive", "redelivery", "duplicate", "retry", "outage"}
    kinds |= {"closed", "opened"}
    assert {name for name in kinds if happened[name] < 5} == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_code_with_a_broken_step_is_found_out(mutant: Mutant) -> None:
    assert mutant.found_after() is not None


def test_a_mutant_that_cannot_run_is_a_mistake_and_not_found() -> None:
    change = Change("A.dependencies.images.publish(M, A.published)", "A.dependencies.images.no_such_method(M)")
    mutant = Mutant("no such method", RECONCILE, (change,), Case("P"), 50)
    with pytest.raises(BrokenCodeError, match="no_such_method"):
        mutant.found_after()


def test_the_page_about_the_simulation_has_the_table_of_mutants() -> None:
    assert mutants.as_table() in PAGE.read_text(encoding="utf-8")


def test_the_page_about_the_simulation_counts_the_cases() -> None:
    counted = f"There are {len(cases.ALL)} cases; `make test` explores {len(cases.QUICK)} of them"
    assert counted in PAGE.read_text(encoding="utf-8")
