"""Simulates workers that write to a bucket of which S3 has not made more partitions yet, and who backs off how.

    python -m tools.benchmarks partitions

A partition takes 3,500 PUT a second, and answers 503 (Slow Down) to the rest until S3 has split it, 30 to 60 minutes
later. Three ways to go on are compared:

retries     today's: each request is tried four times, with botocore's pauses and its quota of retries; then the picture
            fails, and its message comes back
adaptive    botocore's adaptive mode: each worker also slows itself down, and is billed while it waits
fleet       today's retries, and every minute whoever watches the share of 503 lowers the concurrency of all by 30%, or
            raises it by 5%

The model scales: a tenth of the workers at a tenth of the rate behave alike.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from typing import Literal

from lightpress.costs.estimate import Assumptions

Policy = Literal["retries", "adaptive", "fleet"]
POLICIES: tuple[Policy, ...] = ("retries", "adaptive", "fleet")

PARTITION = 3_500.0
"""PUT a second of one partition: https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"""

_ASSUMED = Assumptions()
_TRIES = 4
_LONGEST_PAUSE = 20.0
# botocore/retries/standard.py and quota.py: each client has 500; a retry takes 5, a success gives some back.
_QUOTA, _OF_A_RETRY = 500, 5
_BURST_SECONDS = 0.2
_CONTROL_SECONDS, _TOLERATED, _LESS, _MORE = 60.0, 0.01, 0.7, 1.05
# botocore/retries/throttling.py: a 503 multiplies the rate by 0.7; it grows again slowly, here by a tenth each second.
_BETA, _GROWTH = 0.7, 1.1


@dataclass(frozen=True)
class Bucket:
    """What S3 takes. rate: PUT a second of a partition. split_after: seconds until there are four; None for never."""

    rate: float = PARTITION
    split_after: float | None = None

    def at(self, now: float) -> float:
        """PUT a second at a time."""
        return self.rate if self.split_after is None or now < self.split_after else 4 * self.rate


@dataclass(frozen=True)
class Work:
    """One picture, as `lightpress estimate` has it: its CPU seconds, its PUT, and seconds of waiting for each."""

    cpu: float = _ASSUMED.cpu_ms * _ASSUMED.processor_factor / 1_000
    puts: int = round(_ASSUMED.writes)
    put_seconds: float = _ASSUMED.waiting_ms / 1_000 / _ASSUMED.writes


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        done: Pictures published.
        failed: Tries of a picture that ended by 503.
        puts: Requests, those that S3 refused included.
        refused: Those.
        billed: Seconds of functions.
        seconds: How long it lasted.
    """

    seconds: float
    done: int = 0
    failed: int = 0
    puts: int = 0
    refused: int = 0
    billed: float = 0.0

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.done / self.seconds

    @property
    def billed_each(self) -> float:
        """Billed seconds for each picture that was published."""
        return self.billed / self.done if self.done else float("inf")

    @property
    def failing(self) -> float:
        """The share of tries that ended by 503."""
        return self.failed / max(1, self.failed + self.done)


@dataclass
class _Worker:
    began: float = 0.0
    written: int = 0
    tries: int = 0
    quota: int = _QUOTA
    pace: float = float("inf")  # PUT a second that it allows itself
    paced: float = 0.0  # when it last changed that


