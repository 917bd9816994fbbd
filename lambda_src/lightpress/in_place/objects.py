"""An object of an existing bucket: its state, what forbids to replace it, and the mark of a replaced one.

`aws.objects` reads and writes objects; `compress` decides what happens to them.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Obstacle(StrEnum):
    """Why an object may not be replaced."""

    LOCKED = "locked"
    CHECKSUM = "checksum"
    ENCODED = "encoded"
    ARCHIVED = "archived"
    CUSTOMER_KEY = "customer_key"
    REPLICA = "replica"
    METADATA = "metadata"
    ACL = "acl"


MESSAGES = {
    Obstacle.LOCKED: "It is under a legal hold or a retention period (Object Lock).",
    Obstacle.CHECKSUM: "Its uploader stored a checksum that no SDK adds by default: another program may compare it.",
    Obstacle.ENCODED: "Its bytes have a Content-Encoding: they are not the bytes of an image file.",
    Obstacle.ARCHIVED: "It is in an archive: reading it takes hours or a fee, and writing it anew another.",
    Obstacle.CUSTOMER_KEY: "It is encrypted with a key that its owner sends along with each request.",
    Obstacle.REPLICA: "It is a copy that another bucket keeps up to date.",
    Obstacle.METADATA: "Its metadata cannot be read and written back as it is, or has no room for a mark.",
    Obstacle.ACL: "Its bucket uses access control lists, and the option `acls` does not say to carry them over.",
}


@dataclass(frozen=True, slots=True)
class CompressionMark:
    """The mark that a replaced object carries. It is bound to the object's bytes: on other bytes it is ignored.

    Attributes:
        digest: Of the options that made the object (`image.CompressionOptions.digest`).
        lossy: Whether pixels may have changed, by these options or by others before.

    """

    digest: str
    lossy: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A mark of which the object's headers do not tell whether it is on these bytes, as after a copy in parts.

    Attributes:
        mark: The mark, written for as many bytes as these are.
        crc32: The CRC-32 of the bytes that it was written for, as S3 writes it.

    """

    mark: CompressionMark
    crc32: str

    def is_on(self, data: bytes) -> bool:
        """Whether these are the bytes."""
        return crc32_of(data) == self.crc32


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What a key holds. Two states are equal if the object was not written in between.

    Attributes:
        etag: Of the object's bytes.
        size: In bytes.
        version: Version id; None in a bucket without versioning.
        written: Last modified, in seconds since 1970.
        mark: The mark of an earlier replacement, if it is valid for these bytes.
        claim: A mark that may be valid for them; None where there is none, or `mark` is.
        obstacle: Why the object may not be replaced; None if it may.
        tags: Number of object tags.
        kept: Headers that a replacement must carry over, as arguments of PutObject.

    """

    etag: str
    size: int
    version: str | None = None
    written: float = 0.0
    mark: CompressionMark | None = None
    claim: Claim | None = None
    obstacle: Obstacle | None = None
    tags: int = 0
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The result of the last compression of a key.

    Attributes:
        etag: Of the bytes that were compressed.
        digest: Of the options they were compressed with (`buckets.InPlace.digest`).
        times: How often these bytes were replaced; 0: no smaller file was found, and `note` says why.
        before: Size in bytes.
        after: Size of the replacement in bytes; 0 if there is none.
        note: Why there is no replacement.
        version: Id of the version that still holds the replaced bytes, in a bucket with versioning.
        contents: 32 hex digits of the SHA-256 of the bytes that were compressed: under a key of KMS, the same bytes
            have another ETag each time that they are put. Empty where they were not read, or by an older release.

    """

    etag: str
    digest: str
    times: int = 0
    before: int = 0
    after: int = 0
    note: str | None = None
    version: str | None = None
    contents: str = ""

    def is_conclusive_for(self, state: ObjectState, digest: str) -> bool:
        """Whether these options are known to make no smaller file of these bytes."""
        return (self.etag, self.digest, self.times) == (state.etag, digest, 0)


def crc32_of(data: bytes) -> str:
    """The CRC-32 as S3 writes it."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
