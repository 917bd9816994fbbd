"""One message, many records: each gets its turn, whatever becomes of the others."""

from __future__ import annotations

import json
from functools import partial

import pytest

from lightpress.events import Problem
from lightpress.process import Message, Process
from lightpress.reconcile import reconcile
from tests.pipeline.fakes import CORRUPT, UPLOADS, Diary, FakeCloud, FakeDeadLetters, body_about


class Rig:
    """A process over the fakes."""

    def __init__(self) -> None:
        self.cloud, self.dead_letters, self.diary = FakeCloud(), FakeDeadLetters(), Diary()
        story = partial(reconcile, world=self.cloud.world())
        self.process = Process(UPLOADS, story, self.dead_letters, self.diary)

    def handle(self, body: str) -> None:
        self.process(Message("message-1", body))


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


def test_a_bad_picture_is_done_and_its_message_too(rig: Rig) -> None:
    rig.cloud.originals.put("a", CORRUPT)
    rig.cloud.originals.put("b", b"good")
    rig.handle(body_about("a", "b"))
    assert rig.diary.entries == [("failed", "a"), ("published", "b")]
    assert rig.dead_letters.kept == []


def test_a_record_that_makes_no_sense_is_kept_once_and_its_neighbours_are_done(rig: Rig) -> None:
    for key in "ab":
        rig.cloud.originals.put(key, key.encode())
    body = records(body_about("a"), body_about(""), body_about("x", name="Tagged"), body_about("b"))
    rig.handle(body)
    assert rig.diary.entries == [
        ("published", "a"),
        ("published", "b"),
        ("record_without_key", "message-1"),
        ("unknown_event", "message-1"),
    ]
    ((kept, message_id, reason, detail),) = rig.dead_letters.kept
    assert (kept, message_id, reason) == (body, "message-1", "record_without_key")
    assert "names no object" in detail


def test_a_message_that_is_not_ours_is_kept_and_nobody_elses_bucket_is_touched(rig: Rig) -> None:
    rig.cloud.originals.put("a", b"good")
    rig.handle(records(body_about("a"), body_about("b", bucket="somebody-elses")))
    assert rig.diary.entries == [("published", "a"), ("unknown_bucket", "message-1")]
    assert [reason for _, _, reason, _ in rig.dead_letters.kept] == ["unknown_bucket"]
    assert rig.cloud.images.manifest("b") is None


@pytest.mark.parametrize("body", ["", "hello", "[]", '{"Records": [{}]}'])
def test_a_message_without_sense_is_kept_word_for_word(rig: Rig, body: str) -> None:
    rig.handle(body)
    assert [kept for kept, _, _, _ in rig.dead_letters.kept] == [body]


def test_where_the_world_fails_the_neighbours_are_done_and_the_message_comes_back(rig: Rig) -> None:
    for key in "abc":
        rig.cloud.originals.put(key, key.encode())
    rig.cloud.originals.failing.add("b")
    with pytest.raises(ExceptionGroup, match="1 of 3 sources") as caught:
        rig.handle(body_about("a", "b", "c"))
    assert [type(error) for error in caught.value.exceptions] == [ConnectionError]
    assert rig.diary.entries == [("published", "a"), ("ConnectionError", "b"), ("published", "c")]


def test_when_it_comes_back_only_what_is_missing_is_made(rig: Rig) -> None:
    test_where_the_world_fails_the_neighbours_are_done_and_the_message_comes_back(rig)
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


def test_a_dead_letter_queue_that_fails_brings_the_message_back() -> None:
    class Full(FakeDeadLetters):
        def send(self, body: str, *, message_id: str, reason: str, detail: str) -> None:
            raise ConnectionError(f"{message_id} {reason} {detail} {body}")

    process = Process(UPLOADS, partial(reconcile, world=FakeCloud().world()), Full(), Diary())
    with pytest.raises(ConnectionError):
        process(Message("m", "hello"))


def test_an_observer_hears_what_was_wrong(rig: Rig) -> None:
    rig.handle("hello")
    assert rig.diary.entries == [("not_json", "message-1")]
    assert rig.diary.problems == [Problem("not_json", "The message is not JSON: hello")]