@dataclass
class _Run:
    bucket: Bucket
    work: Work
    policy: Policy
    chance: random.Random
    outcome: Outcome
    limit: float
    tokens: float = 0.0
    now: float = 0.0
    controlled: float = 0.0
    before: tuple[int, int] = (0, 0)
    queue: list[tuple[float, int]] = field(default_factory=list)

    def taken(self) -> bool:
        """Whether S3 takes a request now."""
        self.outcome.puts += 1
        if self.tokens < 1:
            self.outcome.refused += 1
            return False
        self.tokens -= 1
        return True

    def pass_time(self, until: float) -> None:
        rate = self.bucket.at(until)
        self.tokens = min(self.tokens + (until - self.now) * rate, rate * _BURST_SECONDS)
        self.now = until

    def control(self, workers: int) -> None:
        """Once a minute, the concurrency follows the share of 503."""
        if self.policy != "fleet" or self.now - self.controlled < _CONTROL_SECONDS:
            return
        puts, refused = self.outcome.puts - self.before[0], self.outcome.refused - self.before[1]
        self.controlled, self.before = self.now, (self.outcome.puts, self.outcome.refused)
        self.limit = min(workers, max(1.0, self.limit * (_LESS if refused > _TOLERATED * puts else _MORE)))

    def step(self, worker: _Worker) -> float:
        """One request of a worker; returns when its next one is due."""
        if self.taken():
            return self._next(worker)
        worker.tries += 1
        if self.policy == "adaptive":
            self._slow_down(worker)
        if worker.tries >= _TRIES or worker.quota < _OF_A_RETRY:
            self._end(worker, published=False)
            return self.now + self.work.cpu / self.work.puts
        worker.quota -= _OF_A_RETRY
        pause = self.chance.random() * min(2.0 ** (worker.tries - 1), _LONGEST_PAUSE)
        return self.now + max(pause, self._own_pause(worker))

    def _next(self, worker: _Worker) -> float:
        worker.quota = min(_QUOTA, worker.quota + (_OF_A_RETRY if worker.tries else 1))
        worker.tries, worker.written = 0, worker.written + 1
        at = self.now + self.work.put_seconds
        if worker.written == self.work.puts:
            self.now, before = at, self.now
            self._end(worker, published=True)
            self.now = before
        return at + max(self.work.cpu / self.work.puts, self._own_pause(worker))

    def _end(self, worker: _Worker, *, published: bool) -> None:
        self.outcome.billed += self.now - worker.began
        self.outcome.done += published
        self.outcome.failed += not published
        worker.began, worker.written, worker.tries = self.now, 0, 0

    def _slow_down(self, worker: _Worker) -> None:
        usual = 1 / (self.work.cpu / self.work.puts + self.work.put_seconds)
        worker.pace, worker.paced = _BETA * min(worker.pace, usual), self.now

    def _own_pause(self, worker: _Worker) -> float:
        return 1 / (worker.pace * _GROWTH ** (self.now - worker.paced)) if worker.pace < float("inf") else 0.0


def simulate(
    workers: int, policy: Policy, bucket: Bucket, *, seconds: float = 900.0, work: Work | None = None
) -> Outcome:
    """Have so many workers publish from a backlog that never ends; the same arguments give the same outcome."""
    run = _Run(bucket, work or Work(), policy, random.Random(1), Outcome(seconds), workers)  # noqa: S311  a model
    crew = [_Worker() for _ in range(workers)]
    ramp = min(60.0, workers / 5)
    for number, worker in enumerate(crew):
        worker.began = run.chance.random() * ramp
        heapq.heappush(run.queue, (worker.began, number))
    while run.queue and run.queue[0][0] <= seconds:
        at, number = heapq.heappop(run.queue)
        run.pass_time(at)
        run.control(workers)
        worker = crew[number]
        if number >= run.limit and not worker.written and not worker.tries:  # no new picture: nobody is billed
            at = worker.began = run.controlled + _CONTROL_SECONDS + run.chance.random()
            heapq.heappush(run.queue, (max(at, run.now), number))
            continue
        heapq.heappush(run.queue, (run.step(worker), number))
    return run.outcome


CASES = ((240, None), (400, None), (600, None), (1_000, None))


def table(seconds: float = 1_800.0, scale: float = 0.1) -> str:
    """Every case under every policy, as Markdown. scale: the share of workers and rates that is simulated."""
    rows = [
        "| workers | S3 splits after | backs off | pictures/s | tries that fail | 503 of PUT | billed seconds each |",
        "|--:|--:|---|--:|--:|--:|--:|",
    ]
    for workers, split in CASES:
        for policy in POLICIES:
            bucket = Bucket(PARTITION * scale, split)
            found = simulate(round(workers * scale), policy, bucket, seconds=seconds)
            after = "never" if split is None else f"{split / 60:.0f} min"
            rows.append(
                f"| {workers:,} | {after} | {policy} | {found.rate / scale:.0f} | {found.failing:.1%} "
                f"| {found.refused / found.puts:.1%} | {found.billed_each:.2f} |"
            )
    return "\n".join(rows)
