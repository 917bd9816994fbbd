"""Whoever wraps the news, and however keys are written in it, the same sources are looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest
from aws_lambda_powertools.utilities.data_classes import S3Event, S3EventBridgeNotificationEvent, SQSEvent
from hypothesis import given
from hypothesis import strategies as st

from lightpress.pipeline.events import Problem, Reading, read, reconcile_message
from lightpress.pipeline.source import Cause, Source
from tests.pipeline.keys import NASTY_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

BUCKET = "uploads"


def record(key: str, name: str = "ObjectCreated:Put", bucket: str = BUCKET) -> dict[str, Any]:
    """As S3 writes it: the key encoded as in a form.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key, safe="/"), "size": 3, "eTag": "e", "sequencer": "0055"},
        },
    }


def s3(*keys: str, name: str = "ObjectCreated:Put", bucket: str = BUCKET) -> str:
    return json.dumps({"Records": [record(key, name, bucket) for key in keys]})


def sns(message: str) -> str:
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "m",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:uploads",
            "Subject": "Amazon S3 Notification",
            "Message": message,
            "Timestamp": "2026-01-01T00:00:00.000Z",
        }
    )


def eventbridge(key: str, name: str = "Object Created", bucket: str = BUCKET) -> str:
    """As EventBridge writes it: the key as it is. Events that people have published have colons in their keys.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    https://gist.github.com/vincentclaes/7a5eb53acc05b316c86769fed25d4e1a
    """
    return json.dumps(
        {
            "version": "0",
            "detail-type": name,
            "source": "aws.s3",
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "etag": "e"}},
        },
        ensure_ascii=False,
    )


ENVELOPES: dict[str, Callable[[str], str]] = {
    "S3": s3,
    "S3 in SNS": lambda key: sns(s3(key)),
    "S3 in SNS in SNS": lambda key: sns(sns(s3(key))),
    "EventBridge": eventbridge,
    "EventBridge in SNS": lambda key: sns(eventbridge(key)),
}


def test_the_table_of_keys_is_worth_its_name() -> None:
    assert len(set(NASTY_KEYS)) == len(NASTY_KEYS) >= 60
    assert all(1 <= len(key.encode()) <= 1024 for key in NASTY_KEYS)


@pytest.mark.parametrize(("times", "sources"), [(3, 1), (4, 0)])
def test_a_message_is_unwrapped_up_to_three_times(times: int, sources: int) -> None:
    body = s3("a.jpg")
    for _ in range(times):
        body = sns(body)
    reading = read(body)
    assert len(reading.sources) == sources
    assert [problem.reason for problem in reading.problems] == ["unknown_message"] * (1 - sources)


