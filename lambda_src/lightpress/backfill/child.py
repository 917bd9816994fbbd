"""A child of the Distributed Map: looks at the originals of one shard, and sends hints for those that are stale.

Of jobs that are no look, somebody else does the work (`Work`); how it waits, stops and ends is the same.

It works in steps. Each takes some pages of the listing, ends by writing how far the shard is, and may be repeated from
what the one before wrote: a function that is killed costs at most one step. Between steps, the state machine waits:
that costs nothing, while a function that waits is billed.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from lightpress.backfill.at_once import on_threads
from lightpress.backfill.look import Stale
from lightpress.backfill.ports import Refused
from lightpress.backfill.results import NAMED_OF_A_SHARD, Result
from lightpress.backfill.run import LOOK
from lightpress.backfill.spending import Purse
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lightpress.backfill.at_once import AtOnce
    from lightpress.backfill.look import Found, Looking
    from lightpress.backfill.ports import Hints, Listed, Lister, Page, Runs
    from lightpress.backfill.results import Folder
    from lightpress.backfill.run import Run
    from lightpress.backfill.shards import Shard
    from lightpress.pipeline.events import FindSource

PUT_OFF = "put_off"
"""A shard ended because the queue stayed deep for too long: the next pass goes on with it."""

CHUNK = 100
"""Originals that are looked at together: what a child may send beyond the rate, and reads that a stop may cost."""

_PAGES_OF_A_STEP = 20
_QUEUE_PAUSE_SECONDS = 20
# A stop is seen within a minute; by a child that has waited for half a day, within five.
_LONGEST_PAUSE_SECONDS, _LONGEST_LATER_SECONDS = 60, 300
_LATER = 500
# Each takes nine events of the 25,000 that an execution may have, and together they are five days:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MOST_WAITS = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """What the state machine is told.

    Attributes:
        done: Whether the child ends.
        wait: Seconds until the next step; 0 for at once.
        waits: How often it has waited so far.
    """

    done: bool
    wait: int = 0
    waits: int = 0


class Work(Protocol):
    """A task of a job that is no look."""

    def __call__(self, run: Run, shard: Shard, result: Result) -> tuple[Run, Result]:
        """Go on with a shard for some seconds; returns the run as it stands then, and how far the shard is."""


@dataclass(frozen=True, slots=True)
class Child:
    """Works on shards.

    Attributes:
        lister: Lists buckets.
        looking: Looks at an original.
        find_source: Which keys are ours, and what they are published under.
        hints: The queue of the backfill.
        runs: The rows of runs.
        clock: Seconds since 1970.
        others: Who does the tasks of jobs that are no look, by their name.
        at_once: Has several originals looked at at once.
    """

    lister: Lister
    looking: Looking
    find_source: FindSource
    hints: Hints
    runs: Runs
    clock: Callable[[], float]
    others: Mapping[str, Work] = field(default_factory=dict)
    at_once: AtOnce = field(default_factory=on_threads)

    @property
    def _purse(self) -> Purse:
        return Purse(self.runs, self.clock)

    def step(self, run: Run, folder: Folder, shard: Shard, waits: int) -> Step:
        """Go on with a shard, or say how long to wait."""
        result = folder.result(shard) or Result(shard.after)
        if result.done:
            return Step(done=True)
        result = replace(result, ended=None)
        pause = 0 if run.stopped else self._pause(run, waits)
        if pause and waits < MOST_WAITS:
            return Step(done=False, wait=pause, waits=waits + 1)
        if run.stopped or pause:
            folder.keep_result(shard, replace(result, ended=run.stopped or PUT_OFF))
            return Step(done=True)
        work = self._work if run.job.task == LOOK else self.others[run.job.task]
        run, result = work(run, shard, result)
        folder.keep_result(shard, result)
        over = result.done or result.ended is not None
        return Step(done=over, wait=0 if over else self._until_paced(run, waits), waits=waits)

    def _pause(self, run: Run, waits: int) -> int:
        """Seconds until this child may send again; 0 for now."""
        if run.job.sends and self.hints.waiting() >= run.most_waiting:
            return _QUEUE_PAUSE_SECONDS
        return self._until_paced(run, waits)

    def _until_paced(self, run: Run, waits: int) -> int:
        longest = _LONGEST_PAUSE_SECONDS if waits < _LATER else _LONGEST_LATER_SECONDS
        return min(longest, max(0, math.ceil(run.paced - self.clock())))

    def _work(self, run: Run, shard: Shard, result: Result) -> tuple[Run, Result]:
        """Look at the next page with anything on it, chunk by chunk, until the rate or a cap ends it."""
        page, done = self._next_page(run, shard, result.after)
        items = iter([item for item in page.items if self._wants(run, item)])
        while chunk := list(islice(items, CHUNK)):
            run, result = self._chunk(run, shard, result, chunk)
            if result.ended is not None or run.paced > self.clock():
                return run, result
        return run, replace(result, after=page.last, done=done)

    def _next_page(self, run: Run, shard: Shard, after: str) -> tuple[Page, bool]:
        """The next page of the shard with a wanted key, or the last of some; and whether the shard ends with it."""
        pictures = run.job.pictures[shard.place]
        deletions = pictures.bucket in run.job.deletions_in
        for _ in range(_PAGES_OF_A_STEP):
            page = self.lister.page(pictures.bucket, pictures.prefix, after, deletions=deletions)
            within = [item for item in page.items if not shard.until or item.key <= shard.until]
            done = not page.last or (bool(shard.until) and page.last >= shard.until)
            page = replace(page, items=within)
            if done or any(self._wants(run, item) for item in within):
                break
            after = page.last
        return page, done

    def _wants(self, run: Run, item: Listed) -> bool:
        return run.job.wants(item)

    def _chunk(self, run: Run, shard: Shard, result: Result, items: Sequence[Listed]) -> tuple[Run, Result]:
        """Look at some originals and send the stale ones, as far as the caps allow; the rest is not done."""
        try:
            run = self._purse.pay(run, sum(map(run.job.nanos_to_look, items)))
        except Refused as refused:
            return self._purse.end(refused.run, result)
        sources = [self._source(run, shard, item) for item in items]
        found = list(self.at_once(lambda source: self.looking(source) if source else None, sources))
        looked_at = zip(items, sources, found, strict=True)
        to_send = [(item, source) for item, source, one in looked_at if source and _why_sent(run, one)]
        stale = [source for _, source in to_send]
        run, allowed = self._purse.reserve(run, [run.job.nanos_to_send(item) for item, _ in to_send])
        sent = self._purse.send(self.hints, stale[:allowed])
        seen = len(items) if allowed == len(stale) else sources.index(stale[allowed])
        result = self._counted(run, result, list(zip(items, sources, found, strict=True))[:seen])
        result = replace(result, sent=result.sent + sent)
        return (run, result) if seen == len(items) else self._purse.end(run, result)

    def _source(self, run: Run, shard: Shard, item: Listed) -> Source | None:
        """The source of a key; None where it is nobody's, or another's."""
        known = Source(run.job.pictures[shard.place].bucket, item.key)
        found = self.find_source(known) if run.job.pictures[shard.place].takes(known) else None
        return found if isinstance(found, Source) else None

    def _counted(self, run: Run, result: Result, seen: Sequence[tuple[Listed, Source | None, Found | None]]) -> Result:
        endings, stale = Counter(result.endings), Counter(result.stale)
        for _, _, found in seen:
            if why := _why_sent(run, found):
                stale[why] += 1
            else:
                endings[_ending(found)] += 1
        named = islice(chain(result.named, _named(run, seen)), NAMED_OF_A_SHARD)
        return replace(
            result,
            after=seen[-1][0].key if seen else result.after,
            looked=result.looked + len(seen),
            reads=result.reads + sum(found.reads for _, _, found in seen if found),
            endings=dict(endings),
            stale={str(reason): count for reason, count in stale.items()},
            named=tuple(named),
        )


def _named(run: Run, seen: Sequence[tuple[Listed, Source | None, Found | None]]) -> Iterator[tuple[str, str, str]]:
    for _, source, found in seen:
        if source and (why := _why_sent(run, found)):
            yield source.bucket, source.key, str(why)


def _why_sent(run: Run, found: Found | None) -> Stale | None:
    """Why the workflow is to look at an original; None if it need not, or the run leaves it alone."""
    if found is None or (not run.job.outdated and found.stale in {Stale.OUTDATED, Stale.COPIED, Stale.LEAVES}):
        return None
    return found.stale


def _ending(found: Found | None) -> str:
    if found is None:
        return "ignored"
    return found.ending or str(found.stale)
