"""An object of a bucket that somebody else owns: what it holds, what must stay, and what says that it is done.

`aws.existing` reads and writes it; `compress` decides.
"""

from __future__ import annotations

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
    Obstacle.LOCKED: "It is under a legal hold or a retention period: its owner wants it as it is.",
    Obstacle.CHECKSUM: "Its uploader declared a checksum that no SDK adds by itself: somebody may compare.",
    Obstacle.ENCODED: "Its bytes are encoded (Content-Encoding), so they are not the picture's own.",
    Obstacle.ARCHIVED: "It is in an archive: reading it takes hours or a fee, and writing it anew another.",
    Obstacle.CUSTOMER_KEY: "It is encrypted with a key that its owner sends along with each request.",
    Obstacle.REPLICA: "It is a copy that another bucket keeps up to date.",
    Obstacle.METADATA: "Its metadata cannot be read and written back as it is, or has no room for a mark.",
    Obstacle.ACL: "Its bucket uses access control lists, and the option `acls` does not say to carry them over.",
}


@dataclass(frozen=True, slots=True)
class CompressionMark:
    """The mark of a replaced object, bound to its bytes: on other bytes it counts as none.

    digest: of the options that made it (`image.CompressionOptions`). lossy: whether pixels may have changed.
    """

    digest: str
    lossy: bool = False


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What a key holds.

    etag: of the bytes. size: how many. version: its id, in a bucket that keeps versions. written: when, in seconds
    since 1970. tags: how many. kept: what it is stored with, in the words of its store. Equal, if nothing has happened
    in between.
    """

    etag: str
    size: int
    version: str | None = None
    written: float = 0.0
    seal: CompressionMark | None = None
    obstacle: Obstacle | None = None
    tags: int = 0
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of some contents, the last that a key was seen with.

    etag, digest: the contents, and the options they were tried with. times: how often these contents were replaced; 0:
    there is nothing smaller, and `note` says why. before, after: bytes. version: what holds the contents since, in a
    bucket that keeps versions.
    """

    etag: str
    digest: str
    times: int = 0
    before: int = 0
    after: int = 0
    note: str | None = None
    version: str | None = None

    def settles(self, held: ObjectState, digest: str) -> bool:
        """Whether it is known that these options make nothing smaller of these contents."""
        return (self.etag, self.digest, self.times) == (held.etag, digest, 0)
