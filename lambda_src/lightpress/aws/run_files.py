"""The files of a run in a bucket, and listings of buckets by the page."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.aws.errors import on_condition
from lightpress.aws.images import S3Images
from lightpress.backfill.ports import Listed, Page
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client


_STANDARD = "STANDARD"


@dataclass(frozen=True, slots=True)
class S3Files:
    """Small objects of one bucket."""

    s3: S3Client
    bucket: str

    def get(self, path: str) -> bytes | None:
        """GET."""
        return S3Images(self.s3, self.bucket).file_at(path)

    def put(self, path: str, data: bytes, media_type: str) -> None:
        """PUT."""
        self._put(path, data, media_type)

    def put_new(self, path: str, data: bytes, media_type: str) -> None:
        """PUT with `If-None-Match: *`."""
        with suppress(PreconditionFailed), on_condition():
            self._put(path, data, media_type, IfNoneMatch="*")

    def _put(self, path: str, data: bytes, media_type: str, **condition: Any) -> None:  # noqa: ANN401  as boto3 takes it
        about: Any = {"ContentType": media_type, "CacheControl": "no-store"}
        self.s3.put_object(Bucket=self.bucket, Key=path, Body=data, **about, **condition)


@dataclass(frozen=True, slots=True)
class S3Lister:
    """One request for a page of a thousand."""

    s3: S3Client

    def page(self, bucket: str, prefix: str, after: str, *, deletions: bool) -> Page:
        """ListObjectsV2; or ListObjectVersions, which alone tells what is deleted, at the same price for a page."""
        if deletions:
            return self._versions(bucket, prefix, after)
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, StartAfter=after)
        items = [_listed(item) for item in found.get("Contents", [])]
        return Page(items, items[-1].key if found["IsTruncated"] and items else "")

    def _versions(self, bucket: str, prefix: str, after: str) -> Page:
        """Of each key, the newest version comes first: that a page ends among older ones does not matter.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
        """
        marker: Any = {"KeyMarker": after} if after else {}
        found = self.s3.list_object_versions(Bucket=bucket, Prefix=prefix, **marker)
        items = sorted(_newest(found), key=lambda item: item.key)
        last = max((row["Key"] for row in _rows(found)), default="")
        return Page(items, last if found["IsTruncated"] else "")


def _listed(row: Mapping[str, Any]) -> Listed:
    """Of an object, or of a version."""
    storage = row.get("StorageClass", _STANDARD)
    return Listed(row["Key"], row["LastModified"].timestamp(), size=row["Size"], storage=storage)


def _rows(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from found.get("Versions", [])
    yield from found.get("DeleteMarkers", [])


def _newest(found: Mapping[str, Any]) -> Iterator[Listed]:
    for row in found.get("Versions", []):
        if row["IsLatest"]:
            yield _listed(row)
    for row in found.get("DeleteMarkers", []):
        if row["IsLatest"]:
            yield Listed(row["Key"], row["LastModified"].timestamp(), deleted=True)
