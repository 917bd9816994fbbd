"""Starts a function: AWS's runtime client and the real handler, over moto in the same process.

The files in the working directory's folder `uploads` are what the uploads bucket holds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3
from awslambdaric.__main__ import main
from moto import mock_aws

REGION = os.environ["AWS_REGION"]


def fill() -> None:
    """Make what the stack would have made."""
    s3, sqs = boto3.client("s3", region_name=REGION), boto3.client("sqs", region_name=REGION)
    for bucket in ("uploads", "images"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})  # type: ignore[typeddict-item]
    for queue in ("uploads", "dead-letters", "purges"):
        sqs.create_queue(QueueName=queue)
    for bucket in ("uploads", "images"):
        folder = Path(bucket)
        for path in filter(Path.is_file, folder.rglob("*")):
            s3.put_object(Bucket=bucket, Key=str(path.relative_to(folder)), Body=path.read_bytes())


if __name__ == "__main__":
    # Requests to this machine, such as those of the runtime client, go out as they are.
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        fill()
        main(sys.argv)
