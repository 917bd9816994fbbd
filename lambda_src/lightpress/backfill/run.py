"""A run: what it looks at, what it may spend, and how far it is. All of it is one row that every worker reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from lightpress.pipeline.buckets import Selection
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.backfill.ports import Listed

NO_LIMIT = 10**15
"""What is left where nothing is limited: no bucket holds so many objects, and no account so many dollars."""

NANOS = 10**9
"""Billionths of a dollar in a dollar: prices of single requests are whole numbers of them, as DynamoDB counts."""

LOOK, SWEEP, PLAN, RETRY = "look", "sweep", "plan", "retry"
"""What a run is for: looking at originals, sweeping, planning other recipes, sending failures again."""

MOST_READS, READS_OF_AN_ORIGINAL = 2, 3
"""Requests of a look; and of an original when it is processed: HEAD twice, and GET."""

FINISHED, LEFT = "finished", "left"
STOPPED, MAX_OBJECTS, MAX_DOLLARS = "stopped", "max_objects", "max_dollars"
"""Why a run ends: nothing is stale; something stays stale; an operator stopped it; or a cap."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run looks at.

    Attributes:
        pictures: Which keys of which buckets, one after the other.
        since: Only what was written or deleted since, in seconds since 1970; None is no limit.
        before: Only what was written or deleted before; None is no limit.
        skips: Within these limits, what was written or deleted from the first of these times on and before the second
            is left alone; None leaves nothing alone.
        outdated: Whether what is published of the right version under another recipe is sent, too.
        deletions_in: The buckets, with versions, in which deleted keys are looked at, too.
        nanos_sent: What it costs to process an original, in billionths of a dollar.
        nanos_read: What a read costs.
        retrieval: Of each storage class that is read for a fee: its name, the fee for a GB, and what a request costs
            beyond `nanos_read`.
        originals_of_a_shard: How many wanted originals, or manifests, a shard has, about.
        task: What is done with them.
        remove: Whether a sweep removes and repairs what it finds.
        replaced_before: A sweep reads only manifests of which the listing tells that variants may be left over, or were
            replaced before this, in seconds since 1970; None reads all.
        recipes: Of a plan, the path of its recipes.toml among the files of runs; "" of others.
        digest: Of a plan, that of its recipes.
        segments: Of failures, into how many their table is cut; 0 of others, which cut what they list.
        reason: Of failures, only those for this one; "" is any.
        under: Of failures, only keys that begin with this.
    """

    pictures: tuple[Selection, ...]
    since: float | None = None
    before: float | None = None
    skips: tuple[float, float] | None = None
    outdated: bool = True
    deletions_in: tuple[str, ...] = ()
    nanos_sent: int = 0
    nanos_read: int = 0
    originals_of_a_shard: int = 10_000
    task: str = LOOK
    remove: bool = False
    replaced_before: float | None = None
    recipes: str = ""
    digest: str = ""
    segments: int = 0
    reason: str = ""
    under: str = ""
    retrieval: tuple[tuple[str, int, int], ...] = ()

    @property
    def sends(self) -> bool:
        """Whether hints come of it, so that it waits for their queue."""
        return self.task in {LOOK, RETRY} or self.remove

    @property
    def is_whole(self) -> bool:
        """Whether shards cover ranges in which nothing is listed, too: variants are swept where no manifest is."""
        return self.task == SWEEP

    def wants(self, found: Listed) -> bool:
        """Whether the time of a listed key is within the limits; keys that end in "/" mark folders."""
        return (
            not found.key.endswith("/")
            and (self.since is None or found.modified >= self.since)
            and (self.before is None or found.modified < self.before)
            and not (self.skips and self.skips[0] <= found.modified < self.skips[1])
        )

    def nanos_to_look(self, found: Listed) -> int:
        """What looking at an original costs: two reads, one of them of the original itself."""
        return MOST_READS * self.nanos_read + self._fees(found)[1]

    def nanos_to_send(self, found: Listed) -> int:
        """What processing an original costs."""
        of_gb, of_request = self._fees(found)
        return self.nanos_sent + -(-found.size * of_gb // GB) + READS_OF_AN_ORIGINAL * of_request

    def _fees(self, found: Listed) -> tuple[int, int]:
        return next(((gb, request) for name, gb, request in self.retrieval if name == found.storage), (0, 0))

    def to_json(self) -> str:
        """As `job_from_json` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)


class OtherReleaseError(Exception):
    """A run was begun by a newer release; the message says what it has that this one does not know."""


_KNOWN = frozenset(one.name for one in fields(Job))


@lru_cache(maxsize=8)
def job_from_json(text: str) -> Job:
    """Read what `Job.to_json` wrote; raises OtherReleaseError where that was another release, which knows more.

    The last ones are kept: each row of a run holds its job, and each step of the run reads the row.
    """
    values = json.loads(text)
    if unknown := sorted(values.keys() - _KNOWN):
        raise OtherReleaseError(
            f"This run was begun by a newer release of the lightpress command, and has what is unknown here: "
            f"{', '.join(unknown)}. Use the same release for the command and for what is deployed."
        )
    pictures = tuple(Selection(**row | {"suffixes": tuple(row["suffixes"])}) for row in values["pictures"])
    read = {
        "pictures": pictures,
        "deletions_in": tuple(values["deletions_in"]),
        "retrieval": tuple((name, gb, request) for name, gb, request in values.get("retrieval", ())),
        "skips": tuple(values["skips"]) if values.get("skips") else None,
    }
    return Job(**values | read)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands.

    Attributes:
        name: Of the run, the same when it is resumed.
        job: What it looks at.
        round: How often the same job was begun anew.
        number: The pass that it is in; the first is 1.
        sent: Hints sent.
        spent: In billionths of a dollar.
        objects_left: How many more hints may be sent.
        nanos_left: What more may be spent.
        rate: Hints each second, on average.
        paced: When the next hint may be sent, in seconds since 1970.
        most_waiting: Hints in the queue beyond which nobody sends more.
        stopped: Why nobody is to send more; None while it goes on.
        ended: Why it has ended; None before.
        attempts: How often it was started or resumed.
        execution: The ARN of the newest execution of the state machine; "" if unknown.
        deployed: What was deployed when its round began, as `lightpress.client.deployment` has it; "" if unknown.
    """

    name: str
    job: Job
    round: int = 1
    number: int = 1
    sent: int = 0
    spent: int = 0
    objects_left: int = NO_LIMIT
    nanos_left: int = NO_LIMIT
    rate: float = 50.0
    paced: float = 0.0
    most_waiting: int = 5_000
    stopped: str | None = None
    ended: str | None = None
    attempts: int = 0
    execution: str = ""
    deployed: str = ""

    def affordable(self, costs: Sequence[int]) -> int:
        """How many of the objects with these costs may be sent, in order."""
        if self.stopped:
            return 0
        paid = sum(1 for spent in accumulate(costs) if spent <= self.nanos_left)
        return max(0, min(self.objects_left, paid))

    @property
    def exhausted(self) -> str:
        """Why nothing more may be sent, where that is so."""
        return self.stopped or (MAX_OBJECTS if self.objects_left <= 0 else MAX_DOLLARS)
