"""`lightpress failures`: list, retry and discard the failures of a deployment."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lightpress.aws.errors import find_object
from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.quarantine import S3Quarantine
from lightpress.failures.again import came_and_left, message_of, tells
from lightpress.failures.discarding import discard
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.manifest import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Published

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_AT_ONCE = 16
_MOST_IN_A_BATCH = 10
_PAUSE = 0.5


class BadAgeError(Exception):
    """An age that cannot be read; the message says what is allowed."""


@dataclass(frozen=True)
class Filters:
    """Which failures are chosen.

    Attributes:
        reason: Only those with this reason; None is any.
        prefix: Only keys that begin with this.
        since: Only those that failed within so many seconds; None is any.
    """

    reason: str | None = None
    prefix: str = ""
    since: int | None = None

    def match(self, failure: Failure, now: float) -> bool:
        """Whether a failure is chosen. A message has no key, so a prefix excludes it."""
        return (
            (self.reason is None or failure.reason == self.reason)
            and (failure.key or "").startswith(self.prefix)
            and (self.since is None or failure.last_at >= now - self.since)
        )


@dataclass
class Retry:
    """A failure that was sent to its queue again.

    Attributes:
        failure: Which.
        revision: Of its manifest when it was sent; 0 if there was none.
        ending: What became of it; None until that is known.
    """

    failure: Failure
    revision: int
    ending: str | None = None


@dataclass(frozen=True)
class FailureStore:
    """The failures of a deployment: list, retry, discard."""

    deployment: Deployment
    table: DynamoFailures

    @classmethod
    def of(cls, deployment: Deployment) -> FailureStore:
        """The failures of a deployment. Rows are read and removed, never written."""
        return cls(deployment, DynamoFailures(deployment.dynamodb(), deployment.failures_table, lambda: 0, 0))

    def failures(self, filters: Filters) -> list[Failure]:
        """The failures that are current, newest first."""
        now = time.time()
        found = [failure for failure in self.table.all() if filters.match(failure, now)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            still = list(pool.map(self.is_still_true, found))
        true = [failure for failure, is_true in zip(found, still, strict=True) if is_true]
        return sorted(true, key=lambda failure: (-failure.last_at, failure.subject))

    def of_subject(self, key_or_subject: str) -> list[Failure]:
        """Every failure of a key, or of a subject such as `message:ID`, newest last, including past ones."""
        source = self.deployment.publishing.named(key_or_subject)
        picture = subject_of_picture(source.bucket, source.key)
        return self.table.of(picture) or self.table.of(key_or_subject)

    def is_still_true(self, failure: Failure) -> bool:
        """Whether a failure is current: the original was not replaced, deleted or published since.

        The failure of a URL is current until an original has been fetched from it.
        """
        if failure.url is not None:
            return self._came_since(failure) is None
        if failure.key is None:
            return True
        return tells(self._manifest(failure), failure)

    def copy(self, failure: Failure) -> str | None:
        """The S3 URI of the copy in quarantine; None if there is none."""
        return failure.quarantine and f"s3://{self.deployment.quarantine_bucket}/{failure.quarantine}"

    def discard(self, failure: Failure) -> bool:
        """Delete the row and its copy. False, and nothing, if it failed again in the meantime."""
        return discard(failure, self.table, S3Quarantine(self.deployment.s3, self.deployment.quarantine_bucket))

    def send(self, failures: Iterable[Failure]) -> Iterator[Retry]:
        """Send failures to the queues again, as uploads and URLs are; those that SQS does not accept have an ending."""
        chosen = list(failures)
        by_url = [failure for failure in chosen if failure.url is not None]
        others = [failure for failure in chosen if failure.url is None]
        yield from self._send(others, self.deployment.queue_url)
        if self.deployment.url_queue_url is None:
            yield from (Retry(failure, 0, "not sent: this deployment does not fetch URLs") for failure in by_url)
        else:
            yield from self._send(by_url, self.deployment.url_queue_url)

    def _send(self, failures: list[Failure], queue_url: str) -> Iterator[Retry]:
        sqs = self.deployment.sqs()
        for some in _batches(failures):
            retries = [Retry(failure, self._revision(failure)) for failure in some]
            bodies = [message_of(failure) for failure in some]
            answer = sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)],
            )
            refused = {int(entry["Id"]): entry.get("Message", "") for entry in answer.get("Failed", [])}
            for number, retry in enumerate(retries):
                if number in refused:
                    retry.ending = f"not sent: {refused[number]}"
                yield retry

    def wait(self, retries: list[Retry], *, timeout: float, settled: Callable[[Retry], None]) -> None:
        """Poll until the outcome of each is known, and call `settled` with it; removes failures that are resolved.

        After `timeout` seconds the others have no ending, and their rows stay.
        """
        deadline = time.monotonic() + timeout
        waiting = [retry for retry in retries if retry.ending is None]
        while waiting and time.monotonic() < deadline:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(self._look, waiting))
            for retry in waiting:
                if retry.ending is not None:
                    settled(retry)
            waiting = [retry for retry in waiting if retry.ending is None]
            if waiting:
                time.sleep(_PAUSE)

    def _look(self, retry: Retry) -> None:
        if retry.failure.url is not None:
            self._look_for_url(retry)
            return
        manifest = self._manifest(retry.failure)
        if manifest is None:
            return
        if not tells(manifest, retry.failure):
            self.discard(retry.failure)
            retry.ending = str(manifest.status)
        elif manifest.revision > retry.revision:
            retry.ending = f"failed again: {manifest.reason}"

    def _look_for_url(self, retry: Retry) -> None:
        """Find the outcome of a URL: an original, whose manifest tells, or another failure."""
        failure = retry.failure
        identity = self._came_since(failure)
        if identity is None:
            rows = (row for row in self.table.of(failure.subject) if row.identity == failure.identity)
            if (now := next(rows, failure)) != failure:
                retry.ending = f"failed again: {now.reason}"
            return
        manifest = self._manifest(failure)
        if manifest is not None and manifest.source is not None and manifest.source.identity == identity:
            self.discard(failure)
            retry.ending = f"failed: {manifest.reason}" if manifest.status is Status.FAILED else str(manifest.status)

    def _came_since(self, failure: Failure) -> str | None:
        """The identity of the original at the key, if it was written after the failure; also of one that has left."""
        if failure.bucket is None or failure.key is None:
            return None
        head = find_object(self.deployment.s3, failure.bucket, failure.key)
        if head is None:
            return came_and_left(self._published(failure), failure)
        if head["LastModified"].timestamp() < failure.last_at:
            return None
        return head.get("VersionId", head["ETag"].strip('"'))

    def _manifest(self, failure: Failure) -> Manifest | None:
        published = self._published(failure)
        return published.manifest if published else None

    def _published(self, failure: Failure) -> Published | None:
        name = self.deployment.name_of(failure.bucket, failure.key)
        return self.deployment.published(name) if name is not None else None

    def _revision(self, failure: Failure) -> int:
        manifest = self._manifest(failure)
        return manifest.revision if manifest else 0


def as_json(failure: Failure, copy: str | None) -> dict[str, Any]:
    """The JSON object that `--json` prints for a failure."""
    return asdict(failure) | {"quarantine": copy, "request_ids": list(failure.request_ids)}


def seconds_of(age: str) -> int:
    """Read `90m`, `12h` or `7d`; raises BadAgeError."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", age)
    if match is None:
        raise BadAgeError(f"{age!r} is not an age; allowed: such as 90m, 12h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def _batches(failures: list[Failure]) -> list[list[Failure]]:
    return [failures[at : at + _MOST_IN_A_BATCH] for at in range(0, len(failures), _MOST_IN_A_BATCH)]
