"""One message, from its body to its end: every source it names is reconciled, and what makes no sense is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from lightpress.events import Problem, read
from lightpress.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.buckets import Buckets
    from lightpress.ports import DeadLetters

Outcome = TypeVar("Outcome")
Told = TypeVar("Told", contravariant=True)


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message."""

    id: str
    body: str


class Observer(Protocol[Told]):
    """Whoever wants to know: the log and the metrics."""

    def settled(self, outcome: Told) -> None:
        """A source is as it should be."""

    def stumbled(self, source: Source, error: Exception) -> None:
        """The world failed; the message will come back."""

    def discarded(self, message: Message, problem: Problem) -> None:
        """Part of a message makes no sense; the message is kept in the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Process(Generic[Outcome]):
    """Works off messages about some buckets: tells `story` of each source."""

    buckets: Buckets
    story: Callable[[Source], Outcome]
    dead_letters: DeadLetters
    observer: Observer[Outcome]

    def __call__(self, message: Message) -> None:
        """Work off one message; raises if the world failed any of its sources, so that it comes back whole."""
        reading = read(message.body)
        known = [self.buckets.known(source) for source in reading.sources]
        ours = [found for found in known if isinstance(found, Source)]
        errors = [error for source in ours if (error := self._settle(source))]
        if errors:
            raise ExceptionGroup(f"{len(errors)} of {len(ours)} sources of the message", errors)
        foreign = (found for found in known if isinstance(found, Problem))
        self._discard(message, (*reading.problems, *foreign))

    def _settle(self, source: Source) -> Exception | None:
        try:
            self.observer.settled(self.story(source))
        except Exception as error:  # noqa: BLE001  whatever it is, the other sources of the message still get their turn
            self.observer.stumbled(source, error)
            return error
        return None

    def _discard(self, message: Message, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            self.observer.discarded(message, problem)
        if problems:
            first = problems[0]
            self.dead_letters.send(message.body, message_id=message.id, reason=first.reason, detail=first.detail)
