"""One message, from its body to its end: every source it names is reconciled, and what makes no sense is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lightpress.events import Problem, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.ports import DeadLetters
    from lightpress.reconcile import Outcome
    from lightpress.source import Source


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message."""

    id: str
    body: str


class Observer(Protocol):
    """Whoever wants to know: the log and the metrics."""

    def settled(self, outcome: Outcome) -> None:
        """A source is up to date."""

    def stumbled(self, source: Source, error: Exception) -> None:
        """The world failed; the message will come back."""

    def discarded(self, message: Message, problem: Problem) -> None:
        """Part of a message makes no sense; the message is kept in the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Process:
    """Works off messages about one uploads bucket."""

    uploads_bucket: str
    reconcile: Callable[[Source], Outcome]
    dead_letters: DeadLetters
    observer: Observer

    def __call__(self, message: Message) -> None:
        """Work off one message; raises if the world failed any of its sources, so that it comes back whole."""
        reading = read(message.body)
        ours = [source for source in reading.sources if source.bucket == self.uploads_bucket]
        errors = [error for source in ours if (error := self._settle(source))]
        if errors:
            raise ExceptionGroup(f"{len(errors)} of {len(ours)} sources of the message", errors)
        self._discard(message, (*reading.problems, *self._foreign(reading.sources)))

    def _settle(self, source: Source) -> Exception | None:
        try:
            self.observer.settled(self.reconcile(source))
        except Exception as error:  # noqa: BLE001  whatever it is, the other sources of the message still get their turn
            self.observer.stumbled(source, error)
            return error
        return None

    def _foreign(self, sources: tuple[Source, ...]) -> list[Problem]:
        return [
            Problem("unknown_bucket", f"The event is about {source.bucket}, not {self.uploads_bucket}.")
            for source in sources
            if source.bucket != self.uploads_bucket
        ]

    def _discard(self, message: Message, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            self.observer.discarded(message, problem)
        if problems:
            first = problems[0]
            self.dead_letters.send(message.body, message_id=message.id, reason=first.reason, detail=first.detail)
