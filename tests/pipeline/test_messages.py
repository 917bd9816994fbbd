"""One message, many records: each gets its turn, whatever becomes of the others."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lightpress.delivery.notify import Notifier
from lightpress.image.errors import Reason
from lightpress.pipeline.backoff import pause_seconds
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.events import Problem, Reading, read, reconcile_message
from lightpress.pipeline.failures import Verdict
from lightpress.pipeline.messages import Message, MessageProcessor, always
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.pipeline.fakes import (
    CORRUPT,
    UPLOADS,
    Diary,
    FakeAnnouncements,
    FakeCloud,
    FakeDeadLetters,
    FakeQueue,
    body_about,
    book,
    source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.failures import DeadLetter
    from lightpress.pipeline.outcomes import Outcome

SENT_AT = 1_700_000_000


class Rig:
    """A process over the fakes."""

    def __init__(self, cloud: FakeCloud | None = None) -> None:
        self.cloud = cloud or FakeCloud()
        self.dead_letters, self.queue, self.diary = FakeDeadLetters(), FakeQueue(), Diary()
        story = partial(reconcile, dependencies=self.cloud.dependencies())
        self.announcements = FakeAnnouncements()
        self.process = MessageProcessor(
            Publishing(UPLOADS).find_source,
            story,
            self.dead_letters,
            self.queue,
            self.diary,
            Notifier(self.announcements),
        )

    def handle(self, body: str, received: int = 1, has_time: Callable[[], bool] = always) -> None:
        self.process(Message("message-1", body, "receipt-1", received, SENT_AT, "request-1"), has_time)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def records(*bodies: str) -> str:
    """Several notifications as one."""
    return json.dumps({"Records": [record for body in bodies for record in json.loads(body)["Records"]]})


def test_every_record_of_a_message_is_worked_off(rig: Rig) -> None:
    for key in "abc":
        rig.cloud.originals.put(key, key.encode())
    rig.handle(body_about("a", "b", "c", "a"))
    assert rig.diary.entries == [("published", "a"), ("published", "b"), ("published", "c")]
    assert rig.dead_letters.kept == []


def test_a_bad_picture_becomes_a_dead_letter_at_once_with_its_reason_and_is_done(rig: Rig) -> None:
    rig.cloud.originals.put("a", CORRUPT)
    rig.cloud.originals.put("b", b"good")
    rig.handle(body_about("a", "b"), received=2)
    assert rig.diary.entries == [("rejected", "a"), ("published", "b")]
    (dead_letter,) = rig.dead_letters.kept
    assert read(dead_letter.body) == Reading((source("a"),))
    recipe = rig.cloud.recipes.recipe_for("a")
    assert recipe is not None
    assert dead_letter.verdict == Verdict("v1", recipe.digest, Reason.CORRUPT, "The decoder says: drawn so.")
    assert (dead_letter.reason, dead_letter.detail) == ("corrupt", "The decoder says: drawn so.")
    assert (dead_letter.message_id, dead_letter.attempts, dead_letter.first_at) == ("message-1", 2, SENT_AT)
    assert dead_letter.request_ids == ("request-1",)
    assert rig.queue.held_back == []


def test_every_record_of_a_message_has_its_own_reason(rig: Rig) -> None:
    for key in "ab":
        rig.cloud.originals.put(key, CORRUPT if key == "a" else b"good")
    rig.handle(records(body_about("a"), body_about(""), body_about("x", name="Tagged"), body_about("b")))
    assert rig.diary.entries == [
        ("rejected", "a"),
        ("published", "b"),
        ("record_without_key", "message-1"),
        ("unknown_event", "message-1"),
    ]
    rejected, without_key, unknown = rig.dead_letters.kept
    assert rejected.reason == "corrupt"
    assert (without_key.reason, without_key.verdict) == ("record_without_key", None)
    assert "names no object" in (without_key.detail or "")
    assert json.loads(without_key.body) == json.loads(body_about(""))
    assert json.loads(unknown.body) == json.loads(body_about("x", name="Tagged"))


def test_a_message_of_another_bucket_is_recorded_and_that_bucket_is_not_touched(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"good")
    rig.handle(records(body_about("a"), body_about("b", bucket="somebody-elses")))
    assert rig.diary.entries == [("published", "a"), ("unknown_bucket", "message-1")]
    (dead_letter,) = rig.dead_letters.kept
    assert dead_letter.reason == "unknown_bucket"
    assert read(dead_letter.body).sources == (Source("somebody-elses", "b"),)
    assert rig.cloud.images.manifest("b") is None


@pytest.mark.parametrize("body", ["", "hello", "[]", '{"Records": [{}]}'])
def test_a_message_without_sense_is_kept_word_for_word(rig: Rig, body: str) -> None:
    rig.handle(body)
    assert [dead_letter.body for dead_letter in rig.dead_letters.kept] == [body]


def test_what_an_operator_wants_tried_again_is_and_stays_so_on_its_way(rig: Rig) -> None:
    rig.cloud.originals.put("a", CORRUPT)
    for _ in range(2):
        rig.handle(reconcile_message(source("a"), retry=True))
    assert [read(dead_letter.body).retries for dead_letter in rig.dead_letters.kept] == [{source("a")}] * 2
    assert len(rig.cloud.press.made) == 2


def test_a_picture_that_has_failed_is_tried_again_only_where_an_operator_wants_that(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"good")
    told: list[bool] = []

    def workflow(source: Source, *, retry: bool, redelivered: bool) -> Outcome:
        told.append(retry)
        return rig.process.workflow(source, retry=retry, redelivered=redelivered)

    process = replace(rig.process, workflow=workflow)
    for retry in (False, True):
        process(Message("message-1", reconcile_message(source("a"), retry=retry)))
    assert told == [False, True]


def test_leftovers_are_looked_for_from_the_second_delivery_on(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"good")
    for received, lists in ((1, 0), (1, 0), (2, 1), (3, 2)):
        rig.handle(body_about("a"), received)
        assert rig.cloud.images.asked["paths"] == lists


def test_a_message_that_is_retried_waits_longer_each_time(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"good")
    rig.cloud.originals.failing.add("a")
    for received in range(1, 12):
        with pytest.raises(ExceptionGroup):
            rig.handle(body_about("a"), received)
    pauses = [seconds for receipt, seconds in rig.queue.held_back if receipt == "receipt-1"]
    for received, pause in enumerate(pauses, start=1):
        longest = min(15 * 2 ** (received - 1), 900)
        assert longest / 2 <= pause <= longest


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    pauses = {pause_seconds(f"message {number}", 7) for number in range(100)}
    assert len(pauses) > 50


def test_without_time_left_records_are_retried_at_once_and_finished_ones_stay_finished(rig: Rig) -> None:
    for key in "abc":
        rig.cloud.originals.put(key, key.encode())
    time_for = iter([True, False, False])
    with pytest.raises(ExceptionGroup, match="2 of 3 sources"):
        rig.handle(body_about("a", "b", "c"), has_time=lambda: next(time_for))
    assert rig.queue.held_back == [("receipt-1", 0)]
    assert rig.cloud.press.made == [b"a"]
    rig.handle(body_about("a", "b", "c"))
    assert rig.diary.entries == [("published", "a"), ("nothing", "a"), ("published", "b"), ("published", "c")]


def test_a_queue_that_cannot_hold_a_message_back_changes_nothing_else(rig: Rig) -> None:
    class Deaf(FakeQueue):
        def hold_back(self, receipt: str, seconds: int) -> None:
            raise ConnectionError(f"{receipt} {seconds}")

    rig.cloud.originals.failing.add("a")
    rig.process = replace(rig.process, queue=Deaf())
    with pytest.raises(ExceptionGroup) as caught:
        rig.handle(body_about("a"))
    first, second = map(str, caught.value.exceptions)
    assert first == "no answer about a"
    assert second.startswith("receipt-1 ")


def test_after_a_transient_error_the_other_records_are_processed_and_the_message_is_retried(rig: Rig) -> None:
    for key in "abc":
        rig.cloud.originals.put(key, key.encode())
    rig.cloud.originals.failing.add("b")
    with pytest.raises(ExceptionGroup, match="1 of 3 sources") as caught:
        rig.handle(body_about("a", "b", "c"))
    assert [type(error) for error in caught.value.exceptions] == [ConnectionError]
    assert rig.diary.entries == [("published", "a"), ("ConnectionError", "b"), ("published", "c")]


def test_a_retry_makes_only_what_is_missing(rig: Rig) -> None:
    test_after_a_transient_error_the_other_records_are_processed_and_the_message_is_retried(rig)
    rig.cloud.originals.failing.clear()
    rig.handle(body_about("a", "b", "c"))
    assert rig.diary.entries[3:] == [("nothing", "a"), ("published", "b"), ("nothing", "c")]
    assert sorted(rig.cloud.press.made) == [b"a", b"b", b"c"]


def test_what_makes_no_sense_is_kept_only_when_the_message_does_not_come_back(rig: Rig) -> None:
    rig.cloud.originals.failing.add("a")
    body = records(body_about("a"), body_about(""))
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            rig.handle(body)
    assert rig.dead_letters.kept == []
    rig.cloud.originals.failing.clear()
    rig.handle(body)
    assert len(rig.dead_letters.kept) == 1


def test_a_dead_letter_queue_that_fails_causes_a_retry_of_the_message() -> None:
    class Full(FakeDeadLetters):
        def send(self, dead_letter: DeadLetter) -> None:
            raise ConnectionError(dead_letter.body)

    cloud = FakeCloud()
    cloud.originals.put("a", CORRUPT)
    process = MessageProcessor(
        Publishing(UPLOADS).find_source,
        partial(reconcile, dependencies=cloud.dependencies()),
        Full(),
        FakeQueue(),
        Diary(),
    )
    with pytest.raises(ConnectionError):
        process(Message("m", "hello"))
    with pytest.raises(ExceptionGroup):
        process(Message("m", body_about("a")))


def test_the_observer_is_given_what_was_wrong(rig: Rig) -> None:
    rig.handle("hello")
    assert rig.diary.entries == [("not_json", "message-1")]
    assert rig.diary.problems == [Problem("not_json", "The message is not JSON: hello")]


def test_what_becomes_of_a_picture_is_announced_once_it_is_published(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"1")
    rig.handle(body_about("a"))
    rig.cloud.originals.put("a", b"2")
    rig.handle(body_about("a"))
    rig.cloud.originals.delete("a")
    rig.handle(body_about("a"))
    assert rig.announcements.told == [("a", "ready", 1), ("a", "ready", 2), ("a", "deleted", 3)]


def test_who_finds_nothing_to_do_announces_what_another_may_have_died_over(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"1")
    rig.announcements.failing = True
    with pytest.raises(ExceptionGroup):
        rig.handle(body_about("a"))
    rig.announcements.failing = False
    rig.handle(body_about("a"), received=1)  # another message about it: the first may be acknowledged by somebody else
    assert rig.announcements.told == [("a", "ready", 1)]


def test_what_is_rejected_is_for_the_last_instance_to_announce(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"1")
    rig.handle(body_about("a"))
    rig.cloud.originals.put("a", CORRUPT)
    rig.handle(body_about("a"), received=2)
    assert rig.announcements.told == [("a", "ready", 1)]


def test_what_the_recipes_leave_alone_is_no_news() -> None:
    rig = Rig(FakeCloud(recipes=book(ignored=("a",))))
    rig.cloud.originals.put("a", b"1")
    rig.handle(body_about("a"), received=2)
    assert rig.announcements.told == []


def test_a_notification_that_fails_is_sent_by_the_retry(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"1")
    rig.announcements.failing = True
    with pytest.raises(ExceptionGroup):
        rig.handle(body_about("a"))
    assert rig.queue.held_back
    rig.announcements.failing = False
    rig.handle(body_about("a"), received=2)
    assert rig.announcements.told == [("a", "ready", 1)]
