"""An original that is there and cannot be read comes to exactly one end, too, and to a better one once it can be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.delivery.notify import Notifier
from lightpress.failures.record import TRIALS, RecordFailure
from lightpress.image.errors import Reason
from lightpress.image.limits import Limits
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.failures import DeadLetter
from lightpress.pipeline.leftovers import overtake
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.messages import Message, MessageProcessor
from lightpress.pipeline.ports import Unreadable
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Closed
from tests.pipeline.fakes import (
    CORRUPT,
    UPLOADS,
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

    from lightpress.pipeline.failures import Failure

KEY = "a.jpg"
TRIES = 8
ARCHIVED = Closed(
    Reason.ARCHIVED,
    "It is in the storage class GLACIER: restore it. It is processed once that is done, or when it is retried.",
)
CUSTOMER_KEY = Closed(Reason.CUSTOMER_KEY, "Upload it again, encrypted in any other way or in none.")
DENIED = Closed(Reason.ACCESS_DENIED, "S3 answers AccessDenied.")
STORED: dict[Reason, dict[str, Any]] = {
    Reason.ARCHIVED: {"storage_class": "GLACIER", "restored": False},
    Reason.CUSTOMER_KEY: {"customer_key": True},
    Reason.ACCESS_DENIED: {"denied": "AccessDenied"},
}
READABLE: dict[str, Any] = {"storage_class": "STANDARD", "customer_key": False, "denied": ""}


class Rig:
    """Both functions over the fakes, and the queues between them."""

    def __init__(self) -> None:
        self.cloud, self.letters, self.told = FakeCloud(), FakeDeadLetters(), FakeAnnouncements()
        self.messages = 0

    def say(self, body: str = body_about(KEY)) -> tuple[int, int]:
        """Have a message worked off to its end; returns how often each function gave it back."""
        self.messages += 1
        given_back = 0
        for received in range(1, TRIES + 1):
            if self._process(body, received):
                break
            given_back += 1
        if given_back == TRIES:  # the queue moves it
            self.letters.send(DeadLetter(body, f"message-{self.messages}", attempts=TRIES))
        return given_back, sum(self._recorded(dead_letter) for dead_letter in self._taken())

    def retry(self) -> tuple[int, int]:
        """As `lightpress failures retry`."""
        return self.say(reconcile_message(source(KEY), retry=True))

    def _process(self, body: str, received: int) -> bool:
        story = partial(reconcile, dependencies=self.cloud.dependencies())
        work = MessageProcessor(
            Publishing(UPLOADS).find_source, story, self.letters, FakeQueue(), self.cloud.diary, Notifier(self.told)
        )
        return _works(lambda: work(Message(f"message-{self.messages}", body, received=received)))

    def _recorded(self, dead_letter: DeadLetter) -> int:
        """Returns how often it came back."""
        for back in range(20):
            if self.record(dead_letter, back + 1):
                return back
        raise AssertionError("it is tried for ever")

    def record(self, dead_letter: DeadLetter, received: int = 1) -> bool:
        story = partial(reconcile, dependencies=self.cloud.dependencies())
        work = RecordFailure(
            Publishing(UPLOADS).find_source,
            story,
            self.cloud.registry,
            FakeQueue(),
            self.cloud.diary,
            Notifier(self.told),
            partial(overtake, dependencies=self.cloud.dependencies()),
            UPLOADS,
        )
        return _works(lambda: work(dead_letter, "receipt", received))

    def _taken(self) -> list[DeadLetter]:
        taken, self.letters.kept = self.letters.kept, []
        return taken

    def manifest(self) -> Manifest:
        manifest = self.cloud.images.manifest(KEY)
        assert manifest is not None
        return manifest

    def row(self, identity: str = "v1") -> Failure:
        return self.cloud.failures.rows[f"{UPLOADS}/{KEY}", identity]


def _works(work: Callable[[], None]) -> bool:
    """Whether it is done; if not, for no other reason than that something cannot be read."""
    try:
        work()
    except ExceptionGroup as errors:
        if errors.split(Unreadable)[1]:
            raise
        return False
    return True


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.cloud.originals.put(KEY, b"good")
    return rig


def close(rig: Rig, closed: Closed, *, seen: bool) -> None:
    """seen: a look tells it already; a KMS key denies reading alone."""
    how = STORED[closed.reason] if seen else {"denied": "KMS.DisabledException"}
    rig.cloud.originals.bucket.change(KEY, **how)


def open_(rig: Rig) -> None:
    rig.cloud.originals.bucket.change(KEY, **READABLE)


SEEN = pytest.mark.parametrize("seen", [True, False], ids=["a look tells", "reading tells"])
CLOSED = pytest.mark.parametrize(
    ("closed", "seen"),
    [(ARCHIVED, True), (CUSTOMER_KEY, True), (DENIED, True), (DENIED, False)],
    ids=["archived", "customer_key", "access_denied", "a key that denies reading alone"],
)
"""A look tells of an archive and of a customer's key; of a denial, only if it is denied as well."""
WHY = pytest.mark.parametrize("closed", [ARCHIVED, CUSTOMER_KEY, DENIED], ids=lambda closed: str(closed.reason))