@pytest.mark.parametrize("wrap", ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("key", NASTY_KEYS, ids=lambda key: ascii(key)[:24])
def test_a_key_arrives_as_s3_stores_it(key: str, wrap: Callable[[str], str]) -> None:
    assert read(wrap(key)) == Reading((Source(BUCKET, key),))


@pytest.mark.parametrize("key", NASTY_KEYS, ids=lambda key: ascii(key)[:24])
def test_the_readers_of_powertools_find_the_same_source(key: str) -> None:
    def queued(body: str) -> SQSRecord:
        return next(iter(SQSEvent({"Records": [{"body": body}]}).records))

    theirs = queued(s3(key)).decoded_nested_s3_event
    assert read(s3(key)).sources == (Source(theirs.bucket_name, theirs.object_key),)
    in_sns = S3Event(json.loads(queued(sns(s3(key))).decoded_nested_sns_event.message))
    assert read(sns(s3(key))).sources == (Source(in_sns.bucket_name, in_sns.object_key),)
    if not {"%", "+"} & set(key):  # Powertools decodes the key there as well, which EventBridge has not encoded
        of_bus = S3EventBridgeNotificationEvent(json.loads(eventbridge(key))).detail
        assert read(eventbridge(key)).sources == (Source(of_bus.bucket.name, of_bus.object.key),)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_key_arrives_as_s3_stores_it(key: str) -> None:
    for wrap in ENVELOPES.values():
        assert read(wrap(key)) == Reading((Source(BUCKET, key),))


LOOKED_AT = (
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "ObjectRestore:Completed",
    "s3:ObjectCreated:Put",
    "s3:ObjectRemoved:Delete",
)


@pytest.mark.parametrize("name", LOOKED_AT)
def test_every_event_of_a_key_names_it_as_a_source_to_reconcile(name: str) -> None:
    assert read(s3("a.jpg", name=name)) == Reading((Source(BUCKET, "a.jpg"),))


@pytest.mark.parametrize("name", ["Object Created", "Object Deleted", "Object Restore Completed"])
def test_eventbridge_has_names_of_its_own(name: str) -> None:
    assert read(eventbridge("a.jpg", name)) == Reading((Source(BUCKET, "a.jpg"),))


def test_every_record_is_read_once_and_in_order() -> None:
    body = s3("c", "a", "b", "a", "c")
    assert [source.key for source in read(body).sources] == ["c", "a", "b"]


def test_the_same_key_in_two_buckets_is_two_sources() -> None:
    body = json.dumps({"Records": [record("a", bucket="one"), record("a", bucket="two")]})
    assert read(body).sources == (Source("one", "a"), Source("two", "a"))


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026", "Bucket": BUCKET}),
        sns(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET})),
        json.dumps({"Records": []}),
    ],
    ids=["test event", "test event in SNS", "no records"],
)
def test_what_asks_for_nothing_is_no_problem(body: str) -> None:
    assert read(body) == Reading()


def caused(request: object, time: object) -> list[Cause | None]:
    """What a message in each envelope says of why it came."""
    in_s3 = record("a") | {"responseElements": {"x-amz-request-id": request}, "eventTime": time}
    bridged = json.loads(eventbridge("a"))
    bridged |= {"time": time, "detail": bridged["detail"] | {"request-id": request}}
    bodies = [json.dumps({"Records": [in_s3]}), json.dumps(bridged)]
    return [source.cause for body in bodies for source in read(body).sources]


@pytest.mark.parametrize(
    ("request_id", "time", "cause"),
    [
        ("C3D13FE58DE4C810", "1970-01-02T00:00:00.000Z", Cause("C3D13FE58DE4C810", 86_400)),
        ("x" * 64, "2242-03-16T12:56:31Z", Cause("x" * 64, (1 << 33) - 1)),
        ("x", "2242-03-16T12:56:32Z", Cause("x", 0)),
        ("x", "1970-01-01T00:00:00Z", Cause("x", 0)),
        ("x", "1969-12-31T23:59:59Z", Cause("x", 0)),
        ("x", "9999-12-31T23:59:59-23:59", Cause("x", 0)),
        ("x", "yesterday", Cause("x", 0)),
        ("x", 17, Cause("x", 0)),
        ("x" * 65, "2026-01-01T00:00:00Z", None),
        ("", "2026-01-01T00:00:00Z", None),
        ("two\nlines", "2026-01-01T00:00:00Z", None),
        (None, "2026-01-01T00:00:00Z", None),
    ],
)
def test_the_request_that_changed_a_source_is_named_with_its_time_in_seconds_if_both_can_be_logged(
    request_id: object, time: object, cause: Cause | None
) -> None:
    assert caused(request_id, time) == [cause, cause]


