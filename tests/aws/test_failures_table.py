"""The failures table: what is written twice is there once, and nothing that was known gets lost."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from lightpress.aws.failures_table import IDENTITY, SUBJECT, DynamoFailures
from lightpress.pipeline.failures import Failure, Trial, subject_of_picture
from tests.aws.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient

NOW, RETENTION = 1_800_000_000, 3_600
FAILURE = Failure(
    subject=subject_of_picture("uploads", "a/ü.jpg"),
    identity="v1",
    reason="corrupt",
    detail="The decoder says: so.",
    attempts=3,
    first_at=NOW - 50,
    last_at=NOW,
    expires_at=NOW + RETENTION,
    bucket="uploads",
    key="a/ü.jpg",
    digest="d1",
    request_ids=("r-1", "r-2"),
    quarantine="pictures/x/y",
    correlation_id="C-1",
)
TRIAL = Trial(FAILURE.subject, "v1", "d1", "m-1")
OF_A_MESSAGE = replace(
    FAILURE, subject="message:m-1", identity="part", bucket=None, key=None, digest=None, request_ids=()
)


@contextmanager
def asked(dynamodb: DynamoDBClient, *operations: str) -> Iterator[list[dict[str, Any]]]:
    """What is asked of DynamoDB meanwhile, by these operations."""
    requests: list[dict[str, Any]] = []

    def hear(params: dict[str, Any], **_event: object) -> None:
        requests.append(params)

    events = [f"provide-client-params.dynamodb.{operation}" for operation in operations]
    for event in events:
        dynamodb.meta.events.register(event, hear)
    try:
        yield requests
    finally:
        for event in events:
            dynamodb.meta.events.unregister(event, hear)


@pytest.fixture(scope="session")
def dynamodb() -> DynamoDBClient:
    return boto3.client("dynamodb", region_name="eu-west-1")


@pytest.fixture
def failures(dynamodb: DynamoDBClient) -> DynamoFailures:
    make_table(dynamodb, "failures", SUBJECT, IDENTITY)
    return DynamoFailures(dynamodb, "failures", lambda: NOW, RETENTION)


@pytest.mark.parametrize("failure", [FAILURE, OF_A_MESSAGE, replace(FAILURE, quarantine=None)])
def test_a_failure_reads_as_it_was_recorded_however_often(failures: DynamoFailures, failure: Failure) -> None:
    for _ in range(2):
        failures.record(failure)
    assert list(failures.all()) == failures.of(failure.subject) == [failure]


def test_a_later_record_says_the_last_word_and_keeps_the_first_time_and_all_requests(failures: DynamoFailures) -> None:
    failures.record(FAILURE)
    later = replace(
        FAILURE, reason="too_slow", digest="d2", attempts=9, first_at=NOW, last_at=NOW + 5, request_ids=("r-3",)
    )
    failures.record(later)
    assert failures.of(FAILURE.subject) == [
        replace(later, first_at=FAILURE.first_at, request_ids=("r-1", "r-2", "r-3"))
    ]


def test_each_version_of_a_picture_has_a_row_of_its_own_the_last_one_last(failures: DynamoFailures) -> None:
    newer = replace(FAILURE, identity="a", last_at=NOW + 1)
    for failure in (newer, FAILURE):
        failures.record(failure)
    assert failures.of(FAILURE.subject) == [FAILURE, newer]


def test_trials_are_counted_for_each_dead_letter_original_and_recipe_and_can_be_taken_back(
    failures: DynamoFailures,
) -> None:
    assert [failures.begin_trial(TRIAL) for _ in range(3)] == [1, 2, 3]
    failures.end_trial(TRIAL)
    assert failures.begin_trial(TRIAL) == 3
    for change in ({"digest": "d2"}, {"identity": "v2"}, {"message_id": "m-2"}, {"subject": "uploads/b"}):
        assert failures.begin_trial(replace(TRIAL, **change)) == 1


def test_a_trial_is_no_failure_and_does_not_stay_for_ever(failures: DynamoFailures, dynamodb: DynamoDBClient) -> None:
    failures.begin_trial(TRIAL)
    assert list(failures.all()) == failures.of(FAILURE.subject) == []
    (item,) = dynamodb.scan(TableName="failures")["Items"]
    assert item["expires_at"] == {"N": str(NOW + RETENTION)}


def test_trials_and_a_failure_share_a_row(failures: DynamoFailures, dynamodb: DynamoDBClient) -> None:
    failures.begin_trial(TRIAL)
    failures.record(FAILURE)
    failures.begin_trial(TRIAL)
    assert failures.of(FAILURE.subject) == [FAILURE]
    assert len(dynamodb.scan(TableName="failures")["Items"]) == 1


def test_what_is_forgotten_is_gone_and_nothing_else(failures: DynamoFailures) -> None:
    for failure in (FAILURE, OF_A_MESSAGE):
        failures.record(failure)
    failures.forget(FAILURE)
    assert list(failures.all()) == [OF_A_MESSAGE]


def test_what_was_recorded_anew_meanwhile_is_not_forgotten(failures: DynamoFailures) -> None:
    failures.record(FAILURE)
    newer = replace(FAILURE, last_at=NOW + 1)
    failures.record(newer)
    assert not failures.forget(FAILURE)
    assert failures.forget(newer)
    assert failures.forget(newer), "gone is gone"
    assert list(failures.all()) == []


def test_of_the_same_second_another_copy_tells_that_it_was_recorded_anew(failures: DynamoFailures) -> None:
    assert failures.record(FAILURE) is None
    newer = replace(FAILURE, quarantine="pictures/x/z")
    assert failures.record(newer) == "pictures/x/y", "the copy that no row names any more"
    assert failures.record(newer) is None, "as where a request is sent twice"
    assert failures.record(replace(FAILURE, quarantine=None)) is None, "the row names the one before"
    for former in (FAILURE, replace(FAILURE, quarantine=None)):
        assert not failures.forget(former)
    assert failures.forget(newer)


def test_a_failure_is_ordered_again_until_it_is_recorded_anew_and_nothing_else_is(failures: DynamoFailures) -> None:
    failures.begin_trial(TRIAL)
    for row in (TRIAL, OF_A_MESSAGE):
        failures.order_again(row.subject, row.identity, ordered=True)
    assert [failure.ordered_again for failure in failures.all()] == []
    failures.record(FAILURE)
    assert failures.of(FAILURE.subject) == [FAILURE], "a trial was no failure"
    failures.order_again(FAILURE.subject, FAILURE.identity, ordered=True)
    assert failures.of(FAILURE.subject) == [replace(FAILURE, ordered_again=True)]
    failures.order_again(FAILURE.subject, FAILURE.identity, ordered=False)
    assert failures.of(FAILURE.subject) == [FAILURE]
    failures.order_again(FAILURE.subject, FAILURE.identity, ordered=True)
    failures.record(replace(FAILURE, last_at=NOW + 1))
    assert failures.of(FAILURE.subject) == [replace(FAILURE, last_at=NOW + 1)]


def test_a_rejection_is_lifted_unless_it_was_recorded_for_another_manifest_since(failures: DynamoFailures) -> None:
    rejected = replace(FAILURE, reason="rejected_by_gate")
    failures.record(rejected, 3)
    failures.record(rejected, 5)
    seen = failures.rejection(rejected.subject, rejected.identity)
    assert seen == frozenset({3, 5})
    failures.record(rejected, 7)
    assert failures.lift_rejection(rejected.subject, rejected.identity, seen) is None
    assert len(failures.of(rejected.subject)) == 1
    assert failures.lift_rejection(rejected.subject, rejected.identity, frozenset({3, 5, 7})) == rejected.quarantine
    assert failures.of(rejected.subject) == []
    assert failures.rejection(rejected.subject, rejected.identity) is None


def test_a_rejection_that_an_older_release_recorded_is_lifted_and_no_other_failure_is(failures: DynamoFailures) -> None:
    rejected = replace(FAILURE, reason="rejected_by_gate")
    failures.record(rejected)
    failures.lift_rejection(rejected.subject, rejected.identity, frozenset())
    assert failures.of(rejected.subject) == []
    failures.record(FAILURE, 1)
    assert failures.rejection(rejected.subject, rejected.identity) is None
    failures.lift_rejection(rejected.subject, rejected.identity, frozenset())
    assert len(failures.of(rejected.subject)) == 1


def test_every_row_of_a_subject_is_erased_trials_too_and_no_other(failures: DynamoFailures) -> None:
    other = replace(FAILURE, subject=subject_of_picture("uploads", "b.jpg"))
    for failure in (FAILURE, replace(FAILURE, identity="v2"), other):
        failures.record(failure)
    failures.begin_trial(replace(TRIAL, identity="v3"))
    assert sorted(failures.subjects()) == [FAILURE.subject] * 3 + [other.subject]
    assert failures.erase(FAILURE.subject) == 3
    assert list(failures.subjects()) == [other.subject]
    assert failures.erase(FAILURE.subject) == 0


def test_what_decides_about_a_subject_is_read_consistently(failures: DynamoFailures, dynamodb: DynamoDBClient) -> None:
    """DynamoDB may tell of what was there a second ago, else."""
    with asked(dynamodb, "Query", "GetItem") as requests:
        failures.of(FAILURE.subject)
        failures.erase(FAILURE.subject)
        failures.rejection(FAILURE.subject, "v1")
    assert [request["ConsistentRead"] for request in requests] == [True] * 3


def test_a_segment_of_many_is_asked_for_as_such(failures: DynamoFailures, dynamodb: DynamoDBClient) -> None:
    """moto cuts no table into segments: what is asked of DynamoDB is looked at."""
    with asked(dynamodb, "Scan") as requests:
        failures.page(3, 20, "")
    assert [(request["Segment"], request["TotalSegments"]) for request in requests] == [(3, 20)]


def test_pages_have_200_rows_at_most_and_one_after_another_has_every_failure_once_and_no_trial(
    failures: DynamoFailures, dynamodb: DynamoDBClient
) -> None:
    failures.record(FAILURE)
    (row,) = dynamodb.scan(TableName="failures")["Items"]
    for number in range(250):
        dynamodb.put_item(TableName="failures", Item=row | {SUBJECT: {"S": f"picture:{number}"}})
    failures.begin_trial(replace(TRIAL, identity="v2"))
    with asked(dynamodb, "Scan") as requests:
        first, place = failures.page(0, 1, "")
        rest, end = failures.page(0, 1, place)
    assert [request["Limit"] for request in requests] == [200] * 2
    assert (place != "", end) == (True, "")
    assert sorted(failure.subject for failure in (*first, *rest)) == sorted(
        [FAILURE.subject, *(f"picture:{number}" for number in range(250))]
    )


def test_of_rows_whose_subjects_are_asked_for_nothing_else_is_sent(
    failures: DynamoFailures, dynamodb: DynamoDBClient
) -> None:
    failures.record(FAILURE)
    with asked(dynamodb, "Scan") as requests:
        assert list(failures.subjects()) == [FAILURE.subject]
    assert [request["ProjectionExpression"] for request in requests] == [SUBJECT]
