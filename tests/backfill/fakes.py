"""The ports of a backfill in memory: a bucket that is listed, a row, files, a queue, and a clock that stands."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lightpress.backfill.child import Child
from lightpress.backfill.look import Found, Looking, Stale
from lightpress.backfill.machine import Machine
from lightpress.backfill.ports import Listed, Page, Refused
from lightpress.backfill.run import Job, Run
from lightpress.pipeline.buckets import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.pipeline.source import Source

BUCKET = "photos"
NOW = 1_800_000_000.0
SIZE = 2_900_000
JOB = Job((Selection(BUCKET),), nanos_sent=1_000, nanos_read=1, originals_of_a_shard=200)


@dataclass
class FakeLister:
    """A bucket of these keys, each written at a time. pages: how many were listed. archived: some keys' class."""

    keys: list[str]
    modified: dict[str, float] = field(default_factory=dict)
    page_size: int = 1_000
    pages: int = 0
    archived: dict[str, str] = field(default_factory=dict)

    def page(self, bucket: str, prefix: str, after: str, *, deletions: bool) -> Page:  # noqa: ARG002
        self.pages += 1
        start = bisect_right(self.keys, after)
        some = [key for key in self.keys[start : start + self.page_size] if key.startswith(prefix)]
        more = start + self.page_size < len(self.keys)
        listed = [
            Listed(key, self.modified.get(key, NOW), size=SIZE, storage=self.archived.get(key, "STANDARD"))
            for key in some
        ]
        return Page(listed, some[-1] if more and some else "")


@dataclass
class FakeFiles:
    """Objects by path."""

    stored: dict[str, bytes] = field(default_factory=dict)

    def get(self, path: str) -> bytes | None:
        return self.stored.get(path)

    def put(self, path: str, data: bytes, media_type: str) -> None:  # noqa: ARG002
        self.stored[path] = data

    def put_new(self, path: str, data: bytes, media_type: str) -> None:  # noqa: ARG002
        self.stored.setdefault(path, data)


@dataclass
class FakeRuns:
    """The row of one run."""

    row: Run

    def find(self, name: str) -> Run | None:
        return self.row if name == self.row.name else None

    def begin(self, run: Run) -> Run:
        self.row = run
        return run

    def spend(self, run: Run, objects: int, nanos: int, now: float) -> Run:  # noqa: ARG002
        if self.row.stopped or self.row.objects_left < objects or self.row.nanos_left < nanos:
            raise Refused(self.row)
        self.row = replace(
            self.row,
            sent=self.row.sent + objects,
            spent=self.row.spent + nanos,
            objects_left=self.row.objects_left - objects,
            nanos_left=self.row.nanos_left - nanos,
            paced=max(self.row.paced, now) + objects / self.row.rate,
        )
        return self.row

    def stop(self, name: str, why: str) -> None:  # noqa: ARG002
        self.row = replace(self.row, stopped=self.row.stopped or why)

    def exhaust(self, run: Run) -> None:
        self.stop(run.name, run.exhausted)

    def advance(self, run: Run, number: int, ended: str = "") -> None:  # noqa: ARG002
        self.row = replace(self.row, number=number, ended=ended or None)


@dataclass
class FakeHints:
    """The queue. refuses: how many of each sending are not accepted. deep, rejected: how many wait besides."""

    sent: list[str] = field(default_factory=list)
    refuses: int = 0
    deep: int = 0
    rejected: int = 0

    def send(self, sources: Sequence[Source], *, late: bool = False, retry: bool = False) -> int:  # noqa: ARG002
        accepted = sources[: max(0, len(sources) - self.refuses)]
        self.sent += [source.key for source in accepted]
        return len(sources) - len(accepted)

    def waiting(self) -> int:
        return self.deep

    def unsettled(self) -> int:
        return self.deep + self.rejected


@dataclass(frozen=True)
class FakeLooking(Looking):
    """Finds these keys stale, for this reason; `dies_at`: the look that ends the function."""

    stale: set[str] = field(default_factory=set)
    why: Stale = Stale.MISSING
    dies_at: set[str] = field(default_factory=set)

    def __call__(self, source: Source) -> Found:
        if source.key in self.dies_at:
            raise RuntimeError(f"killed at {source.key}")
        return Found(None, self.why, 1) if source.key in self.stale else Found("ready", None, 2)


class Rig:
    """A machine over the fakes, and the state machine that asks it, one child after another.

    looks: looks at the originals, instead of who finds those stale that are named. why: the reason that is found.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        stale: Sequence[str] = (),
        job: Job = JOB,
        looks: Looking | None = None,
        why: Stale = Stale.MISSING,
        **row: Any,  # noqa: ANN401  fields of the row
    ) -> None:
        self.lister, self.files, self.hints = FakeLister(sorted(keys)), FakeFiles(), FakeHints()
        self.runs = FakeRuns(Run("r", job, **{"rate": 1e9, "paced": NOW} | row))
        nothing: Any = None
        self.looking = FakeLooking(nothing, nothing, nothing, stale=set(stale), why=why)
        self.clock = NOW
        self.waits: list[int] = []
        child = Child(self.lister, looks or self.looking, _ours, self.hints, self.runs, lambda: self.clock)
        self.machine = Machine(
            self.runs, self.files, self.lister, self.hints, child, {"nightly": lambda name: Run(name, job)}
        )

    @property
    def row(self) -> Run:
        return self.runs.row

    def rows(self, state: dict[str, Any]) -> list[dict[str, str]]:
        header, *lines = (self.files.get(state["csv"]) or b"").decode().splitlines()
        return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]

    def child(self, row: dict[str, str]) -> None:
        """A child to its end: it waits by moving the clock. Raises what its function raises."""
        answer: dict[str, Any] = {"done": False, "waits": 0}
        while not answer["done"]:
            answer = self.machine.step({"run": "r", "row": row, "waits": answer["waits"]})
            if answer["wait"]:
                self.waits.append(answer["wait"])
                self.clock += answer["wait"]

    def look(self) -> str:
        """One pass; returns why the run ended, or ""."""
        state = self.machine.begin({"run": "r"}, "e")
        while True:
            state = self.machine.plan(state, lambda: True)
            for row in self.rows(state):
                try:
                    self.child(row)
                except RuntimeError:
                    continue  # the state machine has tried often enough
            if state["last"]:
                return str(self.machine.settle(state)["ended"])

    def drain(self) -> None:
        """Wait until the queue is empty, and go on to the next pass."""
        state: dict[str, Any] = {"run": "r", "pass": self.row.number, "checks": 0, "wait": 1}
        while state["wait"]:
            state = self.machine.drain(state)


def _ours(source: Source) -> Source | None:
    return source if source.bucket == BUCKET else None
