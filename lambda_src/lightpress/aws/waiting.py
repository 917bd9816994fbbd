"""How long pictures have waited for their reviewers, by the list of what waits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.pipeline.gate import HELD, end_of_entry, entry_of
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.reviewing import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

MOST_PAGES = 50
"""Of 1,000 entries: what waits beyond is not looked at, whatever it costs."""
MOST_OVERDUE = 1000
"""Of the pictures whose reviewers have not answered in time, so many are looked at in an hour."""
_MOST_DEAD = 100


@dataclass(frozen=True, slots=True)
class S3Waiting:
    """The list in the images bucket."""

    s3: S3Client
    bucket: str

    def measure(self) -> Waiting:
        """LIST the entries; GET those of the oldest, and their manifests, until one is of a picture that waits.

        Entries of what waits no more are left by who dies between two writes, and are passed over.
        """
        entries = list(self._entries())
        oldest = nsmallest(_MOST_DEAD, entries)
        since = next((at for at, path in oldest if self._is_alive(path)), None)
        return Waiting(len(entries), since)

    def overdue(self, now: float) -> Iterator[str]:
        """The keys of pictures whose reviewers have had time enough, the longest overdue first.

        LIST the entries, which tell when that is; GET those, and their manifests.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=HELD)
        paths = (item["Key"] for page in islice(pages, MOST_PAGES) for item in page.get("Contents", []))
        ended = ((until, path) for path in paths if (until := end_of_entry(path)) is not None and until <= now)
        for _, path in nsmallest(MOST_OVERDUE, ended):
            key = self._key_at(path)
            if key is not None:
                yield key

    def _entries(self) -> Iterator[tuple[datetime, str]]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=HELD)
        for page in islice(pages, MOST_PAGES):
            for item in page.get("Contents", []):
                yield item["LastModified"], item["Key"]

    def _is_alive(self, path: str) -> bool:
        return self._key_at(path) is not None

    def _key_at(self, path: str) -> str | None:
        """The key of the picture that an entry is of; None if it waits no more, or by another entry."""
        images = S3Images(self.s3, self.bucket)
        entry = images.file_at(path)
        published = images.published(str(json.loads(entry)["key"])) if entry else None
        if published is None or published.manifest.status is not Status.HELD:
            return None
        return published.manifest.key if path == entry_of(published.manifest) else None
