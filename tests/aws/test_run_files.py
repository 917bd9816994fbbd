"""The files of a run in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from moto import mock_aws

from lightpress.aws.run_files import S3Files

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@mock_aws
def test_what_is_there_is_not_overwritten_by_who_wants_to_be_the_first() -> None:
    s3: S3Client = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="images")
    files = S3Files(s3, "images")
    for data in (b"one", b"two"):
        files.put_new("b/r/1/1/part-00000.json", data, "application/json")
    assert files.get("b/r/1/1/part-00000.json") == b"one"
    files.put("b/r/1/1/part-00000.json", b"two", "application/json")
    assert files.get("b/r/1/1/part-00000.json") == b"two"
