"""A deployment in moto, as the commands find it through CloudFormation."""

from __future__ import annotations

import functools
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from lightpress.aws.failures_table import IDENTITY, SUBJECT
from lightpress.aws.images import S3Images
from lightpress.aws.runs_table import RUN
from lightpress.cli.failures import FailureStore
from lightpress.client.deployment import Deployment, deployment_in_account
from lightpress.pipeline.failures import Failure, subject_of_picture
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.paths import variants_folder
from lightpress.pipeline.retention import Retention
from tests.aws.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.in_place.buckets import InPlace
    from lightpress.pipeline.ports import Published

UPLOADS, IMAGES, QUARANTINE, FAILURES, QUEUE, URLS, IN_PLACE, REVIEWS = (
    "uploads",
    "images",
    "quarantine",
    "failures",
    "queue",
    "urls",
    "in-place",
    "reviews",
)
PURGES, RUNS = "purges", "runs"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:M"
HOOKS = ("https://www.example.com/images", "https://shop.example.com/failed")
REGION = "us-east-1"
RETENTION = Retention(
    keeps_data=False,
    working_seconds=0,
    invalidates=True,
    logs=30,
    access_logs=7,
    queues=10,
    dead_letters=14,
    failures=60,
    runs=90,
    backups=35,
)


def _w320(path: str) -> Variant:
    return Variant("w320", "webp", "image/webp", 320, 240, 7, "0" * 64, path)


@dataclass(frozen=True)
class Rig:
    """The deployment `dev`, and ways to say what is in it."""

    deployment: Deployment
    store: FailureStore

    def upload(self, key: str, data: bytes = b"data") -> str:
        return self.deployment.s3.put_object(Bucket=UPLOADS, Key=key, Body=data)["VersionId"]

    def manifest(self, key: str, status: Status, identity: str | None = None, generation: str | None = None) -> None:
        """Publish the next one."""
        before = self.published(key)
        self._images.publish(
            Manifest(
                key,
                status,
                before.manifest.revision + 1 if before else 1,
                source=PublishedSource(identity, 4) if identity else None,
                generation=generation,
                previous=(before.manifest.generation or before.manifest.previous) if before else None,
                variants=(_w320(f"{variants_folder(key)}{generation}/w320.webp"),) if generation else (),
                reason="corrupt" if status is Status.FAILED else None,
            ),
            before,
        )

    def published(self, key: str) -> Published | None:
        return self._images.published(key)

    def failed(self, key: str, *, last_at: int = 1_700_000_000, reason: str = "corrupt") -> Failure:
        """Upload something, and record it as failed, with everything that belongs to it."""
        identity = self.upload(key)
        copy = f"pictures/{key}/{identity}"
        self.deployment.s3.put_object(Bucket=QUARANTINE, Key=copy, Body=b"data")
        failure = Failure(
            subject=subject_of_picture(UPLOADS, key),
            identity=identity,
            reason=reason,
            detail="The decoder says: so.",
            attempts=2,
            first_at=last_at,
            last_at=last_at,
            expires_at=last_at + 1,
            bucket=UPLOADS,
            key=key,
            digest="d",
            request_ids=("r-1",),
            quarantine=copy,
        )
        self.store.table.record(failure)
        self.manifest(key, Status.FAILED, identity)
        return failure

    def message(self) -> Failure:
        """Record a message that makes no sense."""
        self.deployment.s3.put_object(Bucket=QUARANTINE, Key="messages/m", Body=b"hello")
        failure = replace(self.failed("x"), subject="message:m-1", bucket=None, key=None, quarantine="messages/m")
        self.store.table.record(failure)
        self.deployment.s3.put_object(Bucket=UPLOADS, Key="x", Body=b"new")
        self.manifest("x", Status.READY, "new")
        return failure

    def stored(self, bucket: str) -> set[str]:
        return {item["Key"] for item in self.deployment.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def dropped(self, key: str, identity: str) -> None:
        """Publish what came, of which the original has left by its recipe."""
        self.manifest(key, Status.READY, identity)
        made = self.published(key)
        assert made is not None
        self._images.publish(replace(made.manifest, original_dropped=DroppedOriginal(None, 1)), made)

    def not_fetched(self, key: str, *, last_at: int = 1_700_000_000, reason: str = "not_found") -> Failure:
        """Record a URL that could not be fetched."""
        failure = Failure(
            subject=subject_of_picture(UPLOADS, key),
            identity="hash-of-the-url",
            reason=reason,
            detail="The server said so.",
            attempts=1,
            first_at=last_at,
            last_at=last_at,
            expires_at=last_at + 1,
            bucket=UPLOADS,
            key=key,
            url=f"https://example.com/{key}",
        )
        self.store.table.record(failure)
        return failure

    def waiting(self) -> list[str]:
        """The bodies in the queue."""
        return self._bodies(self.deployment.queue_url)

    def ordered(self) -> list[str]:
        """The bodies in the URL queue."""
        return self._bodies(self.deployment.url_queue_url or "")

    def _bodies(self, queue_url: str) -> list[str]:
        answer = self.deployment.sqs().receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in answer.get("Messages", [])]

    @property
    def _images(self) -> S3Images:
        return S3Images(self.deployment.s3, IMAGES)


