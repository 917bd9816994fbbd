"""Runs from their plan to their end, over ports in memory: caps, pace, depth, deaths and passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lightpress.backfill.child import CHUNK, MOST_WAITS
from lightpress.backfill.look import Stale
from lightpress.backfill.machine import MOST_PASSES, NotCutError
from lightpress.backfill.results import NAMED_OF_A_SHARD, Folder, Result
from lightpress.backfill.run import FINISHED, LEFT, MAX_DOLLARS, MAX_OBJECTS, STOPPED
from lightpress.backfill.spending import Purse
from lightpress.pipeline.buckets import Selection
from tests.backfill.fakes import BUCKET, JOB, NOW, Rig

KEYS = [f"{number:04}.jpg" for number in range(1_000)]


def test_each_stale_original_is_hinted_once_and_the_next_pass_looks_at_stale_shards_alone() -> None:
    rig = Rig(KEYS, stale=KEYS[:250:10])
    assert rig.look() == ""
    assert rig.hints.sent == KEYS[:250:10]
    rig.looking.stale.clear()
    rig.drain()
    assert rig.look() == FINISHED
    first, second = Folder(rig.files, rig.row).report().passes
    assert (first.shards, first.looked, first.sent, first.endings) == (5, 1_000, 25, {"ready": 975})
    assert first.stale == {"missing": 25}
    assert (second.shards, second.looked, second.sent) == (2, 400, 0), "of five shards, two had anything stale"
    assert rig.row.spent == 25 * JOB.nanos_sent + 2 * 1_400 * JOB.nanos_read


@pytest.mark.parametrize("cap", [0, 1, 99, 100, 101, 250, 999])
def test_a_cap_on_objects_is_kept_to_the_object_and_what_is_left_is_sent_once_when_it_is_raised(cap: int) -> None:
    rig = Rig(KEYS, stale=KEYS, objects_left=cap)
    assert rig.look() == MAX_OBJECTS
    assert rig.hints.sent == KEYS[:cap]
    rig.runs.row = replace(rig.row, objects_left=10_000, stopped=None, ended=None)
    assert rig.look() == ""
    assert rig.hints.sent == KEYS


def test_a_cap_on_dollars_counts_reads_too() -> None:
    rig = Rig(KEYS, stale=KEYS, nanos_left=150_000)
    assert rig.look() == MAX_DOLLARS
    # 200 reads for each hundred originals that are looked at, and a thousand for each that is sent
    assert len(rig.hints.sent) == 149
    assert rig.row.nanos_left >= 0


def test_what_the_queue_refuses_is_found_and_paid_for_again_by_the_next_pass() -> None:
    rig = Rig(KEYS[:200], stale=KEYS[:200], objects_left=202)
    rig.hints.refuses = 1
    assert rig.look() == ""
    assert (rig.row.sent, rig.row.objects_left, len(rig.hints.sent)) == (200, 2, 198)
    assert sum(one.sent for one in Folder(rig.files, rig.row).report().passes) == 198
    assert rig.row.spent == 200 * JOB.nanos_sent + 2 * 200 * JOB.nanos_read
    rig.looking.stale.difference_update(rig.hints.sent)
    rig.hints.refuses = 0
    rig.drain()
    assert rig.look() == ""
    assert sorted(rig.hints.sent) == KEYS[:200]


def test_who_is_late_does_not_say_finished_of_what_another_execution_still_cuts() -> None:
    rig = Rig(KEYS[:2], stale=KEYS[:2])
    with pytest.raises(NotCutError, match="resumed"):
        rig.machine.settle({"run": "r", "pass": 1})
    assert rig.row.ended is None


def test_who_finds_a_run_stopped_and_is_late_does_not_stop_it_again_for_whoever_has_resumed_it() -> None:
    rig = Rig(KEYS[:2], stale=KEYS[:2])
    purse, read = Purse(rig.runs, lambda: NOW), replace(rig.row, stopped=STOPPED)
    assert purse.end(read, Result(""))[1].ended == STOPPED
    assert rig.row.stopped is None


def test_no_pass_begins_while_rejections_of_the_last_one_are_not_recorded() -> None:
    """They would be looked at as they were before, sent again, and rejected again."""
    rig = Rig(KEYS[:2], stale=KEYS[:2])
    rig.look()
    rig.hints.rejected = 1
    state: dict[str, Any] = {"run": "r", "pass": 1, "checks": 1}
    assert rig.machine.drain(state)["wait"] > 0
    assert rig.row.number == 1
    rig.hints.rejected = 0
    assert rig.machine.drain(state)["wait"] == 0
    assert rig.row.number == 2


@pytest.mark.parametrize(
    ("why", "sent"), [(Stale.OUTDATED, 0), (Stale.COPIED, 0), (Stale.LEAVES, 0), (Stale.CHANGED, 3)]
)
def test_a_run_that_leaves_other_recipes_alone_sends_what_is_stale_for_another_reason(why: Stale, sent: int) -> None:
    rig = Rig(KEYS[:10], stale=KEYS[:3], why=why, job=replace(JOB, outdated=False))
    rig.look()
    (only,) = Folder(rig.files, rig.row).report().passes
    assert len(rig.hints.sent) == only.sent == sum(only.stale.values()) == sent
    assert only.endings == ({"ready": 7, str(why): 3} if sent == 0 else {"ready": 7})


def test_what_is_no_picture_of_the_run_is_not_looked_at_and_counted_as_ignored() -> None:
    job = replace(JOB, pictures=(Selection(BUCKET, suffixes=(".jpg",)),))
    rig = Rig([*KEYS[:3], "notes.txt"], stale=["notes.txt", KEYS[0]], job=job)
    rig.look()
    (only,) = Folder(rig.files, rig.row).report().passes
    assert (rig.hints.sent, only.looked, only.endings) == ([KEYS[0]], 4, {"ready": 2, "ignored": 1})
    assert [key for _, key, _ in Folder(rig.files, rig.row).report().left] == [KEYS[0]]


def test_a_shard_with_nothing_wanted_is_done_in_one_step_and_its_pages_are_listed_once() -> None:
    rig = Rig(KEYS, job=replace(JOB, since=NOW + 1))
    rig.lister.page_size = 100
    row = {"shard": "s", "place": "0", "after": "", "until": KEYS[449]}
    assert rig.machine.step({"run": "r", "row": row, "waits": 0})["done"]
    assert rig.lister.pages == 5


def test_behind_the_last_original_that_is_wanted_of_a_page_nothing_is_listed_twice() -> None:
    rig = Rig(KEYS, job=replace(JOB, since=NOW + 1))
    rig.lister.page_size, rig.lister.modified = 100, dict.fromkeys(KEYS[::100], NOW + 2)
    rig.child({"shard": "s", "place": "0", "after": "", "until": ""})
    assert rig.lister.pages == 10


def test_a_pass_that_is_cut_in_parts_is_cut_on_where_the_part_before_ended() -> None:
    rig = Rig(KEYS, stale=KEYS)
    rig.lister.page_size = 300
    state, parts = rig.machine.begin({"run": "r"}, "e"), 0
    while not parts or not state["last"]:
        state, parts = rig.machine.plan(state, lambda: False), parts + 1
        assert state["part"] == parts
        for row in rig.rows(state):
            rig.child(row)
    assert parts == 4
    assert rig.hints.sent == KEYS, "each once, and none left out"


def test_another_pass_begins_once_the_queue_has_been_looked_at_twice_and_is_empty() -> None:
    rig = Rig(KEYS)
    state: dict[str, Any] = {"run": "r", "pass": 1, "checks": 0}
    first = rig.machine.drain(state)
    assert (first["wait"] > 0, first["checks"], rig.row.number) == (True, 1, 1), (
        "SQS counts what was sent a minute late"
    )
    second = rig.machine.drain(first)
    assert (second["wait"], rig.row.number) == (0, 2)


def test_a_queue_that_never_empties_is_waited_for_some_two_hours() -> None:
    rig = Rig(KEYS)
    rig.hints.deep = 1
    state: dict[str, Any] = {"run": "r", "pass": 1, "checks": 0, "wait": 60}
    waited = 0
    while state["wait"]:
        state = rig.machine.drain(state)
        waited += state["wait"]
    assert 5_400 <= waited <= 7_200


def test_a_shard_names_some_of_what_it_finds_stale_however_much_that_is() -> None:
    rig = Rig(KEYS, stale=KEYS, job=replace(JOB, originals_of_a_shard=1_000))
    rig.look()
    ((_, result),) = Folder(rig.files, rig.row).results()
    assert result is not None
    assert result.named == tuple((BUCKET, key, "missing") for key in KEYS[:NAMED_OF_A_SHARD])


def test_a_cap_that_the_reads_alone_would_break_ends_the_run_before_them() -> None:
    rig = Rig(KEYS[:200], nanos_left=2 * 100 * JOB.nanos_read)
    assert rig.look() == MAX_DOLLARS
    (only,) = Folder(rig.files, rig.row).report().passes
    assert (only.looked, rig.row.nanos_left) == (100, 0)


def test_a_child_that_waits_looks_for_a_stop_each_minute_and_after_half_a_day_every_five() -> None:
    rig = Rig(KEYS, stale=KEYS, rate=0.01)
    rig.child({"shard": "s", "place": "0", "after": "", "until": KEYS[199]})
    assert rig.waits[0] == 60
    assert max(rig.waits) == 60
    answer = rig.machine.step({"run": "r", "row": {"shard": "t", "place": "0", "after": "", "until": ""}, "waits": 500})
    assert (answer["wait"], answer["done"]) == (300, False)


def test_the_rate_holds_on_average_and_is_waited_for_by_the_state_machine() -> None:
    rig = Rig(KEYS, stale=KEYS, rate=10.0)
    begun = rig.clock
    rig.look()
    assert len(rig.hints.sent) == 1_000
    assert 90 <= rig.clock - begun <= 101
    assert max(rig.waits) == CHUNK / 10


def test_nobody_sends_while_the_queue_is_deep_and_a_shard_that_waits_too_long_is_left_to_the_next_pass() -> None:
    rig = Rig(KEYS, stale=KEYS, most_waiting=500)
    rig.hints.deep = 500
    assert rig.look() == ""
    assert rig.hints.sent == []
    assert len(rig.waits) == 5 * MOST_WAITS
    rig.hints.deep = 499
    rig.drain()
    rig.look()
    assert rig.hints.sent == KEYS


def test_a_child_that_dies_goes_on_where_its_last_step_ended() -> None:
    rig = Rig(KEYS, stale=KEYS, job=replace(JOB, originals_of_a_shard=1_000), rate=10.0)
    rig.looking.dies_at.add(KEYS[250])
    rig.look()
    assert rig.hints.sent == KEYS[:200], "each chunk that had to wait was a step"
    rig.looking.dies_at.clear()
    rig.drain()
    rig.look()
    assert set(rig.hints.sent) == set(KEYS)
    assert len(rig.hints.sent) == 1_000 + 200, (
        "the next pass looks at all of the shard, for what was sent is still stale"
    )


def test_what_stays_stale_is_named_with_its_reason_after_five_passes() -> None:
    rig = Rig(KEYS, stale=KEYS[:3])
    for _ in range(MOST_PASSES - 1):
        assert rig.look() == ""
        rig.drain()
    assert rig.look() == LEFT
    report = Folder(rig.files, rig.row).report()
    assert report.left == tuple((BUCKET, key, "missing") for key in KEYS[:3])
    assert len(report.passes) == MOST_PASSES


def test_a_shard_that_nobody_can_look_at_is_named_as_not_done() -> None:
    rig = Rig(KEYS)
    rig.looking.dies_at.add(KEYS[0])
    for _ in range(MOST_PASSES - 1):
        assert rig.look() == ""
        rig.drain()
    assert rig.look() == LEFT
    assert Folder(rig.files, rig.row).report().unfinished == ((BUCKET, "", KEYS[199]),)


def test_a_stop_ends_planning_too_and_a_resumed_run_cuts_the_rest() -> None:
    rig = Rig(KEYS, stale=KEYS)
    rig.machine.plan({"run": "r", "part": 0}, lambda: False)
    cut_before = rig.lister.pages
    rig.runs.stop("r", STOPPED)
    assert rig.look() == STOPPED
    assert rig.lister.pages == cut_before
    rig.runs.row = replace(rig.row, stopped=None, ended=None)
    rig.look()
    assert rig.hints.sent == KEYS
