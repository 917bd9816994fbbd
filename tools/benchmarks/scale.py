"""Simulates how long originals wait: queue, pollers, Lambda's scaling, what S3 and EventBridge take, and durations.

    python -m tools.benchmarks scale

prints waiting times and costs of steady loads and a burst under several settings, which setting to choose for each
limit on the wait, and which limits of AWS bind up to ten million an hour. Every parameter is a field with its source:
AWS's documentation, a measurement, or an assumption.
The model simplifies:

- Messages are received in the order in which they were sent. SQS promises no order, which changes no mean.
- A poller's concurrency grows while messages wait, and does not fall within a run.
- An execution environment that was started stays: within an hour of work, few are removed.
- S3 notifies at once. In reality it takes about a second, and sometimes minutes.
- What S3 and EventBridge refuse waits, billed, until there is room. That tries end, and pictures come back, is in
  `tools.benchmarks.partitions`, which agrees on what is billed.
"""

from __future__ import annotations

import heapq
import random
from array import array
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from lightpress.costs.estimate import Assumptions, estimate
from lightpress.costs.prices import MILLION, prices_of
from lightpress.units import GB, MB
from tools.benchmarks.services import Service, Throttle, services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightpress.costs.prices import Prices

_HOUR = 3_600.0
_TINY = 1e-6  # seconds, or a fraction of an invocation: smaller differences are rounding errors
OF_A_POLLER = 10
"""Invocations at a time of a provisioned poller."""
_SCALING = "AWS Lambda developer guide, services-sqs-scaling"


def _from(default: float, source: str) -> float:
    value: float = field(default=default, metadata={"source": source})
    return value


@dataclass(frozen=True)
class Pollers:
    """An event source mapping. The fields without a source are its name and the configured maximum concurrency."""

    name: str
    limit: float
    start: float = _from(5, f"concurrent invocations when messages arrive: {_SCALING}")
    per_minute: float = _from(300, f"additional ones each minute while messages wait: {_SCALING}")
    most: float = _from(1_250, f"maximum of one mapping: {_SCALING}")
    units: float = _from(0, "provisioned event pollers at least, which are billed; none in standard mode")

    @property
    def ceiling(self) -> int:
        """Maximum concurrency: the lower of the configured one and the mapping's."""
        return int(min(self.limit, self.most))


def standard(limit: int) -> Pollers:
    """The mode that Lightpress deploys by default. limit: `max_concurrency`."""
    return Pollers(f"standard, {limit}", limit)


def provisioned(least: int, most: int) -> Pollers:
    """Provisioned mode, billed by the hour: each poller runs 10 invocations; 1,000 more a minute, 20,000 at most."""
    return Pollers(
        f"provisioned, {least} to {most}",
        most * OF_A_POLLER,
        start=least * OF_A_POLLER,
        per_minute=1_000,
        most=20_000,
        units=least,
    )


@dataclass(frozen=True)
class Function:
    """The function, and the account it runs in. Seconds are billed seconds."""

    batch: float = _from(5, "batch_size, by default")
    original_seconds: float = _from(
        Assumptions().billed_seconds,
        "lightpress estimate: measured CPU, a slower processor, and waiting for S3",
    )
    batch_seconds: float = _from(0.02, "time of an invocation besides its originals: assumed")
    spread: float = _from(0.5, "standard deviation over mean of an original's seconds: assumed")
    cold_seconds: float = _from(1.5, "cold start: assumed; docs/performance.md has its CPU time")
    account: float = _from(1_000, "concurrency of a new account: AWS Lambda developer guide, lambda-concurrency")
    ramp: float = _from(1_000, "new environments per 10 s for each function: developer guide, scaling-behavior")


@dataclass(frozen=True)
class Load:
    """Originals that are uploaded: `burst` at once, then `rate` per second for `seconds`."""

    name: str
    burst: int = 0
    rate: float = 0.0
    seconds: float = _HOUR

    def arrivals(self, chance: random.Random) -> Iterator[float]:
        """Seconds at which each arrives: the burst at 0, then a Poisson process."""
        yield from (0.0 for _ in range(self.burst))
        at = 0.0
        while self.rate:
            at += chance.expovariate(self.rate)
            if at > self.seconds:
                return
            yield at


TEN_MILLION = Load("10,000,000 an hour", rate=10_000_000 / _HOUR, seconds=_HOUR / 3)
"""For twenty minutes, which show whether it falls behind."""

LOADS = (
    Load("100,000 an hour", rate=100_000 / _HOUR),
    Load("1,000,000 an hour", rate=1_000_000 / _HOUR),
    Load("burst of 100,000", burst=100_000),
)


