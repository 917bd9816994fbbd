"""A source is a key of the uploads bucket: a place to look at, not what was there when somebody spoke of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.image.errors import Reason


@dataclass(frozen=True, slots=True)
class Cause:
    """Why somebody looks: the request that changed a source, as S3 numbered it, or else the message that speaks of it.

    id: stands in every log line about it, whichever function writes the line. at: seconds since 1970; 0 is unknown.
    """

    id: str
    at: float = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look for an original.

    Attributes:
        bucket: its name.
        key: decoded, exactly as S3 stores it.
        under: what the key is published under; empty for the uploads bucket (`pipeline.buckets`).
        cause: why it is looked at, for logs; no part of what the source is.
    """

    bucket: str
    key: str
    under: str = ""
    cause: Cause | None = field(default=None, compare=False, repr=False)

    def because(self, cause: Cause) -> Source:
        """The same, with a cause if it had none."""
        return self if self.cause else Source(self.bucket, self.key, self.under, cause)

    @property
    def name(self) -> str:
        """What it is published as: no two sources share one."""
        return self.under + self.key


@dataclass(frozen=True, slots=True)
class Lying:
    """One version that lies under a key, or a delete marker. version: its id, "null" in a bucket without versions."""

    version: str
    is_marker: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """Why an original that is there cannot be read. reason: one of `image.UNREADABLE`; detail: what to do about it."""

    reason: Reason
    detail: str


FOCUS = "focus"
"""The name of the user metadata (`x-amz-meta-focus`) that says where the subject of a picture is, such as `0.4,0.2`."""

FOCUS_PATTERN = r"(?:0(?:\.[0-9]{1,4})?|1(?:\.0{1,4})?),(?:0(?:\.[0-9]{1,4})?|1(?:\.0{1,4})?)"


TAKEN_BACK = "none"
"""What people say instead of a point to take a correction back."""


def point_in(said: str) -> tuple[float, float]:
    """The point in a text that `FOCUS_PATTERN` matches."""
    across, down = said.split(",")
    return float(across), float(down)


def focus_in(metadata: Mapping[str, str]) -> tuple[float, float] | None:
    """The point that user metadata says; None where they say none, or what is none."""
    said = metadata.get(FOCUS, "").replace(" ", "")
    if not re.fullmatch(FOCUS_PATTERN, said):
        return None
    return point_in(said)


@dataclass(frozen=True, slots=True)
class Original:
    """What a source holds now.

    Attributes:
        identity: the version id, which differs whenever the contents are written anew; in a bucket without versions
            the ETag.
        etag: of these bytes, to read exactly them.
        size: in bytes.
        closed: why they cannot be read, where a look tells it; a KMS key that denies reading alone is not told.
        focus: the point of the picture to keep, as shares of width and height, where who uploaded it says one.
    """

    identity: str
    etag: str
    size: int
    closed: Closed | None = None
    focus: tuple[float, float] | None = None
