"""`lightpress backfill`: which originals of which bucket, what it will cost, and the run."""

from __future__ import annotations

import hashlib
import json
import math
import random
import signal
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Self

from lightpress.aws.facts import S3Facts
from lightpress.aws.images import S3Images
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import S3Objects
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.backfill.plan import plan as planned
from lightpress.cli.backfill import Backfill, BackfillError, Item, Limits, checkpoint_at
from lightpress.cli.backfill_sources import inventoried, listed
from lightpress.cli.backfill_targets import Smaller, Variants
from lightpress.cli.plan import manifest_paths, read_manifests
from lightpress.cli.plan import sample as chosen_of
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.costs.estimate import cost_of
from lightpress.costs.keeping import retrieval_in
from lightpress.costs.prices import MILLION
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from types import FrameType

    from lightpress.cli.backfill import Checkpoint
    from lightpress.client.deployment import Deployment
    from lightpress.costs.estimate import Assumptions
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.recipe import RecipeBook

VARIANTS, IN_PLACE_MODE = "variants", "in-place"
SAMPLE = 500
CHECKS_OF_SENT = 3
"""Checks that an item that is sent takes until it is published: assumed, for estimates alone."""


class UnknownBucketError(BackfillError):
    """The deployment does not process this bucket in this mode; the message names those that it does."""


class NotDeployedRecipesError(BackfillError):
    """The given recipes differ from the deployed ones."""


class CutOffError(BackfillError):
    """AWS or the network ended a run; the message says why, and where the next one continues."""


