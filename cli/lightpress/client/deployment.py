"""A deployed Lightpress, wherever it is: the local cloud or an AWS account."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lightpress.aws.copies import S3Copies
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.client.waiting import WAITING
from lightpress.in_place.buckets import in_place_from
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.dropping import has_left
from lightpress.pipeline.retention import retention_from
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.in_place.buckets import InPlace
    from lightpress.pipeline.buckets import Attached
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Published
    from lightpress.pipeline.retention import Retention
    from lightpress.pipeline.source import Original


class NotDeployedError(Exception):
    """There is no such deployment, or it cannot be read; the message says what to do."""


def states_of_account() -> Any:  # noqa: ANN401  its types are not installed
    """A client of Step Functions, with the credentials and the region of the environment."""
    make: Callable[..., Any] = boto3.client
    return make("stepfunctions", config=WAITING)


def metrics_of_account() -> Any:  # noqa: ANN401  its types are not installed
    """A client of CloudWatch, with the credentials and the region of the environment."""
    make: Callable[..., Any] = boto3.client
    return make("cloudwatch", config=WAITING)


@dataclass(frozen=True)
class Deployment:
    """The resources of a deployment, and clients for them.

    Attributes:
        uploads_bucket, images_bucket, quarantine_bucket: Names of buckets.
        failures_table: Name of the DynamoDB table.
        queue_url: Of the queue of uploads.
        cdn_base_url: Of the CDN, without "/" at the end.
        s3: A client.
        sqs, dynamodb: Make a client, which few commands need.
        ca_bundle: PEM file of the certificate authority; None for the usual ones.
        recipes_digest: Of the deployed recipes; None or "" if unknown.
        attached, in_place: The existing buckets that it processes.
        webhooks: The output `WebhookReceivers`, which is JSON: URL and queues of each receiver; "" without.
        asked: The output `AskedQueues`, which is JSON: name and queues of each function that asks services; "" without.
        in_place_queue_url, url_queue_url, review_queue_url: Of the queues of optional parts; None without them.
        backfill_machine: ARN of the state machine of backfills; None of a stack that has none.
        runs_table: Name of the table of its runs.
        states: Makes a client of Step Functions.
        metrics: Makes a client of CloudWatch.
        purge_queue_url: Of the queue of invalidations; None where the CDN is told of nothing.
        counters_table: Name of the table that counts uploads of the day; "" without.
        distribution_id: Of the CDN; "" if unknown.
        retention: How long things are kept; None of a stack that does not say so.
        copies_bucket: Where copies of variants are; "" where there are none.
        copy_folders: The folders there that are for them, each with "/" at its end.
        deployed: When the stack was deployed last, and how far that is; "" if unknown.
    """

    uploads_bucket: str
    images_bucket: str
    quarantine_bucket: str
    failures_table: str
    queue_url: str
    cdn_base_url: str
    s3: S3Client
    sqs: Callable[[], SQSClient]
    dynamodb: Callable[[], DynamoDBClient]
    ca_bundle: str | None = None
    recipes_digest: str | None = None
    attached: tuple[Attached, ...] = ()
    in_place: tuple[InPlace, ...] = ()
    in_place_queue_url: str | None = None
    url_queue_url: str | None = None
    review_queue_url: str | None = None
    webhooks: str = ""
    asked: str = ""
    backfill_machine: str | None = None
    runs_table: str = ""
    states: Callable[[], Any] = states_of_account
    metrics: Callable[[], Any] = metrics_of_account
    purge_queue_url: str | None = None
    counters_table: str = ""
    distribution_id: str = ""
    retention: Retention | None = None
    copies_bucket: str = ""
    copy_folders: tuple[str, ...] = ()
    deployed: str = ""

    @property
    def copies(self) -> S3Copies | None:
        """Copies of variants; None where there are none."""
        if not self.copies_bucket:
            return None
        return S3Copies(self.s3, self.copies_bucket, self.images_bucket, self.copy_folders)

    @property
    def publishing(self) -> Publishing:
        """The buckets whose originals are published, and under which names."""
        return Publishing(self.uploads_bucket, self.attached)

    def name_of(self, bucket: str | None, key: str | None) -> str | None:
        """The name under which an original is published; None if it is not, or no longer."""
        known = self.publishing.find_source(Source(bucket, key)) if bucket is not None and key is not None else None
        return known.name if isinstance(known, Source) else None

    def original(self, key: str) -> Original | None:
        """The current original of a name, in the uploads bucket or an attached one; None if there is none."""
        return S3Originals(self.s3).head(self.publishing.named(key))

    def has_left(self, key: str, manifest: Manifest, original: Original | None) -> bool:
        """Whether what is published of a name is of an original that has left after that, by its recipe."""
        return has_left(self.publishing.named(key), manifest, original, S3Originals(self.s3))

    def manifest(self, key: str) -> Manifest | None:
        """The manifest of a name; None if there is none."""
        published = self.published(key)
        return published.manifest if published else None

    def published(self, key: str) -> Published | None:
        """The same, with when it was written."""
        return S3Images(self.s3, self.images_bucket).published(key)

    def url(self, path: str) -> str:
        """The URL of a variant's path on the CDN."""
        return f"{self.cdn_base_url}/{quote(path)}"