UNREADABLE = {
    "an event that is no test": (json.dumps({"Service": "Amazon S3", "Event": "s3:Another"}), "unknown_message"),
    "an event after all others": (json.dumps({"Service": "Amazon S3", "Event": "s3:Zzz"}), "unknown_message"),
    "nothing": ("", "not_json"),
    "text": ("hello", "not_json"),
    "half of it": (s3("a")[:-20], "not_json"),
    "an endless number": ("9" * 5_000, "not_json"),
    "very deep": ("[" * 100_000, "not_json"),
    "a list": ("[]", "unknown_message"),
    "a number": ("17", "unknown_message"),
    "null": ("null", "unknown_message"),
    "a text in JSON": ('"hello"', "unknown_message"),
    "an empty object": ("{}", "unknown_message"),
    "somebody else's": ('{"source": "aws.ec2", "detail-type": "Object Created"}', "unknown_message"),
    "records that are none": ('{"Records": "none"}', "unknown_message"),
    "records that are null": ('{"Records": null}', "unknown_message"),
    "a record that is none": ('{"Records": [17]}', "unknown_event"),
    "an empty record": ('{"Records": [{}]}', "unknown_event"),
    "an event without a name": (json.dumps({"Records": [record("a") | {"eventName": None}]}), "unknown_event"),
    "an event that changes nothing": (s3("a", name="ObjectTagging:Put"), "unknown_event"),
    "a lost copy": (s3("a", name="ReducedRedundancyLostObject"), "unknown_event"),
    "an unknown event of EventBridge": (eventbridge("a", "Object Tags Added"), "unknown_event"),
    "an unhashable event of EventBridge": ('{"source": "aws.s3", "detail-type": {}}', "unknown_event"),
    "no key": (json.dumps({"Records": [record("a") | {"s3": {"bucket": {"name": "b"}}}]}), "record_without_key"),
    "an empty key": (s3(""), "record_without_key"),
    "a key that is a number": (
        json.dumps({"Records": [record("a") | {"s3": {"bucket": {"name": "b"}, "object": {"key": 17}}}]}),
        "record_without_key",
    ),
    "no bucket": (
        json.dumps({"Records": [record("a") | {"s3": {"object": {"key": "a"}}}]}),
        "record_without_key",
    ),
    "an empty bucket": (s3("a", bucket=""), "record_without_key"),
    "a look at no key": (s3("", name="Lightpress:Look"), "record_without_key"),
    "a retry of no key": (s3("", name="Lightpress:Retry"), "record_without_key"),
    "s3 is a text": (json.dumps({"Records": [record("a") | {"s3": "s3"}]}), "record_without_key"),
    "half a character as key": (s3("a").replace('"a"', '"\\ud800"'), "record_without_key"),
    "half a character, EventBridge": (eventbridge("a").replace('"a"', '"\\udfff"'), "record_without_key"),
    "EventBridge without detail": ('{"source": "aws.s3", "detail-type": "Object Created"}', "record_without_key"),
    "text in SNS": (sns("hello"), "not_json"),
    "a list in SNS": (sns("[]"), "unknown_message"),
    "wrapped without end": (sns(sns(sns(sns(sns(s3("a")))))), "unknown_message"),
}


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_a_problem_with_its_reason(body: str, reason: str) -> None:
    reading = read(body)
    assert reading.sources == ()
    assert [problem.reason for problem in reading.problems] == [reason]
    assert reading.problems[0].detail.startswith(("The ", "No "))
    assert len(reading.problems[0].detail) < 1_000


@pytest.mark.parametrize("where", ['{"a": %s}', '{"Records": [%s]}', '{"Records": [{"eventName": %s}]}'])
def test_however_deep_it_is_it_is_only_a_problem(where: str) -> None:
    for depth in (*range(100, 1_100, 9), *range(940, 1_000)):
        assert read(where % ("[" * depth + "]" * depth)).problems


def test_a_record_that_makes_no_sense_takes_no_other_along() -> None:
    good, bad = record("a"), record("b") | {"s3": {}}
    reading = read(json.dumps({"Records": [bad, good, {}, record("c")]}))
    assert [source.key for source in reading.sources] == ["a", "c"]
    assert [problem.reason for problem in reading.problems] == ["record_without_key", "unknown_event"]


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
words = st.sampled_from(
    [
        "Records",
        "Event",
        "Message",
        "source",
        "detail",
        "detail-type",
        "eventName",
        "s3",
        "bucket",
        "object",
        "name",
        "key",
    ]
)
values = st.sampled_from(["aws.s3", "Object Created", "ObjectCreated:Put", "s3:TestEvent", "uploads"]) | leaves
anything = st.recursive(
    values, lambda some: st.lists(some, max_size=4) | st.dictionaries(words | st.text(max_size=4), some, max_size=5)
)


