"""What the operators' API needs of AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lightpress.failures.discarding import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.backfill.run import Run
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.gate import Standing
    from lightpress.pipeline.ports import Published


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an original, or the mark of its deletion.

    Attributes:
        identity: The version id.
        at: When it was written, in seconds since 1970.
        bytes: Size of the file; 0 for a deletion.
        deleted: Whether it is the mark of a deletion.
    """

    identity: str
    at: int
    bytes: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted in a day.

    Attributes:
        day: Such as "2026-11-28", of UTC.
        of: What: "published", "failed", "original_bytes", "largest_bytes", or a service for `dollars`.
        value: How many; with `dollars`, what they cost.
        dollars: Whether it is a cost.
    """

    day: str
    of: str
    value: float
    dollars: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in the list of what waits for reviewers.

    Attributes:
        path: Where it lies. It ends with the revision of the held manifest.
        since: When it was listed, in seconds since 1970.
    """

    path: str
    since: int


class Manifests(Protocol):
    """The manifests."""

    def published(self, key: str) -> Published | None:
        """The manifest of a key; None if there is none."""


class History(Protocol):
    """The versions of originals."""

    def versions(self, bucket: str, key: str, most: int) -> tuple[Version, ...]:
        """The newest versions of a key, the newest first."""


class FailureRows(Rows, Protocol):
    """The failures table."""

    def all(self) -> Iterator[Failure]:
        """Every failure."""

    def of(self, subject: str) -> list[Failure]:
        """The failures of one subject."""


class Retries(Protocol):
    """The queues that retries go to."""

    def send(self, body: str, *, url: bool) -> bool:
        """Send a message; False if it is one about a URL and the stack fetches none."""


class WaitingList(Protocol):
    """What waits for reviewers."""

    def entries(self, most: int) -> tuple[Entry, ...]:
        """So many entries, in no order."""

    def key_of(self, entry: Entry) -> str | None:
        """The key of a picture; None if it was taken off the list meanwhile."""

    def standing(self, key: str, identity: str, reviewers: tuple[str, ...]) -> Standing:
        """What these reviewers say of a version."""


class ReviewQueue(Protocol):
    """Where reviews come in."""

    def send(self, body: str) -> bool:
        """Send a message; False where no recipe has a gate."""


class Runs(Protocol):
    """The runs of backfills."""

    def all(self) -> Iterator[Run]:
        """Every run."""


class Counts(Protocol):
    """What was counted."""

    def days(self, most: int) -> tuple[Count, ...]:
        """The counts of the last days, today included."""
