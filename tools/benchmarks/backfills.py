"""Forecasts how long backfills take, in virtual time: the loop of the command line, and the state machine.

    python -m tools.benchmarks backfills

The loop is the product's own (`lightpress.cli.backfill`), over a simulated queue and clock. Of the state machine, the
children are simulated chunk by chunk, with the product's sizes and pauses; the queue drains evenly. The first pass
looks at every original, finds it stale and sends it; the second looks at all again.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightpress.backfill.child import CHUNK
from lightpress.backfill.planning import CHUNK as PLANNED_AT_ONCE
from lightpress.backfill.shards import SHARDS_OF_A_PART
from lightpress.backfill.sweeping import CHUNK as SWEPT_AT_ONCE
from lightpress.cli.backfill import Backfill, Checkpoint, Item, Limits
from lightpress.cli.backfill_targets import REQUESTS_AT_ONCE
from lightpress.costs.estimate import Assumptions
from lightpress.costs.prices import MILLION, prices_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightpress.costs.prices import Prices

_AT_ONCE = 16
_PAGE = 1_000
_DAY = 86_400.0
_LIST_SECONDS = 0.1
_CPU_OF_A_READ = 0.002
"""Seconds of the command line's process: measured (`python -m tools.benchmarks looping`)."""
_DRAIN_SECONDS = 120.0
"""The look at the queue that SQS counts too late for, and the one after it."""


@dataclass(frozen=True)
class Setting:
    """How a backfill is set up.

    Attributes:
        name: In the table.
        children: `backfill_children`.
        concurrency: `backfill_max_concurrency`.
        rate: `--rate`, originals a second.
        depth: Originals in the queue beyond which nobody sends.
        trip: Seconds of a request: assumed.
        each: Billed seconds of an original (`lightpress estimate`).
    """

    name: str
    children: int = 10
    concurrency: int = 20
    rate: float = 50.0
    depth: int = 5_000
    trip: float = 0.03
    each: float = Assumptions().billed_seconds

    @property
    def capacity(self) -> float:
        """Originals a second that the functions publish."""
        return self.concurrency / self.each


@dataclass
class _Queue:
    """How many wait, by a clock that is told; it drains evenly."""

    capacity: float
    waiting: float = 0.0
    now: float = 0.0

    def at(self, now: float) -> float:
        self.waiting = max(0.0, self.waiting - self.capacity * max(0.0, now - self.now))
        self.now = max(self.now, now)
        return self.waiting


