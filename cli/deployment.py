"""A deployed Lightpress, wherever it is: the local cloud or an AWS account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.local_cloud import Outputs
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from lightpress.manifest import Manifest
    from lightpress.source import Original

LOCAL_ENVIRONMENT = "local"


class NotDeployedError(Exception):
    """There is no such deployment, or it cannot be reached; the message says what to do."""


@dataclass(frozen=True)
class Deployment:
    """Where a deployment's parts are, and how to speak to it."""

    uploads_bucket: str
    images_bucket: str
    cdn_base_url: str
    session: dict[str, Any]

    @cached_property
    def s3(self) -> S3Client:
        """S3 of the deployment. Path-style and SigV4, which a local endpoint needs and AWS accepts."""
        return boto3.client(
            "s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}), **self.session
        )

    def original(self, key: str) -> Original | None:
        """What the uploads bucket holds under the key now."""
        return S3Originals(self.s3).look(Source(self.uploads_bucket, key))

    def manifest(self, key: str) -> Manifest | None:
        """What is published of the key."""
        published = S3Images(self.s3, self.images_bucket).published(key)
        return published.manifest if published else None

    def url(self, path: str) -> str:
        """The URL of a variant's path on the CDN."""
        return f"{self.cdn_base_url}/{quote(path)}"


def find_deployment(environment: str, local: Path) -> Deployment:
    """Find the deployment of an environment: `local` in the files of the local cloud, others through CloudFormation."""
    if environment == LOCAL_ENVIRONMENT:
        return _local(local)
    stack = f"Lightpress-{environment}"
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise NotDeployedError(f"the stack {stack} cannot be read: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    return Deployment(outputs["UploadsBucketName"], outputs["ImagesBucketName"], outputs["CdnBaseUrl"], {})


def _local(local: Path) -> Deployment:
    try:
        return of_local_cloud(Outputs.from_file(local / "outputs.json"))
    except FileNotFoundError:
        raise NotDeployedError("the local cloud is not running; start it with: lightpress local up") from None


def of_local_cloud(outputs: Outputs) -> Deployment:
    """The deployment in a local cloud, which takes these credentials and no others."""
    session = {
        "endpoint_url": outputs.endpoint_url,
        "region_name": outputs.region,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "verify": outputs.ca_bundle,
    }
    return Deployment(outputs.uploads_bucket, outputs.images_bucket, outputs.cdn_base_url, session)
