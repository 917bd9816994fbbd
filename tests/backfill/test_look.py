"""One look at an original: what it finds, in how many requests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from lightpress.backfill.look import GONE, IGNORED, Found, Looking, Stale
from lightpress.image import Reason, Size, Spec
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.ports import PreconditionFailed, Published
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.source import Original, Source

RECIPE = Recipe("web", Spec((Size("w10", 10),), ("jpeg",)))
BOOK = RecipeBook((Rule("ignored/**", None), Rule("**", RECIPE)), {"web": RECIPE})
SOURCE = Source("b", "a.jpg")
READY = Manifest("a.jpg", Status.READY, 1, source=PublishedSource("v1", 4), digest=RECIPE.digest)
FAILED = Manifest(
    "a.jpg",
    Status.FAILED,
    1,
    source=PublishedSource("v1", 4),
    digest=RECIPE.digest_for(Reason.CORRUPT),
    reason="corrupt",
)
TOMBSTONE = Manifest("a.jpg", Status.DELETED, 2)
OLD = replace(READY, digest="of another recipe")


@dataclass(frozen=True)
class Bucket:
    """What is there, and what is published. changing: it is another version at each request."""

    manifest: Manifest | None
    version: str | None
    changing: bool = False

    def published(self, key: str) -> Published | None:  # noqa: ARG002
        return Published(self.manifest, "e") if self.manifest else None

    def head(self, source: Source) -> Original | None:  # noqa: ARG002
        if self.changing:
            raise PreconditionFailed
        return Original(self.version, "e", 4) if self.version else None


def looked(bucket: Bucket, *, thorough: bool = False, source: Source = SOURCE) -> Found:
    return Looking(bucket, bucket, BOOK, thorough)(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bucket", "found"),
    [
        (Bucket(None, "v1"), Found(None, Stale.MISSING, 1)),
        (Bucket(OLD, "v1"), Found(None, Stale.OUTDATED, 1)),
        (Bucket(READY, "v1"), Found("ready", None, 2)),
        (Bucket(FAILED, "v1"), Found("failed", None, 2)),
        (Bucket(READY, "v2"), Found(None, Stale.CHANGED, 2)),
        (Bucket(READY, None), Found(None, Stale.REMOVED, 2)),
        (Bucket(TOMBSTONE, None), Found(GONE, None, 2)),
        (Bucket(TOMBSTONE, "v1"), Found(None, Stale.CHANGED, 2)),
        (Bucket(READY, "v1", changing=True), Found(None, Stale.CHANGED, 2)),
    ],
)
def test_a_look_takes_one_request_where_another_recipe_settles_it_and_two_otherwise(
    bucket: Bucket, found: Found
) -> None:
    assert looked(bucket) == found


@pytest.mark.parametrize(
    ("bucket", "found"),
    [
        (Bucket(OLD, "v1"), Found(None, Stale.OUTDATED, 2)),
        (Bucket(OLD, "v2"), Found(None, Stale.CHANGED, 2)),
        (Bucket(OLD, None), Found(None, Stale.REMOVED, 2)),
        (Bucket(READY, "v1"), Found("ready", None, 2)),
    ],
)
def test_a_thorough_look_tells_what_is_only_outdated_from_what_was_changed_or_deleted_since(
    bucket: Bucket, found: Found
) -> None:
    assert looked(bucket, thorough=True) == found


def test_what_no_recipe_wants_is_not_read_at_all() -> None:
    assert looked(Bucket(None, "v1"), source=Source("b", "ignored/a.jpg")) == Found(IGNORED, None, 0)
