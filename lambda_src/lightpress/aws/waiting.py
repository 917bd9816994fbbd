"""How long pictures have waited for their reviewers, by the list of what waits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.pipeline.gate import HELD, held_path
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.reviewing import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

MOST_PAGES = 50
"""Of 1,000 entries: what waits beyond is not looked at, whatever it costs."""
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

    def _entries(self) -> Iterator[tuple[datetime, str]]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=HELD)
        for page in islice(pages, MOST_PAGES):
            for item in page.get("Contents", []):
                yield item["LastModified"], item["Key"]

    def _is_alive(self, path: str) -> bool:
        images = S3Images(self.s3, self.bucket)
        entry = images.file_at(path)
        published = images.published(str(json.loads(entry)["key"])) if entry else None
        if published is None or published.manifest.status is not Status.HELD:
            return False
        return path == held_path(published.manifest.key, published.manifest.revision)
