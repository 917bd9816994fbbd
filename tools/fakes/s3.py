"""S3 in memory, as far as Lightpress uses it: strong reads, conditional writes, versions and delete markers.

`SimulatedS3` answers the calls of a boto3 client with what S3 answers, so that the adapters in `lightpress.aws` run
unchanged over it. `tests/stores/cases.py` says what that is, and holds moto and the local cloud to the same.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import unquote

from tools.fakes.wire import at_once, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tools.fakes.wire import Wire

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_PAGE = 1000
_ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
_RESTORED = 'ongoing-request="false", expiry-date="Sun, 01 Jan 2090 00:00:00 GMT"'
_WANTS_CUSTOMER_KEY = (
    "The object was stored using a form of Server Side Encryption. "
    "The correct parameters must be provided to retrieve the object."
)
_RANGE = re.compile(r"bytes=(?P<first>[0-9]+)-(?P<last>[0-9]+)")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; data None is a delete marker. id: None in a bucket without versions. modified: when it
    was written.

    customer_key: whether only a key that its owner sends along opens it (SSE-C), which Lightpress never does. restored:
    whether there is a copy of what is in an archive. denied: the code that it is refused with, if it is.
    """

    id: str | None
    etag: str
    data: bytes | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    customer_key: bool = False
    storage_class: str = "STANDARD"
    restored: bool = False
    denied: str = ""
    modified: datetime = field(default=_LONG_AGO, compare=False)

    @property
    def archived(self) -> bool:
        """Whether it is in an archive, and nowhere else."""
        return self.storage_class in _ARCHIVES and not self.restored

    def __repr__(self) -> str:
        said = [f"{self.id or ''}{self.etag if self.data is not None else 'deleted'}"]
        said += ["customer_key"] if self.customer_key else []
        said += ["archived"] if self.archived else []
        said += [self.denied] if self.denied else []
        return " ".join(said)


@dataclass(slots=True)
class Bucket:
    """Keys and their versions, the newest last.

    announce: is told of every change, as S3 notifies: (event, key). Whether S3 tells of the removal of a version that
    is not there, its documentation does not say: here it does, which is the worst that can be. in_vain: how often that
    was asked for. clock: the time. counted: what the keys of objects begin with whose contents are random: their
    writes are counted here instead, so that what happens can be repeated.
    """

    versioned: bool = False
    announce: Callable[[str, str], None] = lambda _event, _key: None
    clock: Callable[[], datetime] = lambda: _LONG_AGO
    keys: dict[str, tuple[Version, ...]] = field(default_factory=dict)
    written: int = 0
    in_vain: int = 0
    counted: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def newest(self, key: str) -> Version | None:
        """What the key holds now."""
        versions = self.keys.get(key)
        return versions[-1] if versions and versions[-1].data is not None else None

    def data(self, key: str) -> bytes | None:
        """The bytes that the key holds now."""
        version = self.newest(key)
        return version.data if version else None

    def put(self, key: str, data: bytes, metadata: Mapping[str, str] | None = None, **how: Any) -> Version:  # noqa: ANN401  fields
        """how: the fields of `Version` that say how it is stored."""
        if self.counted is not None and key.startswith(self.counted):
            self.counts[key] = self.counts.get(key, 0) + 1
            data = str(self.counts[key]).encode()
        version = self._append(key, etag_of(data), data, metadata or {}, **how)
        self.announce("ObjectCreated:Put", key)
        return version

    def change(self, key: str, **how: Any) -> Version:  # noqa: ANN401  fields
        """Store the newest version in another way, with the same contents and id. S3 tells of restored copies."""
        version = replace(self.keys[key][-1], **how)
        self.keys[key] = (*self.keys[key][:-1], version)
        if how.get("restored"):
            self.announce("ObjectRestore:Completed", key)
        return version

    def delete(self, key: str) -> Version | None:
        """Leave a delete marker, or nothing where there are no versions."""
        if self.versioned:
            marker = self._append(key, "", None, {})
            self.announce("ObjectRemoved:DeleteMarkerCreated", key)
            return marker
        if self.keys.pop(key, None):
            self.announce("ObjectRemoved:Delete", key)
        return None

    def delete_version(self, key: str, version_id: str) -> None:
        """Take one version away for good; what is left decides what the key holds."""
        versions = self.keys.get(key, ())
        left = tuple(version for version in versions if version.id != version_id)
        self.in_vain += len(left) == len(versions)
        if left:
            self.keys[key] = left
        else:
            self.keys.pop(key, None)
        self.announce("ObjectRemoved:Delete", key)

    def _append(
        self,
        key: str,
        etag: str,
        data: bytes | None,
        metadata: Mapping[str, str],
        **how: Any,  # noqa: ANN401  fields
    ) -> Version:
        self.written += 1
        id_, now = f"v{self.written}" if self.versioned else None, self.clock()
        version = Version(id_, etag, data, metadata, modified=now, **how)
        self.keys[key] = (*self.keys.get(key, ()), version) if self.versioned else (version,)
        return version


