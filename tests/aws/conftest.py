"""AWS in this process, as far as moto knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import boto3
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

REGION: Final = "eu-west-1"


@pytest.fixture(autouse=True)
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="session")
def s3_client() -> S3Client:
    return boto3.client("s3", region_name=REGION)  # making one takes longer than most tests


@pytest.fixture
def s3(s3_client: S3Client) -> S3Client:
    """A client, and empty buckets; uploads has versions, plain has none."""
    for bucket in ("uploads", "plain", "images"):
        s3_client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3_client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return s3_client


@pytest.fixture(scope="session")
def sqs() -> SQSClient:
    return boto3.client("sqs", region_name=REGION)
