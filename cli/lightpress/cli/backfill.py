"""`lightpress backfill`: has every picture of a bucket looked at, through the ordinary queue, and sees it done.

The loop here decides when to send and when to stop; where items come from (`cli.backfill_sources`) and what becomes of
them (`cli.backfill_targets`) are ports. It may die at any moment:

- The checkpoint moves only behind what is settled. Whatever was under way when the program died is looked at again by
  the next run, which costs two reads where it is done by then.
- Only this program sends, and only while it runs: nothing that it sends makes anything send more.
- At most `max_in_flight` are under way, so stopping means waiting for those, and nothing else is left in the queue.
"""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

BATCH = 10
"""Messages that SQS takes at once."""

_POLLED_AT_ONCE = 64
_FIRST_LOOK = 0.5
_PAUSE = 0.2
_SAVED_EVERY = 1.0
_MOST_LATE = 1_000
# What is set aside for looking whether one is settled: two reads, twelve times, each after twice as long.
_READS_TO_SETTLE = 24

LATE = "late"
"""The ending of what was not settled in time."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture to look at. place: where in the source to go on after it."""

    key: str
    size: int
    place: str


class Target(Protocol):
    """What is to become of items. reads: how many requests looking took so far."""

    reads: int

    def endings(self, items: Sequence[Item]) -> list[str | None]:
        """How each has ended; None for what is not as it should be, yet."""

    def send(self, items: Sequence[Item]) -> list[Item]:
        """Have items looked at; returns those that the queue refused."""


class OtherRunError(Exception):
    """The checkpoint is of a run with other options, or is damaged; the message says what to do."""


