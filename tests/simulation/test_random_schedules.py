"""The real code keeps its promises under random schedules of large cases."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from lightpress.pipeline.recipe import Unanswered
from tests.sampling import RUNS_ALL
from tests.simulation import mixed, randomly
from tests.simulation.invocation import Fault
from tests.simulation.randomly import Told

# For longer: LIGHTPRESS_SCHEDULES=100000 make unit
SCHEDULES = int(os.environ.get("LIGHTPRESS_SCHEDULES", "300" if RUNS_ALL else "120"))


@pytest.fixture(scope="module")
def told() -> list[Told]:
    """What came of each, up to the first that breaks a promise: they take some ten seconds."""
    all_told = []
    for number in range(max(SCHEDULES, 120)):
        all_told.append(randomly.run(number))
        if all_told[-1].broken:
            break
    return all_told


def test_random_schedules_keep_every_promise_whatever_fails(told: list[Told]) -> None:
    last = told[-1]
    assert not last.broken, f"make simulate SCHEDULES=1 SEED={last.number}\n{last.broken}\n{last.story}"


def test_what_the_cdn_keeps_expires_or_is_asked_for_again_in_many_of_them(told: list[Told]) -> None:
    assert sum(one.happened["expiry"] > 0 for one in told) >= 0.4 * len(told)


def happened_in_some(kinds: Callable[[int], dict[str, Any]]) -> Counter[str]:
    """What happened in schedules of some kinds, none of which may break a promise. kinds: of a number."""
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 40)):
        told = randomly.run(number, None, **kinds(number))
        again = " ".join(f"{kind.upper()}=1" for kind, wanted in kinds(number).items() if wanted)
        assert not told.broken, f"make simulate SCHEDULES=1 {again} SEED={number}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    return happened


def test_whatever_is_lost_is_found_at_night_in_40_schedules() -> None:
    assert happened_in_some(lambda _: {"lossy": True})["expired"] >= 40


def test_lazy_variants_keep_every_promise_in_40_schedules_with_first_views() -> None:
    assert happened_in_some(lambda _: {"lazy": True})["first view"] >= 40


def test_corrected_focuses_are_followed_and_kept_in_20_schedules_with_and_20_without_first_views() -> None:
    assert happened_in_some(lambda number: {"lazy": number % 4 < 2, "corrected": True})["correction"] >= 40


def test_what_is_erased_is_gone_in_40_schedules_in_which_operators_erase() -> None:
    assert happened_in_some(lambda _: {"erasing": True})["erased"] >= 60


def test_nothing_is_published_before_it_is_reviewed_in_40_schedules_with_a_gate() -> None:
    assert happened_in_some(lambda _: {"gated": True})["review"] >= 40


def test_what_enrichers_say_is_told_in_40_schedules_in_which_they_are_asked() -> None:
    happened = happened_in_some(lambda number: {"enriched": True, "erasing": number % 4 == 3, "lossy": number % 4 == 2})
    assert min(happened["fact"], happened["words"]) >= 40


def test_originals_that_leave_are_no_deletions_in_40_schedules_that_drop_them() -> None:
    happened = happened_in_some(
        lambda number: {"dropping": True, "corrected": number % 4 == 1, "erasing": number % 4 == 3}
    )
    assert min(happened["brought back"], happened["expired older"]) >= 8


def test_copies_match_their_manifests_in_40_schedules_in_which_originals_want_the_same_addresses() -> None:
    happened = happened_in_some(
        lambda number: {
            "copying": True,
            "erasing": number % 4 == 1,
            "dropping": number % 4 == 2,
            "gated": number % 4 == 3,
        }
    )
    assert min(happened["foreign"], happened["view of a copy"]) >= 20
    assert happened["former copy"] >= 15


def test_what_enrichers_say_is_told_also_of_originals_that_leave_in_40_schedules() -> None:
    happened = happened_in_some(
        lambda number: {"enriched": True, "dropping": True, "erasing": number % 4 == 3, "lossy": number % 4 == 2}
    )
    assert min(happened["fact"], happened["words"]) >= 40


def test_enrichers_and_reviewers_do_not_get_into_each_others_way_in_40_schedules() -> None:
    happened = happened_in_some(
        lambda number: {"enriched": True, "gated": True, "lazy": number % 4 == 1, "lossy": number % 4 == 2}
    )
    assert min(happened["fact"], happened["review"]) >= 40


def test_enrichers_are_heard_of_what_nobody_has_reviewed_in_time_in_40_schedules() -> None:
    happened = happened_in_some(lambda _: {"enriched": True, "gated": True, "unanswered": Unanswered.PUBLISH})
    assert min(happened["fact"], happened["time"]) >= 40


@pytest.mark.parametrize("unanswered", [Unanswered.PUBLISH, Unanswered.REJECT])
def test_what_nobody_reviews_in_time_is_published_or_rejected_as_recipes_say_in_40_schedules(
    unanswered: Unanswered,
) -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 3, 40)):
        told = randomly.run(number, gated=True, unanswered=unanswered)
        again = f"make simulate SCHEDULES=1 GATED=1 UNANSWERED={unanswered} SEED={number}"
        assert not told.broken, f"{again}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert happened["time"] >= 40


def test_what_is_reviewed_and_erased_is_gone_in_40_schedules_with_a_gate() -> None:
    happened = happened_in_some(lambda _: {"gated": True, "erasing": True})
    assert min(happened["review"], happened["erased"]) >= 40


def test_sweeps_beside_everybody_remove_nothing_that_is_or_will_be_published_in_40_schedules() -> None:
    happened = happened_in_some(
        lambda number: {
            "sweeping": True,
            "erasing": number % 5 == 1,
            "copying": number % 5 == 2,
            "gated": number % 5 == 3,
            "lossy": number % 5 == 4,
        }
    )
    assert happened["sweep"] >= 40


def test_what_failed_is_in_quarantine_in_40_schedules_in_which_operators_discard_failures() -> None:
    happened = happened_in_some(
        lambda number: {
            "discarding": True,
            "erasing": number % 5 == 1,
            "dropping": number % 5 == 2,
            "gated": number % 5 == 3,
            "lossy": number % 5 == 4,
        }
    )
    assert min(happened["discard"], happened["retry"]) >= 20


def test_runs_on_the_state_machine_keep_limits_and_stops_and_leave_nothing_stale_in_20_schedules() -> None:
    happened: Counter[str] = Counter()
    for number in range(max(SCHEDULES // 6, 20)):
        told = randomly.run(number, backfilling=True)
        again = f"make simulate SCHEDULES=1 BACKFILLING=1 SEED={number}"
        assert not told.broken, f"{again}\n{told.broken}\n{told.story}"
        happened.update(told.happened)
    assert min(happened["hint"], happened["run finished"], happened["run stopped"], happened["doubled task"]) >= 10
    assert happened["outdated run"] >= 10


def test_every_promise_is_kept_in_40_schedules_of_several_kinds_at_once() -> None:
    for number in range(max(SCHEDULES // 3, 40)):
        told = mixed.run(number)
        again = f"make simulate SCHEDULES=1 MIXED=1 SEED={number}"
        assert not told.broken, f"{again}: {mixed.named(number)}\n{told.broken}\n{told.story}"


def test_a_schedule_is_the_same_each_time_it_is_run() -> None:
    stories = {number: randomly.run(number, tell=True).story for number in range(15)}
    assert all(randomly.run(number, tell=True).story == story for number, story in stories.items())
    assert len(set(stories.values())) == len(stories)


def test_everything_that_can_go_wrong_does(told: list[Told]) -> None:
    happened = sum((one.happened for one in told[:120]), start=Counter())
    kinds = {*(fault.name for fault in Fault), "redrive", "redelivery", "duplicate", "retry", "outage"}
    kinds |= {"closed", "opened", "view", "purge"}
    assert {name for name in kinds if happened[name] < 2} == set()
