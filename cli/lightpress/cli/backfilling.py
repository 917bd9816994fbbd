"""What `lightpress backfill` puts together: whose pictures, what is to become of them, and what it is about to cost."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from lightpress.aws.images import S3Images
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import S3Objects
from lightpress.aws.originals import S3Originals
from lightpress.cli.backfill import BATCH, Backfill, Item, Limits, checkpoint_at
from lightpress.cli.backfill_sources import inventoried, listed
from lightpress.cli.backfill_targets import Smaller, Variants
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.costs.estimate import IN_PLACE, Assumptions, cost_of
from lightpress.costs.prices import MILLION
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path
    from types import FrameType

    from lightpress.cli.backfill import Checkpoint
    from lightpress.client.deployment import Deployment
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.recipe import RecipeBook

VARIANTS, IN_PLACE_MODE = "variants", "in-place"
SAMPLE = 500


class UnknownBucketError(Exception):
    """The deployment does not work on this bucket in this mode; the message names those that it does."""


class NotDeployedRecipesError(Exception):
    """The recipes of this checkout are not those that are deployed."""


class CutOffError(Exception):
    """AWS or the network ended a run; the message says why, and where the next one goes on."""


@dataclass(frozen=True)
class Job:
    """Which pictures, and what is to become of them.

    known: what the deployment works on of the bucket; pictures: which of these. inventory: the report to read instead
    of listing the bucket.
    """

    deployment: Deployment
    known: Selection
    pictures: Selection
    mode: str
    since: datetime | None
    inventory: str | None
    recipes: RecipeBook

    @property
    def options(self) -> dict[str, str]:
        """What tells this job from others: a checkpoint of another is not gone on with."""
        digest = self.known.digest if isinstance(self.known, InPlace) else self.recipes.digest
        return {
            "bucket": self.pictures.bucket,
            "prefix": self.pictures.prefix,
            "mode": self.mode,
            "since": self.since.isoformat() if self.since else "",
            "inventory": self.inventory or "",
            "digest": digest,
        }

    def checkpoint_path(self, folder: Path) -> Path:
        """Where its checkpoint lies: a changed recipe, say, is another job."""
        name = hashlib.sha256(json.dumps(self.options, sort_keys=True).encode()).hexdigest()[:12]
        return folder / f"{self.pictures.bucket}-{self.mode}-{name}.json"

    def items(self, after: str) -> Iterator[Item]:
        """The pictures behind a place."""
        if self.inventory:
            return inventoried(self.deployment.s3, self.inventory, self.pictures, self.since, after)
        return listed(self.deployment.s3, self.pictures, self.since, after)

    def target(self) -> Variants | Smaller:
        """What is to become of them."""
        s3, sqs = self.deployment.s3, self.deployment.sqs()
        if isinstance(self.known, InPlace):
            return Smaller(
                self.known.bucket,
                sqs,
                self.deployment.in_place_queue_url or "",
                existing=S3Objects(s3, frozenset({self.known.bucket} if self.known.acls else ())),
                ledger=S3Ledger(s3, self.deployment.images_bucket),
                table=self.known,
            )
        return Variants(
            self.known.bucket,
            sqs,
            self.deployment.queue_url,
            images=S3Images(s3, self.deployment.images_bucket),
            originals=S3Originals(s3),
            recipes=self.recipes,
            under=self.known.under if isinstance(self.known, Attached) else "",
        )


def job_for(  # noqa: PLR0913  by keyword
    deployment: Deployment,
    *,
    bucket: str | None,
    prefix: str,
    mode: str,
    since: datetime | None,
    inventory: str | None,
    recipes: RecipeBook,
) -> Job:
    """Find out whose pictures these are; raises UnknownBucketError, NotDeployedRecipesError."""
    uploads = Selection(deployment.uploads_bucket)
    known: tuple[Selection, ...] = deployment.in_place if mode == IN_PLACE_MODE else (uploads, *deployment.attached)
    bucket = bucket or (known[0].bucket if known else None)
    found = [one for one in known if one.bucket == bucket and (not prefix or prefix.startswith(one.prefix))]
    if not found:
        names = ", ".join(f"{one.bucket}/{one.prefix}" for one in known) or "none (see docs/existing-buckets.md)"
        asked = f"{bucket}/{prefix}" if bucket else "No bucket"
        raise UnknownBucketError(f"{asked} is not processed in the mode {mode}; allowed: {names}")
    if mode == VARIANTS and deployment.recipes_digest not in {None, "", recipes.digest}:
        raise NotDeployedRecipesError("The recipes of this checkout are not those that are deployed: deploy first.")
    pictures = Selection(found[0].bucket, prefix or found[0].prefix, found[0].suffixes)
    return Job(deployment, found[0], pictures, mode, since, inventory, recipes)


def dollars_of(job: Job, prices: Prices, assumed: Assumptions, architecture: str) -> Callable[[int, int], float]:
    """Dollars of so many sent items, and of so many reads to look at items."""
    of_one = cost_of(replace(assumed, **IN_PLACE) if job.mode == IN_PLACE_MODE else assumed, prices, architecture)
    return lambda sent, reads: of_one(sent) + reads / MILLION * prices.s3_read


@dataclass
class Forecast:
    """What a run would do, from a listing and a sample. endings: of the sample; None: has to be worked on."""

    objects: int = 0
    bytes: int = 0
    sampled: int = 0
    todo_of_sample: int = 0
    endings: dict[str, int] = field(default_factory=dict)

    @property
    def todo(self) -> int:
        """How many pictures have to be worked on, as the sample lets expect."""
        return round(self.objects * self.todo_of_sample / self.sampled) if self.sampled else 0

    def hours(self, rate: float) -> float:
        """How long sending takes, at least."""
        return self.todo / rate / 3600


def forecast(job: Job, *, sample: int = SAMPLE, progress: Callable[[int], None] = lambda _: None) -> Forecast:
    """List everything, and look at a random sample."""
    chance = random.Random(0)  # noqa: S311  it chooses whom to ask
    found, chosen = Forecast(), list[Item]()
    for item in job.items(""):
        found.objects += 1
        found.bytes += item.size
        if len(chosen) < sample:
            chosen.append(item)
        elif (place := chance.randrange(found.objects)) < sample:
            chosen[place] = item
        progress(found.objects)
    target = job.target()
    for start in range(0, len(chosen), BATCH):
        for ending in target.endings(chosen[start : start + BATCH]):
            found.sampled += 1
            found.todo_of_sample += ending is None
            if ending is not None:
                found.endings[ending] = found.endings.get(ending, 0) + 1
    return found


@dataclass
class StopSwitch:
    """Says stop once somebody pressed Ctrl-C or the file is there. A second Ctrl-C ends the program at once."""

    file: Path
    pressed: bool = False

    def __call__(self) -> bool:
        return self.pressed or self.file.exists()

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _press(self, _signal: int, _frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True


def run(
    job: Job,
    limits: Limits,
    folder: Path,
    stop: Callable[[], bool],
    progress: Callable[[Checkpoint, int], None],
) -> tuple[str, Checkpoint]:
    """Run the job from its checkpoint on; returns why it ended, and how far it is.

    Raises OtherRunError, CutOffError.
    """
    path = job.checkpoint_path(folder)
    checkpoint = checkpoint_at(path, job.options)
    backfill = Backfill(
        job.target(), limits, checkpoint, path, time.monotonic, time.sleep, stop=stop, progress=progress
    )
    try:
        return backfill.run(job.items(checkpoint.place)), checkpoint
    except FAULTS as error:
        raise CutOffError(
            f"{sentence_of(error)} Nothing is skipped: {checkpoint.settled:,} are settled, and the same command "
            f"goes on {_where(job, checkpoint.place)}."
        ) from error


def _where(job: Job, place: str) -> str:
    if not place:
        return "from the beginning"
    return f"after row {place} of the report" if job.inventory else f"after {place!r}"