@lru_cache(maxsize=4096)
def etag_of(data: bytes) -> str:
    """As S3: from the contents alone, in quotes."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


class Body:
    """The stream of an answer."""

    def __init__(self, data: bytes, etag: str) -> None:
        self._data, self._etag = data, etag

    def read(self) -> bytes:
        return self._data

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __repr__(self) -> str:
        return f"the bytes of {self._etag}"


@dataclass(slots=True)
class SimulatedS3:
    """Stands where a boto3 client does. page: keys of a page of a listing, at most."""

    buckets: dict[str, Bucket]
    wire: Wire = at_once
    page: int = _PAGE

    def head_bucket(self, *, Bucket: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            self._bucket("HeadBucket", Bucket)
            return {}

        return self.wire("HeadBucket", Bucket, effect)

    def head_object(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        IfMatch: str | None = None,
        ChecksumMode: str = "",  # noqa: ARG002  there are no checksums here
    ) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            if Bucket not in self.buckets:
                raise refusal("HeadObject", 404, "404", "Not Found")  # a HEAD has no body that could say more
            version = self._wanted("HeadObject", Bucket, Key, VersionId, IfMatch)
            return _described(version) | _storage_of(version)

        return self.wire("HeadObject", f"{Bucket}/{Key}", effect)

    def get_object(
        self,
        *,
        Bucket: str,
        Key: str,
        VersionId: str | None = None,
        IfMatch: str | None = None,
        Range: str | None = None,
    ) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            version = self._wanted("GetObject", Bucket, Key, VersionId, IfMatch)
            data = _part(version.data or b"", Range)
            answer = _described(version)
            answer["ContentLength"], answer["Body"] = len(data), Body(data, version.etag)
            answer["LastModified"] = version.modified
            return answer

        return self.wire("GetObject", f"{Bucket}/{Key}", effect)

    def put_object(  # noqa: PLR0913  by keyword
        self,
        *,
        Bucket: str,
        Key: str,
        Body: bytes = b"",
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        Metadata: Mapping[str, str] | None = None,
        SSECustomerKey: bytes | None = None,
        StorageClass: str = "STANDARD",
        **_headers: object,
    ) -> dict[str, Any]:
        how = {"customer_key": bool(SSECustomerKey), "storage_class": StorageClass}

        def effect() -> dict[str, Any]:
            self._check_may_write("PutObject", Bucket, Key, IfMatch, IfNoneMatch)
            return _named(self._bucket("PutObject", Bucket).put(Key, Body, Metadata, **how))

        return self.wire("PutObject", f"{Bucket}/{Key}", effect, changes=True)

    def copy_object(  # noqa: PLR0913  by keyword
        self,
        *,
        Bucket: str,
        Key: str,
        CopySource: Mapping[str, str] | str,
        CopySourceIfMatch: str | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
        MetadataDirective: str = "COPY",
        Metadata: Mapping[str, str] | None = None,
        **_headers: object,
    ) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            bucket, key, version_id = _source_of(CopySource)
            source = self._copied(bucket, key, version_id, CopySourceIfMatch)
            self._check_may_write("CopyObject", Bucket, Key, IfMatch, IfNoneMatch)
            metadata = source.metadata if MetadataDirective == "COPY" else Metadata
            made = self._bucket("CopyObject", Bucket).put(Key, source.data or b"", metadata)
            return {"CopyObjectResult": {"ETag": made.etag}} | ({"VersionId": made.id} if made.id else {})

        return self.wire("CopyObject", f"{Bucket}/{Key}", effect, changes=True)

    def restore_object(self, *, Bucket: str, Key: str, RestoreRequest: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002  no copy of it ever expires
        def effect() -> dict[str, Any]:
            self._bucket("RestoreObject", Bucket).change(Key, restored=True)
            return {}

        return self.wire("RestoreObject", f"{Bucket}/{Key}", effect, changes=True)

    def delete_object(
        self, *, Bucket: str, Key: str, VersionId: str | None = None, IfMatch: str | None = None
    ) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            self._check_may_write("DeleteObject", Bucket, Key, IfMatch, None)
            return self._deleted("DeleteObject", Bucket, Key, VersionId)

        return self.wire("DeleteObject", f"{Bucket}/{Key}", effect, changes=True)

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:
        """S3 promises no order and no whole: what deletes many is only shorter than many that delete one."""
        objects = [(item["Key"], item.get("VersionId")) for item in Delete["Objects"]]

        def effect() -> dict[str, Any]:
            self._bucket("DeleteObjects", Bucket)
            for key, version_id in objects:
                self._deleted("DeleteObjects", Bucket, key, version_id)
            return {} if Delete.get("Quiet") else {"Deleted": [{"Key": key} for key, _ in objects]}

        return self.wire("DeleteObjects", f"{Bucket}: {len(objects)} from {objects[0][0]}", effect, changes=True)

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        ContinuationToken: str = "",
        StartAfter: str = "",
        MaxKeys: int = _PAGE,
    ) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            bucket = self._bucket("ListObjectsV2", Bucket)
            found = sorted(key for key in bucket.keys if key.startswith(Prefix) and bucket.newest(key))
            found = [key for key in found if key > max(ContinuationToken, StartAfter)]
            page = [
                {"Key": key, "ETag": _etag(bucket, key), "Size": _size(bucket, key), "LastModified": _LONG_AGO}
                for key in found[: min(MaxKeys, self.page)]
            ]
            more = len(found) > len(page)
            return (
                {"KeyCount": len(page), "IsTruncated": more}
                | ({"Contents": page} if page else {})
                | ({"NextContinuationToken": page[-1]["Key"]} if more else {})
            )

        return self.wire("ListObjectsV2", f"{Bucket}/{Prefix}", effect)

    def list_object_versions(self, *, Bucket: str, Prefix: str = "", MaxKeys: int = _PAGE) -> dict[str, Any]:
        """In the order of keys, the newest version of each first; pages after the first one are not asked for."""

        def effect() -> dict[str, Any]:
            bucket = self._bucket("ListObjectVersions", Bucket)
            found = [
                {"Key": key, "VersionId": version.id or "null", "IsLatest": version is bucket.keys[key][-1]}
                | ({} if version.data is None else {"ETag": version.etag, "Size": len(version.data)})
                for key in sorted(bucket.keys)
                if key.startswith(Prefix)
                for version in reversed(bucket.keys[key])
            ]
            page = found[:MaxKeys]
            kinds = {"Versions": [one for one in page if "ETag" in one]}
            kinds["DeleteMarkers"] = [one for one in page if "ETag" not in one]
            return {"IsTruncated": len(found) > MaxKeys} | {kind: some for kind, some in kinds.items() if some}

        return self.wire("ListObjectVersions", f"{Bucket}/{Prefix}", effect)

    def get_paginator(self, operation: str) -> _Pages:
        return _Pages(self, operation)

    def _bucket(self, operation: str, name: str) -> Bucket:
        if name not in self.buckets:
            raise refusal(operation, 404, "404" if operation == "HeadBucket" else "NoSuchBucket")
        return self.buckets[name]

    def _wanted(self, operation: str, bucket: str, key: str, version_id: str | None, if_match: str | None) -> Version:
        """The version that is asked for; raises what S3 says where it is not there or not as expected."""
        held = self._bucket(operation, bucket)
        version = held.newest(key)
        if version_id is not None:
            version = next((one for one in held.keys.get(key, ()) if one.id == version_id), None)
            if version is None:
                _missing(operation, "NoSuchVersion")
            if version.data is None:
                raise refusal(operation, 405, "405" if operation == "HeadObject" else "MethodNotAllowed")
        if version is None:
            _missing(operation, "NoSuchKey")
        _check_may_read(operation, version)
        if if_match is not None and if_match != version.etag:
            raise refusal(operation, 412, "412" if operation == "HeadObject" else "PreconditionFailed")
        return version

    def _copied(self, bucket: str, key: str, version_id: str | None, if_match: str | None) -> Version:
        held = self._bucket("CopyObject", bucket)
        if version_id is not None and any(one.id == version_id and one.data is None for one in held.keys.get(key, ())):
            raise refusal("CopyObject", 400, "InvalidRequest", "The source of a copy may not refer to a delete marker.")
        return self._wanted("CopyObject", bucket, key, version_id, if_match)

    def _check_may_write(
        self, operation: str, bucket: str, key: str, if_match: str | None, if_none_match: str | None
    ) -> None:
        present = self._bucket(operation, bucket).newest(key)
        if if_match is not None and present is None:
            _missing(operation, "NoSuchKey")
        if (if_match is not None and present and present.etag != if_match) or (if_none_match == "*" and present):
            raise refusal(operation, 412, "PreconditionFailed")

    def _deleted(self, operation: str, bucket: str, key: str, version_id: str | None) -> dict[str, Any]:
        held = self._bucket(operation, bucket)
        if version_id is not None:
            held.delete_version(key, version_id)
            return {"VersionId": version_id}
        marker = held.delete(key)
        return {"DeleteMarker": True, "VersionId": marker.id} if marker else {}


@dataclass(slots=True)
class _Pages:
    s3: SimulatedS3
    operation: str

    def paginate(self, *, Bucket: str, Prefix: str = "") -> Iterator[dict[str, Any]]:
        if self.operation == "list_object_versions":
            yield self.s3.list_object_versions(Bucket=Bucket, Prefix=Prefix)
            return
        assert self.operation == "list_objects_v2", self.operation
        token = ""
        while True:
            page = self.s3.list_objects_v2(Bucket=Bucket, Prefix=Prefix, ContinuationToken=token)
            yield page
            if not page["IsTruncated"]:
                return
            token = page["NextContinuationToken"]


def _named(version: Version) -> dict[str, Any]:
    return {"ETag": version.etag} | ({"VersionId": version.id} if version.id else {})


def _described(version: Version) -> dict[str, Any]:
    answer = {"ETag": version.etag, "ContentLength": len(version.data or b""), "Metadata": dict(version.metadata)}
    if version.id:
        answer["VersionId"] = version.id
    return answer


def _storage_of(version: Version) -> dict[str, Any]:
    if version.storage_class == "STANDARD":
        return {}
    return {"StorageClass": version.storage_class} | ({"Restore": _RESTORED} if version.restored else {})


def _check_may_read(operation: str, version: Version) -> None:
    """Raise what S3 says where a version is there and cannot be read."""
    is_head = operation == "HeadObject"
    if version.denied and not (is_head and version.denied.startswith("KMS.")):
        is_of_a_key = version.denied.startswith("KMS.")
        raise refusal(operation, 400 if is_of_a_key else 403, "403" if is_head else version.denied)
    if version.customer_key:
        raise refusal(operation, 400, "400" if is_head else "InvalidRequest", "" if is_head else _WANTS_CUSTOMER_KEY)
    if version.archived and not is_head:
        copying = operation == "CopyObject"
        raise refusal(operation, 403, "ObjectNotInActiveTierError" if copying else "InvalidObjectState")


def _part(data: bytes, range_: str | None) -> bytes:
    """The bytes that are asked for; raises what S3 says where the first of them is not there."""
    found = _RANGE.fullmatch(range_ or "")
    if found is None:
        return data
    if int(found["first"]) >= len(data):
        raise refusal("GetObject", 416, "InvalidRange", "The requested range is not satisfiable")
    return data[int(found["first"]) : int(found["last"]) + 1]


def _missing(operation: str, code: str) -> NoReturn:
    raise refusal(operation, 404, "404" if operation == "HeadObject" else code, "Not Found")


def _source_of(source: Mapping[str, str] | str) -> tuple[str, str, str | None]:
    """Bucket, key and version of a CopySource, in either of its two spellings."""
    if not isinstance(source, str):
        return source["Bucket"], source["Key"], source.get("VersionId")
    path, _, version_id = source.partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, version_id or None


def _etag(bucket: Bucket, key: str) -> str:
    version = bucket.newest(key)
    return version.etag if version else ""


def _size(bucket: Bucket, key: str) -> int:
    return len(bucket.data(key) or b"")
