"""The images bucket on S3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from lightpress.aws.errors import check_all_deleted, is_gone, on_condition
from lightpress.pipeline.file_names import content_disposition
from lightpress.pipeline.manifest import manifest_from_json
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.ports import Published

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

    from lightpress.pipeline.manifest import Manifest

_A_YEAR = "public, max-age=31536000, immutable"
_MOST_DELETED_AT_ONCE = 1000


class Found(NamedTuple):
    """An object as it was found.

    Attributes:
        data: Its bytes.
        etag: To replace exactly it.
        modified: When it was written, in seconds since 1970.
    """

    data: bytes
    etag: str
    modified: float


@dataclass(frozen=True, slots=True)
class S3Images:
    """Keeps variants and manifests in one bucket."""

    s3: S3Client
    bucket: str

    def published(self, key: str) -> Published | None:
        """GET the manifest; it and its ETag come in one answer. One that was erased names its key here all the same."""
        found = self.published_at(manifest_path(key))
        if found is None or found.manifest.key:
            return found
        return replace(found, manifest=replace(found.manifest, key=key))

    def published_at(self, path: str) -> Published | None:
        """GET the manifest at a path, for who knows no key."""
        found = self.found_at(path)
        return Published(manifest_from_json(found.data), found.etag, found.modified) if found else None

    def file_at(self, path: str) -> bytes | None:
        """GET a variant, or any other file of the bucket; None if it is not there."""
        found = self.found_at(path)
        return found.data if found else None

    def found_at(self, path: str) -> Found | None:
        """GET an object with its ETag; None if it is not there."""
        try:
            response = self.s3.get_object(Bucket=self.bucket, Key=path)
        except ClientError as error:
            if is_gone(error):
                return None
            raise
        with response["Body"] as body:
            return Found(body.read(), response["ETag"], response["LastModified"].timestamp())

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        """PUT with If-Match, or If-None-Match where there is none yet."""
        self.publish_at(manifest_path(manifest.key), manifest, replacing)

    def publish_at(self, path: str, manifest: Manifest, replacing: Published | None) -> None:
        """The same at a path, for a manifest that names no key."""
        condition = {"IfMatch": replacing.etag} if replacing else {"IfNoneMatch": "*"}
        with on_condition():
            self.s3.put_object(
                Bucket=self.bucket,
                Key=path,
                Body=manifest.to_json(),
                ContentType="application/json",
                CacheControl="no-store",
                **condition,  # type: ignore[arg-type]
            )

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        """PUT, to be cached for a year: what lies under a path never changes."""
        self._put(path, data, media_type, name)

    def write_new(self, path: str, data: bytes, media_type: str, name: str) -> None:
        """PUT with If-None-Match: the first who writes a variant is the only one."""
        with on_condition():
            self._put(path, data, media_type, name, IfNoneMatch="*")

    def _put(self, path: str, data: bytes, media_type: str, name: str, **condition: Any) -> None:  # noqa: ANN401  as boto3 takes it
        self.s3.put_object(
            Bucket=self.bucket,
            Key=path,
            Body=data,
            ContentType=media_type,
            ContentDisposition=content_disposition(name),
            CacheControl=_A_YEAR,
            **condition,
        )

    def paths(self, folder: str) -> Iterator[str]:
        """ListObjectsV2: the keys of a folder, page by page."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder):
            for item in page.get("Contents", []):
                yield item["Key"]

    def remove(self, paths: Iterable[str]) -> None:
        """DELETE, a thousand at a time; raises if any was refused."""
        keys: list[ObjectIdentifierTypeDef] = [{"Key": path} for path in paths]
        for start in range(0, len(keys), _MOST_DELETED_AT_ONCE):
            some = keys[start : start + _MOST_DELETED_AT_ONCE]
            answer = self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": some, "Quiet": True})
            check_all_deleted(answer)
