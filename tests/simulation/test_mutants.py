"""Code that breaks a promise is found out: the simulation can fail."""

from pathlib import Path

import pytest

from tests.simulation import mutants
from tests.simulation.exhaustive import Case
from tests.simulation.invocation import BrokenCodeError
from tests.simulation.mutants import MUTANTS, RECONCILE, Mutant
from tests.simulation.syntax import Change

MANY = 20_000
"""States or schedules that take many seconds."""
PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "mutant",
    [pytest.param(one, id=one.name, marks=[pytest.mark.nightly] if one.within > MANY else []) for one in MUTANTS],
)
def test_code_with_a_broken_step_is_found_out(mutant: Mutant) -> None:
    assert mutant.found_after() is not None


def test_each_change_of_each_mutant_has_exactly_one_place_in_the_code() -> None:
    """Also of those that only nightly runs look for: code that is moved or written anew may no longer hold them."""
    found = {mutant.name: mutant.places() for mutant in MUTANTS}
    assert {name: counts for name, counts in found.items() if {*counts} - {1}} == {}


def test_a_mutant_that_cannot_run_is_a_mistake_and_not_found() -> None:
    change = Change("A.dependencies.images.publish(M, A.published)", "A.dependencies.images.no_such_method(M)")
    mutant = Mutant("no such method", RECONCILE, (change,), Case("P"), 50)
    with pytest.raises(BrokenCodeError, match="no_such_method"):
        mutant.found_after()


def test_the_page_about_the_simulation_has_the_table_of_mutants() -> None:
    assert mutants.as_table() in PAGE.read_text(encoding="utf-8")