@pytest.mark.parametrize("closed", [ARCHIVED, CUSTOMER_KEY], ids=lambda closed: str(closed.reason))
def test_what_its_owner_has_to_open_fails_at_once_with_a_reason_and_without_a_copy(rig: Rig, closed: Closed) -> None:
    close(rig, closed, seen=True)
    assert rig.say() == (0, 0)
    assert (rig.manifest().status, rig.manifest().reason, rig.manifest().detail) == (
        Status.FAILED,
        closed.reason,
        closed.detail,
    )
    assert (rig.row().reason, rig.row().detail, rig.row().quarantine) == (closed.reason, closed.detail, None)
    assert rig.cloud.quarantine.held == {}
    assert rig.told.told == [(KEY, "failed", 1)]
    assert +rig.cloud.failures.trials == {}


@SEEN
def test_where_access_is_denied_it_fails_after_all_the_tries_of_a_fault(rig: Rig, seen: bool) -> None:
    close(rig, DENIED, seen=seen)
    assert rig.say() == (TRIES, TRIALS - 1)
    assert (rig.manifest().status, rig.manifest().reason) == (Status.FAILED, Reason.ACCESS_DENIED)
    assert (rig.row().reason, rig.row().quarantine) == (Reason.ACCESS_DENIED, None)
    assert rig.told.told == [(KEY, "failed", 1)]


@SEEN
def test_where_access_is_granted_in_time_nothing_fails(rig: Rig, seen: bool) -> None:
    close(rig, DENIED, seen=seen)
    dead_letter = DeadLetter(body_about(KEY), "message-1", attempts=TRIES)
    assert [rig.record(dead_letter, received) for received in range(1, TRIALS)] == [False] * (TRIALS - 1)
    assert rig.cloud.images.manifest(KEY) is None
    open_(rig)
    assert rig.record(dead_letter, TRIALS)
    assert rig.manifest().status is Status.READY
    assert rig.cloud.failures.rows == {}


@CLOSED
@pytest.mark.parametrize("again", [True, False], ids=["an operator retries", "a new event"])
def test_what_can_be_read_again_is_published(rig: Rig, closed: Closed, seen: bool, again: bool) -> None:
    close(rig, closed, seen=seen)
    rig.say()
    assert rig.manifest().status is Status.FAILED
    open_(rig)
    assert (rig.retry() if again else rig.say()) == (0, 0)
    assert (rig.manifest().status, rig.manifest().revision) == (Status.READY, 2)
    assert rig.told.told[-1] == (KEY, "ready", 2)


@WHY
def test_the_same_event_again_finds_nothing_to_do_where_a_look_tells_the_same(rig: Rig, closed: Closed) -> None:
    close(rig, closed, seen=True)
    rig.say()
    assert rig.say() == (0, 0)
    assert rig.manifest().revision == 1


@WHY
def test_a_retry_of_what_still_cannot_be_read_fails_again_with_a_newer_manifest(rig: Rig, closed: Closed) -> None:
    close(rig, closed, seen=True)
    rig.say()
    rig.retry()
    assert (rig.manifest().status, rig.manifest().reason, rig.manifest().revision) == (Status.FAILED, closed.reason, 2)


@pytest.mark.parametrize("why", [ARCHIVED, CUSTOMER_KEY], ids=lambda closed: str(closed.reason))
def test_what_is_opened_before_its_failure_is_recorded_is_published(rig: Rig, why: Closed) -> None:
    close(rig, why, seen=True)
    outcome = reconcile(source(KEY), rig.cloud.dependencies())
    assert outcome.verdict is not None
    open_(rig)
    dead_letter = DeadLetter(body_about(KEY), "message-1", why.reason, why.detail, outcome.verdict)
    assert rig.record(dead_letter)
    assert rig.manifest().status is Status.READY
    assert rig.cloud.failures.rows == {}


@CLOSED
def test_a_new_recipe_does_not_take_away_what_is_published_of_contents_that_cannot_be_read_now(
    rig: Rig, closed: Closed, seen: bool
) -> None:
    rig.say()
    before = dict(rig.cloud.images.held)
    close(rig, closed, seen=seen)
    rig.cloud.recipes = book(99)
    rig.say()
    assert rig.cloud.images.held == before
    assert rig.cloud.failures.rows == {}
    assert rig.cloud.diary.entries[-1] == ("kept", KEY)
    open_(rig)
    rig.say()
    assert [variant.name for variant in rig.manifest().variants] == ["w99"]


