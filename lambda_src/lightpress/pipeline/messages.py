"""One message, from its body to its end: every source it names is reconciled.

A rejected picture and a record that cannot be read are sent to the dead-letter queue at once, each with its own reason:
no retry would help. After a transient error the message is retried, with a pause that grows with each try.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lightpress.pipeline.backoff import hold_back, pause_seconds
from lightpress.pipeline.events import Problem, read, reconcile_message
from lightpress.pipeline.failures import DeadLetter, Verdict
from lightpress.pipeline.source import Cause
from lightpress.pipeline.turns import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.events import FindSource, Reading
    from lightpress.pipeline.ports import DeadLetters, Queue
    from lightpress.pipeline.source import Source


class HasVerdict(Protocol):
    """What a workflow did for a source.

    verdict: why it was rejected, where it was. handed_on: whether it is for the last instance for another reason.
    """

    @property
    def verdict(self) -> Verdict | None: ...

    @property
    def handed_on(self) -> bool: ...


Outcome = TypeVar("Outcome", bound=HasVerdict)
Told_contra = TypeVar("Told_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message, as it was received.

    Attributes:
        id: of the message, the same at each delivery.
        body: its text.
        receipt: the receipt handle of this delivery.
        received: the receive count, this delivery included.
        sent_at: in seconds since 1970.
        request_id: of the invocation.
    """

    id: str
    body: str
    receipt: str = ""
    received: int = 1
    sent_at: int = 0
    request_id: str = ""


class Observer(Protocol[Told_contra]):
    """Whoever wants to know: the log and the metrics."""

    def on_done(self, outcome: Told_contra) -> None:
        """A source is up to date, or rejected and on its way to be recorded."""

    def on_error(self, source: Source, error: Exception) -> None:
        """A transient error: the message will be retried."""

    def on_discarded(self, message: Message, problem: Problem) -> None:
        """A part of a message makes no sense; it is on its way to be recorded."""


def always() -> bool:
    """There is always time for another picture: where nothing limits the invocation."""
    return True


def no_notification(_outcome: object) -> None:
    """Announce nothing: where no service is to be notified."""


@dataclass(frozen=True, slots=True)
class MessageProcessor(Generic[Outcome]):
    """Processes messages: runs the workflow for each source that a message names.

    Attributes:
        find_source: which sources are ours, and what they are published under.
        workflow: called with a source, `retry`, and `redelivered`: whether somebody may have left
            variants behind, who had the message before or rendered lazy ones.
        dead_letters: takes what no retry can help.
        queue: where messages come from; it delays the next try of one.
        observer: is told of each outcome, for log and metrics.
        announce: notifies other services of an outcome.
        afterwards: does what may be done only once that is announced.
    """

    find_source: FindSource
    workflow: Callable[..., Outcome]
    dead_letters: DeadLetters
    queue: Queue
    observer: Observer[Outcome]
    announce: Callable[..., None] = no_notification
    afterwards: Callable[..., None] = no_notification

    def __call__(self, message: Message, has_time: Callable[[], bool] = always) -> None:
        """Process one message; raises ExceptionGroup after transient errors, so that SQS delivers it again as a whole.

        has_time: whether the invocation can finish one more picture. It is asked before each.
        """
        reading = read(message.body).about(self.find_source)
        errors = [error for source in reading.sources if (error := self._settle(source, message, has_time, reading))]
        if errors:
            self._hold_back(message, errors)
            raise ExceptionGroup(f"{len(errors)} of {len(reading.sources)} sources of the message", errors)
        for problem in reading.problems:
            self._discard(message, problem)

    def _settle(
        self, source: Source, message: Message, has_time: Callable[[], bool], reading: Reading
    ) -> Exception | None:
        if not has_time():
            return OutOfTime(source)
        cause, retry = Cause(message.id, message.sent_at), source in reading.retries
        left_behind = message.received > 1 or source in reading.late
        try:
            outcome = self.workflow(source.because(cause), retry=retry, redelivered=left_behind)
            if outcome.verdict is not None:
                self._give_up(source, message, outcome.verdict, retry=retry)
            elif outcome.handed_on:
                self.dead_letters.send(_dead_letter(message, reconcile_message(source, retry=retry)))
            self.announce(outcome)
            self.afterwards(outcome)
            self.observer.on_done(outcome)
        except OutOfTime as late:
            return late
        except Exception as error:  # noqa: BLE001  whatever it is, the other sources of the message still get their turn
            self.observer.on_error(source.because(cause), error)
            return error
        return None

    def _give_up(self, source: Source, message: Message, verdict: Verdict, *, retry: bool) -> None:
        dead_letter = _dead_letter(
            message, reconcile_message(source, retry=retry), verdict.reason, verdict.detail, verdict
        )
        self.dead_letters.send(dead_letter)

    def _discard(self, message: Message, problem: Problem) -> None:
        self.dead_letters.send(_dead_letter(message, problem.part, problem.reason, problem.detail))
        self.observer.on_discarded(message, problem)

    def _hold_back(self, message: Message, errors: list[Exception]) -> None:
        only_late = all(isinstance(error, OutOfTime) for error in errors)
        pause = 0 if only_late else pause_seconds(message.id, message.received)
        hold_back(self.queue, message.receipt, pause, errors)


def _dead_letter(
    message: Message, body: str, reason: str | None = None, detail: str | None = None, verdict: Verdict | None = None
) -> DeadLetter:
    return DeadLetter(
        body,
        message.id,
        reason,
        detail,
        verdict,
        attempts=message.received,
        first_at=message.sent_at,
        request_ids=(message.request_id,) if message.request_id else (),
    )