@dataclass(frozen=True)
class Outcome:
    """The result of a simulated load.

    Attributes:
        waits: Seconds from each original's arrival to the start of its processing, sorted.
        most: Maximum concurrency that was reached.
        busy: Mean concurrency.
        environments: Execution environments that were started.
        invocations: Number of invocations.
        seconds: Billed seconds.
        finished: When the last original was done, in seconds.
        allowed_seconds: Concurrency that the pollers had grown to, times the seconds for which they had.
        waited: The share of requests of each service that had to wait, by its name.
    """

    waits: Sequence[float]
    most: int
    busy: float
    environments: int
    invocations: int
    seconds: float
    finished: float
    allowed_seconds: float = 0.0
    waited: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds_each(self) -> float:
        """Billed seconds of one original."""
        return self.seconds / len(self.waits) if self.waits else 0.0

    def wait(self, quantile: float) -> float:
        """A quantile of the waits, in seconds: 0.99 for the 99th percentile."""
        return self.waits[min(int(quantile * len(self.waits)), len(self.waits) - 1)] if self.waits else 0.0


@dataclass(slots=True)
class _Run:
    """A running simulation.

    Attributes:
        pollers: The event source mapping.
        function: The function and its account.
        chance: Random durations.
        waiting: Arrival of each original, in seconds.
        throttles: What the services take.
        head: Index of the first one that still waits.
        ends: When each running invocation ends, as a heap.
        idle: Execution environments without an invocation.
        started: Execution environments that were started.
        allowed: Concurrency that the pollers have grown to.
        allowed_seconds: The integral of that so far.
        tokens: Execution environments that may be started now.
        now: Simulated time in seconds.
        most: Maximum concurrency so far.
        invocations: Number of invocations so far.
        seconds: Billed seconds so far.
        waits: As in Outcome, unsorted.
    """

    pollers: Pollers
    function: Function
    chance: random.Random
    waiting: array[float]
    throttles: tuple[Throttle, ...] = ()
    head: int = 0
    ends: list[float] = field(default_factory=list)
    idle: int = 0
    started: int = 0
    allowed: float = 0.0
    allowed_seconds: float = 0.0
    tokens: float = 0.0
    now: float = 0.0
    most: int = 0
    invocations: int = 0
    seconds: float = 0.0
    waits: array[float] = field(default_factory=lambda: array("d"))

    def pass_time(self, until: float) -> None:
        """Advance the clock; capacity grows, up to its limits, and invocations end."""
        passed = until - self.now
        if self.head < len(self.waiting):
            self._grow(passed)
        else:
            self.allowed_seconds += passed * self.allowed
        self.tokens = min(self.tokens + passed * self.function.ramp / 10, self.function.ramp)
        self.now = until
        while self.ends and self.ends[0] <= until:
            heapq.heappop(self.ends)
            self.idle += 1

    def _grow(self, seconds: float) -> None:
        before, a_second = self.allowed, self.pollers.per_minute / 60
        self.allowed = min(before + seconds * a_second, self.pollers.ceiling)
        growing = (self.allowed - before) / a_second if a_second else 0.0
        self.allowed_seconds += growing * (before + self.allowed) / 2 + (seconds - growing) * self.allowed

    def start_all(self) -> None:
        """Start every invocation that capacity allows."""
        most = min(int(self.allowed + _TINY), int(self.function.account))
        while self.head < len(self.waiting) and len(self.ends) < most:
            cold = self.idle == 0
            if cold and self.tokens < 1 - _TINY:
                return
            self._start(cold=cold)

    def _start(self, *, cold: bool) -> None:
        if cold:
            self.tokens -= 1
            self.started += 1
        else:
            self.idle -= 1
        taken = min(int(self.function.batch), len(self.waiting) - self.head)
        at = self.now + self.function.cold_seconds * cold + self.function.batch_seconds
        for place in range(self.head, self.head + taken):
            self.waits.append(at - self.function.batch_seconds - self.waiting[place])
            at = self._done(at)
        self.head += taken
        self.invocations += 1
        self.seconds += at - self.now
        heapq.heappush(self.ends, at)
        self.most = max(self.most, len(self.ends))

    def _done(self, at: float) -> float:
        """When an original is published that is begun at a time."""
        done = at + self._original_seconds()
        for throttle in self.throttles:
            done = max(done, throttle.take(at, throttle.service.each))
        return done

    def _original_seconds(self) -> float:
        """Gamma distributed: constant with a spread of 0, exponential with 1."""
        mean, spread = self.function.original_seconds, self.function.spread
        return self.chance.gammavariate(1 / spread**2, mean * spread**2) if spread else mean

    def next_change(self) -> float:
        """When the next invocation may start, if no original arrives before."""
        times = self.ends[:1]
        if self.head < len(self.waiting):
            if self.allowed < self.pollers.ceiling and self.pollers.per_minute:
                missing = int(self.allowed + _TINY) + 1 - self.allowed
                times.append(self.now + max(missing * 60 / self.pollers.per_minute, _TINY))
            if self.tokens < 1 - _TINY:
                times.append(self.now + max((1 - self.tokens) * 10 / self.function.ramp, _TINY))
        return min(times, default=float("inf"))


