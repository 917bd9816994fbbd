"""What `lightpress erase` does around the erasing itself: what there is, whom it waits for, and the receipt."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.aws.facts import S3Facts
from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.images import S3Images
from lightpress.aws.purges import SqsLateLooks
from lightpress.aws.upload_counters import OWNER_DAY
from lightpress.cli.erasing import Erasing, Kind, NotErasedError, Scope
from lightpress.pipeline.paths import MANIFESTS, variants_folder
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.retention import Retention

_AT_ONCE = 16
_MANIFESTS_AT_ONCE = 1000
_LONGEST_FUNCTION_SECONDS = 900  # of Lambda
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_DAYS_OF_COUNTERS = 4  # a row expires with its day, and DynamoDB removes it within two days of that
_GONE = {"NoSuchUpload", "404"}


@dataclass
class Survey:
    """What there is of a scope before anything is removed.

    Attributes:
        names: Every key that something is known of.
        counts: How much, by kind.
        uploads: Unfinished uploads: key and id.
        counters: Rows of the table that counts uploads.
    """

    names: set[str] = field(default_factory=set)
    counts: Counter[Kind] = field(default_factory=Counter)
    uploads: list[tuple[str, str]] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Erasure:
    """Erases a scope in a deployment.

    Attributes:
        deployment: Which.
        scope: Whose originals.
        erasing: Does it.
        today: By which counters of days are found.
    """

    deployment: Deployment
    scope: Scope
    erasing: Erasing
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    def survey(self, progress: Callable[[int], None] = lambda _: None) -> Survey:
        """Find everything: the list of versions, every manifest, every row, unfinished uploads and counters."""
        found = Survey()
        self.find_names(found, progress)
        if self.scope.key:
            found.names.add(self.scope.key)  # also of what nothing names
        for prefix in self.scope.prefixes(self.erasing.folders):
            found.uploads += self._unfinished(prefix)
        found.counters = list(self._counters())
        found.counts[Kind.UPLOADS] = len(found.uploads)
        found.counts[Kind.COUNTERS] = len(found.counters)
        found.counts[Kind.VARIANTS] = sum(self.erasing.each(self._variants, sorted(found.names)))
        return found

    def find_names(self, found: Survey, progress: Callable[[int], None] = lambda _: None) -> None:
        """Find the keys, and how much there is of what names them: versions, manifests, rows."""
        for prefix in self.scope.prefixes(self.erasing.folders):
            for one in self.erasing.versions(self.deployment.uploads_bucket, prefix):
                found.names.add(one.key)
                found.counts[Kind.VERSIONS] += len(one.versions) + len(one.markers)
                progress(len(found.names))
        for name in self._manifests():
            found.counts[Kind.MANIFESTS] += 1
            found.names.add(name)
            progress(len(found.names))
        for name in self._rows():
            found.counts[Kind.ROWS] += 1
            found.names.add(name)

    def attached_originals(self) -> Iterator[Source]:
        """Originals of the scope in attached buckets, which are only read."""
        if self.scope.owners:
            return  # the upload API gives out no key of theirs
        wanted = self.scope.key or self.scope.prefix
        for one in self.deployment.attached:
            if not (wanted.startswith(one.under) or one.under.startswith(wanted)):
                continue
            within = wanted.removeprefix(one.under) if wanted.startswith(one.under) else ""
            pages = self.deployment.s3.get_paginator("list_objects_v2").paginate(
                Bucket=one.bucket, Prefix=max(one.prefix, within, key=len)
            )
            listed = (Source(one.bucket, item["Key"], one.under) for page in pages for item in page.get("Contents", []))
            yield from (source for source in listed if one.takes(source) and self.scope.takes(source.name))

    def remove_uploads(self, survey: Survey) -> Counter[Kind]:
        """Abort unfinished uploads, and remove the counters; returns how many."""
        s3, dynamodb = self.deployment.s3, self.deployment.dynamodb
        for key, upload_id in survey.uploads:
            try:
                s3.abort_multipart_upload(Bucket=self.deployment.uploads_bucket, Key=key, UploadId=upload_id)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _GONE:
                    raise
        for row in survey.counters:
            dynamodb().delete_item(TableName=self.deployment.counters_table, Key={OWNER_DAY: {"S": row}})
        return Counter({Kind.UPLOADS: len(survey.uploads), Kind.COUNTERS: len(survey.counters)})

    def _unfinished(self, prefix: str) -> list[tuple[str, str]]:
        pages = self.deployment.s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.deployment.uploads_bucket, Prefix=prefix
        )
        found = [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
        return [(key, upload_id) for key, upload_id in found if self.scope.takes(key)]

    def _manifests(self) -> Iterator[str]:
        """The keys of the scope that manifests name, tombstones included: all have to be read."""
        images = self.erasing.images
        paths = images.paths(MANIFESTS)
        while some := list(islice(paths, _MANIFESTS_AT_ONCE)):
            for published in self.erasing.each(images.published_at, some):
                if published is not None and self.scope.takes(published.manifest.key):
                    yield published.manifest.key

    def _rows(self) -> Iterator[str]:
        """The name of each row of failures of the scope."""
        for subject in self.erasing.failures.subjects():
            bucket, _, key = subject.partition("/")
            name = self.deployment.name_of(bucket, key) if key else None
            name = key if name is None and bucket == self.deployment.uploads_bucket else name
            if name is not None and self.scope.takes(name):
                yield name

    def _variants(self, name: str) -> int:
        return sum(1 for _ in self.erasing.images.paths(variants_folder(name)))

    def _counters(self) -> Iterator[str]:
        """The rows that are there of the last days."""
        if not (self.scope.owners and self.deployment.counters_table):
            return
        dynamodb = self.deployment.dynamodb()
        for owner in self.scope.owners:
            for days in range(_DAYS_OF_COUNTERS):
                row = f"{owner} {self.today - timedelta(days):%Y-%m-%d}"
                answer = dynamodb.get_item(TableName=self.deployment.counters_table, Key={OWNER_DAY: {"S": row}})
                if "Item" in answer:
                    yield row


@contextmanager
def erasure_of(deployment: Deployment, scope: Scope) -> Iterator[Erasure]:
    """Erases a scope in a deployment, several keys at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        erasing = Erasing(
            s3=deployment.s3,
            uploads=deployment.uploads_bucket,
            quarantine=deployment.quarantine_bucket,
            images=S3Images(deployment.s3, deployment.images_bucket),
            failures=DynamoFailures(deployment.dynamodb(), deployment.failures_table, lambda: 0, 0),
            looks=SqsLateLooks(deployment.sqs(), deployment.queue_url, 0),
            publishing=deployment.publishing,
            scope=scope,
            each=pool.map,
            copies=deployment.copies,
            facts=S3Facts(deployment.s3, deployment.images_bucket),
        )
        yield Erasure(deployment, scope, erasing)


