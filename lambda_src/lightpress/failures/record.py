"""The last instance: what the queue gave up on is looked at once more, alone, and published or recorded.

A message is here because its picture was rejected, because it makes no sense, or because it was tried too often. The
last proves nothing: there may have been an outage, or neighbours that took long. So the same workflow looks at the
key again, and only what is rejected now is a failure. It is kept in the quarantine bucket, written into the failures
table and published as failed, in this order: the manifest says that all of it is done. Whatever fails on the way, the
message comes back; everything here may be done twice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.image.errors import PictureRejected, Reason
from lightpress.ingest.orders import order_in
from lightpress.ingest.urls import FETCH_MESSAGES, FetchReason
from lightpress.pipeline.backoff import hold_back, pause_seconds
from lightpress.pipeline.events import read
from lightpress.pipeline.failures import (
    Failure,
    Trial,
    fingerprint,
    identity_of_url,
    subject_of_message,
    subject_of_picture,
)
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.messages import no_notification
from lightpress.pipeline.ports import ChildLost, Unreadable
from lightpress.pipeline.source import Cause, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.failures.ports import Failures, Quarantine
    from lightpress.ingest.orders import Order
    from lightpress.pipeline.events import FindSource, Problem
    from lightpress.pipeline.failures import DeadLetter, Verdict
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.outcomes import Outcome
    from lightpress.pipeline.ports import Queue
    from lightpress.pipeline.recipe import Recipe
    from lightpress.pipeline.source import Closed, Original

TRIALS = 4
"""So often a picture may end its renderer without a verdict, or be denied to us, each time alone and after a pause."""

_LONGEST_PAUSE_SECONDS = 3600


class Observer(Protocol):
    """Whoever wants to know: the log and the metrics."""

    def on_done(self, outcome: Outcome) -> None:
        """A source is up to date: published after all, or failed."""

    def on_error(self, source: Source, error: Exception) -> None:
        """A transient error: the message will be retried."""

    def on_recorded(self, failure: Failure) -> None:
        """A failure is in the table, and what failed is in quarantine."""


@dataclass(frozen=True, slots=True)
class FailureRecords:
    """Where failures are kept.

    Attributes:
        quarantine: takes copies of what failed.
        failures: the table.
        observer: is told of each row, for log and metrics.
        now: the time, in seconds since 1970.
        retention_seconds: how long a row is kept.
    """

    quarantine: Quarantine
    failures: Failures
    observer: Observer
    now: Callable[[], int]
    retention_seconds: int

    def record(  # noqa: PLR0913  by keyword
        self,
        dead_letter: DeadLetter,
        *,
        subject: str,
        identity: str,
        reason: str,
        detail: str,
        quarantine: str | None,
        source: Source | None = None,
        digest: str | None = None,
        url: str | None = None,
        revision: int | None = None,
    ) -> None:
        """Write a row, and remove the copy of the one that it replaces. What it names in quarantine is there already.

        Args:
            dead_letter: What failed; gives attempts and times.
            subject: As in `Failure`, like all that follow.
            identity: Of the contents.
            reason: A code.
            detail: The reason in a sentence.
            quarantine: Key of the copy; None if there is none.
            source: Bucket and key; None for a message that names none.
            digest: Of what in the recipe decided it; None if that was not the recipe.
            url: That could not be fetched; None for an upload.
            revision: Of the manifest that will tell of it; None where none will.
        """
        now = self.now()
        failure = Failure(
            subject=subject,
            identity=identity,
            reason=reason,
            detail=detail,
            attempts=dead_letter.attempts,
            first_at=dead_letter.first_at or now,
            last_at=now,
            expires_at=now + self.retention_seconds,
            bucket=source.bucket if source else None,
            key=source.key if source else None,
            digest=digest,
            request_ids=dead_letter.request_ids,
            quarantine=quarantine,
            url=url,
            correlation_id=source.cause.id if source and source.cause else dead_letter.message_id,
        )
        if (replaced := self.failures.record(failure, revision)) is not None:
            self.quarantine.remove(replaced)
        self.observer.on_recorded(failure)

    def lift(self, source: Source, manifest: Manifest) -> int | None:
        """Forget that reviewers have rejected what a manifest shows, or holds.

        Only what was recorded for a manifest that can no longer be published: a rejection may be recorded right now,
        before a manifest tells of it. The copy in quarantine goes with it.

        Returns the revision under which somebody may still publish it, where nothing is forgotten for that; else None.
        """
        if manifest.source is None or manifest.status is Status.FAILED:
            return None
        subject, identity = subject_of_picture(source.bucket, source.key), manifest.source.identity
        revisions = self.failures.rejection(subject, identity)
        if revisions is None:
            return None
        latest = max(revisions, default=0)
        if latest > manifest.revision:
            return latest
        if (copy := self.failures.lift_rejection(subject, identity, revisions)) is not None:
            self.quarantine.remove(copy)
        return None


@dataclass(slots=True)
class FailureRecorder:
    """Records why the source of one dead letter is rejected (a `reconcile.Recorder`).

    Attributes:
        dead_letter: The dead letter.
        registry: Where its failure is recorded.
        delivery: Its receipt handle.
        copies: How many were made of it: it is recorded once more where somebody else publishes first.
        trial: The trial that has begun and not ended; None before and after. It is counted in the table, so that it
            stays counted if this invocation dies.
    """

    dead_letter: DeadLetter
    registry: FailureRecords
    delivery: str
    copies: int = 0
    trial: Trial | None = None

    def before_reading(self, source: Source, original: Original, recipe: Recipe) -> None:
        """Spare the rendering where the letter tells its end, or where it has never ended by itself."""
        self.end_trial()
        verdict = self.dead_letter.verdict
        if (
            verdict is not None
            and verdict.is_on_contents
            and verdict.is_on(original.identity, recipe.digest_for(verdict.reason))
        ):
            raise verdict.rejection()
        subject = subject_of_picture(source.bucket, source.key)
        self.trial = Trial(subject, original.identity, recipe.digest, self.dead_letter.message_id)
        if self.registry.failures.begin_trial(self.trial) > TRIALS:
            raise PictureRejected(
                Reason.MACHINE_LIMIT,
                f"Rendering it ended without a result {TRIALS} times, each time alone: memory or time ran out.",
            )

    def denied(self, source: Source, original: Original, closed: Closed) -> None:
        """Count it, as the trials are that end a renderer, but never take it back."""
        subject = subject_of_picture(source.bucket, source.key)
        trial = Trial(subject, original.identity, closed.reason, self.dead_letter.message_id)
        if self.registry.failures.begin_trial(trial) < TRIALS:
            raise Unreadable(closed)

    def record(self, source: Source, original: Original, verdict: Verdict, *, revision: int, copied: bool) -> None:
        """Copy first, row second: a row always has its copy, where there can be one."""
        self.copies += 1
        name = f"{self.delivery} {self.copies}"
        copy = self.registry.quarantine.keep(source, original, name) if copied else None
        self.registry.record(
            self.dead_letter,
            subject=subject_of_picture(source.bucket, source.key),
            identity=verdict.identity,
            reason=verdict.reason,
            detail=verdict.detail,
            quarantine=copy,
            source=source,
            digest=verdict.digest,
            revision=revision,
        )

    def end_trial(self) -> None:
        """Take the trial back: it came to an end of its own, whichever."""
        if self.trial is not None:
            self.registry.failures.end_trial(self.trial)
            self.trial = None


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """Processes dead letters.

    Attributes:
        find_source: which sources are ours, and what they are published under.
        reconcile: the workflow, called with a source, a recorder, `retry` and `redelivered`: somebody had it before.
        registry: where failures are kept.
        queue: the dead-letter queue; it delays the next try of a message.
        observer: is told of each outcome, for log and metrics.
        announce: notifies other services of an outcome.
        overtake: publishes a manifest once more under a later revision (`leftovers.overtake`).
        uploads: the bucket that pictures by URL are written to.
        afterwards: does what may be done only once an outcome is announced.
    """

    find_source: FindSource
    reconcile: Callable[..., Outcome]
    registry: FailureRecords
    queue: Queue
    observer: Observer
    announce: Callable[..., None]
    overtake: Callable[[Manifest, int], Manifest]
    uploads: str
    afterwards: Callable[..., None] = no_notification

    def __call__(self, dead_letter: DeadLetter, receipt: str, received: int) -> None:
        """Process one dead letter, delivered `received` times; raises ExceptionGroup after transient errors."""
        order = order_in(dead_letter.body)
        if order is not None:
            self._record_order(dead_letter, order)
            return
        reading = read(dead_letter.body).about(self.find_source)
        cause = Cause(dead_letter.message_id, dead_letter.first_at)
        errors = [
            error
            for source in reading.sources
            if (error := self._settle(source.because(cause), dead_letter, receipt, retry=source in reading.retries))
        ]
        if errors:
            pause = pause_seconds(dead_letter.message_id, received, longest=_LONGEST_PAUSE_SECONDS)
            hold_back(self.queue, receipt, pause, errors)
            raise ExceptionGroup(f"{len(errors)} of {len(reading.sources)} sources of the letter", errors)
        for problem in reading.problems:
            self._record_message(dead_letter, problem, receipt)

    def _settle(self, source: Source, dead_letter: DeadLetter, receipt: str, *, retry: bool) -> Exception | None:
        last_word = FailureRecorder(dead_letter, self.registry, receipt)
        try:
            outcome = self.reconcile(source, recorder=last_word, retry=retry, redelivered=True)
            last_word.end_trial()
            outcome = self._lifted(source, outcome)
            self.announce(outcome)
            self.afterwards(outcome)
            self.observer.on_done(outcome)
        except Exception as error:  # noqa: BLE001  whatever it is, the other sources of the letter still get their turn
            self.observer.on_error(source, error)
            if not isinstance(error, ChildLost):
                with suppress(Exception):  # then it stays counted: one of several
                    last_word.end_trial()
            return error
        return None

    def _lifted(self, source: Source, outcome: Outcome) -> Outcome:
        """Forget what was recorded of contents that nobody rejects any more.

        Whoever has recorded it may have lost their race against a manifest of the same revision, as where a first view
        fails: then that is published once more, so that nobody can still be about to publish the rejection.
        """
        if outcome.manifest is None:
            return outcome
        latest = self.registry.lift(source, outcome.manifest)
        if latest is None:
            return outcome
        manifest = self.overtake(outcome.manifest, latest)
        self.registry.lift(source, manifest)
        return replace(outcome, manifest=manifest)

    def _record_order(self, dead_letter: DeadLetter, order: Order) -> None:
        """A URL has no original that could be looked at once more, nor be copied: whoever fetches has said why.

        It gives a second look to what ends it, in a process of its own (`fetch.work`). What SQS moved here all the same
        never came so far: the function could not work at all.
        """
        self.registry.record(
            dead_letter,
            subject=subject_of_picture(self.uploads, order.key),
            identity=identity_of_url(order.url),
            reason=dead_letter.reason or FetchReason.UNFINISHED,
            detail=dead_letter.detail or FETCH_MESSAGES[FetchReason.UNFINISHED],
            quarantine=None,
            source=Source(self.uploads, order.key),
            url=order.url,
        )

    def _record_message(self, dead_letter: DeadLetter, problem: Problem, receipt: str) -> None:
        copy = self.registry.quarantine.keep_message(dead_letter.message_id, problem.part, receipt)
        self.registry.record(
            dead_letter,
            subject=subject_of_message(dead_letter.message_id),
            identity=fingerprint(problem.part),
            reason=problem.reason,
            detail=problem.detail,
            quarantine=copy,
        )
