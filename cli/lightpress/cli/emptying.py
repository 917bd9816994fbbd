"""`lightpress empty`: removes everything that a stack stores, so that the stack can be deleted.

CloudFormation deletes no bucket that holds anything. Of a bucket of the owner's with copies of variants, those go which
say that they are of this deployment: a stack of the same name would find them. The order matters: first nothing may
process messages any more, or workers would write manifests of deleted originals into the bucket that is being emptied.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.aws.copies import S3Copies
from lightpress.cli.deleting import delete
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import EventSourceMappingConfigurationResponseTypeDef
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.client.stack import Bucket, Stack
    from lightpress.pipeline.ports import Lies

ORIGINALS, VARIANTS = "UploadsBucket", "ImagesBucket"
_REQUESTS_AT_ONCE = 8
_PAUSE_SECONDS = 2.0
_ROUNDS = 5
_GONE = {"NoSuchBucket", "NoSuchUpload", "404"}
_NO_QUEUE = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
_PURGED_ALREADY = {"AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress"}


class NotEmptiedError(Exception):
    """Something was not removed or did not stop; the message says what, and what to do."""


@dataclass(frozen=True)
class Emptying:
    """Empties one stack.

    Attributes:
        stack: Its parts.
        s3, sqs, lambda_: Clients of its account.
        timeout: Seconds to wait until the event sources are disabled.
        pause: Waits for so many seconds.
        clock: Seconds that only grow.
    """

    stack: Stack
    s3: S3Client
    sqs: SQSClient
    lambda_: LambdaClient
    timeout: float = 300.0
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def buckets(self) -> list[Bucket]:
        """The buckets in the order in which they are emptied: originals first, variants and manifests last."""
        return sorted(self.stack.buckets, key=lambda one: (one.logical_id == VARIANTS, one.logical_id != ORIGINALS))

    def count(self, progress: Callable[[int], None] = lambda _: None) -> Counter[str]:
        """How many versions, delete markers and unfinished uploads each bucket holds, by its name."""
        found: Counter[str] = Counter()
        for bucket in self.buckets():
            found[bucket.name] = 0
            for batch in (*self._versions(bucket.name), *self._uploads(bucket.name)):
                found[bucket.name] += len(batch)
                progress(found.total())
        return found

    @property
    def copies(self) -> S3Copies | None:
        """Copies of variants in a bucket of the owner's; None where there are none, or in a bucket of the stack."""
        images = next((one.name for one in self.stack.buckets if one.logical_id == VARIANTS), "")
        name = self.stack.copies_bucket
        if not name or name in {one.name for one in self.stack.buckets}:
            return None
        return S3Copies(self.s3, name, images, self.stack.copy_folders)

    def count_copies(self) -> int:
        """How many copies of this deployment there are in the owner's bucket."""
        return sum(len(batch) for batch in self._copies())

    def stop_processing(self) -> None:
        """Disable the event sources, wait until their last invocations have ended, and purge the queues.

        Raises NotEmptiedError where an event source is not disabled within `timeout`.
        """
        sources = [source for id_ in self.stack.event_sources if (source := self._event_source(id_))]
        for source in sources:
            if source["State"] not in {"Disabled", "Disabling"}:
                self.lambda_.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
        if not self._wait(lambda: not any(map(self._is_enabled, self.stack.event_sources)), self.timeout):
            raise NotEmptiedError(
                f"Lambda has not disabled the event sources of {self.stack.name} after {self.timeout:.0f} s. Run the "
                "command again in some minutes."
            )
        # A message in flight may be held by an invocation, or wait for its retry: no invocation outlives its timeout.
        longest = max((self._function_timeout(source["FunctionArn"]) for source in sources), default=0)
        self._wait(lambda: not any(map(self._in_flight, self.stack.queue_urls)), longest)
        for url in self.stack.queue_urls:
            self._purge(url)

    def remove(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Remove all versions, delete markers and unfinished uploads of all buckets, and copies; returns how many.

        Goes over all buckets again until nothing is left: an upload that was permitted before may arrive meanwhile.
        """
        removed = 0
        for _ in range(_ROUNDS):
            before = removed
            for bucket in self.buckets():
                for count in self._empty(bucket.name):
                    removed += count
                    progress(removed)
            for batch in self._copies():
                removed += self._remove_copies(batch)
                progress(removed)
            if removed == before:
                return removed
        raise NotEmptiedError("Objects keep arriving in the buckets. Stop whoever uploads, and run the command again.")

    def _empty(self, bucket: str) -> Iterator[int]:
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            pages = self._versions(bucket)
            while some := list(islice(pages, _REQUESTS_AT_ONCE)):
                yield from pool.map(lambda batch: self._delete(bucket, batch), some)
            for batch in self._uploads(bucket):
                yield sum(pool.map(lambda upload: self._abort(bucket, upload), batch))

    def _versions(self, bucket: str) -> Iterator[list[Any]]:
        """Pages of up to 1,000 versions and delete markers, as DeleteObjects takes them."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        try:
            for page in pages:
                found = (*page.get("Versions", []), *page.get("DeleteMarkers", []))
                if found:
                    yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        except ClientError as error:
            _unless(error, _GONE)

    def _uploads(self, bucket: str) -> Iterator[list[Any]]:
        try:
            for page in self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                if found := page.get("Uploads", []):
                    yield list(found)
        except ClientError as error:
            _unless(error, _GONE)

    def _copies(self) -> Iterator[list[tuple[str, Lies]]]:
        """Those of each page of keys, with what was seen there: user metadata is in no list."""
        copies = self.copies
        if copies is None:
            return
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            for folder in copies.folders:
                for keys in self._keys(copies.bucket, folder):
                    looked = zip(keys, pool.map(copies.look, keys), strict=True)
                    yield [(key, lying) for key, lying in looked if lying and lying.owner and copies.owns(lying.owner)]

    def _keys(self, bucket: str, folder: str) -> Iterator[list[str]]:
        try:
            for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder):
                yield [one["Key"] for one in page.get("Contents", [])]
        except ClientError as error:
            _unless(error, _GONE)

    def _remove_copies(self, batch: list[tuple[str, Lies]]) -> int:
        """Remove copies as they were seen: what has been replaced since is looked at in the next round."""
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            return sum(pool.map(lambda one: self._remove_copy(*one), batch))

    def _remove_copy(self, path: str, lying: Lies) -> bool:
        copies = self.copies
        if copies is None:
            return False
        try:
            copies.remove(path, lying)
        except PreconditionFailed:
            return False
        return True

    def _delete(self, bucket: str, batch: list[Any]) -> int:
        if refused := delete(self.s3, bucket, batch):
            raise NotEmptiedError(refused)
        return len(batch)

    def _abort(self, bucket: str, upload: Mapping[str, Any]) -> int:
        try:
            self.s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        except ClientError as error:
            _unless(error, _GONE)
        return 1

    def _event_source(self, id_: str) -> EventSourceMappingConfigurationResponseTypeDef | None:
        try:
            return self.lambda_.get_event_source_mapping(UUID=id_)
        except ClientError as error:
            _unless(error, {"ResourceNotFoundException"})
            return None

    def _is_enabled(self, id_: str) -> bool:
        source = self._event_source(id_)
        return source is not None and source["State"] != "Disabled"

    def _function_timeout(self, function: str) -> int:
        return self.lambda_.get_function_configuration(FunctionName=function)["Timeout"]

    def _in_flight(self, queue_url: str) -> bool:
        try:
            answer = self.sqs.get_queue_attributes(
                QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
            )
        except ClientError as error:
            _unless(error, _NO_QUEUE)
            return False
        return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"]) > 0

    def _purge(self, queue_url: str) -> None:
        try:
            self.sqs.purge_queue(QueueUrl=queue_url)
        except ClientError as error:
            _unless(error, _NO_QUEUE | _PURGED_ALREADY)

    def _wait(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Whether it is done within so many seconds."""
        deadline = self.clock() + seconds
        while not is_done():
            if self.clock() >= deadline:
                return False
            self.pause(_PAUSE_SECONDS)
        return True


def _unless(error: ClientError, codes: set[str]) -> None:
    """Raise the error unless it has one of these codes."""
    if error.response["Error"]["Code"] not in codes:
        raise error
