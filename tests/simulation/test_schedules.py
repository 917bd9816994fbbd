"""The real story keeps its promises under every schedule of small cases, and under random ones of large cases."""

import os

import pytest

from tests.simulation.explorers import explore_all, explore_randomly
from tests.simulation.mutants import MUTANTS, Mutant

# CI can afford more: LIGHTPRESS_SCHEDULES=100000 make unit
SCHEDULES = int(os.environ.get("LIGHTPRESS_SCHEDULES", "2000"))
ENOUGH_TO_KILL_A_MUTANT = 1500


@pytest.mark.parametrize("versioned", [True, False], ids=["versioned", "unversioned"])
@pytest.mark.parametrize("script", ["P", "B", "PQ", "PB", "BP", "PD", "DP", "PR", "BR"])
def test_every_interleaving_of_two_consumers_ends_as_promised(script: str, versioned: bool) -> None:
    found = explore_all(script, versioned=versioned)
    assert not found.violations, found
    assert found.states > len(script) * 5


@pytest.mark.parametrize("script", ["P", "PQ", "D", "PR"])
def test_one_failure_at_any_request_changes_nothing(script: str) -> None:
    found = explore_all(script, faults=1)
    assert not found.violations, found
    assert found.states > 10


def test_random_schedules_with_many_faults_end_as_promised() -> None:
    for seed in range(SCHEDULES):
        found = explore_randomly(seed, versioned=seed % 2 == 0)
        assert not found.violations, (seed, found)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_story_with_a_broken_step_is_found_out(mutant: Mutant) -> None:
    make = mutant.make_process()
    if mutant.script:
        assert explore_all(mutant.script, versioned=mutant.versioned, make=make).violations
    else:
        assert any(
            explore_randomly(seed, versioned=True, make=make).violations for seed in range(ENOUGH_TO_KILL_A_MUTANT)
        )