def attached_of(existing: str) -> tuple[Attached, ...]:
    """The attached buckets in the stack output `ExistingBuckets`, which is JSON; none for ""."""
    return tuple(map(attached_from, json.loads(existing)["attached"])) if existing else ()


def in_place_of(existing: str) -> tuple[InPlace, ...]:
    """The buckets that are compressed in place, in the same stack output."""
    return tuple(map(in_place_from, json.loads(existing)["in_place"])) if existing else ()


def retention_of(text: str) -> Retention | None:
    """How long things are kept, in the stack output `Retention`; None for ""."""
    return retention_from(text) if text else None


def folders_of(text: str) -> tuple[str, ...]:
    """The folders of copies, in the stack output `CopyFolders`; none for ""."""
    return tuple(text.split(",")) if text else ()


def deployment_in_account(environment: str) -> Deployment:
    """The deployment of an environment, from the outputs of its stack; raises NotDeployedError.

    environment: its name, or "STACK/ID" of a construct in any stack.
    """
    stack, prefix = place_of(environment)
    try:
        stacks = boto3.client("cloudformation", config=WAITING).describe_stacks(StackName=stack)["Stacks"]
        s3 = boto3.client("s3", config=WAITING.merge(Config(signature_version="s3v4")))
    except FAULTS as error:
        raise NotDeployedError(_unreadable(environment, error)) from error
    outputs = {
        output["OutputKey"].removeprefix(prefix): output["OutputValue"]
        for output in stacks[0].get("Outputs", [])
        if output["OutputKey"].startswith(prefix)
    }
    if "UploadsBucketName" not in outputs:
        raise NotDeployedError(_incomplete(environment, stacks[0].get("StackStatus", "no status")))
    return replace(_deployment_of(outputs, s3), deployed=deployed_of(stacks[0]))


def deployed_of(stack: StackTypeDef) -> str:
    """What tells one deployment of a stack from the one before, and a finished one from one that goes on."""
    time = stack.get("LastUpdatedTime") or stack.get("CreationTime")
    return f"{time.isoformat() if time else ''} {stack.get('StackStatus', '')}".strip()


def place_of(environment: str) -> tuple[str, str]:
    """The name of the stack, and what the ids in it begin with: "" where an environment has the stack to itself."""
    stack, slash, construct = environment.partition("/")
    return (stack, re.sub("[^A-Za-z0-9]", "", construct)) if slash else (f"Lightpress-{environment}", "")


def _deploy(environment: str) -> str:
    return f"npx aws-cdk@2 deploy -c env={environment}, in a clone make deploy ENV={environment}"


def _incomplete(environment: str, state: str) -> str:
    stack, prefix = place_of(environment)
    if prefix:
        return f"The stack {stack} ({state}) has no construct {prefix}: there is no output {prefix}UploadsBucketName."
    return (
        f"The stack {stack} is not deployed completely ({state}): deploy it again ({_deploy(environment)}); "
        "the events of the stack in CloudFormation say what was in the way."
    )


def _unreadable(environment: str, error: Exception) -> str:
    stack, prefix = place_of(environment)
    if isinstance(error, ClientError) and "does not exist" in str(error):
        deploy = "cdk deploy" if prefix else _deploy(environment)
        return (
            f"There is no stack {stack} in this account and region: choose another environment with --env, or another "
            f"region with AWS_DEFAULT_REGION, or deploy it: {deploy}."
        )
    return f"The stack {stack} cannot be read. {sentence_of(error)}"


def _deployment_of(outputs: Mapping[str, str], s3: S3Client) -> Deployment:
    return Deployment(
        uploads_bucket=outputs["UploadsBucketName"],
        images_bucket=outputs["ImagesBucketName"],
        quarantine_bucket=outputs["QuarantineBucketName"],
        failures_table=outputs["FailuresTableName"],
        queue_url=outputs["QueueUrl"],
        cdn_base_url=outputs["CdnBaseUrl"],
        s3=s3,
        sqs=partial(boto3.client, "sqs", config=WAITING),
        dynamodb=partial(boto3.client, "dynamodb", config=WAITING),
        recipes_digest=outputs.get("RecipesDigest"),
        attached=attached_of(outputs.get("ExistingBuckets", "")),
        in_place=in_place_of(outputs.get("ExistingBuckets", "")),
        in_place_queue_url=outputs.get("InPlaceQueueUrl"),
        url_queue_url=outputs.get("UrlQueueUrl"),
        review_queue_url=outputs.get("ReviewQueueUrl"),
        webhooks=outputs.get("WebhookReceivers", ""),
        asked=outputs.get("AskedQueues", ""),
        backfill_machine=outputs.get("BackfillMachineArn"),
        runs_table=outputs.get("RunsTableName", ""),
        purge_queue_url=outputs.get("PurgeQueueUrl"),
        counters_table=outputs.get("UploadCountersTableName", ""),
        distribution_id=outputs.get("DistributionId", ""),
        retention=retention_of(outputs.get("Retention", "")),
        copies_bucket=outputs.get("CopiesBucketName", ""),
        copy_folders=folders_of(outputs.get("CopyFolders", "")),
    )