@dataclass
class Waiting:
    """Waits for workers (an `erasing.Patience`).

    Attributes:
        working_seconds: After so long nobody works any more who works now.
        timeout: Seconds to wait for workers to remove what is left.
        to_the_end: Whether to wait for those who are at work, too.
        pause: Waits for so many seconds.
        clock: Seconds that only grow.
    """

    working_seconds: int
    timeout: float
    to_the_end: bool
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _since: float | None = None
    _next: float = _FIRST_PAUSE

    def for_workers(self, unsettled: int) -> None:
        """Pause for two seconds, then twice as long each time, up to a minute."""
        now = self.clock()
        self._since = now if self._since is None else self._since
        if now - self._since > self.timeout:
            raise NotErasedError(
                f"The variants of {unsettled} originals are still there after {self.timeout:.0f} s: the queue is long, "
                "or functions fail (alarms tell). Their originals are gone; run the command again."
            )
        self.pause(self._next)
        self._next = min(self._next * 2, _LONGEST_PAUSE)

    def for_those_at_work(self) -> bool:
        """Wait as long as a function may run."""
        self._since, self._next = None, _FIRST_PAUSE
        if self.to_the_end:
            self.pause(self.working_seconds)
        return self.to_the_end


def working_seconds(retention: Retention | None) -> int:
    """How long a function that reads originals may run; of a stack that does not say so, as long as any may."""
    return retention.working_seconds if retention else _LONGEST_FUNCTION_SECONDS


@dataclass(frozen=True)
class Held:
    """What still holds something of what was erased.

    Attributes:
        where: What it is.
        what: What it holds.
        until: When it is gone by itself; None if that is not known here.
        todo: What to do about it; "" for nothing.
    """

    where: str
    what: str
    until: datetime | None = None
    todo: str = ""


def held_after(deployment: Deployment, now: datetime) -> list[Held]:
    """Everything that may still hold something of what was erased at a time, as far as the stack knows."""
    kept = deployment.retention
    if kept is None:
        return [Held("all logs and backups", "keys", None, "Deploy this release: the stack does not say yet how long.")]
    return [*_held_by_stack(deployment, kept, now), *_held_elsewhere(deployment)]


