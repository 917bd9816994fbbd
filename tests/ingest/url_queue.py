"""The URL queue as SQS keeps it, with Lambda in front of it, by a clock of its own: no second of it is waited for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.fetch import FetchOutcome, FetchResult
from lightpress.ingest.orders import Order, body_of
from lightpress.ingest.urls import FetchReason
from lightpress.pipeline.messages import Message

if TYPE_CHECKING:
    from random import Random

    from lightpress.ingest.batch import FetchBatch
    from lightpress.pipeline.failures import DeadLetter

_MOST_IN_A_BATCH = 10


class Died(BaseException):
    """The invocation has ended: nothing of the program runs any more."""


@dataclass
class _Waiting:
    """A message of the queue. due: when it is seen again."""

    due: float
    received: int = 0


@dataclass(frozen=True)
class Deployment:
    """As `lightpress.cdk.url_ingest` has it, by default. seconds: of an invocation."""

    visible_again: float = 630
    most_receives: int = 16
    seconds: float = 105


@dataclass
class UrlQueue:
    """The queue, its function and the servers that it asks.

    Orders in `deadly` end the invocation, those in `busy` are answered with 503, and `slow` ones take all the time that
    there is; each of the others a second. away_until: the hour in which S3 comes back. ended: how each order did, by
    its key. late: invocations whose time was over while one was fetched alone.
    """

    chance: Random
    deadly: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset()
    away_until: float = 0
    deployment: Deployment = Deployment()
    url_seconds: float = 30
    now: float = 0
    ended: dict[str, str] = field(default_factory=dict)
    most_received: int = 0
    late: int = 0
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _landed: set[str] = field(default_factory=set)
    _over_at: float = 0
    _dead: bool = False

    def order(self, key: str, at: float) -> None:
        self._waiting[key] = _Waiting(at)

    def empty(self, work: FetchBatch) -> None:
        """Have the function work until nothing is left in the queue."""
        while self._waiting:
            self.now = max(self.now, min(one.due for one in self._waiting.values()))
            visible = [key for key, one in self._waiting.items() if one.due <= self.now]
            taken = self.chance.sample(visible, min(len(visible), self.chance.randint(1, _MOST_IN_A_BATCH)))
            messages = [message for key in taken if (message := self._receive(key))]
            if messages:
                self._invoke(work, messages)

    def _receive(self, key: str) -> Message | None:
        one = self._waiting[key]
        if one.received == self.deployment.most_receives:
            self._end(key, FetchReason.UNFINISHED)
            return None
        one.received += 1
        one.due = self.now + self.deployment.visible_again
        self.most_received = max(self.most_received, one.received)
        return Message(key, body_of(Order("https://example.com/", key)), f"{key} {one.received}", one.received)

    def _invoke(self, work: FetchBatch, messages: list[Message]) -> None:
        self._over_at, self._dead = self.now + self.deployment.seconds, False
        try:
            back = work(messages, lambda: self._over_at - self.now)
        except Died:
            return
        for message in messages:
            if message.id not in back:
                self._end(message.id, FetchResult.FETCHED if message.id in self._landed else "lost")

    def _end(self, key: str, how: str) -> None:
        self.ended.setdefault(key, how)
        self._waiting.pop(key, None)

    def together(self, order: Order) -> FetchOutcome:
        """Fetch beside others: the time that it takes is theirs, too."""
        if self._dead or order.key in self.deadly:
            self._dead = True
            raise Died
        return self._fetch(order, 0)

    def alone(self, order: Order) -> FetchOutcome:
        """Fetch in a process of its own."""
        if order.key in self.deadly:
            self.now += self.chance.uniform(0, self.url_seconds + 5)
            raise FetchFailed(FetchReason.UNFINISHED, "The process has ended.")
        return self._fetch(order, self.url_seconds + 10 if order.key in self.slow else 1)

    def _fetch(self, order: Order, seconds: float) -> FetchOutcome:
        self.now += seconds
        if self.now > self._over_at:
            self.late += 1
            raise Died
        if order.key in self.busy:
            raise FetchFailed(FetchReason.SERVER_ERROR, "TooManyRequests.")
        if self.now < 3600 * self.away_until:
            raise ConnectionError("S3 is away")
        self._landed.add(order.key)
        return FetchOutcome(FetchResult.FETCHED, 1)

    def hold_back(self, receipt: str, seconds: int) -> None:
        key, _, received = receipt.partition(" ")
        if self._dead:
            raise Died
        if key in self._waiting and self._waiting[key].received == int(received):
            self._waiting[key].due = self.now + seconds

    def send(self, dead_letter: DeadLetter) -> None:
        """A dead letter. Its message may come back, and is then sent once more."""
        self.ended[dead_letter.message_id] = dead_letter.reason or ""
