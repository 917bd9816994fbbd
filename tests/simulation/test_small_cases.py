"""The real code keeps its promises under every schedule of small cases."""

from pathlib import Path

import pytest

from tests.simulation import cases
from tests.simulation.cases import LAZILY_PUBLISHED
from tests.simulation.exhaustive import Case, Graph, explore

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"


@pytest.mark.sampled(5)
@pytest.mark.parametrize("case", cases.QUICK, ids=str)
def test_every_schedule_of_a_small_case_keeps_every_promise(case: Case) -> None:
    explored = explore(case)
    assert not explored.broken, f"{explored.broken}\n{explored.story}"
    assert explored.complete
    assert explored.ends > 0


def test_without_their_delay_purges_come_too_early_and_the_cdn_goes_on_showing_what_was_overwritten() -> None:
    explored = explore(Case("PVQ", delayed=False), most_states=5_000)
    assert explored.broken == ("k: the CDN shows what is not published any more",)


def test_without_delays_the_cdn_goes_on_showing_a_lazy_variant_that_was_being_rendered_when_it_was_deleted() -> None:
    explored = explore(Case("PWD", delayed=False, begins=LAZILY_PUBLISHED), most_states=5_000)
    assert explored.broken == ("k: the CDN keeps a lazy variant of what was withdrawn",)


def test_states_that_lead_to_each_other_and_never_to_an_end_are_found_with_the_way_there() -> None:
    graph = Graph(b"at first")
    for origin, choice, state in (
        (0, "client", b"asked"),
        (1, "step 0", b"woken"),
        (2, "step 1", b"asked"),
        (0, "step 0", b"done"),
    ):
        graph.add(origin, choice, state)
    graph.ends.append(graph.numbers[b"done"])
    endless = graph.endless()
    assert endless == graph.numbers[b"asked"]
    assert graph.way_to(graph.numbers[b"woken"]) == ["client", "step 0"]


def test_the_page_about_the_simulation_counts_the_cases() -> None:
    counted = f"There are {len(cases.ALL)} cases; `make nightly` explores the {len(cases.QUICK)} smallest"
    assert counted in PAGE.read_text(encoding="utf-8")