def _held_by_stack(deployment: Deployment, kept: Retention, now: datetime) -> Iterator[Held]:
    def after(days: int) -> datetime:
        return now + timedelta(days)

    yield _held_by_cdn(deployment, kept, now)
    yield Held("logs of the functions (CloudWatch)", "keys, buckets, sizes; no contents", after(kept.logs))
    if kept.access_logs:
        what = "permalinks, which are keys, hashes of keys, and addresses of viewers"
        yield Held("access logs of the CDN", what, after(kept.access_logs))
    yield Held("messages in queues", "keys", after(kept.queues))
    yield Held(
        "dead letters, and messages in quarantine that make no sense",
        "keys",
        after(max(kept.dead_letters, kept.failures)),
    )
    yield Held("backups of the failures table (point in time)", "keys and reasons", after(kept.backups))
    yield Held("reports of backfills (b/ in the images bucket)", "keys", after(kept.runs))
    yield Held("tombstones (m/ in the images bucket)", "a hash of each key and a number, no key")
    if deployment.url_queue_url:
        yield Held("URLs that wait to be fetched", "URLs and keys", after(kept.queues), "Run the command again then.")


def _held_by_cdn(deployment: Deployment, kept: Retention, now: datetime) -> Held:
    if kept.invalidates:
        what = "pictures, until the invalidations that were asked for are made; browsers for eleven minutes more"
        return Held("the CDN", what, now + timedelta(hours=2))
    todo = f"aws cloudfront create-invalidation --distribution-id {deployment.distribution_id} --paths '/i/*' '/r/*'"
    return Held("the CDN", "pictures, for it is told of no deletions (invalidate_deleted = false)", None, todo)


def _held_elsewhere(deployment: Deployment) -> Iterator[Held]:
    for bucket in _replicas(deployment):
        yield Held(
            f"the replica {bucket}",
            "originals: versions that are deleted are not deleted there",
            None,
            "Delete them there.",
        )
    for table in deployment.in_place:
        yield Held(
            f"the bucket {table.bucket}",
            "objects that are compressed in place",
            None,
            "It is yours: delete them there.",
        )
    yield Held("browsers and other caches of viewers", "variants at their own addresses, for up to a year")
    yield Held("who gets the events", "keys and addresses", None, "Tell them; ImageRemoved was sent for each.")
    todo = "Look whether there are any."
    yield Held("backups of AWS Backup, and trails of data events", "originals; keys and addresses", None, todo)


def _replicas(deployment: Deployment) -> list[str]:
    """The buckets that originals are replicated to."""
    try:
        answer = deployment.s3.get_bucket_replication(Bucket=deployment.uploads_bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ReplicationConfigurationNotFoundError":
            return []
        raise
    rules = answer["ReplicationConfiguration"]["Rules"]
    return sorted({rule["Destination"]["Bucket"].rpartition(":")[2] for rule in rules})


@dataclass(frozen=True)
class Receipt:
    """What was removed, and what is held elsewhere.

    Attributes:
        scope: Whose originals.
        removed: How much, by kind.
        names: How many keys.
        sure: Whether nothing is left; else, whether to repeat the command.
        again: From when on a repetition is sure to find everything; None if this one has.
        held: What still holds something.
        at: When.
    """

    scope: Scope
    removed: Counter[Kind]
    names: int
    sure: bool
    again: datetime | None
    held: list[Held]
    at: datetime

    def facts(self) -> dict[str, Any]:
        """For --json."""
        return {
            "at": _time(self.at),
            "scope": {name: value for name, value in vars(self.scope).items() if value},
            "complete": self.sure,
            "again_at": _time(self.again),
            "keys": self.names,
            "removed": {kind.name.lower(): self.removed[kind] for kind in Kind},
            "held": [vars(one) | {"until": _time(one.until)} for one in self.held],
        }

    def lines(self) -> Iterable[str]:
        """For people."""
        yield f"Erased on {_time(self.at)}, of {self.names:,} keys:"
        yield from (f"  {self.removed[kind]:>9,}  {kind}" for kind in Kind)
        yield "Still held, by what this command does not remove:"
        for one in self.held:
            until = f", until {one.until:%Y-%m-%d}" if one.until else ""
            yield f"  {one.where}: {one.what}{until}.{f' {one.todo}' if one.todo else ''}"
        if self.again:
            yield f"Functions that were at work may write something yet: run it again after {_time(self.again)}."


def _time(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
