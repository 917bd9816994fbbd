"""What reviewers say, and the list of what waits for them, in the images bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightpress.aws.errors import on_condition
from lightpress.aws.images import S3Images
from lightpress.pipeline.gate import (
    counts_over,
    entry_of,
    recorded_path,
    review_from_json,
    review_path,
    standing_of,
)

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.aws.images import Found
    from lightpress.pipeline.gate import Review, Standing
    from lightpress.pipeline.manifest import Manifest


@dataclass(frozen=True, slots=True)
class S3Reviews:
    """One object for each reviewer and version, one for each rejected version, and one for each held manifest."""

    s3: S3Client
    bucket: str

    def standing(self, key: str, identity: str, reviewers: tuple[str, ...]) -> Standing:
        """GET each reviewer's review."""
        found = (self._read(review_path(key, identity, reviewer)) for reviewer in reviewers)
        return standing_of(reviewers, (review_from_json(body) for body in found if body is not None))

    def keep(self, key: str, identity: str, review: Review) -> bool:
        """GET, and PUT with If-Match, or If-None-Match where the reviewer has not said anything yet."""
        path = review_path(key, identity, review.reviewer)
        found = S3Images(self.s3, self.bucket).found_at(path)
        if found is not None and not counts_over(review, _kept(found)):
            return False
        with on_condition():
            self._put(path, review.to_json(), **({"IfMatch": found.etag} if found else {"IfNoneMatch": "*"}))
        return True

    def note_recorded(self, key: str, identity: str) -> None:
        """PUT an empty object: its name says all."""
        self._put(recorded_path(key, identity), b"")

    def is_recorded(self, key: str, identity: str) -> bool:
        """GET."""
        return self._read(recorded_path(key, identity)) is not None

    def list_as_held(self, manifest: Manifest) -> None:
        """PUT the entry: the key, which no path tells."""
        entry = {"key": manifest.key, "revision": manifest.revision, "gate": manifest.gate}
        self._put(entry_of(manifest), json.dumps(entry, ensure_ascii=False).encode())

    def unlist(self, manifest: Manifest) -> None:
        """DELETE the entry."""
        self.s3.delete_object(Bucket=self.bucket, Key=entry_of(manifest))

    def _read(self, path: str) -> bytes | None:
        return S3Images(self.s3, self.bucket).file_at(path)

    def _put(self, path: str, body: bytes, **condition: Any) -> None:  # noqa: ANN401  as boto3 takes it
        self.s3.put_object(
            Bucket=self.bucket,
            Key=path,
            Body=body,
            ContentType="application/json",
            CacheControl="no-store",
            **condition,
        )


def _kept(found: Found) -> Review:
    """A review; one of an earlier release was said when it was written."""
    review = review_from_json(found.data)
    return review if review.said_at else replace(review, said_at=round(found.modified * 1000))
