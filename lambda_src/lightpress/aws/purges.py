"""What the CDN must forget: asked for on SQS, with a delay, and done on CloudFront, many at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from botocore.exceptions import ClientError

from lightpress.delivery.purging import TooManyRequests
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.paths import cached_folders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_cloudfront import CloudFrontClient
    from types_boto3_sqs import SQSClient

    from lightpress.pipeline.source import Source


_KEPT = "/!$&'(),:;=@+"
"""What RFC 1738 does not call unsafe, and a path may have, besides letters, digits and - . _ ; no asterisk, which is a
wildcard: https://datatracker.ietf.org/doc/html/rfc1738#section-2.2
"""
_BUSY = {"TooManyInvalidationsInProgress", "Throttling"}


@dataclass(frozen=True, slots=True)
class SqsPurges:
    """Requests invalidations through the purge queue.

    Attributes:
        sqs: The client.
        queue_url: The purge queue.
        delay_seconds: How long a request waits in the queue: until whatever its sender does next is done, and whoever
            saw the state before has answered.
    """

    sqs: SQSClient
    queue_url: str
    delay_seconds: int

    def request_purge(self, folder: str) -> None:
        """SEND, to be delivered later."""
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=folder, DelaySeconds=self.delay_seconds)

    def pending(self) -> int:
        """GetQueueAttributes: about how many requests could be received now, or were and are not done yet."""
        told = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(map(int, told["Attributes"].values()))


@dataclass(frozen=True, slots=True)
class SqsLateLooks:
    """Has keys looked at once more, through the queue of uploads.

    Attributes:
        sqs: The client.
        queue_url: That queue.
        delay_seconds: How long a request waits in it: until its sender has replaced the manifest, and whoever renders
            for the old one has ended.
    """

    sqs: SQSClient
    queue_url: str
    delay_seconds: int

    def request_look(self, source: Source) -> None:
        """SEND, to be delivered later."""
        body = reconcile_message(source, late=True)
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body, DelaySeconds=self.delay_seconds)


@dataclass(frozen=True, slots=True)
class CloudFrontCache:
    """The copies that the CDN keeps."""

    cloudfront: CloudFrontClient
    distribution_id: str

    def forget(self, folders: Iterable[str], *, reference: str) -> None:
        """CreateInvalidation, of a wildcard for each folder, and of variants also one for the permalinks of their key.

        Args:
            folders: Folders of variants, or of permalinks alone; of copies, paths, or their beginning and a wildcard.
            reference: Names the request: the same one twice, of the same folders, is one invalidation. CloudFront
                refuses a name that it knows of other paths.

        Raises:
            TooManyRequests: CloudFront works on as many as it takes at a time.
        """
        cached = {one for folder in folders for one in cached_folders(folder)}
        paths = sorted({path for one in cached for path in paths_of(one)})
        try:
            self.cloudfront.create_invalidation(
                DistributionId=self.distribution_id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(paths), "Items": paths},
                    "CallerReference": hashlib.sha256("\n".join([reference, *paths]).encode()).hexdigest(),
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _BUSY:
                raise TooManyRequests from error
            raise


def paths_of(cached: str) -> tuple[str, ...]:
    """As CloudFront takes it, in each spelling that viewers may have asked for: at most two.

    It compares with URLs as viewers send them, and wants to have encoded what is not ASCII or unsafe by RFC 1738, and
    nothing else. Unsafe characters that stand for themselves are refused, with all that is in the request.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    """
    wildcard = "*" * (cached.endswith(("/", "*")) or not cached)
    plain = cached.removesuffix("*")
    return tuple(dict.fromkeys(f"/{_encoded(plain, kept)}{wildcard}" for kept in (_KEPT, "/")))


def _encoded(path: str, kept: str) -> str:
    return quote(path, safe=kept).replace("~", "%7E")  # which `quote` never encodes
