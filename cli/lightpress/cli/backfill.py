"""The loop of `lightpress backfill`: sends every original of a bucket to the queue, and waits for completion.

It decides when to send and when to stop. Where originals come from (`cli.backfill_sources`) and how they are sent and
checked (`cli.backfill_targets`) are ports. It may be killed at any moment:

- The checkpoint advances only past finished items. The next run checks again what was in flight when the program was
  killed, which costs two reads for each item that is done by then.
- Only this program sends, and only while it runs: no message makes anything send more.
- At most `max_in_flight` items are in the queue, so stopping means waiting for those, and leaves nothing there.
- Requests of one kind go out side by side: those that check what comes next, those that send what is stale of it, those
  that check what was sent. What comes next is taken in groups; a limit on objects or dollars ends the run within one.
"""

from __future__ import annotations

import json
import math
import os
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

AT_ONCE = 64
"""Items that are taken, and checked, together at most: so many are checked in vain where a limit ends the run."""

_LEAST_AT_ONCE = 10
_POLLED_AT_ONCE = 128
_SECONDS_AT_ONCE = 0.5
_FIRST_LOOK = 0.5
_PAUSE = 0.2
_SAVED_EVERY = 1.0
_MOST_LATE = 1_000
# Items that are finished behind one that is not, for each that may be in the queue: the next run checks them again
# where this one is killed, and meanwhile they take memory.
_MOST_BEHIND = 100
_READS_OF_A_CHECK = 2

LATE = "late"
"""The outcome of an item that was not finished in time."""


@dataclass(frozen=True, slots=True)
class Item:
    """An original to process.

    Attributes:
        key: In its bucket.
        size: In bytes.
        place: The position in the listing or report from which to continue after it.
        storage: Its storage class, as S3 names it.
    """

    key: str
    size: int
    place: str
    storage: str = "STANDARD"


class Target(Protocol):
    """Sends items to a queue and checks their outcome. reads: GET and HEAD requests so far."""

    reads: int

    def endings(self, items: Sequence[Item]) -> Iterator[str | None]:
        """The outcome of each item, in order; None where it is not finished. What fails is raised in its place."""

    def send(self, items: Sequence[Item]) -> list[Item]:
        """Send items to the queue; returns those that SQS did not accept."""


class BackfillError(Exception):
    """A backfill cannot begin or continue; the message says why, and what to do."""


class OtherRunError(BackfillError):
    """The checkpoint belongs to a run with other options, or is damaged; the message says what to do."""


