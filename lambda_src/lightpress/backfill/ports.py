"""What a backfill depends on. Each port is implemented by an adapter in `lightpress.aws`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.backfill.run import Run
    from lightpress.pipeline.source import Source


@dataclass(frozen=True, slots=True)
class Listed:
    """A key of a bucket, as a listing tells it.

    Attributes:
        key: The key.
        modified: When it was written or deleted, in seconds since 1970.
        deleted: Whether the newest version is a delete marker.
        size: In bytes; 0 of a delete marker.
        storage: Its storage class, as S3 names it.
    """

    key: str
    modified: float
    deleted: bool = False
    size: int = 0
    storage: str = "STANDARD"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing.

    Attributes:
        items: In the order of their keys.
        last: The key after which the next page begins; "" where this page is the last.
    """

    items: Sequence[Listed]
    last: str


class Lister(Protocol):
    """Lists buckets in the order of keys, which is that of their bytes in UTF-8 and so that of Python's text."""

    def page(self, bucket: str, prefix: str, after: str, *, deletions: bool) -> Page:
        """The next keys after `after`, a thousand at most. deletions: also those whose newest version is deleted."""


class Files(Protocol):
    """Small objects in which a run keeps its plan and its results."""

    def get(self, path: str) -> bytes | None:
        """The contents; None where nothing is."""

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """Write, or replace."""

    def put_new(self, path: str, data: bytes, media_type: str) -> None:
        """Write, unless there is something."""


class Hints(Protocol):
    """The queue of the backfill: a hint says "look at this key"."""

    def send(self, sources: Sequence[Source], *, late: bool = False, retry: bool = False) -> int:
        """Send a hint for each; returns how many the queue refused.

        Args:
            sources: What to look at.
            late: Whether what somebody has left halfway there is to be finished, too.
            retry: Whether to look also at what has failed as it is.
        """

    def waiting(self) -> int:
        """How many hints wait or are worked on, about."""

    def unsettled(self) -> int:
        """The same, with what was rejected and is not recorded yet: until then it looks as it did before."""


class Refused(Exception):
    """The run is stopped, or a cap allows less. run: as it stands."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.name)
        self.run = run


class Runs(Protocol):
    """The row of each run, which all workers share."""

    def find(self, name: str) -> Run | None:
        """The run as it stands; None if there is none."""

    def begin(self, run: Run) -> Run:
        """Write the row of a run, or leave the one that is there; returns what stands."""

    def spend(self, run: Run, objects: int, nanos: int, now: float) -> Run:
        """Take so many objects and billionths of a dollar from what is left, all or nothing; raises Refused.

        Args:
            run: As the caller saw it last: its rate advances the time at which the next object may be sent.
            objects: That are about to be sent.
            nanos: That these and their reads cost.
            now: In seconds since 1970.
        """

    def stop(self, name: str, why: str) -> None:
        """Have all workers end as soon as they have sent what they have taken; the first reason stays."""

    def exhaust(self, run: Run) -> None:
        """Stop a run because what is left of its limits, as `run` has it, is not enough.

        Nothing is stopped where a limit was raised since it was read, or the run was resumed or begun anew.
        """

    def advance(self, run: Run, number: int, ended: str = "") -> None:
        """Note the pass that a run is in, and why it has ended, if it has.

        Nothing is noted where the run was resumed or begun anew since it was read, or is in a later pass.
        """