def simulate(
    load: Load,
    pollers: Pollers,
    function: Function | None = None,
    asked: Sequence[Service] = (),
    *,
    seed: int = 1,
) -> Outcome:
    """Process a load; the same seed gives the same outcome. asked: services with limits; without, nothing waits."""
    function = function or Function()
    chance = random.Random(seed)  # noqa: S311  not for security
    throttles = tuple(map(Throttle, asked))
    run = _Run(pollers, function, chance, array("d"), throttles, tokens=function.ramp)
    run.allowed = min(pollers.start, pollers.ceiling)
    arrivals = load.arrivals(random.Random(seed + 1))  # noqa: S311
    coming = next(arrivals, None)
    while True:
        change = run.next_change()
        if coming is not None and coming <= change:
            run.pass_time(coming)
            while coming is not None and coming <= run.now:
                run.waiting.append(coming)
                coming = next(arrivals, None)
        elif change < float("inf"):
            run.pass_time(change)
        else:
            break
        run.start_all()
    return Outcome(
        array("d", sorted(run.waits)),
        run.most,
        run.seconds / run.now if run.now else 0.0,
        run.started,
        run.invocations,
        run.seconds,
        run.now,
        run.allowed_seconds,
        {one.service.name: one.waited / one.asked for one in throttles if one.asked},
    )


@dataclass(frozen=True)
class Bill:
    """Costs of a load in dollars.

    Attributes:
        function: Compute and requests of the function.
        pollers: Provisioned pollers: the least number for the time that the load takes, an hour at least; and those
            that are added to them, until the load is done.
        rest: Requests of S3 and SQS, events and logs.
    """

    function: float
    pollers: float
    rest: float

    @property
    def total(self) -> float:
        """Sum of the three."""
        return self.function + self.pollers + self.rest


def bill(outcome: Outcome, pollers: Pollers, prices: Prices | None = None, memory_mb: float = 1_769) -> Bill:
    """One-time costs of a load; storage is not included."""
    prices = prices or prices_of("us-east-1")
    originals = len(outcome.waits)
    lines = estimate(Assumptions(), prices, pictures=originals).lines
    rest = sum(line.dollars for line in lines if not line.monthly and not line.name.startswith("Lambda"))
    compute = outcome.seconds * memory_mb * MB / GB * prices.compute("arm64")
    return Bill(
        compute + outcome.invocations / MILLION * prices.lambda_request,
        _poller_hours(outcome, pollers) * prices.poller_hour,
        rest,
    )


def _poller_hours(outcome: Outcome, pollers: Pollers) -> float:
    """Of provisioned pollers. AWS takes those away that were added some time after the load, which is not counted."""
    if not pollers.units:
        return 0.0
    hours = outcome.finished / _HOUR
    added = outcome.allowed_seconds / OF_A_POLLER / _HOUR - pollers.units * hours
    return pollers.units * max(1.0, hours) + max(0.0, added)


CHOICES = (
    *(standard(limit) for limit in (50, 200, 400, 1_000)),
    *(provisioned(least, 100) for least in (2, 20)),
)


MAX_WAITS = (5.0, 60.0, 600.0)
"""Limits on the wait of 99 of 100 originals, in seconds."""


def lags(outcome: Outcome, load: Load) -> bool:
    """Whether processing falls behind: it goes on for more than two minutes after the last original arrived."""
    return load.rate > 0 and outcome.finished > load.seconds + 120


def choice(load: Load, max_wait: float, function: Function | None = None) -> tuple[Pollers, Outcome] | None:
    """The first of `CHOICES`, standard ones first, under which 99 of 100 originals wait at most `max_wait` seconds."""
    for pollers in CHOICES:
        outcome = simulate(load, pollers, function, services())
        if not lags(outcome, load) and outcome.wait(0.99) <= max_wait:
            return pollers, outcome
    return None


