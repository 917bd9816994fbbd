"""How long pictures wait, by simulation: a queue, its pollers, Lambda's ramp, and measured durations.

    python -m benchmarks scale

prints, for steady loads and a burst, what becomes of them under several settings, and which to choose. Every parameter
is a field with its source: what AWS documents, what was measured here, or what is only assumed. It is a model:

- Messages are taken in the order they came. SQS promises none, which changes no mean.
- A poller's concurrency grows while messages wait, and does not fall within a run.
- An environment that was started stays: within an hour of work, few are taken away.
- S3 tells of an upload at once. In truth it takes about a second, and sometimes minutes.
"""

from __future__ import annotations

import heapq
import random
from array import array
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from lightpress.costs.estimate import Assumptions, estimate
from lightpress.costs.prices import MILLION, prices_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightpress.costs.prices import Prices

_HOUR = 3_600.0
_TINY = 1e-6  # seconds, or part of an invocation: what is nearer than that is the same
_SCALING = "AWS Lambda developer guide, services-sqs-scaling"


def _from(default: float, source: str) -> float:
    value: float = field(default=default, metadata={"source": source})
    return value


@dataclass(frozen=True)
class Pollers:
    """An event source mapping. limit: the most invocations at once that the environment's configuration allows."""

    name: str
    limit: float
    start: float = _from(5, f"invocations at once when messages come: {_SCALING}")
    per_minute: float = _from(300, f"more of them each minute, while messages wait: {_SCALING}")
    most: float = _from(1_250, f"of one mapping: {_SCALING}")
    units: float = _from(0, "event pollers that are paid for; none in standard mode")

    @property
    def ceiling(self) -> int:
        """The most invocations at once."""
        return int(min(self.limit, self.most))


def standard(limit: int) -> Pollers:
    """The mode that Lightpress deploys: max_concurrency is the limit."""
    return Pollers(f"standard, {limit}", limit)


def provisioned(least: int, most: int) -> Pollers:
    """Pollers that are paid for by the hour: 10 invocations at once each, 1,000 more a minute, 20,000 at most."""
    return Pollers(
        f"provisioned, {least} to {most}", most * 10, start=least * 10, per_minute=1_000, most=20_000, units=least
    )


@dataclass(frozen=True)
class Function:
    """The function, and the account it runs in. Seconds are billed ones."""

    batch: float = _from(5, "batch_size of the environment, and of its default")
    picture_seconds: float = _from(
        Assumptions().billed_seconds, "cli/estimate.py: measured CPU, a slower processor, and waiting for S3"
    )
    batch_seconds: float = _from(0.02, "an invocation's own time, beside its pictures: assumed")
    spread: float = _from(0.5, "standard deviation of a picture's seconds over their mean: assumed")
    cold_seconds: float = _from(1.5, "first invocation of an environment: assumed; docs/performance.md has its CPU")
    account: float = _from(1_000, "concurrency of a new account: AWS Lambda developer guide, lambda-concurrency")
    ramp: float = _from(1_000, "new environments in 10 s, for each function: developer guide, scaling-behavior")


@dataclass(frozen=True)
class Load:
    """Pictures that come: `burst` at once, then `rate` in a second for `seconds`."""

    name: str
    burst: int = 0
    rate: float = 0.0
    seconds: float = _HOUR

    def arrivals(self, chance: random.Random) -> Iterator[float]:
        """When each comes, in seconds: a Poisson process behind the burst."""
        yield from (0.0 for _ in range(self.burst))
        at = 0.0
        while self.rate:
            at += chance.expovariate(self.rate)
            if at > self.seconds:
                return
            yield at


LOADS = (
    Load("100,000 an hour", rate=100_000 / _HOUR),
    Load("1,000,000 an hour", rate=1_000_000 / _HOUR),
    Load("burst of 100,000", burst=100_000),
)


@dataclass(frozen=True)
class Outcome:
    """What became of a load. waits: seconds of each picture until its work began, sorted. busy: mean, while it lasted.

    finished: when the last was done. seconds: billed.
    """

    waits: Sequence[float]
    most: int
    busy: float
    environments: int
    invocations: int
    seconds: float
    finished: float

    def wait(self, part: float) -> float:
        """So long, or less, waited this part of all."""
        return self.waits[min(int(part * len(self.waits)), len(self.waits) - 1)] if self.waits else 0.0


