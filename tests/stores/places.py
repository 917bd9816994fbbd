"""Makes the buckets and the table that a case needs, on whatever answers as AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.aws.tables import make_table
from tests.stores.cases import KEY_SCHEMA, Place

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client


def make_place(s3: S3Client, dynamodb: DynamoDBClient, *, name: str) -> Place:
    """Two empty buckets and an empty table, called after `name`."""
    place = Place(s3, dynamodb, f"{name}-versioned", f"{name}-plain", f"{name}-failures")
    for bucket in (place.versioned, place.plain):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=place.versioned, VersioningConfiguration={"Status": "Enabled"})
    make_table(dynamodb, place.table, *KEY_SCHEMA)
    return place
