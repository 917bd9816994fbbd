"""Sweeps, plans and retries on the state machine of backfills: what they are told, and which are for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.run_files import S3Files, S3Lister
from lightpress.backfill.hashes import manifests
from lightpress.backfill.plan import plan_in
from lightpress.backfill.results import PREFIX, added
from lightpress.backfill.run import NANOS, PLAN, RETRY, SWEEP, Job
from lightpress.backfill.sweeping import found_in
from lightpress.cli.backfilling import FOR_MACHINE, NotForMachineError
from lightpress.cli.distributed import Distributed, name_of
from lightpress.costs.estimate import Assumptions, cost_of
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
    from lightpress.backfill.run import Run
    from lightpress.backfill.sweep import Found
    from lightpress.cli.failures import Filters
    from lightpress.client.deployment import Deployment
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.recipe import RecipeBook


@dataclass(frozen=True)
class Task:
    """What the state machine is to do with every manifest, or every failure.

    Attributes:
        deployment: Of which stack.
        options: What tells its run from others.
        job: What the machine is told.
        missing: Why the machine cannot do it; "" where it can.
        counted: All that it looks at, one by one, to see whether that is much; None for every manifest.
        files: What its children read besides, by path.
    """

    deployment: Deployment
    options: dict[str, str]
    job: Job
    missing: str = ""
    counted: Callable[[], Iterator[object]] | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its run: the same for every operator."""
        return name_of(self.deployment.images_bucket, self.options | {"task": self.job.task})

    @property
    def machine(self) -> Distributed:
        """The runs of the deployment."""
        return Distributed(self.deployment, time.time, time.sleep)

    def is_for_machine(self, engine: str, least: int = FOR_MACHINE) -> bool:
        """Whether the state machine is to do it: asked for, or of `least` or more; or if it has begun to.

        Raises NotForMachineError where it is asked for and cannot.
        """
        missing = self.missing or ("" if self.deployment.backfill_machine else "the stack has none (deploy it anew)")
        if engine == "machine" and missing:
            raise NotForMachineError(f"The state machine cannot do this: {missing}. Leave out --engine machine.")
        if engine == "loop" or missing:
            return False
        if engine == "machine" or self.machine.goes_on(self.name):
            return True
        found = self.counted() if self.counted else self._manifests()
        return sum(1 for _ in islice(found, least)) >= least

    def _manifests(self) -> Iterator[str]:
        return manifests(S3Lister(self.deployment.s3), self.deployment.images_bucket)

    def write_files(self) -> None:
        """Put what its children read where they find it."""
        files = S3Files(self.deployment.s3, self.deployment.images_bucket)
        for path, data in self.files.items():
            files.put(path, data, "application/toml")

    def priced(self, prices: Prices) -> Task:
        """The same, with what its requests cost in its caps."""
        sent = cost_of(Assumptions(), prices, "arm64")(1)
        priced = replace(self.job, nanos_sent=round(sent * NANOS), nanos_read=round(prices.s3_read / MILLION * NANOS))
        return replace(self, job=priced)


def sweep_of(deployment: Deployment, *, remove: bool) -> Task:
    """A sweep. remove: whether it removes and repairs what it finds."""
    copied = "the stack has copies of variants, which the loop alone looks at" if deployment.copies_bucket else ""
    job = Job((Selection(deployment.images_bucket, MANIFESTS),), task=SWEEP, remove=remove)
    return Task(deployment, {"remove": str(remove)}, job, copied)


def plan_of(deployment: Deployment, recipes: Path, book: RecipeBook) -> Task:
    """A plan. recipes: the file. book: what is in it, with the files that it names."""
    options = {"digest": book.digest}
    pictures = (Selection(deployment.images_bucket, MANIFESTS),)
    name = Task(deployment, options, Job(pictures, task=PLAN)).name
    job = Job(pictures, task=PLAN, recipes=f"{PREFIX}{name}/recipes.toml", digest=book.digest)
    return Task(deployment, options, job, files={job.recipes: recipes.read_bytes()})


def retry_of(deployment: Deployment, rows: DynamoFailures, filters: Filters, now: float) -> Task:
    """A retry of failures. now: seconds since 1970; what is recorded later has failed again."""
    options = {"reason": filters.reason or "", "prefix": filters.prefix, "since": str(filters.since or "")}
    since = now - filters.since if filters.since is not None else None
    job = Job((), since, now, task=RETRY, segments=SEGMENTS, reason=filters.reason or "", under=filters.prefix)

    def chosen() -> Iterator[object]:
        return (row for row in rows.all() if is_chosen(row, job.reason, job.under, job.since))

    return Task(deployment, options, job, counted=chosen)


def found_of(run: Run, report: Report) -> Found:
    """What a sweep on the state machine has found and done."""
    return found_in(added(*(one.tables for one in report.passes)), report.left, run.sent)


def planned_of(report: Report) -> Plan:
    """What a plan on the state machine has found."""
    return plan_in(added(*(one.tables for one in report.passes)), report.left)
