"""The row of a run on DynamoDB, over moto: caps hold for all workers together, and the rate on average."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lightpress.aws.runs_table import COUNTS, EXPIRY, PROGRESS, RUN, DynamoRuns
from lightpress.backfill.ports import Refused
from lightpress.backfill.run import MAX_DOLLARS, MAX_OBJECTS, STOPPED, Job, Run
from lightpress.pipeline.buckets import Selection
from tests.aws.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_800_000_000.0
JOB = Job(
    (Selection("b", "a/", (".jpg",)), Selection("c")),
    since=1.5,
    before=2.5,
    outdated=False,
    deletions_in=("b",),
    nanos_sent=3,
    nanos_read=4,
)
ROW = Run("r", JOB, rate=10.0, paced=NOW)


@pytest.fixture
def runs() -> Iterator[DynamoRuns]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        make_table(dynamodb, "runs", RUN)
        yield DynamoRuns(dynamodb, "runs")


def test_a_row_is_read_back_as_it_was_written_and_expires(runs: DynamoRuns) -> None:
    whole = replace(ROW, round=2, number=3, sent=4, spent=5, objects_left=6, nanos_left=7, most_waiting=8, attempts=9)
    whole = replace(whole, stopped="x", ended="y", execution="z")
    assert runs.find("r") is None
    assert runs.begin(whole) == whole
    assert runs.find("r") == whole
    assert runs.begin(ROW) == whole, "the row that is there stays"
    item = runs.dynamodb.get_item(TableName="runs", Key={RUN: {"S": "r"}})["Item"]
    assert int(item[EXPIRY]["N"]) == int(NOW) + 90 * 24 * 3600


def test_workers_who_know_only_an_old_row_take_exactly_what_is_left_together(runs: DynamoRuns) -> None:
    """At the same time, too, for DynamoDB checks and writes an item in one step; moto does not."""
    runs.begin(replace(ROW, objects_left=100))
    taken = 0
    for _ in range(60):
        with suppress(Refused):
            taken += runs.spend(ROW, 3, 5, NOW).sent - taken
    row = runs.find("r")
    assert row is not None
    assert (taken, row.sent, row.objects_left, row.spent) == (99, 99, 1, 165)


@pytest.mark.parametrize(
    ("row", "objects", "nanos"),
    [
        (replace(ROW, objects_left=2), 3, 0),
        (replace(ROW, nanos_left=9), 1, 10),
        (replace(ROW, stopped=STOPPED), 0, 0),
    ],
)
def test_what_is_too_much_is_refused_as_a_whole(runs: DynamoRuns, row: Run, objects: int, nanos: int) -> None:
    runs.begin(row)
    with pytest.raises(Refused) as refused:
        runs.spend(row, objects, nanos, NOW)
    assert refused.value.run == row
    assert runs.find("r") == row


def test_each_object_moves_the_time_of_the_next_and_a_pause_is_not_caught_up_with(runs: DynamoRuns) -> None:
    runs.begin(ROW)
    assert runs.spend(ROW, 50, 0, NOW).paced == NOW + 5
    assert runs.spend(ROW, 50, 0, NOW).paced == NOW + 10
    assert runs.spend(replace(ROW, rate=100.0), 50, 0, NOW).paced == NOW + 10.5, "at the rate of now"
    assert runs.spend(ROW, 10, 0, NOW + 3_600).paced == NOW + 3_600, "a second back, and a second on"


def test_the_last_of_it_can_be_taken_after_a_pause(runs: DynamoRuns) -> None:
    runs.begin(replace(ROW, objects_left=5, nanos_left=50))
    run = runs.spend(ROW, 5, 50, NOW + 3_600)
    assert (run.objects_left, run.nanos_left) == (0, 0)


def test_a_late_word_of_an_earlier_pass_attempt_or_round_changes_nothing(runs: DynamoRuns) -> None:
    runs.begin(replace(ROW, round=2, attempts=2))
    before = replace(ROW, round=2, attempts=2)
    runs.advance(before, 3)
    for late, number in ((before, 2), (replace(before, attempts=1), 3), (replace(before, round=1), 3)):
        runs.advance(late, number, "finished")
    row = runs.find("r")
    assert row is not None
    assert (row.number, row.ended) == (3, None)


def test_the_first_reason_to_stop_stays(runs: DynamoRuns) -> None:
    runs.begin(ROW)
    runs.stop("r", "first")
    runs.stop("r", "second")
    row = runs.find("r")
    assert row is not None
    assert row.stopped == "first"


def test_a_limit_stops_the_run_that_came_to_it(runs: DynamoRuns) -> None:
    runs.begin(replace(ROW, objects_left=0, nanos_left=30))
    runs.exhaust(replace(ROW, objects_left=0, nanos_left=50))
    row = runs.find("r")
    assert row is not None
    assert row.stopped == MAX_OBJECTS


@pytest.mark.parametrize("since", [{"objects_left": 3}, {"nanos_left": 40}, {"attempts": 2}, {"round": 2}])
def test_a_late_word_of_a_limit_that_was_raised_or_of_a_run_that_was_resumed_since_stops_nothing(
    runs: DynamoRuns, since: dict[str, Any]
) -> None:
    read = replace(ROW, objects_left=0, nanos_left=30, attempts=1)
    runs.begin(replace(read, **since))
    runs.exhaust(read)
    row = runs.find("r")
    assert row is not None
    assert row.stopped is None


def test_of_two_operators_who_resume_at_once_one_does(runs: DynamoRuns) -> None:
    runs.begin(replace(ROW, stopped=STOPPED, ended=STOPPED, attempts=1, execution="e-1"))
    resumed = replace(ROW, attempts=2, execution="e-2")
    assert runs.resume(resumed, keep=PROGRESS) == resumed
    assert runs.resume(replace(resumed, execution="e-3"), keep=PROGRESS) is None
    assert runs.find("r") == resumed


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (PROGRESS, (1, 2, 5, 50, 3, 30)),
        (COUNTS, (2, 1, 5, 50, 3, 30)),
        ((), (2, 1, 0, 0, 6, 60)),
    ],
)
def test_what_functions_take_while_somebody_resumes_counts_unless_limits_begin_anew(
    runs: DynamoRuns, keep: tuple[str, ...], expected: tuple[int, ...]
) -> None:
    runs.begin(replace(ROW, objects_left=10, nanos_left=100, sent=2, spent=20, attempts=1))
    read = runs.find("r")
    assert read is not None
    runs.spend(read, 3, 30, NOW)
    runs.advance(read, 2)
    following = read if keep == PROGRESS else replace(read, round=2)
    if not keep:
        following = replace(following, sent=0, spent=0)
    row = runs.resume(replace(following, attempts=2, objects_left=6, nanos_left=60), keep=keep)
    assert row is not None
    assert (row.round, row.number, row.sent, row.spent, row.objects_left, row.nanos_left) == expected


def test_a_changed_pace_is_that_of_the_row_and_nothing_makes_a_row_of_it(runs: DynamoRuns) -> None:
    runs.begin(ROW)
    runs.change("r", rate=0.5, most_waiting=20)
    runs.change("r")
    assert runs.find("r") == replace(ROW, rate=0.5, most_waiting=20)
    with pytest.raises(Exception, match="conditional request failed"):
        runs.change("other", rate=1.0)


def test_other_limits_count_what_is_sent_and_spent_when_they_are_written(runs: DynamoRuns) -> None:
    """Whoever sets them has read the row before, and children go on meanwhile."""
    runs.begin(ROW)
    runs.spend(ROW, 5, 100, NOW)
    runs.change("r", objects=8)
    row = runs.find("r")
    assert row is not None
    assert (row.objects_left, row.nanos_left) == (3, ROW.nanos_left - 100)
    runs.change("r", nanos=40)  # less than what is spent already
    with pytest.raises(Refused) as refused:
        runs.spend(row, 1, 1, NOW)
    assert (refused.value.run.objects_left, refused.value.run.nanos_left) == (3, -60)
    assert refused.value.run.exhausted == MAX_DOLLARS


def test_a_row_that_is_gone_is_an_error_and_not_a_loop(runs: DynamoRuns) -> None:
    with pytest.raises(RuntimeError, match="the run r"):
        runs.spend(ROW, 1, 1, NOW)


def test_every_run_is_listed_and_one_is_read_as_it_is_now(runs: DynamoRuns) -> None:
    """A stop must be seen by the next step of each child: DynamoDB may tell of the row a second ago, else."""
    asked: list[bool] = []
    runs.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params["ConsistentRead"])
    )
    others = [replace(ROW, name=name) for name in ("s", "t")]
    for run in (ROW, *others):
        runs.begin(run)
    assert sorted(run.name for run in runs.all()) == ["r", "s", "t"]
    assert runs.find("s") == others[0]
    assert asked == [True]
