"""What a run leaves behind in files: its parts, a result for each shard, and a report. Whoever resumes it finds them.

b/RUN/ROUND/PASS/part-NUMBER.json      the shards of a part, and where the next begins; who writes it first has cut it
b/RUN/ROUND/PASS/part-NUMBER.csv       the same shards, for the reader of the Distributed Map
b/RUN/ROUND/PASS/results/SHARD.json    how far a shard is
b/RUN/ROUND/report.json                what came of it
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, astuple, dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lightpress.backfill.shards import SHARDS_OF_A_PART, Cursor, Part, Shard, csv_of, shards_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightpress.backfill.at_once import AtOnce
    from lightpress.backfill.ports import Files
    from lightpress.backfill.run import Run

PREFIX = "b/"
NAMED_OF_A_SHARD = 100
NAMED_OF_A_RUN = 1_000

Tables = dict[str, dict[str, int]]
"""Numbers by kind, in tables."""

_CUT = 16
_CSV, _JSON = "text/csv", "application/json"


@dataclass(frozen=True, slots=True)
class Result:
    """How far a shard is in a pass.

    Attributes:
        after: The last key that is done.
        done: Whether all keys are.
        looked: Originals looked at.
        sent: Hints sent.
        reads: Requests of the looks.
        endings: Of originals that needed no hint, by kind.
        stale: Of those that did, by reason.
        named: The first of these: bucket, key and reason.
        tables: What other tasks count: numbers by kind, in tables.
        ended: Why it went no further; None where it did, or is still at work.
    """

    after: str
    done: bool = False
    looked: int = 0
    sent: int = 0
    reads: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)
    named: tuple[tuple[str, str, str], ...] = ()
    tables: Tables = field(default_factory=dict)
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """What came of a pass: the sum of its results.

    Attributes:
        number: From 1.
        shards: How many it had.
        unfinished: Those that are not done.
        looked, sent, reads, endings, stale, tables: As of a result.
    """

    number: int
    shards: int = 0
    unfinished: int = 0
    looked: int = 0
    sent: int = 0
    reads: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)
    tables: Tables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run so far.

    Attributes:
        run: Its name.
        ended: Why it ended; "" while it goes on.
        passes: What came of each.
        left: What was stale in the newest pass, up to `NAMED_OF_A_RUN`: bucket, key and reason.
        unfinished: Ranges of keys that could not be looked at: bucket, after, until.
    """

    run: str
    ended: str = ""
    passes: tuple[Pass, ...] = ()
    left: tuple[tuple[str, str, str], ...] = ()
    unfinished: tuple[tuple[str, str, str], ...] = ()


