"""A batch of orders, fetched side by side: nearly all of it is waiting for other people's servers.

What ends the invocation (memory that runs out, a thread that hangs) takes the whole batch along: all of it comes back,
and nobody knows which of them it was. An order that was received more often than it is worth trying has never come to
an end of its own, so it may be the one. It gets a second look alone, as pictures do (`record_failure`): in a process of
its own (`alone`), one after the other, while the rest of the batch goes back to the queue. So the guilty one fails by
itself and is recorded, and its neighbors are fetched, however many guilty ones there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.fetch import FetchOutcome
from lightpress.ingest.orders import order_in
from lightpress.pipeline.backoff import pause_seconds
from lightpress.pipeline.events import Problem
from lightpress.pipeline.failures import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.ingest.orders import Order
    from lightpress.pipeline.messages import Message
    from lightpress.pipeline.ports import DeadLetters, Queue

    Ending = FetchOutcome | FetchFailed | Exception | Problem
    """Of a message: done, failed for good or for now, a transient error, or not an order at all."""


_WITH_A_WAIT = 2  # times as long as a URL may take: before it, others may have their turns at the same host
_SECONDS_AROUND = 15  # a URL's own: to begin, to land what came, and to tell of it
_MOST_UNASKED = 8  # SQS itself gives up soon after (lightpress.cdk.url_ingest), and knows no reason


class Observer(Protocol):
    """Whoever wants to know: the log and the metrics. It is told in one thread."""

    def on_fetched(self, order: Order, outcome: FetchOutcome) -> None:
        """An order is done: its file is stored, or has not changed."""

    def on_failed(self, order: Order, failure: FetchFailed, *, for_good: bool) -> None:
        """There is no picture of the URL: for good, and on its way to be recorded; or it is tried again."""

    def on_error(self, message_id: str, error: Exception) -> None:
        """A transient error of ours: the message will be retried."""


class OutOfTime(Exception):
    """The invocation might end before the URL does."""


@dataclass(frozen=True, slots=True)
class FetchBatch:
    """Processes batches of orders.

    Attributes:
        fetch: Fetches one order.
        fetch_alone: Does the same in a process of its own, so that it cannot end the invocation.
        queue: The URL queue, for pauses between tries.
        dead_letters: Where orders go that failed for good.
        observer: Is told of each result, for log and metrics.
        threads: How many orders are fetched at once.
        tries: How often one URL is tried.
        first_pause: Seconds between the first two tries; later pauses grow.
        seconds: How long one URL may take, once it has its turn at its host. It waits no longer for that.
    """

    fetch: Callable[[Order], FetchOutcome]
    fetch_alone: Callable[[Order], FetchOutcome]
    queue: Queue
    dead_letters: DeadLetters
    observer: Observer
    threads: int
    tries: int
    first_pause: int
    seconds: float

    def __call__(self, messages: Sequence[Message], seconds_left: Callable[[], float]) -> list[str]:
        """Work off messages; returns the ids of those that must come back."""
        suspects = [message for message in messages if message.received > self.tries]
        if suspects:
            return self._one_by_one(suspects, messages, seconds_left)
        back = []
        with ThreadPoolExecutor(self.threads) as pool:
            working = {
                pool.submit(self._work_off, message, seconds_left, self.fetch, _WITH_A_WAIT): message
                for message in messages
            }
            for done in as_completed(working):
                message = working[done]
                if not self._told(message, done.result()):
                    back.append(message.id)
        return back

    def _one_by_one(
        self, suspects: Sequence[Message], messages: Sequence[Message], seconds_left: Callable[[], float]
    ) -> list[str]:
        """Work off those that may be what ends invocations, as far as there is time; send the others back."""
        others = [message for message in messages if message not in suspects]
        back = [message.id for message in others if not self._told(message, self._sent_back(message))]
        suspects = sorted(suspects, key=lambda message: message.received, reverse=True)  # so that none waits for ever
        return back + [
            message.id
            for message in suspects
            if not self._told(message, self._work_off(message, seconds_left, self.fetch_alone))
        ]

    def _told(self, message: Message, ending: Ending) -> bool:
        """Tell the observer, and whether the message is done with."""
        order = order_in(message.body)
        if isinstance(ending, FetchFailed) and order:
            for_good = self._is_final(message, ending)
            self.observer.on_failed(order, ending, for_good=for_good)
            return for_good
        if isinstance(ending, Exception):
            if not isinstance(ending, OutOfTime):
                self.observer.on_error(message.id, ending)
            return False
        if order and isinstance(ending, FetchOutcome):
            self.observer.on_fetched(order, ending)
        return True

    def _work_off(
        self,
        message: Message,
        seconds_left: Callable[[], float],
        fetch: Callable[[Order], FetchOutcome],
        times: int = 1,
    ) -> Ending:
        """Fetch one, and see to what becomes of its message. Runs in a thread, and raises nothing.

        times: as long as one URL may take, there must be.
        """
        order = order_in(message.body)
        try:
            if order is None:
                return self._discard(message)
            if seconds_left() < times * self.seconds + _SECONDS_AROUND:
                return self._sent_back(message)
            return fetch(order)
        except FetchFailed as failure:
            return self._failed(message, failure)
        except Exception as error:  # noqa: BLE001  whatever it is, the others go on
            return self._held_back(message, error)

    def _sent_back(self, message: Message) -> Exception:
        """Leave one to another invocation, which may begin at once."""
        try:
            self.queue.hold_back(message.receipt, 0)
        except Exception as trouble:  # noqa: BLE001  it comes back all the same, after the queue's own pause
            return trouble
        return OutOfTime(message.id)

    def _is_final(self, message: Message, failure: FetchFailed) -> bool:
        """Whether it was tried often enough. To come back unasked is no try, but may not go on for ever."""
        most = min(failure.tries, self.tries) if failure.asked else self.tries + _MOST_UNASKED
        return message.received >= most

    def _failed(self, message: Message, failure: FetchFailed) -> Ending:
        if not self._is_final(message, failure):
            return self._held_back(message, failure)
        try:
            self.dead_letters.send(_dead_letter(message, failure.reason, failure.detail))
        except Exception as error:  # noqa: BLE001  it comes back, and fails once more
            return error
        return failure

    def _held_back(self, message: Message, error: Exception) -> Exception:
        """Let the message pause: as long as the server says, or twice as long each time."""
        pause = pause_seconds(message.id, message.received, first=self.first_pause)
        if isinstance(error, FetchFailed) and error.retry_after is not None:
            # Not all at once when the time has come, and longer where that was not long enough.
            pause = error.retry_after + (pause if message.received > 1 else 0)
        try:
            self.queue.hold_back(message.receipt, min(pause, 12 * 3600))
        except Exception as trouble:  # noqa: BLE001  it comes back all the same, after the queue's own pause
            return trouble
        return error

    def _discard(self, message: Message) -> Problem:
        """Hand over what is no order."""
        problem = Problem("unknown_message", "The message is no order to fetch a URL.", message.body)
        self.dead_letters.send(_dead_letter(message, problem.reason, problem.detail))
        return problem


def _dead_letter(message: Message, reason: str, detail: str) -> DeadLetter:
    return DeadLetter(
        message.body,
        message.id,
        reason,
        detail,
        attempts=message.received,
        first_at=message.sent_at,
        request_ids=(message.request_id,) if message.request_id else (),
    )
