"""Whoever works off messages, and what becomes of its requests: the stores answer, or something fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError, ReadTimeoutError

from lightpress.pipeline.ports import ChildLost
from tests.simulation.deployed import DEAD_LETTERS, UPLOADS
from tests.simulation.invocation import DISCARD, ERASURE, RECEIPT, RENDER, WAIT, Fault, Raised, Request
from tests.simulation.pictures import DENIALS, NativeCrash
from tests.simulation.timeline import in_words
from tools.fakes.wire import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.cloud import Cloud
    from tests.simulation.deployed import Release
    from tools.fakes.dynamodb import Item
    from tools.fakes.sqs import Message

    Row = tuple[str, ...]


_NEVER = -1
_KEY = ("subject", "identity")
_REFUSED = {Fault.FAILS, Fault.EXPIRED}
"""Nothing changes by a request that one of these befalls."""


class Mind(Protocol):
    """What an invocation will do: a running one, or one that is remembered."""

    @property
    def waits_for(self) -> Request | None: ...

    def hear(self, answer: object) -> None: ...

    def abandon(self) -> None: ...


@dataclass(slots=True)
class Worker:
    """An invocation of the function `queue` is worked off by, with a batch of its messages.

    awaits: the names of those who have to end before it goes on. listed: of an erasure, how often clients had changed
    what its key holds when it last listed that. began_at: and when it began. waited_at: and when it last
    began to wait for those at work. overlaps: another erasure of the same key was under way meanwhile. seen: of whoever
    discards failures, the rows that they were shown.
    """

    name: str
    queue: str
    batch: tuple[Message, ...]
    release: Release
    mind: Mind
    dead: bool = False
    awaits: frozenset[str] = frozenset()
    listed: int = -1
    began_at: int = -1
    waited_at: int = _NEVER
    overlaps: bool = False
    seen: tuple[Item, ...] = ()

    @property
    def numbers(self) -> set[int]:
        """Of its messages."""
        return {message.number for message in self.batch}

    @property
    def over(self) -> bool:
        return self.dead or self.mind.waits_for is None

    def step(self, cloud: Cloud, fault: Fault | None = None) -> None:
        """Make the next request, or suffer `fault` over it."""
        request = self.mind.waits_for
        assert request is not None
        if fault is not Fault.DIES:
            heard = self._answer(request, fault, cloud)
            if fault is not Fault.DIES_AFTER:
                self.mind.hear(heard)
                now = self.mind.waits_for
                waits = now is not None and now.operation == WAIT
                self.awaits = cloud.at_work - {self.name} if waits else frozenset()
                if waits:
                    self.waited_at = cloud.promises.changes(self.batch[0].body)
                return
        self.dead = True
        self.mind.abandon()
        cloud.timeline.add(self.name, f"dies {'before' if fault is Fault.DIES else 'after'} {request}")

    def _answer(self, request: Request, fault: Fault | None, cloud: Cloud) -> object:
        what, is_refused = str(request), fault in _REFUSED
        before = dict(cloud.failures.items) if self.queue == DISCARD else {}
        if fault is not None and is_refused:
            heard: object = Raised(_failure(request.operation, fault))
        else:
            heard = _effect(request)
            if fault is Fault.SENT_TWICE:
                cloud.timeline.add(self.name, what, "no answer: it is sent again")
                heard = _effect(request)
            if fault is Fault.LOST_ANSWER:
                heard = Raised(ReadTimeoutError(endpoint_url=request.what))
        cloud.cdn.requested(self.name)
        cloud.timeline.add(self.name, what, in_words(heard.error) if isinstance(heard, Raised) else heard)
        if self.queue == DEAD_LETTERS and _is_denial(heard):
            cloud.promises.denied(request.what)
        if self.queue == ERASURE:
            self._note_erasure(request, cloud)
        if self.queue == DISCARD:
            self._note_discards(request, heard, before, cloud)
        if cloud.backfills is not None and not is_refused:
            cloud.backfills.ledger.after(self, request, fault)
        if request.changes and not is_refused:
            cloud.promises.check_now(request.what, self.queue)
        return heard

    def _note_discards(self, request: Request, heard: object, before: Mapping[Row, Item], cloud: Cloud) -> None:
        """Which rows they were shown; and of those that are gone now, which they had been shown as they were."""
        if request.operation == "Query" and isinstance(heard, dict):
            self.seen = tuple(heard["Items"])
        for row in before.keys() - cloud.failures.items.keys():
            if any(_tells_the_same(one, before[row]) for one in self.seen):
                cloud.promises.discarded(*row)

    def _note_erasure(self, request: Request, cloud: Cloud) -> None:
        key = self.batch[0].body
        if request.operation == "ListObjectVersions" and request.what.startswith(UPLOADS):
            self.listed = cloud.promises.changes(key)
        elif request.operation == RECEIPT:
            cloud.happened["erased"] += 1
            # Else somebody at work may have read what came and went since, and no list shows that.
            if not self.overlaps and self.waited_at in {_NEVER, self.listed}:
                cloud.promises.erased(key, self.listed)


def _tells_the_same(one: Item, other: Item) -> bool:
    """Whether two rows tell of the same failure, whatever else has been tried since."""
    return [one.get(name) for name in (*_KEY, "quarantine")] == [other.get(name) for name in (*_KEY, "quarantine")]


def _effect(request: Request) -> object:
    try:
        return request.effect()
    except (Exception, NativeCrash) as error:  # noqa: BLE001  it is the answer
        return Raised(error)


def _is_denial(heard: object) -> bool:
    """Whether a GET was told so: of each look at what is closed to us there is at least one."""
    error = heard.error if isinstance(heard, Raised) else None
    if not isinstance(error, ClientError) or error.operation_name != "GetObject":
        return False
    return error.response["Error"]["Code"] in DENIALS


def _failure(operation: str, fault: Fault) -> Exception:
    if operation == RENDER:
        return ChildLost("signal 9")
    if fault is Fault.EXPIRED:
        return refusal(operation, 400, "400", "Bad Request")
    return refusal(operation, 503, "SlowDown", "Please reduce your request rate.")