@dataclass
class Checkpoint:
    """How far a run has come; kept in a file.

    Attributes:
        options: Those of the run, by name.
        place: The position up to which everything is finished.
        endings: Finished items by outcome.
        bytes: Of all finished items.
        sent: Messages sent, or to be sent again because SQS did not accept them.
        reads: GET and HEAD requests.
        retrieval: Dollars for reading what was sent, because of its storage class.
        late: Keys that were not finished in time, at most 1,000.
        finished: Whether the run is complete.
    """

    options: dict[str, str]
    place: str = ""
    endings: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    sent: int = 0
    reads: int = 0
    retrieval: float = 0.0
    late: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def settled(self) -> int:
        """The number of finished items."""
        return sum(self.endings.values())

    def write(self, path: Path) -> None:
        """Replace the file atomically: a program that is killed leaves the former one."""
        new = path.with_suffix(".new")
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def checkpoint_at(path: Path, options: dict[str, str]) -> Checkpoint:
    """Read the checkpoint of an unfinished run with these options, or begin one; raises OtherRunError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = Checkpoint(**values)
    except FileNotFoundError:
        return Checkpoint(options)
    except (ValueError, TypeError) as error:
        raise OtherRunError(f"{path} cannot be read ({error}); remove it to start over") from error
    if found.finished:
        return Checkpoint(options)
    if found.options != options:
        raise OtherRunError(
            f"{path} belongs to an unfinished run with other options: {json.dumps(found.options)}. Repeat these to "
            "continue it, or remove the file to start over."
        )
    return found


@dataclass(frozen=True)
class Limits:
    """The limits of a run.

    Attributes:
        rate: Items sent each second.
        max_in_flight: Items in the queue at most.
        max_objects: Items sent at most; None is no limit.
        max_dollars: Estimated cost at most; None is no limit.
        timeout: Seconds until an item that is not finished counts as late.
        dollars: The cost of a number of sent items and of reads.
        retrieval: What reading an item costs besides, because of its storage class.
    """

    rate: float = 50.0
    max_in_flight: int = 1_000
    max_objects: int | None = None
    max_dollars: float | None = None
    timeout: float = 900.0
    dollars: Callable[[int, int], float] = lambda sent, reads: 0.0  # noqa: ARG005
    retrieval: Callable[[Item], float] = lambda _: 0.0

    @property
    def at_once(self) -> int:
        """How many items are taken together at most: half a second's, and no fewer than ten."""
        return max(_LEAST_AT_ONCE, min(AT_ONCE, int(self.rate * _SECONDS_AT_ONCE)))

    @property
    def bounded(self) -> bool:
        """Whether the number of objects or the cost is limited."""
        return self.max_objects is not None or self.max_dollars is not None

    @property
    def reads_to_settle(self) -> int:
        """Reads that one item may take once it is sent: of 12 checks within 900 s, each at twice the age before."""
        return _READS_OF_A_CHECK * (1 + math.ceil(math.log2(max(1, self.timeout / _FIRST_LOOK))))

    def exceeded(self, checkpoint: Checkpoint, items: Sequence[Item], under_way: int, *, checks: int = 0) -> str | None:
        """Which limit would be exceeded by sending these items and checking all in flight until they finish.

        checks: of other items, once.
        """
        more = len(items)
        sent = checkpoint.sent + more
        if self.max_objects is not None and sent > self.max_objects:
            return "max_objects"
        if self.max_dollars is None:
            return None
        reads = self.reads_to_settle * (more + under_way) + _READS_OF_A_CHECK * checks
        dollars = self.dollars(sent, checkpoint.reads + reads)
        dollars += checkpoint.retrieval + sum(map(self.retrieval, items))
        return "max_dollars" if dollars > self.max_dollars else None


@dataclass
class _Flight:
    """An item in flight.

    Attributes:
        item: Which.
        ending: Its outcome; None until it is finished.
        sent_at: When it was sent, by the clock; None if it was not accepted yet.
        look_at: When it is checked next.
    """

    item: Item
    ending: str | None = None
    sent_at: float | None = None
    look_at: float = 0.0

    def looked(self, ending: str | None, now: float, timeout: float) -> None:
        """Record an outcome; an item that takes long is checked at growing intervals, and last when it is late."""
        self.ending = ending
        if ending is None and self.sent_at is not None:
            age = now - self.sent_at
            self.ending = LATE if age >= timeout else None
            self.look_at = self.sent_at + min(max(2 * age, _FIRST_LOOK), timeout)


