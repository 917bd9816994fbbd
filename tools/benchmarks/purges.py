"""How long deleted pictures are served, and what purging them costs: the code of `purge_deleted` in virtual time.

All deletions are made at once, at second 0. Each is one message, delayed as the stack delays it. Two invocations work
at a time, on batches of what has come within the window. CloudFront works on 15 wildcard paths at a time, each for as
long as it says that 95 % of invalidations take. What it is too busy for is waited for as the function does, and then
hidden for the visibility timeout. The slowest numbers are those whose last batch is of 199: they are too few to
invalidate everything, and go folder by folder. Beyond `_MOST` deletions, each takes as long as the ones before; and
what has waited for half of the days that its queue keeps it is done by invalidating everything.

    .venv/bin/python -m tools.benchmarks purges
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lightpress.delivery.purging import TooManyRequests, purge
from lightpress.pipeline.paths import cached_folders, variants_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

# As infra/lightpress/cdk/purging.py has them; tests/benchmarks/test_purges.py compares.
DELAY_SECONDS, WINDOW_SECONDS, TIMEOUT_SECONDS, VISIBLE_AGAIN_SECONDS = 70, 20, 900, 5_420
OVERDUE_SECONDS = 5 * 86_400
BROWSER_SECONDS = 60 + 600
"""How long a browser may show what it has loaded at a permalink: `max-age` and `stale-while-revalidate`."""
ALL_FROM = 200
MESSAGES_AT_ONCE, INVOCATIONS_AT_ONCE = 1_000, 2
PAUSE_SECONDS, REQUEST_SECONDS = 5, 30
# https://aws.amazon.com/about-aws/whats-new/2026/04/cloudfront-invalidation-cache-tag/
EFFECT_SECONDS, IN_PROGRESS_SECONDS = 5, 25
MOST_WILDCARDS = 15
FREE_PATHS, DOLLARS_A_PATH = 1_000, 0.005
_MOST, _MOST_ONE_BY_ONE = 100_000, 10_000


@dataclass
class CloudFront:
    """Invalidations. now: the time; ends: when each wildcard path in progress is done; paths: how many there were."""

    now: float = 0
    ends: list[float] = field(default_factory=list)
    paths: int = 0

    def forget(self, folders: Iterable[str], *, reference: str) -> None:  # noqa: ARG002  each is another one
        wildcards = sum(len(cached_folders(folder)) for folder in folders)
        self.ends = [end for end in self.ends if end > self.now]
        if len(self.ends) + wildcards > MOST_WILDCARDS:
            raise TooManyRequests
        self.ends += [self.now + IN_PROGRESS_SECONDS] * wildcards
        self.paths += wildcards


@dataclass(frozen=True)
class Purged:
    """What came of it.

    Attributes:
        seconds: From the deletions until no edge serves any of them.
        paths: Invalidated paths.
    """

    seconds: float
    paths: int

    @property
    def dollars(self) -> float:
        """What the paths cost in a month without others."""
        return max(self.paths - FREE_PATHS, 0) * DOLLARS_A_PATH


def purged(deletions: int, *, all_from: int) -> Purged:
    """Purge so many deletions."""
    cloudfront = CloudFront()
    queue = [(float(DELAY_SECONDS), f"{number:07}") for number in range(deletions)]
    free_at = [0.0] * INVOCATIONS_AT_ONCE
    last = 0.0
    while queue:
        begins = max(heapq.heappop(free_at), queue[0][0] + WINDOW_SECONDS)
        batch = _received(queue, begins)
        cloudfront.now = max(cloudfront.now, begins)  # as if invocations that both wait worked one after the other
        found = purge(
            {id_: variants_folder(id_) for id_ in batch},
            cloudfront,
            partial(int, len(queue) + len(batch)),
            partial(_wait, cloudfront, begins + TIMEOUT_SECONDS - PAUSE_SECONDS - REQUEST_SECONDS),
            all_from=all_from,
        )
        for id_ in found.put_off:
            heapq.heappush(queue, (begins + VISIBLE_AGAIN_SECONDS, id_))
        if found.folders:
            last = max(last, cloudfront.now)
        heapq.heappush(free_at, cloudfront.now + 1)
    return Purged(last + EFFECT_SECONDS, cloudfront.paths)


def _received(queue: list[tuple[float, str]], now: float) -> list[str]:
    """A batch of what is visible."""
    batch: list[str] = []
    while queue and queue[0][0] <= now and len(batch) < MESSAGES_AT_ONCE:
        batch.append(heapq.heappop(queue)[1])
    return batch


def _wait(cloudfront: CloudFront, until: float) -> bool:
    if cloudfront.now > until:
        return False
    cloudfront.now += PAUSE_SECONDS
    return True


def purged_at_most(deletions: int, *, all_from: int) -> Purged:
    """Purge so many deletions, of which at most `_MOST` are played (one by one: `_MOST_ONE_BY_ONE`)."""
    played = min(deletions, _MOST if all_from else _MOST_ONE_BY_ONE)
    found, times = purged(played, all_from=all_from), deletions / played
    made = Purged(found.seconds * times, int(found.paths * times))
    if all_from or made.seconds <= OVERDUE_SECONDS:
        return made
    in_time = OVERDUE_SECONDS / made.seconds
    rest = purged_at_most(round(deletions * (1 - in_time)), all_from=ALL_FROM)
    return Purged(OVERDUE_SECONDS + rest.seconds, int(made.paths * in_time) + rest.paths)


def table(all_from: int) -> str:
    """Deletions at once in rows of Markdown: with everything invalidated from `all_from` on, and never."""
    rows = [
        "| deleted at once | served at most | paths | dollars | never everything: served at most | paths | dollars |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for deletions in (1, 100, 199, 1_000, 1_199, 10_000, 1_000_000):
        ways = (purged_at_most(deletions, all_from=all_from), purged_at_most(deletions, all_from=0))
        cells = [cell for way in ways for cell in (_told(way.seconds), f"{way.paths:,}", _dollars(way))]
        rows.append(f"| {deletions:,} | {' | '.join(cells)} |")
    return "\n".join(rows)


def seen(all_from: int) -> str:
    """Until when deletions at once may be seen, in rows of Markdown: at the last edge, and in the last browser."""
    rows = ["| deleted at once | the last edge | the last browser, at a permalink |", "|---:|---:|---:|"]
    for deletions in (1, 199, 1_000, 1_199, 1_000_000):
        at_edges = purged_at_most(deletions, all_from=all_from).seconds
        rows.append(f"| {deletions:,} | {_told(at_edges)} | {_told(at_edges + BROWSER_SECONDS)} |")
    return "\n".join(rows)


def _dollars(way: Purged) -> str:
    return f"{way.dollars:,.2f}"


def _told(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3_600, "h")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 60:.0f} min"
