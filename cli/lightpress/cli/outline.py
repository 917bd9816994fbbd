"""What a backfill on the state machine would do, told before it asks: at once, since the bucket is not listed for it.

Listing a hundred million keys from one machine takes hours. Instead, at most `FOR_MACHINE` keys are listed, a sample of
these is looked at, and CloudWatch is asked how many objects S3 counted in the bucket yesterday. `--dry-run` lists all.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from lightpress.backfill.run import MOST_READS, READS_OF_AN_ORIGINAL
from lightpress.cli.backfill import Item
from lightpress.cli.backfill_sources import items_of, pages_of
from lightpress.cli.backfilling import SAMPLE
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.costs.keeping import retrieval_in
from lightpress.costs.prices import MILLION
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from lightpress.cli.backfilling import Job
    from lightpress.costs.prices import Prices

FOR_MACHINE = 10_000
"""Objects from which on the state machine is quicker than the loop, which takes some minutes for so many."""

_CHECKS = 2 * MOST_READS
"""Reads of an original besides those of processing it: in the first pass, and in the next, which finds it published."""

# What S3 tells CloudWatch once a day, for nothing; the sizes by where they are kept.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
_COUNT = ("NumberOfObjects", "AllStorageTypes")
_SIZE = "BucketSizeBytes"
_FOR_A_FEE = {
    "StandardIAStorage": "STANDARD_IA",
    "OneZoneIAStorage": "ONEZONE_IA",
    "GlacierInstantRetrievalStorage": "GLACIER_IR",
}
_WITHOUT_FEE = (
    "StandardStorage",
    "IntelligentTieringFAStorage",
    "IntelligentTieringIAStorage",
    "IntelligentTieringAIAStorage",
)
_A_DAY = 24 * 60 * 60
_AS_OLD_AS = timedelta(days=4)
"""It is told a day late, sometimes two, and on a best-effort basis."""


@dataclass(frozen=True)
class Metered:
    """What S3 counted in a whole bucket: all prefixes, former versions, delete markers and unfinished uploads.

    Attributes:
        day: When (UTC).
        objects: How many.
        bytes: By the names that CloudWatch has for storage classes; without what is in an archive.
    """

    day: date
    objects: int
    bytes: Mapping[str, int] = field(default_factory=dict)

    def retrieval(self, prices: Prices) -> float:
        """Dollars at most for reading all of it once, because of the classes that charge for that."""
        fees, dollars, reads = retrieval_in(prices), 0.0, 0.0
        for name, size in self.bytes.items():
            if size and name in _FOR_A_FEE:
                fee = fees[_FOR_A_FEE[name]]
                dollars, reads = dollars + size / GB * fee.gb, max(reads, fee.read)
        return dollars + self.objects * READS_OF_AN_ORIGINAL / MILLION * reads


@dataclass(frozen=True)
class Outline:
    """What is known of a backfill without listing everything.

    Attributes:
        listed: Keys of the bucket below the prefix, the first ones.
        complete: Whether these are all.
        wanted: Originals among them, by `--since` and the suffixes of the bucket.
        sampled: Those that were looked at, chosen at random.
        todo_of_sample: Those of the sample that would be sent.
        endings: The others of the sample, by outcome.
        metered: What S3 counted; None where CloudWatch does not say.
        unmetered: Why it does not; "" where it does.
    """

    listed: int
    complete: bool
    wanted: int
    sampled: int = 0
    todo_of_sample: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    metered: Metered | None = None
    unmetered: str = ""

    @property
    def at_most(self) -> int | None:
        """Originals at most; None where nobody knows."""
        if self.complete:
            return self.wanted
        return max(self.metered.objects, self.listed) if self.metered else None

    @staticmethod
    def checks(count: int) -> int:
        """The reads of so many originals besides those of processing them."""
        return _CHECKS * count

    @property
    def share(self) -> float:
        """The share of the sample that would be sent."""
        return self.todo_of_sample / self.sampled if self.sampled else 0.0


def outline(job: Job, now: datetime, *, most: int = FOR_MACHINE, sample: int = SAMPLE) -> Outline:
    """List the first keys of a bucket, look at a sample of them, and ask CloudWatch where there are more.

    Args:
        job: What the backfill is to do; it lists a bucket.
        now: The time.
        most: Keys that are listed at most.
        sample: Originals that are looked at.

    Raises:
        BotoCoreError, ClientError: S3 did not answer, or refused. What CloudWatch refuses is told in the outline.
    """
    listed, wanted = 0, list[Item]()
    pages = pages_of(job.deployment.s3, job.pictures, "")
    complete = True
    for page in pages:
        listed += len(page)
        wanted += items_of(page, job.pictures, job.since)
        if listed >= most:
            complete = next(pages, None) is None
            break
    chosen = random.Random(0).sample(wanted, min(sample, len(wanted)))  # noqa: S311  it chooses a sample
    endings = list(job.target().endings(chosen))
    metered, unmetered = (None, "") if complete else _metered(job, now)
    return Outline(
        listed,
        complete,
        len(wanted),
        len(endings),
        endings.count(None),
        {name: endings.count(name) for name in endings if name is not None},
        metered,
        unmetered,
    )


def first_keys(job: Job, most: int = FOR_MACHINE) -> Iterator[object]:
    """The first keys of a bucket below the prefix, wanted or not: a few of millions are not looked for one by one."""
    return islice((row for page in pages_of(job.deployment.s3, job.pictures, "") for row in page), most)


def _metered(job: Job, now: datetime) -> tuple[Metered | None, str]:
    try:
        found = metered(job.deployment.metrics(), job.pictures.bucket, now)
    except FAULTS as error:
        return None, sentence_of(error)
    return found, "" if found else "It has counted nothing yet, which it does once a day."


def metered(cloudwatch: Any, bucket: str, now: datetime) -> Metered | None:  # noqa: ANN401  its types are not installed
    """What S3 counted in a bucket last, by one request (GET METRIC DATA); None where it has not within four days.

    now: the time in UTC; days begin at midnight.

    Raises:
        BotoCoreError, ClientError: CloudWatch did not answer, or refused.
    """
    asked = (_COUNT, *((_SIZE, storage) for storage in (*_FOR_A_FEE, *_WITHOUT_FEE)))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[_query(f"m{number}", *one, bucket) for number, one in enumerate(asked)],
        StartTime=midnight - _AS_OLD_AS,
        EndTime=midnight + timedelta(days=1),
        ScanBy="TimestampDescending",
    )
    newest = {
        asked[int(one["Id"].removeprefix("m"))]: (one["Timestamps"][0], round(one["Values"][0]))
        for one in answer["MetricDataResults"]
        if one["Values"]
    }
    if _COUNT not in newest:
        return None
    day, objects = newest.pop(_COUNT)
    return Metered(day.date(), objects, {storage: size for (_, storage), (_, size) in newest.items()})


def _query(id_: str, name: str, storage: str, bucket: str) -> dict[str, Any]:
    dimensions = [{"Name": "StorageType", "Value": storage}, {"Name": "BucketName", "Value": bucket}]
    metric = {"Namespace": "AWS/S3", "MetricName": name, "Dimensions": dimensions}
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": _A_DAY, "Stat": "Average"}}
