"""An existing bucket on S3, whose objects are replaced with everything that they were stored with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from lightpress.aws.errors import find_object, on_condition, wants_customer_key
from lightpress.aws.originals import read_as_seen
from lightpress.aws.unreadable import archive_of
from lightpress.in_place.objects import Claim, CompressionMark, ObjectState, Obstacle, crc32_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Source

_NO_CONTROLS = "OwnershipControlsNotFoundError"
_NO_VERSIONS = (None, "null")

SEAL = "lightpress"
"""The name of the seal in the user metadata (`x-amz-meta-lightpress`)."""

_SEAL = re.compile(r"(?P<digest>[0-9a-f]{12}) (?P<mode>lossless|lossy) (?P<size>[0-9]+) (?P<crc32>\S{8})")
_MOST_METADATA = 2048  # bytes, names and values together
_ROOM_FOR_SEAL = len(SEAL) + 48
_INSTANT = "GLACIER_IR"  # an archive, too, where each reading has its fee
# SDKs add one of these to every upload by themselves; any other was somebody's wish.
_CHECKSUMS_OF_SDKS = {"ChecksumCRC32", "ChecksumCRC64NVME", "ChecksumType"}
_LOCKS = ("ObjectLockMode", "ObjectLockLegalHoldStatus", "ObjectLockEventHold")
# What HEAD tells and PUT takes in the same words.
_CARRIED = (
    "BucketKeyEnabled",
    "CacheControl",
    "ContentDisposition",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "SSEKMSKeyId",
    "ServerSideEncryption",
    "StorageClass",
    "WebsiteRedirectLocation",
)
_GRANTS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}


@dataclass(frozen=True, slots=True)
class S3Objects:
    """Reads and replaces objects. acls: buckets whose objects have access control lists to be carried over."""

    s3: S3Client
    acls: frozenset[str] = frozenset()
    _uses_acls: dict[str, bool] = field(default_factory=dict)

    def head(self, source: Source) -> ObjectState | None:
        """HEAD, with the checksum that binds the seal."""
        try:
            head = find_object(self.s3, source.bucket, source.key, ChecksumMode="ENABLED")
        except ClientError as error:
            if wants_customer_key(error):
                return ObjectState("", 0, obstacle=Obstacle.CUSTOMER_KEY)
            raise
        if head is None:
            return None
        version, claim = head.get("VersionId"), _claim(head)
        # A copy that was made in parts has another checksum, or none.
        is_bound = claim is not None and claim.crc32 == head.get("ChecksumCRC32")
        return ObjectState(
            etag=head["ETag"],
            size=head["ContentLength"],
            version=None if version in _NO_VERSIONS else version,
            written=head["LastModified"].timestamp(),
            mark=claim.mark if claim and is_bound else None,
            claim=None if is_bound else claim,
            obstacle=_obstacle(head) or self._acl_obstacle(source.bucket),
            tags=_tag_count(head),
            kept=_kept(head),
        )

    def read(self, source: Source, state: ObjectState) -> bytes:
        """GET with If-Match; raises PreconditionFailed if the object has another ETag by now."""
        return read_as_seen(self.s3, source, state.etag)

    def replace(self, source: Source, state: ObjectState, data: bytes, mark: CompressionMark) -> None:
        """PUT with If-Match, all in one request; tags and grants are read right before, only where there are any."""
        metadata = {**state.kept["Metadata"], SEAL: _written(mark, data)}
        with on_condition():
            carried = self._tags(source, state) | self._grants(source)
            self.s3.put_object(
                Bucket=source.bucket,
                Key=source.key,
                Body=data,
                IfMatch=state.etag,
                ChecksumAlgorithm="CRC32",
                **dict(state.kept) | {"Metadata": metadata} | carried,
            )

    def _tags(self, source: Source, state: ObjectState) -> dict[str, str]:
        if not state.tags:
            return {}
        found = self.s3.get_object_tagging(Bucket=source.bucket, Key=source.key)["TagSet"]
        return {"Tagging": urlencode([(tag["Key"], tag["Value"]) for tag in found])}

    def _grants(self, source: Source) -> dict[str, str]:
        """The object's access control list in the words of PUT."""
        if not self._has_acls(source.bucket):
            return {}
        grants: dict[str, list[str]] = {}
        for grant in self.s3.get_object_acl(Bucket=source.bucket, Key=source.key)["Grants"]:
            to = grant["Grantee"]
            who = f'uri="{to["URI"]}"' if "URI" in to else f'id="{to["ID"]}"'
            grants.setdefault(_GRANTS[grant["Permission"]], []).append(who)
        return {name: ", ".join(who) for name, who in grants.items()}

    def _acl_obstacle(self, bucket: str) -> Obstacle | None:
        return Obstacle.ACL if self._has_acls(bucket) and bucket not in self.acls else None

    def _has_acls(self, bucket: str) -> bool:
        """Whether the bucket's objects have access control lists; asked once for each bucket."""
        if bucket not in self._uses_acls:
            self._uses_acls[bucket] = self._ownership(bucket) != "BucketOwnerEnforced"
        return self._uses_acls[bucket]

    def _ownership(self, bucket: str) -> str:
        try:
            controls = self.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        except ClientError as error:
            if error.response["Error"]["Code"] == _NO_CONTROLS:  # a bucket from before there were any
                return "ObjectWriter"
            raise
        return controls["Rules"][0]["ObjectOwnership"]


