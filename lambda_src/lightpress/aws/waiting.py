"""How long pictures have waited for their reviewers, by the list of what waits."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.pipeline.gate import HELD, end_of_entry, entry_of, revision_of_entry
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import manifest_path_for
from lightpress.pipeline.reviewing import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from lightpress.backfill.at_once import AtOnce
    from lightpress.pipeline.manifest import Manifest

MOST_PAGES = 50
"""Of 1,000 entries: what waits beyond is not looked at, whatever it costs."""
MOST_LOOKED_AT = 1000
"""So many entries are looked at in an hour to measure, and so many for what is overdue. Dead ones are removed."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class S3Waiting:
    """The list in the images bucket.

    An entry is dead once its manifest has its revision, or a later one, and is not held by it: nobody can publish that
    revision any more. Whoever loses a race, or dies between two writes, leaves one. It is removed when it is met here.

    Attributes:
        s3: The client.
        bucket: The images bucket.
        at_once: Makes several requests.
    """

    s3: S3Client
    bucket: str
    at_once: AtOnce

    def measure(self) -> Waiting:
        """LIST the entries; GET the manifests of the oldest, until one waits; DELETE the entries that are dead."""
        entries = list(self._entries())
        oldest = nsmallest(MOST_LOOKED_AT, entries)
        removed = 0
        for start in range(0, len(oldest), _AT_ONCE):
            page = oldest[start : start + _AT_ONCE]
            keys, dead = self._judged([path for _, path in page])
            removed += dead
            since = next((at for (at, _), key in zip(page, keys, strict=True) if key is not None), None)
            if since is not None:
                return Waiting(len(entries) - removed, since)
        return Waiting(len(entries) - removed, None)

    def overdue(self, now: float) -> Iterator[str]:
        """The keys of pictures whose reviewers have had time enough, the longest overdue first.

        LIST the entries, which tell when that is; GET the manifests of those; DELETE the entries that are dead.
        """
        paths = (path for _, path in self._entries())
        ended = ((until, path) for path in paths if (until := end_of_entry(path)) is not None and until <= now)
        first = nsmallest(MOST_LOOKED_AT, ended)
        for start in range(0, len(first), _AT_ONCE):
            keys, _ = self._judged([path for _, path in first[start : start + _AT_ONCE]])
            yield from (key for key in keys if key is not None)

    def _entries(self) -> Iterator[tuple[datetime, str]]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=HELD)
        for page in islice(pages, MOST_PAGES):
            for item in page.get("Contents", []):
                yield item["LastModified"], item["Key"]

    def _judged(self, paths: Sequence[str]) -> tuple[list[str | None], int]:
        """For each entry the key of the picture that waits by it, or None; and how many were dead, and are removed."""
        manifests = list(self.at_once(self._manifest_of, paths))
        pairs = list(zip(paths, manifests, strict=True))
        dead = [path for path, manifest in pairs if _is_dead(path, manifest)]
        S3Images(self.s3, self.bucket).remove(dead)
        return [manifest.key if manifest and _waits_by(path, manifest) else None for path, manifest in pairs], len(dead)

    def _manifest_of(self, path: str) -> Manifest | None:
        published = S3Images(self.s3, self.bucket).published_at(manifest_path_for(path))
        return published.manifest if published else None


def _waits_by(path: str, manifest: Manifest) -> bool:
    return manifest.status is Status.HELD and path == entry_of(manifest)


def _is_dead(path: str, manifest: Manifest | None) -> bool:
    """Whether nothing can be held by it any more: it was there before its manifest, and revisions only grow."""
    if manifest is None or _waits_by(path, manifest):
        return False
    return revision_of_entry(path) <= manifest.revision
