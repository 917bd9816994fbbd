"""One invocation of a function: production code that stops at each of its requests and waits for the answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from greenlet import getcurrent, greenlet

from tests.simulation.pictures import NativeCrash

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.fakes.sqs import Message, Queue
    from tools.fakes.wire import Wire

    Function = Callable[[Message], None]

Answer = TypeVar("Answer")

RENDER, ACKNOWLEDGE, LOOK, ANSWER = "Render", "Acknowledge", "HeadObject", "Answer"
FIRST_VIEW = "first view"
"""The function that answers those who ask for a lazy variant; no queue has what they ask for."""
CORRECT = "correct"
"""The command, or the request of the API, that corrects the focus of a picture; no queue has it either."""
ERASURE = "erasure"
"""The operator who erases; of no queue either."""
OF_FOLDER = (("scope", "folder"),)
"""How they are asked to where they know only keys that are found."""
SWEEP = "sweep"
"""The operator who sweeps, or a child of the state machine that does; of no queue either."""
DISCARD = "discard"
"""The operator who discards failures; of no queue either."""
BACKFILL, OPERATING = "backfill", "operating"
"""The function that the state machine of backfills invokes, and the operator who begins and stops it; nor these."""
COMMANDS = frozenset({CORRECT, ERASURE, SWEEP, DISCARD, OPERATING})
"""Processes of their own, each time."""
UNQUEUED = frozenset({FIRST_VIEW, CORRECT, ERASURE, SWEEP, DISCARD, BACKFILL, OPERATING})
WAIT, RECEIPT = "Wait", "Receipt"
"""Of an erasure: until everybody who was at work when it began to wait has ended; and its word that nothing is left."""


class Fault(Enum):
    """What can go wrong with one request. The client library's own retries are in it: SENT_TWICE is one of them."""

    FAILS = "fails before it takes effect"
    EXPIRED = "is refused, because the function's token has expired; the client library gets another one"
    LOST_ANSWER = "takes effect, and its answer is lost"
    SENT_TWICE = "takes effect, its answer is lost, and the client library sends it again"
    DIES = "the function dies before it"
    DIES_AFTER = "the function dies after it"


_OF_READING = (Fault.FAILS, Fault.DIES)
_OF_LOOKING = (*_OF_READING, Fault.EXPIRED)  # of all others it is one failure among others; a HEAD has no words for it
_OF_WRITING = tuple(fault for fault in Fault if fault is not Fault.EXPIRED)


class Request(NamedTuple):
    """What an invocation asks for. effect: what comes of it, the answer or an exception."""

    operation: str
    what: str
    effect: Callable[[], Any]
    changes: bool

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What can go wrong with it; of one that only reads, the other faults would be the same as these."""
        if self.changes:
            return _OF_WRITING
        return _OF_LOOKING if self.operation == LOOK else _OF_READING

    def __str__(self) -> str:
        return f"{self.operation} {self.what}"


class BrokenCodeError(BaseException):
    """The code that is tried, or a mutant of it, has a bug of its own. No handler of production code may catch it."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An answer that is an exception."""

    error: BaseException

    def __repr__(self) -> str:
        return repr(self.error)


def ask(operation: str, what: str, effect: Callable[[], Answer], *, changes: bool = False) -> Answer:
    """The wire, for the production code: the invocation that runs it stops here until it is answered."""
    answer: Any = getcurrent().parent.switch(Request(operation, what, effect, changes))
    if isinstance(answer, Raised):
        error = answer.error.with_traceback(None)
        try:
            raise error
        finally:
            del answer, error  # else this frame and the error's traceback keep each other alive
    heard: Answer = answer
    return heard


class Containers:
    """Where functions run as Lambda has it: each is built once, and works for one invocation after the other.

    What one keeps from one invocation to the next may change nothing. Where it dies, it is no more.
    """

    def __init__(self) -> None:
        self._idle: dict[tuple[object, str], list[Function]] = {}

    def begin(
        self, make: Callable[[Wire], Function], release: object, queue: Queue, batch: tuple[Message, ...]
    ) -> Invocation:
        """An invocation, by a function that is idle, or by a new one. make: builds the function of a release."""
        idle = self._idle.setdefault((release, queue.name), [])
        return Invocation(idle.pop() if idle else make(ask), queue, batch, idle)


class Invocation:
    """Works off a batch of messages. waits_for: its next request, None once it is over.

    idle: takes the function in once it has worked off the batch.
    """

    def __init__(
        self, work: Function, queue: Queue, batch: tuple[Message, ...], idle: list[Function] | None = None
    ) -> None:
        self._work, self._queue, self._batch, self._idle = work, queue, batch, idle
        self.failed: list[tuple[Message, str]] = []
        self._greenlet = greenlet(self._run)
        self.waits_for: Request | None = self._greenlet.switch()

    def hear(self, answer: object) -> None:
        """Go on with the answer, up to the next request."""
        self.waits_for = self._greenlet.switch(answer)

    def abandon(self) -> None:
        """End it where it stands: nobody else does, as a stack that waits and what refers to it keep each other alive.

        Its last request can still be made.
        """
        self._greenlet.throw()
        del self._greenlet

    def _run(self) -> None:
        """What Lambda and its event source do around the handler: what is not reported as failed is deleted."""
        try:
            done = [message.number for message in self._batch if self._succeeds(message)]
        except NativeCrash:
            return
        if done and self._queue.name not in UNQUEUED:
            self._acknowledge(done)
        if self._idle is not None:
            self._idle.append(self._work)

    def _acknowledge(self, numbers: list[int]) -> None:
        queue = self._queue

        def effect() -> None:
            for number in numbers:
                queue.delete(number)

        with suppress(Exception):  # nobody is there to hear that it was lost
            ask(ACKNOWLEDGE, f"{queue.name} {numbers}", effect, changes=True)

    def _succeeds(self, message: Message) -> bool:
        try:
            self._work(message)
        except Exception as error:  # noqa: BLE001  as the batch processor does: the message comes back
            _check_no_bug(error)
            self.failed.append((message, type(error).__name__))
            return False
        return True


def _check_no_bug(error: BaseException) -> None:
    """Raise BrokenCodeError for what no fault of the world makes code raise.

    Else a mutant whose own code cannot run would pass for one that is found. Of all others, the traceback is forgotten:
    its frames know the errors that they have gathered, and nothing of it would be freed without a collection.
    """
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            _check_no_bug(one)
    elif isinstance(error, AttributeError | NameError | TypeError):
        raise BrokenCodeError(f"The code cannot run: {error!r}") from error
    error.__traceback__ = error.__context__ = error.__cause__ = None