@dataclass(slots=True)
class _Run:
    """A simulation under way. ends: of what is running. tokens: environments that may be started now."""

    pollers: Pollers
    function: Function
    chance: random.Random
    waiting: array[float]
    head: int = 0
    ends: list[float] = field(default_factory=list)
    idle: int = 0
    started: int = 0
    allowed: float = 0.0
    tokens: float = 0.0
    now: float = 0.0
    most: int = 0
    invocations: int = 0
    seconds: float = 0.0
    waits: array[float] = field(default_factory=lambda: array("d"))

    def pass_time(self, until: float) -> None:
        """Let capacity grow until then. What was not used of the ramp is not saved up beyond its size."""
        passed = until - self.now
        if self.head < len(self.waiting):
            self.allowed = min(self.allowed + passed * self.pollers.per_minute / 60, self.pollers.ceiling)
        self.tokens = min(self.tokens + passed * self.function.ramp / 10, self.function.ramp)
        self.now = until
        while self.ends and self.ends[0] <= until:
            heapq.heappop(self.ends)
            self.idle += 1

    def start_all(self) -> None:
        """Start what can be started."""
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
            at += self._picture_seconds()
        self.head += taken
        self.invocations += 1
        self.seconds += at - self.now
        heapq.heappush(self.ends, at)
        self.most = max(self.most, len(self.ends))

    def _picture_seconds(self) -> float:
        """Gamma: with a spread of 0 always the mean, with 1 exponential."""
        mean, spread = self.function.picture_seconds, self.function.spread
        return self.chance.gammavariate(1 / spread**2, mean * spread**2) if spread else mean

    def next_change(self) -> float:
        """When something may start that cannot now, if nothing comes."""
        times = self.ends[:1]
        if self.head < len(self.waiting):
            if self.allowed < self.pollers.ceiling and self.pollers.per_minute:
                missing = int(self.allowed + _TINY) + 1 - self.allowed
                times.append(self.now + max(missing * 60 / self.pollers.per_minute, _TINY))
            if self.tokens < 1 - _TINY:
                times.append(self.now + max((1 - self.tokens) * 10 / self.function.ramp, _TINY))
        return min(times, default=float("inf"))


def simulate(load: Load, pollers: Pollers, function: Function | None = None, *, seed: int = 1) -> Outcome:
    """Work a load off; the same seed gives the same outcome."""
    function = function or Function()
    chance = random.Random(seed)  # noqa: S311  nobody guards anything with it
    run = _Run(pollers, function, chance, array("d"), tokens=function.ramp)
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
    )


@dataclass(frozen=True)
class Bill:
    """Dollars of a load: of the function, of the pollers (for the time it took, an hour at least), of all the rest."""

    function: float
    pollers: float
    rest: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.function + self.pollers + self.rest


# Not found in a document at hand: see the price page of AWS Lambda, "provisioned mode for event source mapping".
POLLER_HOUR = 0.00925


def bill(outcome: Outcome, pollers: Pollers, prices: Prices | None = None, memory_mb: float = 1_769) -> Bill:
    """What a load costs, once: nothing that is stored is in it."""
    prices = prices or prices_of("us-east-1")
    pictures = len(outcome.waits)
    lines = estimate(Assumptions(), prices, pictures=pictures).lines
    rest = sum(line.dollars for line in lines if not line.monthly and not line.name.startswith("Lambda"))
    compute = outcome.seconds * memory_mb / 1_024 * prices.compute("arm64")
    hours = max(1.0, outcome.finished / _HOUR)
    return Bill(
        compute + outcome.invocations / MILLION * prices.lambda_request, pollers.units * POLLER_HOUR * hours, rest
    )


CHOICES = (
    *(standard(limit) for limit in (50, 200, 400, 1_000)),
    *(provisioned(least, 100) for least in (2, 20)),
)


PATIENCE = (5.0, 60.0, 600.0)
"""Seconds that 99 of 100 pictures may wait, at most."""


def lags(outcome: Outcome, load: Load) -> bool:
    """Whether the work does not keep up: it goes on for minutes after the last picture came."""
    return load.rate > 0 and outcome.finished > load.seconds + 120


def choice(load: Load, patience: float, function: Function | None = None) -> tuple[Pollers, Outcome] | None:
    """The first of `CHOICES`, standard ones first, under which 99 of 100 pictures wait no longer than `patience`."""
    for pollers in CHOICES:
        outcome = simulate(load, pollers, function)
        if not lags(outcome, load) and outcome.wait(0.99) <= patience:
            return pollers, outcome
    return None


def table(function: Function | None = None, loads: Sequence[Load] = LOADS) -> str:
    """What becomes of every load under every choice, as Markdown."""
    rows = [
        "| load | event source | wait p50 | p99 | done after | at once | function | pollers | all |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for load in loads:
        for pollers in CHOICES:
            outcome = simulate(load, pollers, function)
            dollars = bill(outcome, pollers)
            rows.append(
                f"| {load.name} | {pollers.name}{' (falls behind)' if lags(outcome, load) else ''} "
                f"| {_time(outcome.wait(0.5))} | {_time(outcome.wait(0.99))} | {_time(outcome.finished)} "
                f"| {outcome.most} | ${dollars.function:.2f} | ${dollars.pollers:.2f} | ${dollars.total:.2f} |"
            )
    return "\n".join(rows)


def parameters(function: Function | None = None) -> str:
    """Everything that is taken for granted, with its source."""
    lines = []
    for one in (function or Function(), standard(50), replace(provisioned(20, 100), name="provisioned")):
        lines.append(type(one).__name__ if isinstance(one, Function) else f"Pollers, {one.name}")
        lines += [
            f"  {row.name} = {getattr(one, row.name):g}: {row.metadata['source']}"
            for row in fields(one)
            if "source" in row.metadata
        ]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
