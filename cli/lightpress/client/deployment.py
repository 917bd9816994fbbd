"""A deployed Lightpress, wherever it is: the local cloud or an AWS account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import boto3
from botocore.config import Config

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.client.faults import FAULTS, sentence_of
from lightpress.in_place.buckets import in_place_from
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.in_place.buckets import InPlace
    from lightpress.pipeline.buckets import Attached
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Original


class NotDeployedError(Exception):
    """There is no such deployment, or it cannot be reached; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """Where a deployment's parts are, and how to speak to it.

    sqs, dynamodb: make a client; few commands need one. ca_bundle: PEM file of whom to trust beside the usual.
    recipes_digest: of the recipes that are deployed. attached, in_place: the existing buckets that it knows.
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

    @property
    def publishing(self) -> Publishing:
        """Whose pictures are published, and under which names."""
        return Publishing(self.uploads_bucket, self.attached)

    def name_of(self, bucket: str | None, key: str | None) -> str | None:
        """What a picture is published as; None where it is not, or not any more."""
        known = self.publishing.find_source(Source(bucket, key)) if bucket is not None and key is not None else None
        return known.name if isinstance(known, Source) else None

    def original(self, key: str) -> Original | None:
        """What the uploads bucket, or the attached one that is published under such names, holds now."""
        return S3Originals(self.s3).head(self.publishing.named(key))

    def manifest(self, key: str) -> Manifest | None:
        """What is published as `key`."""
        published = S3Images(self.s3, self.images_bucket).published(key)
        return published.manifest if published else None

    def url(self, path: str) -> str:
        """The URL of a variant's path on the CDN."""
        return f"{self.cdn_base_url}/{quote(path)}"


def attached_of(existing: str) -> tuple[Attached, ...]:
    """The attached buckets in the JSON of the stack output `ExistingBuckets`; "" has none."""
    return tuple(map(attached_from, json.loads(existing)["attached"])) if existing else ()


def in_place_of(existing: str) -> tuple[InPlace, ...]:
    """The buckets that are compressed in place, in the same JSON."""
    return tuple(map(in_place_from, json.loads(existing)["in_place"])) if existing else ()


def deployment_in_account(environment: str) -> Deployment:
    """The deployment of an environment, as the outputs of its stack describe it. Raises NotDeployedError."""
    stack = f"Lightpress-{environment}"
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        s3 = boto3.client("s3", config=Config(signature_version="s3v4", max_pool_connections=32))
    except FAULTS as error:
        raise NotDeployedError(f"The stack {stack} cannot be read. {sentence_of(error)}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    return Deployment(
        uploads_bucket=outputs["UploadsBucketName"],
        images_bucket=outputs["ImagesBucketName"],
        quarantine_bucket=outputs["QuarantineBucketName"],
        failures_table=outputs["FailuresTableName"],
        queue_url=outputs["QueueUrl"],
        cdn_base_url=outputs["CdnBaseUrl"],
        s3=s3,
        sqs=partial(boto3.client, "sqs"),
        dynamodb=partial(boto3.client, "dynamodb"),
        recipes_digest=outputs.get("RecipesDigest"),
        attached=attached_of(outputs.get("ExistingBuckets", "")),
        in_place=in_place_of(outputs.get("ExistingBuckets", "")),
        in_place_queue_url=outputs.get("InPlaceQueueUrl"),
        url_queue_url=outputs.get("UrlQueueUrl"),
    )
