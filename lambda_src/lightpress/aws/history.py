"""The versions of an original on S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.operators.ports import Version

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_NO_VERSION = "null"


@dataclass(frozen=True, slots=True)
class S3History:
    """Lists versions; reads none."""

    s3: S3Client

    def versions(self, bucket: str, key: str, most: int) -> tuple[Version, ...]:
        """LIST VERSIONS, one page: of all keys that begin with this one, it comes first.

        A version without an id is named after its ETag, as originals are.
        """
        page = self.s3.list_object_versions(Bucket=bucket, Prefix=key, MaxKeys=most)
        files = [
            Version(
                one["VersionId"] if one["VersionId"] != _NO_VERSION else one["ETag"].strip('"'),
                int(one["LastModified"].timestamp()),
                one["Size"],
                deleted=False,
            )
            for one in page.get("Versions", [])
            if one["Key"] == key
        ]
        marks = [
            Version(one["VersionId"], int(one["LastModified"].timestamp()), 0, deleted=True)
            for one in page.get("DeleteMarkers", [])
            if one["Key"] == key
        ]
        latest = {one["VersionId"] for one in page.get("DeleteMarkers", []) if one["IsLatest"] and one["Key"] == key}
        # Of two in the same second, S3 alone knows the newer one.
        return tuple(sorted([*files, *marks], key=lambda one: (one.identity not in latest, -one.at)))
