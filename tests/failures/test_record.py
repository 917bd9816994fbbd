"""A dead letter is published after all, or recorded as failed with the original in quarantine."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.delivery.notify import Notifier
from lightpress.failures.record import TRIALS, RecordFailure
from lightpress.image.errors import Reason
from lightpress.image.inputs import READABLE
from lightpress.ingest.orders import Order, body_of
from lightpress.ingest.urls import FETCH_MESSAGES, FetchReason
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.failures import DeadLetter, Failure, Trial, Verdict, fingerprint
from lightpress.pipeline.leftovers import overtake
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.outcomes import ATTEMPTS, Action
from lightpress.pipeline.ports import ChildLost, PreconditionFailed
from lightpress.pipeline.reconcile import reconcile
from tests.pipeline.fakes import (
    CORRUPT,
    NOW,
    RARE,
    RETENTION,
    UPLOADS,
    FakeAnnouncements,
    FakeCloud,
    FakeQueue,
    body_about,
    book,
    source,
)

if TYPE_CHECKING:
    from lightpress.image.job import RenderResult
    from lightpress.image.spec import Spec

KEY = "a.jpg"
GAVE_UP = DeadLetter(body_about(KEY), "message-1", attempts=6, first_at=1_700_000_000, request_ids=("request-9",))


class Rig:
    """The last instance over the fakes."""

    def __init__(self) -> None:
        self.cloud, self.queue, self.announcements = FakeCloud(), FakeQueue(), FakeAnnouncements()
        self.diary = self.cloud.diary
        self.afterwards: list[tuple[Action, int]] = []
        """What was done after an outcome: its kind, and how much had been announced by then."""

    def handle(self, dead_letter: DeadLetter = GAVE_UP, received: int = 1) -> None:
        story = partial(reconcile, dependencies=self.cloud.dependencies())
        process_records = RecordFailure(
            Publishing(UPLOADS).find_source,
            story,
            self.cloud.registry,
            self.queue,
            self.diary,
            Notifier(self.announcements),
            partial(overtake, dependencies=self.cloud.dependencies()),
            UPLOADS,
            lambda outcome: self.afterwards.append((outcome.action, len(self.announcements.told))),
        )
        process_records(dead_letter, "receipt-1", received)

    def manifest(self, key: str = KEY) -> Manifest:
        manifest = self.cloud.images.manifest(key)
        assert manifest is not None
        return manifest

    def row(self, identity: str = "v1", subject: str = f"{UPLOADS}/{KEY}") -> Failure:
        return self.cloud.failures.rows[subject, identity]

    def verdict(self, identity: str = "v1", reason: Reason = Reason.TOO_SLOW) -> Verdict:
        recipe = self.cloud.recipes.recipe_for(KEY)
        assert recipe is not None
        return Verdict(identity, recipe.digest, reason, "It took for ever.")

    def told(self, verdict: Verdict, *, again: bool = False) -> DeadLetter:
        body = reconcile_message(source(KEY), retry=again)
        return DeadLetter(body, "message-1", verdict.reason, verdict.detail, verdict)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_innocent_that_the_queue_gave_up_on_is_published(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"good")
    rig.handle()
    assert rig.diary.entries == [("published", KEY)]
    assert rig.afterwards == [(Action.PUBLISHED, 1)], "an original may leave once it is announced"
    assert rig.cloud.failures.rows == {}
    assert rig.cloud.quarantine.held == {}


def test_what_is_rejected_now_is_recorded_with_everything_somebody_will_ask(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)
    rig.handle()
    assert rig.row() == Failure(
        subject=f"{UPLOADS}/{KEY}",
        identity="v1",
        reason="corrupt",
        detail="The decoder says: drawn so.",
        attempts=6,
        first_at=1_700_000_000,
        last_at=NOW,
        expires_at=NOW + RETENTION,
        bucket=UPLOADS,
        key=KEY,
        digest=rig.manifest().digest,
        request_ids=("request-9",),
        quarantine=rig.row().quarantine,
        correlation_id="message-1",
    )
    assert rig.cloud.quarantine.held == {rig.row().quarantine: CORRUPT}
    assert (rig.manifest().status, rig.manifest().reason) == (Status.FAILED, Reason.CORRUPT)
    assert rig.diary.entries == [("corrupt", f"{UPLOADS}/{KEY}"), ("failed", KEY)]


def test_a_reason_in_the_dead_letter_is_not_computed_again(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"takes for ever")
    rig.handle(rig.told(rig.verdict()))
    assert (rig.row().reason, rig.row().detail) == ("too_slow", "It took for ever.")
    assert rig.cloud.press.made == []
    assert rig.cloud.originals.asked["read"] == 0


def test_a_refusal_is_not_believed_once_the_format_is_accepted(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, RARE)
    outcome = reconcile(source(KEY), rig.cloud.dependencies())
    assert outcome.verdict is not None
    dead_letter = rig.told(outcome.verdict)
    rig.cloud.press.made.clear()
    rig.handle(dead_letter)
    assert (rig.row().reason, rig.cloud.press.made) == ("format_not_accepted", [])
    rig.cloud.recipes = book(accept=READABLE)
    rig.handle(dead_letter)
    assert rig.manifest().status is Status.READY
    assert rig.cloud.press.made == [RARE]


@pytest.mark.parametrize("changed", ["picture", "recipe"])
def test_a_reason_of_another_picture_or_recipe_is_not_believed(rig: Rig, changed: str) -> None:
    rig.cloud.originals.put(KEY, b"takes for ever")
    dead_letter = rig.told(rig.verdict())
    if changed == "picture":
        rig.cloud.originals.put(KEY, b"takes no time")
    else:
        rig.cloud.recipes = book(99)
    rig.handle(dead_letter)
    assert rig.diary.entries == [("published", KEY)]
    assert rig.cloud.failures.rows == {}


def test_what_is_gone_by_now_is_no_failure(rig: Rig) -> None:
    rig.handle(rig.told(rig.verdict()))
    assert rig.diary.entries == [("removed", KEY)]
    assert rig.cloud.failures.rows == {}


def test_the_same_dead_letter_twice_records_one_failure(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)
    for _ in range(2):
        rig.handle()
    assert len(rig.cloud.failures.rows) == 1
    assert rig.diary.entries[-1] == ("nothing", KEY)
    assert rig.manifest().revision == 1


def test_a_table_that_fails_leaves_nothing_published_and_the_dead_letter_is_retried(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)
    rig.cloud.failures.failing = True
    with pytest.raises(ExceptionGroup, match="1 of 1 sources of the letter"):
        rig.handle(received=3)
    assert rig.cloud.images.manifest(KEY) is None
    ((receipt, pause),) = rig.queue.held_back
    assert receipt == "receipt-1"
    assert 30 <= pause <= 60
    rig.cloud.failures.failing = False
    rig.handle(received=4)
    assert rig.manifest().status is Status.FAILED


def lost(_: bytes, __: Spec) -> RenderResult:
    raise ChildLost("signal 9")


def test_what_ends_its_renderer_again_and_again_fails_for_an_honest_reason(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"fills all memory")
    rig.cloud.press = lost  # type: ignore[assignment]
    for received in range(TRIALS):
        with pytest.raises(ExceptionGroup):
            rig.handle(received=received + 1)
        assert rig.cloud.failures.rows == {}
    rig.handle(received=TRIALS + 1)
    assert rig.row().reason == Reason.MACHINE_LIMIT
    assert rig.manifest().reason == Reason.MACHINE_LIMIT
    assert "memory or time" in rig.row().detail


def test_an_outage_of_any_length_is_never_held_against_a_picture(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"good")

    def no_answer(_: Manifest) -> None:
        raise ConnectionError("no answer")

    rig.cloud.images.before_publish = no_answer
    for received in range(10 * TRIALS):
        with pytest.raises(ExceptionGroup):
            rig.handle(received=received + 1)
    rig.cloud.images.before_publish = lambda _: None
    rig.handle(received=10 * TRIALS + 1)
    assert rig.diary.entries[-1] == ("published", KEY)
    assert rig.cloud.failures.rows == {}


def test_an_invocation_that_dies_over_a_picture_again_and_again_counts_against_it(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"kills the function")

    def killed(_: bytes, __: Spec) -> RenderResult:
        raise KeyboardInterrupt  # nothing after it runs

    rig.cloud.press = killed  # type: ignore[assignment]
    for received in range(TRIALS):
        with pytest.raises(KeyboardInterrupt):
            rig.handle(received=received + 1)
    rig.handle(received=TRIALS + 1)
    assert rig.row().reason == Reason.MACHINE_LIMIT


def test_lost_races_are_no_trials(rig: Rig) -> None:
    """Found by the simulation: five attempts that each lost a race made a good picture fail."""
    rig.cloud.originals.put(KEY, b"good")
    lost_races = iter(range(ATTEMPTS - 1))

    def somebody_is_faster(_: Manifest) -> None:
        if next(lost_races, None) is not None:
            raise PreconditionFailed

    rig.cloud.images.before_publish = somebody_is_faster
    rig.handle()
    assert rig.diary.entries == [("published", KEY)]
    assert +rig.cloud.failures.trials == {}


def test_dead_letters_of_one_key_tried_at_once_count_separate_trials(rig: Rig) -> None:
    """Found by the simulation, too."""
    rig.cloud.originals.put(KEY, b"good")
    recipe = rig.cloud.recipes.recipe_for(KEY)
    assert recipe is not None
    for number in range(2 * TRIALS):
        rig.cloud.failures.begin_trial(Trial(f"{UPLOADS}/{KEY}", "v1", recipe.digest, f"another-{number}"))
    rig.handle()
    assert rig.diary.entries == [("published", KEY)]


def test_an_operator_who_asks_again_gets_the_picture_all_its_trials_and_a_newer_manifest(rig: Rig) -> None:
    test_what_ends_its_renderer_again_and_again_fails_for_an_honest_reason(rig)
    again = DeadLetter(reconcile_message(source(KEY), retry=True), "message-2")
    for received in range(TRIALS):
        with pytest.raises(ExceptionGroup):
            rig.handle(again, received=received + 1)
    rig.handle(again, received=TRIALS + 1)
    assert (rig.manifest().status, rig.manifest().revision) == (Status.FAILED, 2)


def test_an_original_that_is_too_large_to_copy_fails_without_a_copy(rig: Rig) -> None:
    rig.cloud.quarantine.largest = 3
    rig.cloud.originals.put(KEY, CORRUPT)
    rig.handle()
    assert rig.row().quarantine is None
    assert rig.manifest().status is Status.FAILED


def test_every_part_of_a_message_that_makes_no_sense_is_recorded_and_kept_word_for_word(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"good")
    parts = [json.loads(body)["Records"][0] for body in (body_about(""), body_about(KEY), body_about("x", name="T"))]
    rig.handle(DeadLetter(json.dumps({"Records": parts}), "message-7", attempts=3))
    assert rig.diary.entries == [
        ("published", KEY),
        ("record_without_key", "message:message-7"),
        ("unknown_event", "message:message-7"),
    ]
    for part, reason in ((parts[0], "record_without_key"), (parts[2], "unknown_event")):
        text = json.dumps({"Records": [part]})
        row = rig.row(fingerprint(text), "message:message-7")
        assert (row.reason, row.attempts, row.key) == (reason, 3, None)
        assert row.quarantine is not None
        assert rig.cloud.quarantine.held[row.quarantine] == text.encode()


def test_a_message_about_another_bucket_is_recorded_and_that_bucket_is_left_alone(rig: Rig) -> None:
    rig.handle(DeadLetter(body_about("b", bucket="somebody-elses"), "message-1"))
    assert rig.diary.entries == [("unknown_bucket", "message:message-1")]
    assert rig.cloud.originals.asked == {}


def test_a_transient_error_of_one_source_does_not_affect_the_others_of_its_dead_letter(rig: Rig) -> None:
    for key in "abc":
        rig.cloud.originals.put(key, CORRUPT if key == "c" else b"good")
    rig.cloud.originals.failing.add("a")
    with pytest.raises(ExceptionGroup, match="1 of 3 sources of the letter"):
        rig.handle(DeadLetter(body_about("a", "b", "c"), "message-1"))
    assert rig.diary.entries == [
        ("ConnectionError", "a"),
        ("published", "b"),
        ("corrupt", f"{UPLOADS}/c"),
        ("failed", "c"),
    ]


def test_a_failure_is_announced_again_whenever_a_worker_may_have_died_before(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)
    rig.handle()
    rig.handle()
    assert rig.announcements.told == [(KEY, "failed", 1)] * 2


def test_a_url_that_ended_without_a_reason_is_recorded_with_one_and_where_it_was_to_go() -> None:
    rig, order = Rig(), Order("https://a.test/1.jpg", KEY)
    rig.handle(DeadLetter(body_of(order), "message-1", attempts=3, first_at=1_700_000_000))
    (failure,) = rig.cloud.failures.rows.values()
    assert (failure.reason, failure.detail) == (FetchReason.UNFINISHED, FETCH_MESSAGES[FetchReason.UNFINISHED])
    assert (failure.bucket, failure.key, failure.url) == (UPLOADS, KEY, "https://a.test/1.jpg")
    assert failure.correlation_id == "message-1"


@pytest.mark.parametrize(
    ("shown", "is_lifted"),
    [
        ({"status": Status.READY, "revision": 7}, True),
        ({"status": Status.READY, "revision": 6}, False),  # the rejection may be told by a manifest yet to come
        ({"status": Status.HELD, "revision": 7}, True),
        ({"status": Status.FAILED, "revision": 7}, False),
    ],
)
def test_a_rejection_is_forgotten_only_by_a_manifest_that_tells_of_none_and_comes_after_it(
    rig: Rig, shown: dict[str, Any], is_lifted: bool
) -> None:
    about: dict[str, Any] = {
        "subject": f"{UPLOADS}/{KEY}",
        "identity": "v1",
        "reason": Reason.REJECTED_BY_GATE,
        "detail": "No.",
    }
    rig.cloud.registry.record(GAVE_UP, **about, quarantine=None, revision=7)
    rig.cloud.registry.lift(source(KEY), Manifest(KEY, source=PublishedSource("v1", 9), **shown))
    assert (rig.cloud.failures.rows == {}) is is_lifted


def test_a_rejection_is_forgotten_once_a_dead_letter_has_the_picture_published(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, b"good")
    about: dict[str, Any] = {"subject": f"{UPLOADS}/{KEY}", "identity": "v1", "reason": Reason.REJECTED_BY_GATE}
    rig.cloud.registry.record(GAVE_UP, **about, detail="No.", quarantine=None, revision=1)
    rig.handle()
    assert rig.manifest().status is Status.READY
    assert rig.cloud.failures.rows == {}
