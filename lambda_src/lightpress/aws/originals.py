"""The uploads bucket on S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.aws.errors import is_gone, on_condition, status
from lightpress.aws.unreadable import closed_by, closed_by_archive, is_refusal, why_closed
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.pipeline.source import FOCUS, Lying, Original, focus_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Closed, Source

_NO_VERSION = "null"
_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class S3Originals:
    """Reads originals, and takes versions away where a recipe says so; may not write."""

    s3: S3Client

    def head(self, source: Source) -> Original | None:
        """HEAD. Without s3:ListBucket a missing key would be a 403 here, which is a fault and no answer."""
        try:
            head = self.s3.head_object(Bucket=source.bucket, Key=source.key)
        except ClientError as error:
            if is_gone(error):
                self.s3.head_bucket(Bucket=source.bucket)  # a HEAD does not say what is missing; the bucket is a fault
                return None
            if is_refusal(error):
                return self._kept_from_us(source)
            raise
        return _original(head, head["ContentLength"], closed_by_archive(head))

    def _kept_from_us(self, source: Source) -> Original | None:
        """LIST VERSIONS, which tells which one it is without a look at it, and GET, whose error has a body.

        A fault of ours, such as a token that has expired, is one here, too.
        """
        newest = _newest(self.s3, source)
        if newest is None:
            return None
        closed = why_closed(self.s3, source, newest["ETag"])
        if closed is None:
            raise PreconditionFailed  # it can be read by now, or is another one
        return _original(newest, newest["Size"], closed)

    def identity_of(self, source: Source, called: str) -> str | None:
        """HEAD; where that does not show this version, LIST VERSIONS, which needs no right to look at it.

        A list does not tell the focus of an upload: what is below another version, or may not be looked at, is what the
        caller calls it, if it has that ETag.
        """
        try:
            head = self.s3.head_object(Bucket=source.bucket, Key=source.key)
        except ClientError as error:
            if not (is_gone(error) or is_refusal(error)):
                raise
        else:
            seen = _original(head, head["ContentLength"], None).identity
            if called in {seen, _contents_in(seen)}:
                return seen
        return called if any(_is_called(version, called) for version in _versions(self.s3, source)) else None

    def read(self, source: Source, original: Original) -> bytes:
        """GET with If-Match: another version with the same ETag has the same bytes."""
        if original.closed is not None:
            raise Unreadable(original.closed)
        return read_as_seen(self.s3, source, original.etag)

    def newest(self, source: Source) -> tuple[Lying, ...]:
        """LIST VERSIONS: of all that begin with the key, its own come first, the newest of them before the others."""
        found = self.s3.list_object_versions(Bucket=source.bucket, Prefix=source.key, MaxKeys=2)
        versions: list[Mapping[str, Any]] = [*found.get("Versions", [])]
        markers: list[Mapping[str, Any]] = [*found.get("DeleteMarkers", [])]
        rows = [(row, False) for row in versions] + [(row, True) for row in markers]
        of_key = [(row, is_marker) for row, is_marker in rows if row["Key"] == source.key]
        of_key.sort(key=lambda pair: not pair[0]["IsLatest"])
        return tuple(Lying(row["VersionId"], is_marker) for row, is_marker in of_key)

    def holds(self, source: Source, version: str) -> bool:
        """LIST VERSIONS, which needs no right to look at any of them."""
        return any(one["VersionId"] == version for one in _versions(self.s3, source))

    def remove(self, source: Source, version: str) -> bool:
        """DELETE with the version's id: what was written since is another version, which nobody can hit so."""
        try:
            self.s3.delete_object(Bucket=source.bucket, Key=source.key, VersionId=version)
        except ClientError as error:
            if status(error) == _FORBIDDEN:
                return False
            raise
        return True


def _original(told: Mapping[str, Any], size: int, closed: Closed | None) -> Original:
    """Of what HEAD, or a list of versions, tells."""
    version, focus = told.get("VersionId", _NO_VERSION), focus_in(told.get("Metadata", {}))
    identity = _of_contents(told["ETag"], focus) if version == _NO_VERSION else version
    return Original(identity, told["ETag"], size, closed, focus)


def _of_contents(etag: str, focus: tuple[float, float] | None) -> str:
    """What tells one upload from the next where there are no versions; another focus makes other variants."""
    contents = etag.strip('"')
    return f"{contents} {FOCUS}={focus[0]:g},{focus[1]:g}" if focus else contents


def _contents_in(identity: str) -> str:
    """The ETag alone, which is all that others know of an upload with a focus."""
    return identity.partition(" ")[0]


def _is_called(listed: Mapping[str, Any], identity: str) -> bool:
    """Whether a version in a list is the one with this identity; a list does not tell the focus of an upload."""
    if listed["VersionId"] != _NO_VERSION:
        return bool(listed["VersionId"] == identity)
    return bool(listed["ETag"].strip('"') == _contents_in(identity))


def _versions(s3: S3Client, source: Source) -> Iterator[Mapping[str, Any]]:
    """All versions of a key. Of all keys that begin with it, it comes first, so most lists end with the first page."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=source.bucket, Prefix=source.key):
        rows = page.get("Versions", [])
        yield from (one for one in rows if one["Key"] == source.key)
        if any(row["Key"] != source.key for row in (*rows, *page.get("DeleteMarkers", []))):
            return


def _newest(s3: S3Client, source: Source) -> Mapping[str, Any] | None:
    """The newest version; None if there is none, or a delete marker. Of all that begin with the key, it comes first.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
    """
    found = s3.list_object_versions(Bucket=source.bucket, Prefix=source.key, MaxKeys=1)
    versions = (one for one in found.get("Versions", []) if one["Key"] == source.key and one["IsLatest"])
    return next(versions, None)


def read_as_seen(s3: S3Client, source: Source, etag: str) -> bytes:
    """GET with If-Match: the bytes that have this ETag; raises PreconditionFailed if the object has another by now."""
    try:
        with on_condition():
            response = s3.get_object(Bucket=source.bucket, Key=source.key, IfMatch=etag)
    except ClientError as error:
        if closed := closed_by(error):
            raise Unreadable(closed) from error
        raise
    with response["Body"] as body:
        return body.read()  # raises if the connection ends early: a short read is never taken for the file


def is_there(s3: S3Client, bucket: str, key: str) -> bool:
    """LIST, for who may see names and not what is under them: of all that begin with the key, it comes first."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return [item["Key"] for item in found.get("Contents", [])] == [key]
