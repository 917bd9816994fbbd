"""What the state machine does for operators: what it is told of each task, and which of them are for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.run_files import S3Files, S3Lister
from lightpress.backfill.hashes import manifests
from lightpress.backfill.plan import plan_in
from lightpress.backfill.results import PREFIX, added
from lightpress.backfill.run import NANOS, PLAN, RETRY, SWEEP, Job
from lightpress.backfill.sweeping import found_in
from lightpress.cli.backfill import BackfillError
from lightpress.cli.backfilling import VARIANTS
from lightpress.cli.distributed import Distributed, name_of
from lightpress.cli.outline import FOR_MACHINE, first_keys
from lightpress.costs.estimate import AGAIN, Assumptions, cost_of
from lightpress.costs.keeping import retrieval_in
from lightpress.costs.prices import MILLION
from lightpress.failures.retrying import SEGMENTS, is_chosen
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.paths import MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from lightpress.aws.failures_table import DynamoFailures
    from lightpress.backfill.plan import Plan
    from lightpress.backfill.results import Report
    from lightpress.backfill.sweep import Found
    from lightpress.cli.backfilling import Job as Backfill
    from lightpress.cli.failures import Filters
    from lightpress.client.deployment import Deployment
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.recipe import RecipeBook


class NotForMachineError(BackfillError):
    """The state machine cannot do this task; the message says why."""


@dataclass(frozen=True)
class Task:
    """What the state machine is to do with every original, every manifest or every failure.

    Attributes:
        deployment: Of which stack.
        name: Of its run: the same for every operator, and for the same options.
        job: What the machine is told.
        counted: All that it looks at, one by one, to see whether that is much.
        missing: Why the machine cannot do it; "" where it can.
        files: What its children read besides, by path.
    """

    deployment: Deployment
    name: str
    job: Job
    counted: Callable[[], Iterator[object]]
    missing: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def machine(self) -> Distributed:
        """The runs of the deployment."""
        return Distributed(self.deployment, time.time, time.sleep)

    @property
    def goes_on(self) -> bool:
        """Whether its run was begun and has not come to its end."""
        return self.machine.goes_on(self.name)

    @property
    def begins_anew(self) -> bool:
        """Whether its run looks at everything, and not at what is left."""
        return self.machine.begins_anew(self.name)

    def is_for_machine(self, engine: str, least: int = FOR_MACHINE) -> bool:
        """Whether the state machine is to do it: asked for, or of `least` or more; or if it has begun to.

        Raises NotForMachineError where it is asked for and cannot.
        """
        missing = self.missing if self.deployment.backfill_machine else "the stack has none (deploy it anew)"
        if engine == "machine" and missing:
            raise NotForMachineError(f"The state machine cannot do this: {missing}. Leave out --engine machine.")
        if engine == "loop" or missing:
            return False
        if engine == "machine" or self.goes_on:
            return True
        return sum(1 for _ in islice(self.counted(), least)) >= least

    def write_files(self) -> None:
        """Put what its children read where they find it."""
        files = S3Files(self.deployment.s3, self.deployment.images_bucket)
        for path, data in self.files.items():
            files.put(path, data, "application/toml")

    def priced(self, prices: Prices) -> Task:
        """The same, with what its requests cost in its caps."""
        sent, read = cost_of(replace(Assumptions(), **AGAIN), prices, "arm64")(1), prices.s3_read / MILLION
        return replace(self, job=replace(self.job, nanos_sent=_nanos(sent), nanos_read=_nanos(read)))


def backfill_of(backfill: Backfill, dollars: Callable[[int, int], float], prices: Prices) -> Task:
    """A backfill. dollars: of so many sent originals and reads; the machine is told what one costs, for its caps."""
    retrieval = ((name, fee.gb, fee.read / MILLION) for name, fee in retrieval_in(prices).items())
    job = Job(
        (backfill.pictures,),
        since=backfill.since.timestamp() if backfill.since else None,
        nanos_sent=_nanos(dollars(1, 0)),
        nanos_read=_nanos(dollars(0, 1)),
        retrieval=tuple((name, _nanos(gb), _nanos(read)) for name, gb, read in retrieval),
    )
    missing = "it lists buckets, and reads no inventory" if backfill.inventory else ""
    if backfill.mode != VARIANTS:
        missing = "it publishes variants, and compresses nothing in place"
    name = name_of(backfill.pictures.bucket, backfill.options)
    return Task(backfill.deployment, name, job, partial(first_keys, backfill), missing)


def sweep_of(deployment: Deployment, *, remove: bool) -> Task:
    """A sweep. remove: whether it removes and repairs what it finds."""
    missing = "the stack has copies of variants, which the loop alone looks at" if deployment.copies_bucket else ""
    job = Job((Selection(deployment.images_bucket, MANIFESTS),), task=SWEEP, remove=remove)
    name = _named(deployment, job, remove=str(remove))
    return Task(deployment, name, job, partial(_manifests, deployment), missing)


def plan_of(deployment: Deployment, recipes: Path, book: RecipeBook) -> Task:
    """A plan. recipes: the file. book: what is in it, with the files that it names."""
    job = Job((Selection(deployment.images_bucket, MANIFESTS),), task=PLAN, digest=book.digest)
    name = _named(deployment, job, digest=book.digest)
    job = replace(job, recipes=f"{PREFIX}{name}/recipes.toml")
    files = {job.recipes: recipes.read_bytes()}
    return Task(deployment, name, job, partial(_manifests, deployment), files=files)


def retry_of(deployment: Deployment, rows: DynamoFailures, filters: Filters, now: float) -> Task:
    """A retry of failures. now: seconds since 1970; what is recorded later has failed again."""
    since = now - filters.since if filters.since is not None else None
    job = Job((), since, now, task=RETRY, segments=SEGMENTS, reason=filters.reason or "", under=filters.prefix)

    def chosen() -> Iterator[object]:
        return (row for row in rows.all() if is_chosen(row, job.reason, job.under, job.since))

    name = _named(deployment, job, reason=job.reason, prefix=job.under, since=str(filters.since or ""))
    return Task(deployment, name, job, chosen)


def _named(deployment: Deployment, job: Job, **options: str) -> str:
    return name_of(deployment.images_bucket, options | {"task": job.task})


def _manifests(deployment: Deployment) -> Iterator[str]:
    return manifests(S3Lister(deployment.s3), deployment.images_bucket)


def _nanos(dollars: float) -> int:
    """Billionths of a dollar."""
    return round(dollars * NANOS)


def found_of(report: Report) -> Found:
    """What a sweep on the state machine has found and done."""
    sent = sum(one.sent for one in report.passes)
    return found_in(added(*(one.tables for one in report.passes)), report.left, sent)


def planned_of(report: Report) -> Plan:
    """What a plan on the state machine has found."""
    return plan_in(added(*(one.tables for one in report.passes)), report.left)