@dataclass
class Checkpoint:
    """How far a run is. options: that it began with. place: everything up to there is settled.

    endings: of all items so far. sent, reads: what was paid for. late: keys that were not settled in time.
    """

    options: dict[str, str]
    place: str = ""
    endings: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    sent: int = 0
    reads: int = 0
    late: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def settled(self) -> int:
        """How many items have an ending."""
        return sum(self.endings.values())

    def write(self, path: Path) -> None:
        """Write so that whoever dies on the way leaves the file before, whole."""
        new = path.with_suffix(".new")
        path.parent.mkdir(parents=True, exist_ok=True)
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def checkpoint_at(path: Path, options: dict[str, str]) -> Checkpoint:
    """The checkpoint of an unfinished run with these options, or a new one; raises OtherRunError."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        found = Checkpoint(**values)
    except FileNotFoundError:
        return Checkpoint(options)
    except (ValueError, TypeError) as error:
        raise OtherRunError(f"{path} cannot be read ({error}); remove it to begin anew") from error
    if found.finished:
        return Checkpoint(options)
    if found.options != options:
        raise OtherRunError(
            f"{path} is of an unfinished run with other options: {json.dumps(found.options)}. Repeat these to go on "
            "with it, or remove the file."
        )
    return found


@dataclass(frozen=True)
class Limits:
    """How much may be done. rate: sent for each second. timeout: seconds until what is not settled counts as late.

    dollars: of a number of sent items and of reads. max_dollars, max_objects: None is no limit.
    """

    rate: float = 50.0
    max_in_flight: int = 1_000
    max_objects: int | None = None
    max_dollars: float | None = None
    timeout: float = 900.0
    dollars: Callable[[int, int], float] = lambda sent, reads: 0.0  # noqa: ARG005

    @property
    def bounded(self) -> bool:
        """Whether there is a limit of the whole."""
        return self.max_objects is not None or self.max_dollars is not None

    def exceeded(self, checkpoint: Checkpoint, more: int, under_way: int) -> str | None:
        """Which limit it would exceed to send `more`, and to look at these and those under way until all settle."""
        sent = checkpoint.sent + more
        if self.max_objects is not None and sent > self.max_objects:
            return "max_objects"
        if self.max_dollars is None:
            return None
        dollars = self.dollars(sent, checkpoint.reads + _READS_TO_SETTLE * (more + under_way))
        return "max_dollars" if dollars > self.max_dollars else None


@dataclass
class _Flight:
    """An item on its way. sent_at, look_at: by the clock, when it was sent (None: not yet) and is looked at next."""

    item: Item
    ending: str | None = None
    sent_at: float | None = None
    look_at: float = 0.0

    def looked(self, ending: str | None, now: float, timeout: float) -> None:
        """Take note of how it is; what takes long is looked at ever less often, and at last when it is late."""
        self.ending = ending
        if ending is None and self.sent_at is not None:
            age = now - self.sent_at
            self.ending = LATE if age >= timeout else None
            self.look_at = self.sent_at + min(max(2 * age, _FIRST_LOOK), timeout)


@dataclass
class Backfill:
    """One run. stop: says when to send no more. progress: hears of every change, with how many are under way."""

    target: Target
    limits: Limits
    checkpoint: Checkpoint
    path: Path
    clock: Callable[[], float]
    pause: Callable[[float], None]
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[Checkpoint, int], None] = lambda _checkpoint, _under_way: None
    _under_way: deque[_Flight] = field(default_factory=deque)
    _next_send: float = 0.0
    _saved_at: float = float("-inf")
    _reads_before: int = 0

    def run(self, items: Iterable[Item]) -> str:
        """Work through `items`, which begin after the checkpoint's place; returns why it ended.

        finished: all are settled. stopped, max_objects, max_dollars: what was sent is settled, and a run with the same
        options goes on from there. So it does after whatever is raised here: what could not be looked at is not behind
        the checkpoint.
        """
        self._reads_before = self.checkpoint.reads
        try:
            ended = self._work_off(items)
        except Exception:
            self._save()
            raise
        self.checkpoint.finished = ended == "finished"
        self._save()
        return ended

    def _work_off(self, items: Iterable[Item]) -> str:
        coming = _chunks(items, BATCH)
        ended = None
        while True:
            ended = ended or ("stopped" if self.stop() else None)
            if ended is None and self._has_room():
                ended = self._take(next(coming, []))
            self._poll()
            self._settle()
            if not self._under_way and ended is not None:
                return ended
            if ended is not None or not self._has_room():
                self.pause(_PAUSE)

    def _has_room(self) -> bool:
        return len(self._under_way) + BATCH <= self.limits.max_in_flight and self.clock() >= self._next_send

    def _take(self, items: list[Item]) -> str | None:
        """Look at some items, and send those that are not as they should be; returns why no more may be."""
        if not items:
            return "finished"
        todo: list[_Flight] = []
        over = None
        for item, ending in zip(items, self._endings(items), strict=True):
            if ending is None and (over := self.limits.exceeded(self.checkpoint, len(todo) + 1, len(self._under_way))):
                break
            flight = _Flight(item, ending)
            self._under_way.append(flight)
            if ending is None:
                todo.append(flight)
        self._send(todo)
        return over

    def _send(self, flights: list[_Flight]) -> None:
        if not flights:
            return
        now = self.clock()
        self.checkpoint.sent += len(flights)
        if self.limits.bounded:
            self._save()  # before it is paid for: a program that dies here must not pay for it again beyond the limit
        refused = {item.key for item in self.target.send([flight.item for flight in flights])}
        self.checkpoint.sent -= len(refused)
        for flight in flights:
            if flight.item.key not in refused:
                flight.sent_at, flight.look_at = now, now + _FIRST_LOOK
        self._next_send = max(now, self._next_send) + len(flights) / self.limits.rate

    def _poll(self) -> None:
        """See what became of those that are due, and send again what the queue refused."""
        now = self.clock()
        waiting = (flight for flight in self._under_way if flight.ending is None and flight.look_at <= now)
        due = list(islice(waiting, _POLLED_AT_ONCE))
        for flight, ending in zip(due, self._endings([flight.item for flight in due]), strict=True):
            flight.looked(ending, now, self.limits.timeout)
        self._send([flight for flight in due if flight.ending is None and flight.sent_at is None][:BATCH])

    def _endings(self, items: list[Item]) -> list[str | None]:
        endings = self.target.endings(items)
        self.checkpoint.reads = self._reads_before + self.target.reads
        return endings

    def _settle(self) -> None:
        """Move the checkpoint behind what is settled without a gap."""
        while self._under_way and (ending := self._under_way[0].ending) is not None:
            item = self._under_way.popleft().item
            self.checkpoint.place = item.place
            self.checkpoint.endings[ending] = self.checkpoint.endings.get(ending, 0) + 1
            self.checkpoint.bytes += item.size
            if ending == LATE and len(self.checkpoint.late) < _MOST_LATE:
                self.checkpoint.late.append(item.key)
        if self.clock() - self._saved_at >= _SAVED_EVERY:
            self._save()
        self.progress(self.checkpoint, len(self._under_way))

    def _save(self) -> None:
        self.checkpoint.write(self.path)
        self._saved_at = self.clock()


def _chunks(items: Iterable[Item], count: int) -> Iterator[list[Item]]:
    some: list[Item] = []
    for item in items:
        some.append(item)
        if len(some) == count:
            yield some
            some = []
    if some:
        yield some