def table(function: Function | None = None, loads: Sequence[Load] = LOADS) -> str:
    """Waits and costs of every load under every choice, as Markdown."""
    rows = [
        "| load | event source | wait p50 | p99 | done after | concurrency | function | pollers | all |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for load in loads:
        for pollers in CHOICES:
            outcome = simulate(load, pollers, function, services())
            dollars = bill(outcome, pollers)
            rows.append(
                f"| {load.name} | {pollers.name}{' (falls behind)' if lags(outcome, load) else ''} "
                f"| {_time(outcome.wait(0.5))} | {_time(outcome.wait(0.99))} | {_time(outcome.finished)} "
                f"| {outcome.most} | ${dollars.function:.2f} | ${dollars.pollers:.2f} | ${dollars.total:.2f} |"
            )
    return "\n".join(rows)


@dataclass(frozen=True)
class Case:
    """A load under the limits of an account, a region and a bucket.

    Attributes:
        load: Originals.
        pollers: The event source.
        account: Concurrency of the account.
        region: Of the stack.
        partitions: How many S3 has made of each bucket.
        writes: PUT of an original.
    """

    load: Load
    pollers: Pollers
    account: int = 1_000
    region: str = "us-east-1"
    partitions: int = 1
    writes: float = Assumptions().writes

    def outcome(self) -> Outcome:
        """What comes of it."""
        asked = services(self.region, partitions=self.partitions, writes=self.writes)
        return simulate(self.load, self.pollers, Function(account=self.account), asked)


_MILLION, _BURST = LOADS[1:]
_BY_HUNDREDS = provisioned(20, 400)
CASES = (
    Case(_MILLION, standard(2), account=10),
    Case(_MILLION, standard(10), account=10),
    Case(_MILLION, standard(400)),
    Case(_MILLION, standard(400), writes=13),
    Case(_MILLION, standard(400), region="eu-south-1"),
    Case(_BURST, standard(1_000)),
    Case(_BURST, standard(1_000), partitions=4),
    Case(TEN_MILLION, standard(1_000), account=10_000, partitions=8),
    Case(TEN_MILLION, _BY_HUNDREDS, partitions=8),
    Case(TEN_MILLION, _BY_HUNDREDS, account=5_000),
    Case(TEN_MILLION, _BY_HUNDREDS, account=5_000, partitions=8),
    Case(TEN_MILLION, provisioned(200, 400), account=5_000, partitions=8),
    Case(TEN_MILLION, _BY_HUNDREDS, account=5_000, partitions=8, region="eu-central-1"),
)
_WAITS_OFTEN = 0.01


def limits(cases: Sequence[Case] = CASES) -> str:
    """Which limit of AWS binds in each case, as Markdown."""
    rows = [
        "| load | event source | account | region | partitions | PUT each | wait p99 | done after | s each | binds |",
        "|---|---|--:|---|--:|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*rows, *(row_of(case, case.outcome()) for case in cases)])


def row_of(case: Case, found: Outcome) -> str:
    """The row of a case in that table."""
    behind = " (falls behind)" if lags(found, case.load) else ""
    return (
        f"| {case.load.name} | {case.pollers.name}{behind} | {case.account:,} | {case.region} | {case.partitions} "
        f"| {case.writes:g} | {_time(found.wait(0.99))} | {_time(found.finished)} | {found.seconds_each:.2f} "
        f"| {binding(case, found)} |"
    )


def binding(case: Case, found: Outcome) -> str:
    """The limit that a case runs into, the narrowest first; "" where it runs into none."""
    name, share = max(found.waited.items(), key=lambda one: one[1], default=("", 0.0))
    if share > _WAITS_OFTEN:
        return name
    if found.most >= case.account:
        return "concurrency of the account"
    return "event source" if found.most >= case.pollers.ceiling else ""


def parameters(function: Function | None = None) -> str:
    """Every parameter with its source."""
    lines = []
    for one in (function or Function(), standard(50), replace(provisioned(20, 100), name="provisioned")):
        lines.append(type(one).__name__ if isinstance(one, Function) else f"Pollers, {one.name}")
        lines += [
            f"  {row.name} = {getattr(one, row.name):g}: {row.metadata['source']}"
            for row in fields(one)
            if "source" in row.metadata
        ]
    lines.append("Services, of one partition and in us-east-1: requests a second")
    lines += [f"  {one.name} = {one.rate:g}, {one.each:g} for an original: {one.source}" for one in services()]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
