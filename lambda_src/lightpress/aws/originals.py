"""The uploads bucket on S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.aws.errors import is_gone, on_condition
from lightpress.pipeline.source import Original

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Source

_NO_VERSION = "null"


@dataclass(frozen=True, slots=True)
class S3Originals:
    """Reads originals; may not write."""

    s3: S3Client

    def head(self, source: Source) -> Original | None:
        """HEAD. Without s3:ListBucket a missing key would be a 403 here, which is a fault and no answer."""
        try:
            head = self.s3.head_object(Bucket=source.bucket, Key=source.key)
        except ClientError as error:
            if is_gone(error):
                self.s3.head_bucket(Bucket=source.bucket)  # a HEAD does not say what is missing; the bucket is a fault
                return None
            raise
        version = head.get("VersionId", _NO_VERSION)
        return Original(
            identity=head["ETag"].strip('"') if version == _NO_VERSION else version,
            etag=head["ETag"],
            size=head["ContentLength"],
        )

    def read(self, source: Source, original: Original) -> bytes:
        """GET with If-Match: another version with the same ETag has the same bytes."""
        return read_as_seen(self.s3, source, original.etag)


def read_as_seen(s3: S3Client, source: Source, etag: str) -> bytes:
    """GET with If-Match: the bytes that have this ETag; raises PreconditionFailed if the object has another by now."""
    with on_condition():
        response = s3.get_object(Bucket=source.bucket, Key=source.key, IfMatch=etag)
    with response["Body"] as body:
        return body.read()  # raises if the connection ends early: a short read is never taken for the file


def is_there(s3: S3Client, bucket: str, key: str) -> bool:
    """LIST, for who may see names and not what is under them: of all that begin with the key, it comes first."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return [item["Key"] for item in found.get("Contents", [])] == [key]