def _pass(shards: int, of_a_shard: int, setting: Setting, begin: float, queue: _Queue, *, sends: bool) -> float:  # noqa: PLR0913  by name
    """When all shards of a part are looked at, in seconds."""
    looks = math.ceil(CHUNK / _AT_ONCE) * 2 * setting.trip
    of_chunk = looks + setting.trip * ((2 + CHUNK / 10) if sends else 1)
    chunks = math.ceil(of_a_shard / CHUNK)
    left, paced, end = shards, begin, begin
    children = [(begin, number, 0) for number in range(setting.children)]
    while children:
        now, number, chunk = heapq.heappop(children)
        if chunk == 0:  # a child takes the next shard
            if left == 0:
                continue
            left, chunk = left - 1, chunks
        if sends and queue.at(now) >= setting.depth:
            heapq.heappush(children, (now + 20, number, chunk))
            continue
        if sends and paced > now:
            heapq.heappush(children, (now + min(60, math.ceil(paced - now)), number, chunk))
            continue
        took = of_chunk + (3 * setting.trip if chunk % (_PAGE // CHUNK) == 0 else 0)
        if sends:
            paced = max(paced, now) + CHUNK / setting.rate
            queue.waiting += CHUNK
        end = max(end, now + took)
        heapq.heappush(children, (now + took, number, chunk - 1))
    return end


def machine(originals: int, setting: Setting, of_a_shard: int = 10_000) -> float:
    """Seconds until a run on the state machine has published everything and seen it."""
    queue, now = _Queue(setting.capacity), 0.0
    shards = math.ceil(originals / of_a_shard)
    for sends in (True, False):
        for part in range(0, shards, SHARDS_OF_A_PART):
            some = min(SHARDS_OF_A_PART, shards - part)
            if sends:
                now += some * of_a_shard / _PAGE * _LIST_SECONDS
            now = _pass(some, min(of_a_shard, originals), setting, now, queue, sends=sends)
        now += max(queue.at(now) / setting.capacity, _DRAIN_SECONDS) if sends else 0.0
    return now


@dataclass(frozen=True)
class Task:
    """What a child of a sweep, a plan or a retry does with each row, and what that costs.

    Attributes:
        command: As it is typed.
        reads: GET and HEAD of each row.
        listed: Names that are listed for it.
        chunk: Rows that are read at once, for one write to the row of the run.
        sent: Messages for it.
    """

    command: str
    reads: int
    listed: float
    chunk: int
    sent: float = 0.0

    def seconds(self, rows: int, setting: Setting) -> float:
        """Until every row is done. The planner lists manifests; a child lists what it looks at, too."""
        shards = math.ceil(rows / _OF_A_SHARD)
        of_shard = self.seconds_of_shard(min(rows, _OF_A_SHARD), setting)
        total = 0.0
        for part in range(0, shards, SHARDS_OF_A_PART):
            some = min(SHARDS_OF_A_PART, shards - part)
            total += some * _OF_A_SHARD / _PAGE * _LIST_SECONDS
            total += math.ceil(some / setting.children) * of_shard
        return total

    def seconds_of_shard(self, rows: int, setting: Setting) -> float:
        """Of one child: rows of a chunk at once, listings and the row of the run one after the other."""
        chunks = math.ceil(rows / self.chunk)
        reading = math.ceil(self.chunk / _AT_ONCE) * self.reads * setting.trip
        sending = math.ceil(self.sent * self.chunk / 10) * setting.trip
        listing = self.chunk * self.listed / _PAGE * _LIST_SECONDS
        steps = math.ceil(chunks / _CHUNKS_OF_A_STEP) * _TRIPS_OF_A_STEP * setting.trip
        return chunks * (reading + sending + listing + setting.trip) + steps

    def dollars(self, rows: int, setting: Setting, prices: Prices) -> float:
        """All of it but the processing of what is sent."""
        shards = math.ceil(rows / _OF_A_SHARD)
        chunks = shards * math.ceil(_OF_A_SHARD / self.chunk)
        steps = chunks / _CHUNKS_OF_A_STEP
        requests = rows * self.reads / MILLION * prices.s3_read
        requests += rows * (self.listed + 1) / _PAGE / MILLION * prices.s3_write  # its children's, and the planner's
        requests += steps / MILLION * (prices.s3_write + prices.s3_read + prices.lambda_request)  # its result
        working = shards * self.seconds_of_shard(_OF_A_SHARD, setting)
        rows_of_run = (chunks * _WRITE_UNIT + steps * _READ_UNIT) / MILLION
        transitions = (steps * _TRANSITIONS_OF_A_STEP + shards * _TRANSITIONS_OF_A_SHARD) / MILLION * _TRANSITION
        sqs = math.ceil(rows * self.sent / 10) / MILLION * prices.sqs_request
        return requests + working * _GB * prices.lambda_arm64 + rows_of_run + transitions + sqs


_OF_A_SHARD = 10_000
_CHUNKS_OF_A_STEP = 10
_TRIPS_OF_A_STEP = 6
"""The row of the run, the result before and after, the depth of the queue, and Step Functions' own two."""
_GB = 1769 / 1024
_WRITE_UNIT, _READ_UNIT = 0.625, 0.125
"""Dollars a million: https://aws.amazon.com/dynamodb/pricing/on-demand/ (November 2026)."""
_TRANSITION = 25.0
"""Dollars a million: https://aws.amazon.com/step-functions/pricing/ (November 2026)."""
_TRANSITIONS_OF_A_STEP, _TRANSITIONS_OF_A_SHARD = 2, 3

TASKS = (
    Task("`lightpress sweep`", 2, 13.0, SWEPT_AT_ONCE),
    Task("`lightpress plan`", 1, 1.0, PLANNED_AT_ONCE),
)


@dataclass
class Cloud:
    """What the loop sees of AWS: a queue that drains, requests that take time. stuck: of so many, one never ends."""

    setting: Setting
    stuck: int = 0
    now: float = 0.0
    free: float = 0.0
    reads: int = 0
    published: dict[str, float] = field(default_factory=dict)

    def endings(self, items: Sequence[Item]) -> Iterator[str | None]:
        """Look at each, as many at once as the loop does; many bind the CPU of the command line."""
        found = ["ready" if self.published.get(item.key, math.inf) <= self.now else None for item in items]
        self.reads += 2 * len(items)
        trips = math.ceil(len(items) / REQUESTS_AT_ONCE) * 2 * self.setting.trip
        self.now += max(trips, 2 * len(items) * _CPU_OF_A_READ)
        return iter(found)

    def send(self, items: Sequence[Item]) -> list[Item]:
        """All are accepted, ten in each request and all requests at once, and published one after the other."""
        self.now += self.setting.trip
        for item in items:
            self.free = max(self.free, self.now) + 1 / self.setting.capacity
            ends = self.stuck and int(item.key) % self.stuck == 0
            self.published[item.key] = math.inf if ends else self.free + self.setting.each
        return []

    def pause(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


def loop(originals: int, setting: Setting, stuck: int = 0) -> float:
    """Seconds until the loop has published so many originals and seen it."""
    cloud = Cloud(setting, stuck)
    with TemporaryDirectory() as folder:
        run = Backfill(
            cloud,
            Limits(rate=setting.rate, max_in_flight=1_000),
            Checkpoint({}),
            Path(folder) / "checkpoint.json",
            lambda: cloud.now,
            cloud.pause,
        )
        run.run(Item(str(number), 1, str(number)) for number in range(1, originals + 1))
    return cloud.now


MANY = (
    Setting("the defaults"),
    Setting("`backfill_children = 40`", children=40),
)


def task_table(sizes: Sequence[int] = (MILLION, 10 * MILLION, 100 * MILLION)) -> str:
    """How long a sweep and a plan take on the state machine, and in a loop, and what they cost, as Markdown."""
    heads = [f"{setting.name}" for setting in MANY]
    rows = [
        f"| | manifests | the loop | {' | '.join(heads)} | dollars |",
        f"|---|--:|--:|{'--:|' * len(heads)}--:|",
    ]
    for task in TASKS:
        for size in sizes:
            alone = math.ceil(size / _AT_ONCE) * task.reads * MANY[0].trip
            alone += size * task.listed / _PAGE * _LIST_SECONDS
            took = " | ".join(_long(task.seconds(size, setting)) for setting in MANY)
            dollars = task.dollars(size, MANY[0], prices_of("us-east-1"))
            rows.append(f"| {task.command} | {size:,} | {_long(alone)} | {took} | {dollars:,.2f} |")
    return "\n".join(rows)


SETTINGS = (
    Setting("the defaults"),
    Setting("`--rate 250`, `backfill_max_concurrency = 300`", concurrency=300, rate=250),
    Setting(
        "`--rate 1000`, `backfill_max_concurrency = 1000`, `backfill_children = 40`",
        children=40,
        concurrency=1_000,
        rate=1_000,
        depth=20_000,
    ),
)
_SAMPLE = 10_000


def table(sizes: Sequence[int] = (1_000_000, 10_000_000, 100_000_000)) -> str:
    """The forecasts as Markdown; the loop's is that of a sample, multiplied."""
    rows = [
        "| originals, all of them stale | settings | the loop | the state machine | pictures/s |",
        "|--:|---|--:|--:|--:|",
    ]
    for setting in SETTINGS:
        of_one = loop(_SAMPLE, setting) / _SAMPLE
        for originals in sizes:
            seconds = machine(originals, setting)
            rows.append(
                f"| {originals:,} | {setting.name} | {_long(originals * of_one)} | {_long(seconds)} "
                f"| {originals / seconds:.0f} |"
            )
    return "\n".join(rows)


def _long(seconds: float) -> str:
    return f"{seconds / _DAY:.1f} days" if seconds >= 2 * _DAY else f"{seconds / 3_600:.1f} hours"