@dataclass
class Backfill:
    """One run.

    Attributes:
        target: Sends items and checks them.
        limits: Of the run.
        checkpoint: How far it has come.
        path: Of the checkpoint's file.
        clock: Seconds that only grow.
        pause: Waits for so many seconds.
        stop: Whether to send no more.
        progress: Called after each change, with the number of finished items and that of items in flight.
    """

    target: Target
    limits: Limits
    checkpoint: Checkpoint
    path: Path
    clock: Callable[[], float]
    pause: Callable[[float], None]
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[Checkpoint, int, int], None] = lambda _checkpoint, _done, _under_way: None
    _under_way: deque[_Flight] = field(default_factory=deque)
    _unfinished: dict[int, _Flight] = field(default_factory=dict)
    _next_send: float = 0.0
    _saved_at: float = float("-inf")
    _reads_before: int = 0

    def run(self, items: Iterable[Item]) -> str:
        """Process `items`, which begin after the checkpoint's place; returns why the run ended.

        "finished": all items are. "stopped", "max_objects", "max_dollars": what was sent is finished, and a run with
        the same options continues from there; so it does after an exception.
        """
        self._reads_before = self.checkpoint.reads
        try:
            ended = self._work_off(items)
        except Exception:
            self._advance()
            self._save()
            raise
        self.checkpoint.finished = ended == "finished"
        self._save()
        return ended

    def _work_off(self, items: Iterable[Item]) -> str:
        coming = iter(items)
        ended = None
        while True:
            ended = ended or ("stopped" if self.stop() else None)
            if ended is None and (room := self._room()):
                ended = self._take(list(islice(coming, room)))
            self._poll()
            self._settle()
            if not self._under_way and ended is not None:
                return ended
            if ended is not None or not self._room():
                self.pause(_PAUSE)

    def _room(self) -> int:
        """How many may be taken now. What is finished behind an item that is not takes no room, up to a limit."""
        if self.clock() < self._next_send or len(self._under_way) >= _MOST_BEHIND * self.limits.max_in_flight:
            return 0
        room = min(self.limits.at_once, self.limits.max_in_flight - len(self._unfinished))
        return room if room >= _LEAST_AT_ONCE else 0

    def _take(self, items: list[Item]) -> str | None:
        """Check some items, and send those that are not up to date; returns which limit forbids more, or "finished"."""
        if not items:
            return "finished"
        under_way = len(self._unfinished)
        if over := self.limits.exceeded(self.checkpoint, [], under_way, checks=len(items)):
            return over
        taken: list[_Flight] = []
        for item, ending in zip(items, self._endings(items), strict=True):
            taken.append(_Flight(item, ending))
            self._under_way.append(taken[-1])
        todo: list[_Flight] = []
        for place, flight in enumerate(taken):
            if flight.ending is not None:
                continue
            sending = [*(one.item for one in todo), flight.item]
            if over := self.limits.exceeded(self.checkpoint, sending, under_way):
                self._leave(len(taken) - place)
                break
            todo.append(flight)
        self._begin(todo)
        self._send(todo)
        return over

    def _leave(self, count: int) -> None:
        """Take nothing of the last items: the next run checks them again."""
        for _ in range(count):
            self._under_way.pop()

    def _begin(self, flights: list[_Flight]) -> None:
        """Count what is to be sent: what SQS does not accept at first counts, too, for it will be sent again."""
        self._unfinished.update((id(flight), flight) for flight in flights)
        self.checkpoint.sent += len(flights)
        self.checkpoint.retrieval += sum(self.limits.retrieval(flight.item) for flight in flights)
        if self.limits.bounded and flights:
            self._save()  # before they are paid for: a program that is killed here must not exceed the limit later

    def _send(self, flights: list[_Flight]) -> None:
        if not flights:
            return
        now = self.clock()
        refused = {item.key for item in self.target.send([flight.item for flight in flights])}
        for flight in flights:
            if flight.item.key not in refused:
                flight.sent_at, flight.look_at = now, now + _FIRST_LOOK
        self._next_send = max(now - _SECONDS_AT_ONCE, self._next_send) + len(flights) / self.limits.rate

    def _poll(self) -> None:
        """Check the items that are due, and send again what SQS did not accept."""
        now = self.clock()
        waiting = (flight for flight in self._unfinished.values() if flight.look_at <= now)
        due = list(islice(waiting, _POLLED_AT_ONCE))
        for flight, ending in zip(due, self._endings([flight.item for flight in due]), strict=True):
            flight.looked(ending, now, self.limits.timeout)
            if flight.ending is not None:
                del self._unfinished[id(flight)]
        self._send([flight for flight in due if flight.ending is None and flight.sent_at is None])

    def _endings(self, items: list[Item]) -> Iterator[str | None]:
        for ending in self.target.endings(items):
            self.checkpoint.reads = self._reads_before + self.target.reads
            yield ending

    def _settle(self) -> None:
        self._advance()
        if self.clock() - self._saved_at >= _SAVED_EVERY:
            self._save()
        done = self.checkpoint.settled + len(self._under_way) - len(self._unfinished)
        self.progress(self.checkpoint, done, len(self._unfinished))

    def _advance(self) -> None:
        """Advance the checkpoint past all items that are finished without a gap."""
        while self._under_way and (ending := self._under_way[0].ending) is not None:
            item = self._under_way.popleft().item
            self.checkpoint.place = item.place
            self.checkpoint.endings[ending] = self.checkpoint.endings.get(ending, 0) + 1
            self.checkpoint.bytes += item.size
            if ending == LATE and len(self.checkpoint.late) < _MOST_LATE:
                self.checkpoint.late.append(item.key)

    def _save(self) -> None:
        self.checkpoint.write(self.path)
        self._saved_at = self.clock()
