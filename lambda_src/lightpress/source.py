"""A source is a key of the uploads bucket: a place to look at, not what was there when somebody spoke of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where to look: a bucket and a key, decoded, exactly as S3 stores it.

    under: what the key is published under; empty for the uploads bucket (`lightpress.buckets`).
    """

    bucket: str
    key: str
    under: str = ""

    @property
    def name(self) -> str:
        """What it is published as: no two sources share one."""
        return self.under + self.key


@dataclass(frozen=True, slots=True)
class Original:
    """What a source holds now.

    identity: differs whenever the contents were written anew (the version id, or the ETag in a bucket without
    versions). etag: of these bytes, to read exactly them. size: bytes.
    """

    identity: str
    etag: str
    size: int
