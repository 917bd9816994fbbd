"""A child of the state machine of backfills that sends failures again: the rows of one segment of the table.

A pass reads all rows. What was recorded before the run began and is still true is sent; what was recorded since has
failed again. So passes end when every row that is left has failed again, and a message that is lost is sent once more.
Rows are not removed: what was published since is no failure any more, and expires.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.backfill.at_once import on_threads
from lightpress.backfill.ports import Refused
from lightpress.backfill.results import NAMED_OF_A_SHARD
from lightpress.failures.again import tells
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lightpress.backfill.at_once import AtOnce
    from lightpress.backfill.ports import Hints
    from lightpress.backfill.results import Result
    from lightpress.backfill.run import Job, Run
    from lightpress.backfill.shards import Shard
    from lightpress.backfill.spending import Purse
    from lightpress.pipeline.events import FindSource
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.ports import Published

FAILED, FAILED_AGAIN, OVER, OF_A_URL = "failed", "failed again", "no failure any more", "of a URL"
"""What a chosen row turns out to be: to be sent; failed since the run began; settled; or for `--engine loop`."""

SEGMENTS = 20
"""Into which the table is cut: twice as many as children that work at once by default."""


class FailureRows(Protocol):
    """The failures table, in segments."""

    def page(self, segment: int, segments: int, after: str) -> tuple[Sequence[Failure], str]:
        """The next failures of a segment after a place, and the place after them; "" where these are the last."""


@dataclass(frozen=True, slots=True)
class Retrying:
    """Sends the failures of segments again.

    Attributes:
        rows: The failures table.
        published: Reads the manifest of a name.
        find_source: Which keys are ours, and what they are published under.
        hints: The queue of the backfill.
        purse: What the run may spend.
        at_once: Has several manifests read at once.
    """

    rows: FailureRows
    published: Callable[[str], Published | None]
    find_source: FindSource
    hints: Hints
    purse: Purse
    at_once: AtOnce = field(default_factory=on_threads)

    def __call__(self, run: Run, shard: Shard, result: Result) -> tuple[Run, Result]:
        """Go through a page of rows; what the caps do not allow is not done, and the page is repeated."""
        page, after = self.rows.page(shard.place, run.job.segments, result.after)
        chosen = [one for one in page if is_chosen(one, run.job.reason, run.job.under, run.job.since)]
        try:
            run = self.purse.pay(run, run.job.nanos_read * len(chosen))
        except Refused as refused:
            return self.purse.end(refused.run, result)
        states = list(self.at_once(lambda one: self._state(one, run.job), chosen))
        to_send = [
            Source(one.bucket or "", one.key or "")
            for one, state in zip(chosen, states, strict=True)
            if state == FAILED
        ]
        run, allowed = self.purse.reserve(run, [run.job.nanos_sent] * len(to_send))
        sent = self.purse.send(self.hints, to_send[:allowed], retry=True)
        if allowed < len(to_send):
            return self.purse.end(run, replace(result, sent=result.sent + sent))
        result = _counted(result, chosen, states, sent)
        return run, replace(result, after=after, done=not after)

    def _state(self, failure: Failure, job: Job) -> str:
        if failure.url is not None:
            return OF_A_URL
        known = self.find_source(Source(failure.bucket or "", failure.key or ""))
        published = self.published(known.name) if isinstance(known, Source) else None
        if not tells(published.manifest if published else None, failure):
            return OVER
        return FAILED if job.before is None or failure.last_at < job.before else FAILED_AGAIN


def is_chosen(failure: Failure, reason: str | None, under: str, since: float | None) -> bool:
    """Whether a failure is of an original or a URL, for this reason ("": any), under this prefix, and not older."""
    return (
        failure.key is not None
        and (not reason or failure.reason == reason)
        and failure.key.startswith(under)
        and (since is None or failure.last_at >= since)
    )


def _counted(result: Result, chosen: Sequence[Failure], states: Sequence[str], sent: int) -> Result:
    counts = Counter(states)
    endings = Counter(result.endings)
    endings.update({state: count for state, count in counts.items() if state != FAILED})
    named = (*result.named, *_named(chosen, states))
    return replace(
        result,
        looked=result.looked + len(chosen),
        sent=result.sent + sent,
        reads=result.reads + len(chosen) - counts[OF_A_URL],
        endings=dict(endings),
        stale={FAILED: result.stale.get(FAILED, 0) + counts[FAILED]} if counts[FAILED] or result.stale else {},
        named=named[:NAMED_OF_A_SHARD],
    )


def _named(chosen: Sequence[Failure], states: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for one, state in zip(chosen, states, strict=True):
        if state in {FAILED, FAILED_AGAIN}:
            yield one.bucket or "", one.key or "", f"{state}: {one.reason}"