@given(anything.map(json.dumps) | st.text() | anything.map(lambda value: sns(json.dumps(value))))
def test_whatever_is_in_the_queue_reading_it_never_fails(body: str) -> None:
    reading = read(body)
    assert all(isinstance(source.key, str) and source.key and source.bucket for source in reading.sources)
    assert all(isinstance(problem, Problem) and problem.reason and problem.detail for problem in reading.problems)
    for source in reading.sources:
        source.key.encode()


PARTS = {
    "no JSON": ("hello", "hello"),
    "no event": ('{"hello": 1}', '{"hello": 1}'),
    "in an envelope of SNS": (json.dumps({"Message": "hello"}), "hello"),
    "of EventBridge": (
        json.dumps({"source": "aws.s3", "detail-type": "Object Tags Added"}),
        json.dumps({"source": "aws.s3", "detail-type": "Object Tags Added"}),
    ),
    "a record among others": (json.dumps({"Records": [{}, {"a": 1}]}), json.dumps({"Records": [{}]})),
}


@pytest.mark.parametrize(("body", "part"), PARTS.values(), ids=PARTS)
def test_a_problem_keeps_the_part_that_it_is_about_and_that_part_alone_says_the_same(body: str, part: str) -> None:
    problem = read(body).problems[0]
    assert problem.part == part
    assert read(problem.part).problems == (problem,)


@pytest.mark.parametrize("depth", [100, 1_000, 5_000, 20_000, 100_000])
def test_however_deep_a_record_is_it_is_a_problem_that_can_be_kept(depth: int) -> None:
    body = '{"Records": [{"a":' + "[" * depth + "]" * depth + "}]}"
    (problem,) = read(body).problems
    assert problem.part
    assert read(problem.part).problems


@pytest.mark.parametrize("body", ['{"\\ud800": 1}', '{"Records": [{"eventName": "\\ud800"}]}', "\ud800"])
def test_what_is_said_of_a_message_can_be_stored_whatever_is_in_it(body: str) -> None:
    (problem,) = read(body).problems
    assert problem.detail.encode()


def test_a_detail_is_an_excerpt_however_long_the_record() -> None:
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": ["x" * 5_000]}, "object": {"key": 1}}}
    (problem,) = read(json.dumps({"Records": [record]})).problems
    assert len(problem.detail) < 600


@pytest.mark.parametrize(("length", "ending"), [(200, "x"), (201, "...")])
def test_what_has_200_characters_is_told_whole(length: int, ending: str) -> None:
    (problem,) = read("x" * length).problems
    assert problem.detail.endswith(ending)


def test_the_request_behind_a_look_of_ours_is_told_with_it() -> None:
    cause = Cause("0123456789ABCDEF", 1_700_000_000)
    (found,) = read(reconcile_message(Source("uploads", "a").because(cause))).sources
    assert found.cause == cause


def test_a_look_is_neither_a_retry_nor_late_unless_that_is_said() -> None:
    reading = read(reconcile_message(Source("uploads", "a")))
    assert not reading.retries
    assert not reading.late


def test_only_a_look_of_ours_says_to_look_at_what_was_left_behind() -> None:
    reading = read(json.dumps({"Records": [record("a") | {"lightpressLate": True}]}))
    assert reading.sources == (Source(BUCKET, "a"),)
    assert not reading.late


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("again", [True, False])
@pytest.mark.parametrize("key", NASTY_KEYS, ids=lambda key: ascii(key)[:24])
def test_what_we_say_ourselves_we_understand(key: str, again: bool, late: bool) -> None:
    reading = read(reconcile_message(Source("uploads", key), retry=again, late=late))
    assert reading.sources == (Source("uploads", key),)
    assert reading.retries == ({Source("uploads", key)} if again else set())
    assert reading.late == ({Source("uploads", key)} if late else set())
    assert reading.problems == ()