def _obstacle(head: Mapping[str, Any]) -> Obstacle | None:
    return next((obstacle for obstacle, stands in _OBSTACLES if stands(head)), None)


def _is_locked(head: Mapping[str, Any]) -> bool:
    return any(head.get(lock) not in {None, "OFF", False} for lock in _LOCKS)


def _is_archived(head: Mapping[str, Any]) -> bool:
    return head.get("StorageClass") == _INSTANT or archive_of(head) is not None


def _has_own_checksum(head: Mapping[str, Any]) -> bool:
    return any(name.startswith("Checksum") and name not in _CHECKSUMS_OF_SDKS for name in head)


def _has_odd_metadata(head: Mapping[str, Any]) -> bool:
    """Whether what HEAD tells could not be told to PUT: letters that no header can hold come in a code of their own."""
    metadata: Mapping[str, str] = head.get("Metadata", {})
    odd_date = head.get("ExpiresString") and not head.get("Expires")
    encoded = any("=?" in value for value in metadata.values())
    return bool(head.get("MissingMeta") or odd_date or encoded) or _is_full(metadata)


def _is_full(metadata: Mapping[str, str]) -> bool:
    others = {name: value for name, value in metadata.items() if name != SEAL}
    return sum(len(name) + len(value) for name, value in others.items()) + _ROOM_FOR_SEAL > _MOST_METADATA


_OBSTACLES: tuple[tuple[Obstacle, Callable[[Mapping[str, Any]], bool]], ...] = (
    (Obstacle.LOCKED, _is_locked),
    (Obstacle.ARCHIVED, _is_archived),
    (Obstacle.CHECKSUM, _has_own_checksum),
    (Obstacle.ENCODED, lambda head: bool(head.get("ContentEncoding"))),
    (Obstacle.REPLICA, lambda head: head.get("ReplicationStatus") == "REPLICA"),
    (Obstacle.METADATA, _has_odd_metadata),
)


def _kept(head: Mapping[str, Any]) -> dict[str, Any]:
    """What PUT is told so that the object stays what it is."""
    kept = {name: head[name] for name in _CARRIED if head.get(name) is not None}
    return {**kept, "Metadata": head.get("Metadata", {})}


def _written(mark: CompressionMark, data: bytes) -> str:
    mode = "lossy" if mark.lossy else "lossless"
    return f"{mark.digest} {mode} {len(data)} {crc32_of(data)}"


def _tag_count(head: Mapping[str, Any]) -> int:
    """How many tags an object has: by the header, for which an older botocore of Lambda has no name."""
    headers = head.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return int(head.get("TagCount", headers.get("x-amz-tagging-count", 0)))


def _claim(head: Mapping[str, Any]) -> Claim | None:
    """The seal, if it is of as many bytes: programs that synchronise put new bytes under old metadata."""
    found = _SEAL.fullmatch(head.get("Metadata", {}).get(SEAL, ""))
    if found is None or found["size"] != str(head["ContentLength"]):
        return None
    return Claim(CompressionMark(found["digest"], found["mode"] == "lossy"), found["crc32"])
