"""Taking in a review: it is kept first, and then the key is looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from lightpress.pipeline.gate import Review
    from lightpress.pipeline.ports import Looks
    from lightpress.pipeline.source import Source


MEASURE = '{"measure": "held"}'
"""The message that has what waits counted; the stack sends it every hour."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for its reviewers.

    Attributes:
        count: Pictures, those included that have ceased to wait a moment ago.
        since: When the one was held that has waited longest; None where nothing waits.
    """

    count: int
    since: datetime | None

    def seconds(self, now: datetime) -> int:
        """How long that is; 0 where nothing waits."""
        return max(0, round((now - self.since).total_seconds())) if self.since else 0


class KnowsOverdue(Protocol):
    """The list of what waits."""

    def overdue(self, now: float) -> Iterable[str]:
        """The keys of pictures whose reviewers have had time enough, the longest overdue first."""


@dataclass(frozen=True, slots=True)
class LookAtOverdue:
    """Has pictures looked at whose reviewers have not answered in time; a look decides what becomes of them.

    Attributes:
        waiting: What waits.
        named: The source that is published under a key.
        looks: Has keys looked at.
        at_once: `map`, or what takes its place where each call waits for AWS.
    """

    waiting: KnowsOverdue
    named: Callable[[str], Source]
    looks: Looks
    at_once: Callable[[Callable[[str], None], Iterable[str]], Iterable[None]]

    def __call__(self, now: float) -> int:
        """Look through the list; returns how many pictures are to be looked at. now: in seconds since 1970."""
        return sum(1 for _ in self.at_once(self._request_look, self.waiting.overdue(now)))

    def _request_look(self, key: str) -> None:
        self.looks.request_look(self.named(key))


@dataclass(frozen=True, slots=True)
class ReviewOf:
    """A review, and what it is of.

    Attributes:
        source: where the original lies.
        identity: the version that was reviewed, as `Original.identity` has it, or by its ETag alone where that is
            its identity but for the focus.
        review: what the reviewer says.
    """

    source: Source
    identity: str
    review: Review


class KeepsReviews(Protocol):
    """Where reviews are kept."""

    def keep(self, key: str, identity: str, review: Review) -> bool:
        """Keep it, unless what the reviewer has said already counts more; returns whether it was kept.

        Raises PreconditionFailed if another review of the reviewer was kept meanwhile.
        """


class KnowsVersions(Protocol):
    """Which versions of originals there are."""

    def identity_of(self, source: Source, called: str) -> str | None:
        """The identity, as `Original.identity` has it, of a version that others may know by its ETag alone.

        None unless it is there: also below another one, or below the mark of a deletion.
        """


@dataclass(frozen=True, slots=True)
class TakeReview:
    """Keeps a review and has its key looked at again.

    A review of a version that is there no more is not kept. The version is looked for before anything is written: an
    erasure waits for everybody who may have seen what it has removed, and then removes what they wrote.

    The same review may come twice, and reviews of one reviewer in any order (`gate.counts_over`).

    Attributes:
        reviews: Where reviews are kept.
        looks: Has keys looked at.
        originals: Which versions there are.
    """

    reviews: KeepsReviews
    looks: Looks
    originals: KnowsVersions

    def __call__(self, given: ReviewOf) -> bool:
        """Take one; returns whether its version is there.

        Raises PreconditionFailed, and whatever S3 or SQS raise: it may be taken again.
        """
        identity = self.originals.identity_of(given.source, given.identity)
        if identity is None:
            return False
        self.reviews.keep(given.source.name, identity, given.review)
        # Also where nothing was kept: whoever kept it may have died before this.
        self.looks.request_look(given.source)
        return True
