"""The list of what waits for reviewers, in the images bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.aws.reviews import S3Reviews
from lightpress.operators.ports import Entry
from lightpress.pipeline.gate import HELD

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.gate import Standing


@dataclass(frozen=True, slots=True)
class S3WaitingList:
    """Reads the list; which of its entries are still true, manifests say."""

    s3: S3Client
    bucket: str

    def entries(self, most: int) -> tuple[Entry, ...]:
        """LIST, page by page: entries in no order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=HELD)
        listed = islice((one for page in pages for one in page.get("Contents", [])), most)
        return tuple(Entry(one["Key"], int(one["LastModified"].timestamp())) for one in listed)

    def key_of(self, entry: Entry) -> str | None:
        """GET the entry; None if it was taken off the list meanwhile."""
        said = S3Images(self.s3, self.bucket).file_at(entry.path)
        return str(json.loads(said)["key"]) if said else None

    def standing(self, key: str, identity: str, reviewers: tuple[str, ...]) -> Standing:
        """GET what each of these reviewers says of a version."""
        return S3Reviews(self.s3, self.bucket).standing(key, identity, reviewers)