class BeingCutError(Exception):
    """Another execution is about to write what this one has cut."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a run."""

    files: Files
    run: Run

    @property
    def _round(self) -> str:
        return f"{PREFIX}{self.run.name}/{self.run.round}"

    def csv_path(self, number: int) -> str:
        """Of a part of the pass that the run is in."""
        return self._part(self.run.number, number, "csv")

    def part(self, number: int) -> Part | None:
        """A part of this pass that was cut before; None if it was not."""
        plan = self._plan() if number else ""
        data = self.files.get(self._part(self.run.number, number, f"{plan}json"))
        if data is None:
            return None
        told = json.loads(data)
        following = Cursor(**told["next"]) if told["next"] else None
        if "shards" in told:
            return Part(tuple(Shard(*row) for row in told["shards"]), following)
        rows = self.files.get(self.csv_path(number))  # cut by an earlier release
        return Part(tuple(shards_in(rows)), following) if rows is not None else None

    def keep_part(self, number: int, part: Part) -> Part:
        """Write a part, unless it was cut meanwhile; returns what it is now.

        Two that list a bucket while it changes cut it at different keys: half of one and half of the other is neither.
        """
        self.files.put_new(self._part(self.run.number, number, "json"), _dumped(_told(part)), _JSON)
        kept = self.part(number)
        if kept is None:
            raise BeingCutError(f"Part {number} of {self._round} is being written by another execution: try again.")
        return kept

    def keep_rows(self, number: int, part: Part) -> None:
        """Write the rows of a part as it was cut: the same ones, whoever does."""
        self.files.put(self.csv_path(number), csv_of(part.shards), _CSV)

    def plan_next_pass(self, shards: Sequence[Shard]) -> None:
        """Write the parts of the pass after this one. The shards get new ids: each part has its own.

        The first is written last, and unless there is one. It names the plan that it is of, and so all other parts.
        """
        plan = sha256(repr(shards).encode()).hexdigest()[:_CUT]
        for number, start in reversed([*enumerate(range(0, len(shards), SHARDS_OF_A_PART))]):
            some = shards[start : start + SHARDS_OF_A_PART]
            renamed = tuple(replace(shard, id=f"{number:05}-{row:05}") for row, shard in enumerate(some))
            last = start + SHARDS_OF_A_PART >= len(shards)
            # The cursor of a part that is not the last is never used: the next part is there already.
            told = _told(Part(renamed, None if last else Cursor())) | {"plan": plan}
            path = self._part(self.run.number + 1, number, f"{plan}.json" if number else "json")
            write = self.files.put if number else self.files.put_new
            write(path, _dumped(told), _JSON)

    def result(self, shard: Shard) -> Result | None:
        """How far a shard is in this pass; None if nobody has begun."""
        data = self.files.get(self._result(shard))
        return _result_from(json.loads(data)) if data is not None else None

    def keep_result(self, shard: Shard, result: Result) -> None:
        """Write how far a shard is."""
        self.files.put(self._result(shard), _dumped(asdict(result)), _JSON)

    def parts(self) -> Iterator[Part]:
        """The parts of this pass, as far as it is cut."""
        number: int | None = 0
        while number is not None and (part := self.part(number)) is not None:
            yield part
            number = number + 1 if part.next else None

    def results(self, at_once: AtOnce = map) -> Iterator[tuple[Shard, Result | None]]:
        """Every shard of this pass, as far as it is cut, with its result. at_once: has several read at once."""
        for part in self.parts():
            yield from zip(part.shards, at_once(self.result, part.shards), strict=True)

    def is_cut(self) -> bool:
        """Whether this pass is cut into shards to its end."""
        return any(part.next is None for part in self.parts())

    def report(self) -> Report:
        """What was reported so far."""
        data = self.files.get(f"{self._round}/report.json")
        return _report_from(json.loads(data)) if data is not None else Report(self.run.name)

    def keep_report(self, report: Report) -> None:
        """Write the report."""
        self.files.put(f"{self._round}/report.json", _dumped(asdict(report)), _JSON)

    def _plan(self) -> str:
        """What the names of the parts after the first have before their ending: the plan they are of, and a dot."""
        first = self.files.get(self._part(self.run.number, 0, "json"))
        plan = json.loads(first).get("plan") if first is not None else None
        return f"{plan}." if plan else ""

    def _part(self, of_pass: int, number: int, ending: str) -> str:
        return f"{self._round}/{of_pass}/part-{number:05}.{ending}"

    def _result(self, shard: Shard) -> str:
        """Its name has the range: two executions of a run may have cut the bucket at different keys."""
        cut = sha256(f"{shard.place}\0{shard.after}\0{shard.until}".encode()).hexdigest()[:_CUT]
        return f"{self._round}/{self.run.number}/results/{shard.id}-{cut}.json"


def _told(part: Part) -> dict[str, Any]:
    return {"next": asdict(part.next) if part.next else None, "shards": [list(astuple(one)) for one in part.shards]}


def summed(number: int, results: Sequence[tuple[Shard, Result | None]]) -> Pass:
    """What came of a pass."""
    found = [result for _, result in results if result is not None]
    endings, stale = Counter[str](), Counter[str]()
    for result in found:
        endings.update(result.endings)
        stale.update(result.stale)
    return Pass(
        number,
        shards=len(results),
        unfinished=sum(result is None or not result.done for _, result in results),
        looked=sum(result.looked for result in found),
        sent=sum(result.sent for result in found),
        reads=sum(result.reads for result in found),
        endings=dict(endings),
        stale=dict(stale),
        tables=added(*(result.tables for result in found)),
    )


def added(*several: Tables) -> Tables:
    """The sums of tables."""
    sums: dict[str, Counter[str]] = {}
    for tables in several:
        for name, counts in tables.items():
            sums.setdefault(name, Counter()).update(counts)
    return {name: dict(counts) for name, counts in sums.items()}


def some_of_each(named: Iterable[tuple[str, str, str]], most: int) -> tuple[tuple[str, str, str], ...]:
    """The first of each reason, up to so many."""
    seen = Counter[str]()
    kept = []
    for row in named:
        seen[row[2]] += 1
        if seen[row[2]] <= most:
            kept.append(row)
    return tuple(kept)


def _result_from(values: dict[str, Any]) -> Result:
    return Result(**values | {"named": _triples(values["named"])})


def _report_from(values: dict[str, Any]) -> Report:
    passes = tuple(Pass(**row) for row in values["passes"])
    left, unfinished = _triples(values["left"]), _triples(values["unfinished"])
    return Report(values["run"], values["ended"], passes, left, unfinished)


def _triples(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str, str], ...]:
    return tuple((bucket, key, reason) for bucket, key, reason in rows)


def _dumped(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode()