@dataclass(frozen=True)
class Job:
    """What a backfill is to do.

    Attributes:
        deployment: Which.
        configured: What the deployment processes of the bucket.
        pictures: Which of these the backfill is for.
        mode: "variants" or "in-place".
        since: Only objects written since; None is no limit.
        inventory: The URL of the report to read instead of listing the bucket.
        recipes: Those that originals are compared with.
    """

    deployment: Deployment
    configured: Selection
    pictures: Selection
    mode: str
    since: datetime | None
    inventory: str | None
    recipes: RecipeBook

    @property
    def options(self) -> dict[str, str]:
        """What distinguishes this job from others, for the name of its run."""
        digest = self.configured.digest if isinstance(self.configured, InPlace) else self.recipes.digest
        return {
            "bucket": self.pictures.bucket,
            "prefix": self.pictures.prefix,
            "mode": self.mode,
            "since": self.since.isoformat() if self.since else "",
            "inventory": self.inventory or "",
            "digest": digest,
        }

    @property
    def lets_leave(self) -> bool:
        """Whether originals may have left what it is for: of the uploads bucket alone they do."""
        return self.mode == VARIANTS and self.pictures.bucket == self.deployment.uploads_bucket

    @property
    def checkpointed(self) -> dict[str, str]:
        """What distinguishes its checkpoint: what was done may be undone by what was deployed since."""
        return {**self.options, "deployed": self.deployment.deployed}

    def checkpoint_path(self, folder: Path) -> Path:
        """The file of its checkpoint. A changed recipe makes another job."""
        name = hashlib.sha256(json.dumps(self.checkpointed, sort_keys=True).encode()).hexdigest()[:12]
        return folder / f"{self.pictures.bucket}-{self.mode}-{name}.json"

    def items(self, after: str) -> Iterator[Item]:
        """The items after a place, in order."""
        if self.inventory:
            return inventoried(self.deployment.s3, self.inventory, self.pictures, self.since, after)
        return listed(self.deployment.s3, self.pictures, self.since, after)

    def target(self) -> Variants | Smaller:
        """What sends the items and checks them."""
        s3, sqs = self.deployment.s3, self.deployment.sqs()
        if isinstance(self.configured, InPlace):
            return Smaller(
                self.configured.bucket,
                sqs,
                self.deployment.in_place_queue_url or "",
                existing=S3Objects(s3, frozenset({self.configured.bucket} if self.configured.acls else ())),
                ledger=S3Ledger(s3, self.deployment.images_bucket),
                table=self.configured,
            )
        return Variants(
            self.configured.bucket,
            sqs,
            self.deployment.queue_url,
            images=S3Images(s3, self.deployment.images_bucket),
            originals=S3Originals(s3),
            recipes=self.recipes,
            under=self.configured.under if isinstance(self.configured, Attached) else "",
            reviews=S3Reviews(s3, self.deployment.images_bucket) if self.recipes.reviewers else None,
            facts=S3Facts(s3, self.deployment.images_bucket) if self.recipes.enrichers else None,
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
    """Build the job for a bucket, with the options that the deployment has for it.

    Args:
        deployment: The deployment.
        bucket: Name of the bucket; None for the only one there is in this mode.
        prefix: What the keys must begin with, besides the bucket's own prefix.
        mode: One of the modes of `lightpress backfill`.
        since: Leaves out objects that were last modified before it; None leaves out none.
        inventory: URL of an inventory report to read instead of listing the bucket; None to list.
        recipes: The recipes that are deployed.

    Raises:
        UnknownBucketError: The deployment does not process that bucket in this mode, or it has to be told which part.
        NotDeployedRecipesError: These recipes are not those that are deployed.
    """
    uploads = Selection(deployment.uploads_bucket)
    configured: tuple[Selection, ...] = (
        deployment.in_place if mode == IN_PLACE_MODE else (uploads, *deployment.attached)
    )
    if bucket is None and mode == IN_PLACE_MODE and len(buckets := sorted({one.bucket for one in configured})) > 1:
        raise UnknownBucketError(f"Name the bucket that is to be compressed in place: {', '.join(buckets)}")
    bucket = bucket or (configured[0].bucket if configured else None)
    found = [one for one in configured if one.bucket == bucket and (not prefix or prefix.startswith(one.prefix))]
    if not found:
        names = ", ".join(f"{one.bucket}/{one.prefix}" for one in configured) or "none (see docs/existing-buckets.md)"
        asked = f"{bucket}/{prefix}" if bucket else "No bucket"
        raise UnknownBucketError(f"{asked} is not processed in the mode {mode}; allowed: {names}")
    prefixes = list(dict.fromkeys(one.prefix for one in found))
    if not prefix and len(prefixes) > 1:
        raise UnknownBucketError(
            f"{bucket} has {len(found)} tables in the mode {mode}: name the keys of one with --prefix, such as "
            f"{', '.join(filter(None, prefixes))}"
        )
    if mode == VARIANTS and deployment.recipes_digest not in {None, "", recipes.digest}:
        raise NotDeployedRecipesError(
            "These recipes are not those that are deployed: name the deployed file with --recipes, or deploy them "
            "first."
        )
    pictures = Selection(found[0].bucket, prefix or found[0].prefix, found[0].suffixes)
    return Job(deployment, found[0], pictures, mode, since, inventory, recipes)


def dollars_of(prices: Prices, assumed: Assumptions, architecture: str) -> Callable[[int, int], float]:
    """A function from numbers of sent items and of reads to dollars."""
    of_one = cost_of(assumed, prices, architecture)
    return lambda sent, reads: of_one(sent) + reads / MILLION * prices.s3_read


def retrieval_of(prices: Prices) -> Callable[[Item], float]:
    """A function from an item to the dollars that reading it costs because of its storage class."""
    fees = retrieval_in(prices)
    return lambda item: fees[item.storage].dollars(item.size) if item.storage in fees else 0.0


@dataclass
class Forecast:
    """What a run would do, from a listing and a sample.

    Attributes:
        objects: Listed.
        bytes: Of all objects.
        sampled: Objects that were checked, chosen at random.
        todo_of_sample: Those of the sample that would be sent.
        endings: The others of the sample, by outcome.
        retrieval: Dollars that reading all objects would cost because of their storage classes.
        without_original: The estimated number of pictures that the recipes would make anew, and whose originals have
            left: no listing has them.
        sample_seconds: How long the sample was checked, with as many requests at a time as in a run of the loop.
    """

    objects: int = 0
    bytes: int = 0
    sampled: int = 0
    todo_of_sample: int = 0
    endings: dict[str, int] = field(default_factory=dict)
    retrieval: float = 0
    without_original: int = 0
    sample_seconds: float = 0

    @property
    def retrieval_of_todo(self) -> float:
        """The estimated dollars that reading those costs that would be sent."""
        return self.retrieval * self.todo_of_sample / self.sampled if self.sampled else 0

    @property
    def todo(self) -> int:
        """The estimated number of objects that would be sent."""
        return round(self.objects * self.todo_of_sample / self.sampled) if self.sampled else 0

    @property
    def checks(self) -> int:
        """The estimated number of checks: one of each object, and some of those that are sent, until they are done."""
        return self.objects + CHECKS_OF_SENT * self.todo

    @property
    def reads(self) -> int:
        """The estimated number of GET and HEAD requests."""
        return 2 * self.checks

    @property
    def checks_a_second(self) -> float:
        """The pace at which the sample was checked; infinite where nothing was."""
        return self.sampled / self.sample_seconds if self.sampled and self.sample_seconds else math.inf

    def hours(self, rate: float, checks_a_second: float = math.inf) -> float:
        """Hours that it takes at least: the functions that publish may take longer.

        Args:
            rate: Items that are sent each second.
            checks_a_second: Checks that are made each second.
        """
        return max(self.todo / rate, self.checks / checks_a_second) / 3600


def forecast(
    job: Job,
    *,
    sample: int = SAMPLE,
    retrieval: Callable[[Item], float] = lambda _: 0.0,
    progress: Callable[[int], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> Forecast:
    """List everything, and check a random sample. retrieval: dollars for an item, because of its storage class."""
    chance = random.Random(0)  # noqa: S311  it chooses a sample
    found, chosen = Forecast(), list[Item]()
    for item in job.items(""):
        found.objects += 1
        found.bytes += item.size
        found.retrieval += retrieval(item)
        if len(chosen) < sample:
            chosen.append(item)
        elif (place := chance.randrange(found.objects)) < sample:
            chosen[place] = item
        progress(found.objects)
    began = clock()
    for ending in job.target().endings(chosen):
        found.sampled += 1
        found.todo_of_sample += ending is None
        if ending is not None:
            found.endings[ending] = found.endings.get(ending, 0) + 1
    found.sample_seconds = clock() - began
    if job.lets_leave:
        found.without_original = _without_original(job, sample)
    return found


def _without_original(job: Job, count: int) -> int:
    """Of all pictures of a job, by a sample of manifests, those that cannot be made anew."""
    paths, total = chosen_of(manifest_paths(job.deployment), count)
    return round(_refused_of(job, paths) * total / len(paths)) if paths else 0


def refused_at_least(job: Job, most: int = SAMPLE) -> int:
    """Of so many pictures, those that cannot be made anew: for who wants no estimate, at one LIST and their GETs.

    The names of manifests are hashes of keys, so that the first are as good a sample as any. The number is exact where
    there are no more.
    """
    return _refused_of(job, islice(manifest_paths(job.deployment), most)) if job.lets_leave else 0


def _refused_of(job: Job, paths: Iterable[str]) -> int:
    manifests = (one for one in read_manifests(job.deployment, paths) if one.key.startswith(job.pictures.prefix))
    return planned(manifests, job.recipes).without_original


@dataclass
class StopSwitch:
    """True once Ctrl-C was pressed or the file exists. A second Ctrl-C ends the program at once."""

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
    progress: Callable[[Checkpoint, int, int], None],
) -> tuple[str, Checkpoint]:
    """Run a job from its checkpoint to its end, or to a limit.

    Args:
        job: The job.
        limits: The most to send, to spend, and to have in flight.
        folder: Where checkpoints are.
        stop: Is asked again and again whether to stop early.
        progress: Is called with the checkpoint, the number of finished items and that of items in flight.

    Returns:
        Why it ended, in words, and the checkpoint.

    Raises:
        OtherRunError: The checkpoint belongs to a run with other options, or is damaged.
        CutOffError: AWS or the network ended the run.
    """
    path = job.checkpoint_path(folder)
    checkpoint = checkpoint_at(path, job.checkpointed)
    backfill = Backfill(
        job.target(), limits, checkpoint, path, time.monotonic, time.sleep, stop=stop, progress=progress
    )
    try:
        return backfill.run(job.items(checkpoint.place)), checkpoint
    except FAULTS as error:
        raise CutOffError(
            f"{sentence_of(error)} Nothing is skipped: {checkpoint.settled:,} are done, and the same command "
            f"continues {_where(job, checkpoint.place)}."
        ) from error


def _where(job: Job, place: str) -> str:
    if not place:
        return "from the beginning"
    return f"after row {place} of the report" if job.inventory else f"after {place!r}"
