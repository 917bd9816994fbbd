"""A child that sweeps: the hashes of one shard, chunk by chunk, within what the run may spend."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.backfill.hashes import hashes
from lightpress.backfill.ports import Refused
from lightpress.backfill.results import NAMED_OF_A_SHARD, added
from lightpress.backfill.run import MOST_READS
from lightpress.backfill.sweep import Found, note, sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.backfill.hashes import Hash
    from lightpress.backfill.ports import Hints, Lister
    from lightpress.backfill.results import Result, Tables
    from lightpress.backfill.run import Run
    from lightpress.backfill.shards import Shard
    from lightpress.backfill.spending import Purse
    from lightpress.backfill.sweep import Judged, Sweeper

CHUNK = 100
_CHUNKS_OF_A_STEP = 10

FILES, BYTES, KEYS, SWEPT = "files", "bytes", "keys", "swept"
MANIFESTS, REMOVED = "manifests", "removed"

REFUSED = "refused"
"""A shard ended because the queue did not accept all that is for it: the next pass goes on before these keys."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """Sweeps shards of manifests, and whatever variants lie between them.

    Attributes:
        lister: Lists the images bucket.
        bucket: Its name.
        sweeper: Judges hashes, and removes.
        hints: The queue of the backfill.
        purse: What the run may spend.
    """

    lister: Lister
    bucket: str
    sweeper: Sweeper
    hints: Hints
    purse: Purse

    def __call__(self, run: Run, shard: Shard, result: Result) -> tuple[Run, Result]:
        """Sweep some chunks, or until a cap ends it."""
        rest, before = hashes(self.lister, self.bucket, result.after, shard.until), run.job.replaced_before
        if before is not None:
            rest = (one for one in rest if one.shows_leftovers(before))
        for _ in range(_CHUNKS_OF_A_STEP):
            chunk = list(islice(rest, CHUNK))
            if not chunk:
                return run, replace(result, done=True)
            run, result = self._chunk(run, result, chunk)
            if result.ended is not None or run.paced > self.purse.clock():
                break
        return run, result

    def _chunk(self, run: Run, result: Result, chunk: Sequence[Hash]) -> tuple[Run, Result]:
        """Judge some hashes, and repair as many as the caps allow; the rest is not done."""
        try:
            run = self.purse.pay(run, run.job.nanos_read * MOST_READS * len(chunk))
        except Refused as refused:
            return self.purse.end(refused.run, result)
        judged = self.sweeper.judge_all(chunk)
        seen, handed_over, removed = len(judged), 0, 0
        if run.job.remove:
            to_send = [number for number, one in enumerate(judged) if one.to_send]
            run, allowed = self.purse.reserve(run, [run.job.nanos_sent] * len(to_send))
            seen = to_send[allowed] if allowed < len(to_send) else len(judged)
            handed_over = self._hand_over(judged[:seen])
            if handed_over < min(allowed, len(to_send)):
                return run, replace(result, sent=result.sent + handed_over, ended=REFUSED)
            removed = self.sweeper.remove(judged[:seen])
        result = _counted(result, judged[:seen], self.bucket, handed_over, removed)
        return (run, result) if seen == len(judged) else self.purse.end(run, result)

    def _hand_over(self, judged: Sequence[Judged]) -> int:
        sources, late = sources_of(judged, self.sweeper.source_of)
        return self.purse.send(self.hints, sources) + self.purse.send(self.hints, late, late=True)


def _counted(result: Result, judged: Sequence[Judged], bucket: str, handed_over: int, removed: int) -> Result:
    found = Found(handed_over=handed_over, removed=removed)
    note(found, judged)
    named = ((bucket, key, kind) for key, kind in found.named[: max(0, NAMED_OF_A_SHARD - len(result.named))])
    return replace(
        result,
        after=judged[-1].one.manifest if judged else result.after,
        looked=result.looked + len(judged),
        sent=result.sent + handed_over,
        reads=result.reads + MOST_READS * found.manifests + len(judged) - found.manifests,
        named=(*result.named, *named),
        tables=added(result.tables, _tables_of(found)),
    )


def _tables_of(found: Found) -> Tables:
    return {
        FILES: dict(found.files),
        BYTES: dict(found.bytes),
        KEYS: dict(found.keys),
        SWEPT: {MANIFESTS: found.manifests, REMOVED: found.removed},
    }


def found_in(tables: Tables, named: Sequence[tuple[str, str, str]], handed_over: int) -> Found:
    """What a sweep found, from the tables and names of its report, and how many keys it has sent."""
    swept = tables.get(SWEPT, {})
    found = Found(manifests=swept.get(MANIFESTS, 0), removed=swept.get(REMOVED, 0), handed_over=handed_over)
    found.files.update(tables.get(FILES, {}))
    found.bytes.update(tables.get(BYTES, {}))
    found.keys.update(tables.get(KEYS, {}))
    found.named += [(key, kind) for _, key, kind in named]
    return found