def test_a_new_recipe_that_refuses_what_is_published_fails_it_all_the_same(rig: Rig) -> None:
    rig.say()
    recipe = Recipe("web", Spec((Size("w10", 10),), ("jpeg",), limits=Limits(max_bytes=1)))
    rig.cloud.recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    rig.say()
    assert (rig.manifest().status, rig.manifest().reason) == (Status.FAILED, Reason.TOO_MANY_BYTES)


@WHY
def test_newer_contents_that_cannot_be_read_fail_though_older_ones_are_published(rig: Rig, closed: Closed) -> None:
    rig.say()
    rig.cloud.originals.put(KEY, b"newer")
    close(rig, closed, seen=True)
    rig.say()
    assert (rig.manifest().status, rig.manifest().reason) == (Status.FAILED, closed.reason)


@WHY
def test_what_is_bad_and_cannot_be_read_any_more_fails_for_what_was_found_and_without_a_copy(
    rig: Rig, closed: Closed
) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)
    outcome = reconcile(source(KEY), rig.cloud.dependencies())
    assert outcome.verdict is not None
    close(rig, closed, seen=True)
    dead_letter = DeadLetter(body_about(KEY), "message-1", Reason.CORRUPT, "", outcome.verdict)
    tries = TRIALS if closed is DENIED else 1
    assert [rig.record(dead_letter, received + 1) for received in range(tries)] == [*[False] * (tries - 1), True]
    assert (rig.row("v2").reason, rig.row("v2").quarantine) == (Reason.CORRUPT, None)
    assert rig.manifest().reason == Reason.CORRUPT


@WHY
def test_a_newer_upload_that_cannot_be_read_is_not_held_against_the_one_before(rig: Rig, closed: Closed) -> None:
    def archived_meanwhile(_: int) -> None:
        rig.cloud.originals.before_read = lambda _: None
        rig.cloud.originals.put(KEY, b"newer")
        close(rig, closed, seen=True)

    rig.cloud.originals.before_read = archived_meanwhile
    rig.say()
    assert {identity for _, identity in rig.cloud.failures.rows} == {"v2"}
    manifest = rig.manifest()
    assert manifest.source is not None
    assert manifest.source.identity == "v2"


@pytest.mark.parametrize("closed", [ARCHIVED, CUSTOMER_KEY], ids=lambda closed: str(closed.reason))
def test_a_refusal_to_read_what_was_there_for_a_moment_is_not_held_against_the_one_before_and_after(
    rig: Rig, closed: Closed
) -> None:
    """As in a bucket without versions, where the same contents have the same identity each time they are written."""

    def overwritten(_: int) -> None:
        rig.cloud.originals.before_read = lambda _: None
        close(rig, closed, seen=True)
        rig.cloud.originals.before_look = written_again

    def written_again(_: int) -> None:
        open_(rig)

    rig.cloud.originals.before_read = overwritten
    assert rig.record(DeadLetter(body_about(KEY), "message-1"))
    assert rig.manifest().status is Status.READY
    assert rig.cloud.failures.rows == {}


def test_a_refusal_to_copy_what_was_there_for_a_moment_costs_the_picture_no_copy(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)

    def overwritten() -> None:
        rig.cloud.quarantine.before_keep = lambda: None
        close(rig, ARCHIVED, seen=True)
        rig.cloud.originals.before_look = lambda _: open_(rig)

    rig.cloud.quarantine.before_keep = overwritten
    assert rig.record(DeadLetter(body_about(KEY), "message-1"))
    assert (rig.row("v2").reason, rig.cloud.quarantine.held) == (Reason.CORRUPT, {rig.row("v2").quarantine: CORRUPT})


def test_a_newer_upload_that_cannot_be_copied_costs_the_one_before_no_copy(rig: Rig) -> None:
    rig.cloud.originals.put(KEY, CORRUPT)

    def archived_meanwhile() -> None:
        rig.cloud.quarantine.before_keep = lambda: None
        rig.cloud.originals.put(KEY, b"newer")
        close(rig, ARCHIVED, seen=True)

    rig.cloud.quarantine.before_keep = archived_meanwhile
    rig.say()
    assert {(identity, row.reason) for (_, identity), row in rig.cloud.failures.rows.items()} == {("v3", "archived")}


def test_denials_of_other_dead_letters_decide_nothing(rig: Rig) -> None:
    close(rig, DENIED, seen=False)
    for number in range(2 * TRIALS):
        assert not rig.record(DeadLetter(body_about(KEY), f"message-{number}"))
    assert rig.cloud.failures.rows == {}


def test_a_folder_is_a_folder_whether_it_can_be_read_or_not(rig: Rig) -> None:
    rig.cloud.originals.put("trips/", b"", **STORED[Reason.ARCHIVED])
    outcome = reconcile(source("trips/"), rig.cloud.dependencies())
    assert outcome.verdict is not None
    assert outcome.verdict.reason is Reason.FOLDER
