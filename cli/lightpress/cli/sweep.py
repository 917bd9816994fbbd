"""`lightpress sweep` from one machine: what no manifest refers to, and its removal while functions run.

What is looked at and removed, and why that is safe, is in `lightpress.backfill.sweep`, by which the state machine
sweeps, too. Manifests and folders of variants are listed once and walked side by side.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from lightpress.aws.hints import SqsHints
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.run_files import S3Lister
from lightpress.backfill.hashes import hashes
from lightpress.backfill.sweep import ASTRAY, CopySweeper, Found, Sweeper, note, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lightpress.backfill.ports import Listed
    from lightpress.backfill.sweep import Judged
    from lightpress.client.deployment import Deployment

T = TypeVar("T")
_CHUNK = 500


@dataclass(frozen=True)
class Sweep:
    """Sweeps one deployment.

    Attributes:
        deployment: Which.
        remove: Whether to remove and repair what is found.
        now: The time by which variants are a day old, in seconds since 1970.
    """

    deployment: Deployment
    remove: bool
    now: float = field(default_factory=time.time)

    def __call__(self, progress: Callable[[int], None] = lambda _: None) -> Found:
        """Read every manifest and list every variant; `progress` is called with the number of manifests."""
        found, sweeper = Found(), self._sweeper
        if copies := self.deployment.copies:  # first, as `CopySweeper.remove` has it
            self._sweep_copies(CopySweeper(self._images, copies, lambda: self.now), found)
        for some in _chunks(hashes(self._lister, self.deployment.images_bucket), _CHUNK):
            judged = sweeper.judge_all(some)
            note(found, judged)
            if self.remove:
                self._hand_over(judged, found)
                found.removed += sweeper.remove(judged)
            progress(found.manifests)
        return found

    def _sweep_copies(self, sweeper: CopySweeper, found: Found) -> None:
        for some in _chunks(self._copies(), _CHUNK):
            astray = sweeper.astray(some)
            found.note(ASTRAY, [stored for stored, _ in astray])
            if self.remove:
                found.removed += sweeper.remove(astray)

    @property
    def _lister(self) -> S3Lister:
        return S3Lister(self.deployment.s3)

    @property
    def _images(self) -> S3Images:
        return S3Images(self.deployment.s3, self.deployment.images_bucket)

    @property
    def _sweeper(self) -> Sweeper:
        return Sweeper(
            self._images,
            S3Originals(self.deployment.s3),
            self.deployment.publishing.named,
            self.deployment.copies,
            lambda: self.now,
            (self.deployment.retention and self.deployment.retention.previous) or None,
        )

    def _hand_over(self, judged: Sequence[Judged], found: Found) -> None:
        """Send keys to the queue of uploads; of some, also what was left halfway there is looked at."""
        sources, late = sources_of(judged, self.deployment.publishing.named)
        if sources or late:
            hints = SqsHints(self.deployment.sqs(), self.deployment.queue_url)
            refused = hints.send(sources) + hints.send(late, late=True)
            found.handed_over += len(sources) + len(late) - refused
            found.refused += refused

    def _copies(self) -> Iterator[Listed]:
        """What lies in the folders that are for copies."""
        for folder in self.deployment.copy_folders:
            after = ""
            while True:
                page = self._lister.page(self.deployment.copies_bucket, folder, after, deletions=False)
                yield from page.items
                if not (after := page.last):
                    break


def _chunks(some: Iterator[T], count: int) -> Iterator[list[T]]:
    while chunk := list(islice(some, count)):
        yield chunk