@functools.cache
def _clients() -> tuple[S3Client, SQSClient, DynamoDBClient]:
    """Made once: a client takes as long as ten of its requests."""
    return (
        boto3.client("s3", region_name=REGION),
        boto3.client("sqs", region_name=REGION),
        boto3.client("dynamodb", region_name=REGION),
    )


@contextmanager
def deployed(*in_place: InPlace, gated: bool = True, backfills: bool = False) -> Iterator[Rig]:
    """The deployment, and the existing buckets that it replaces pictures in.

    gated: whether a recipe has a gate. backfills: whether it has the table of runs, and the name of a state machine.
    """
    with mock_aws():
        s3, sqs, dynamodb = _clients()
        new_queue = partial(_new_queue, sqs)
        for bucket in (UPLOADS, IMAGES, QUARANTINE, *(table.bucket for table in in_place)):
            s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced")
        s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        make_table(dynamodb, FAILURES, SUBJECT, IDENTITY)
        outputs = {
            "UploadsBucketName": UPLOADS,
            "ImagesBucketName": IMAGES,
            "QuarantineBucketName": QUARANTINE,
            "FailuresTableName": FAILURES,
            "QueueUrl": new_queue(QUEUE),
            "UrlQueueUrl": new_queue(URLS),
            "WebhookReceivers": json.dumps(
                [{"url": url, **_queues(sqs, name)} for url, name in zip(HOOKS, ("first", "second"), strict=True)]
            ),
            "AskedQueues": json.dumps(
                [{"name": one, **_queues(sqs, one.lower())} for one in ("DetectLabels", "Moderate")]
            ),
            "CdnBaseUrl": "https://cdn.example.com",
            "PurgeQueueUrl": new_queue(PURGES),
            "DistributionId": "E1",
            "Retention": RETENTION.to_json(),
            "InPlaceQueueUrl": new_queue(IN_PLACE),
            "ExistingBuckets": json.dumps({"attached": [], "in_place": [asdict(table) for table in in_place]}),
        }
        if gated:
            outputs["ReviewQueueUrl"] = new_queue(REVIEWS)
        if backfills:
            make_table(dynamodb, RUNS, RUN)
            outputs |= {"BackfillMachineArn": MACHINE, "RunsTableName": RUNS}
        boto3.DEFAULT_SESSION = boto3.Session()
        answer: Any = partial(_stack, outputs)
        boto3.DEFAULT_SESSION.events.register("before-call.cloudformation.DescribeStacks", answer)
        try:
            deployment = deployment_in_account("dev")
            yield Rig(deployment, FailureStore.of(deployment))
        finally:
            boto3.DEFAULT_SESSION = None


def _queues(sqs: SQSClient, name: str) -> dict[str, str]:
    """A queue with a dead-letter queue that the command line alone looks into."""
    return {"queue_url": _new_queue(sqs, name), "dead_letters_url": _new_queue(sqs, f"{name}-letters")}


def _new_queue(sqs: SQSClient, name: str) -> str:
    """Its URL."""
    return sqs.create_queue(QueueName=name)["QueueUrl"]


def _stack(outputs: dict[str, str], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
    """Answer for CloudFormation, which moto does only with many packages more."""
    rows = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
    return AWSResponse("https://cloudformation", 200, HTTPHeaders(), None), {"Stacks": [{"Outputs": rows}]}
