"""One look at an original: what it finds, in how many requests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from lightpress.backfill.look import GONE, IGNORED, Found, Looking, Stale
from lightpress.image.errors import Reason
from lightpress.image.limits import Limits
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.facts import Box, Fact
from lightpress.pipeline.gate import Review, Standing, standing_of
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, PublishedSource, Status
from lightpress.pipeline.ports import PreconditionFailed, Published
from lightpress.pipeline.recipe import DROP, Recipe, RecipeBook, Rule, Unanswered
from lightpress.pipeline.source import Closed, Lying, Original, Source

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
ARCHIVED = replace(FAILED, reason="archived", digest=RECIPE.digest_for(Reason.ARCHIVED))
DENIED = replace(FAILED, reason="access_denied", digest=RECIPE.digest_for(Reason.ACCESS_DENIED))
CLOSED = Closed(Reason.ARCHIVED, "It is in the storage class GLACIER: restore it.")
LOCKED = Closed(Reason.CUSTOMER_KEY, "Upload it again.")
SMALLER = replace(RECIPE, spec=replace(RECIPE.spec, limits=Limits(max_bytes=3)))
TOMBSTONE = Manifest("a.jpg", Status.DELETED, 2)
OLD = replace(READY, digest="of another recipe")


@dataclass(frozen=True)
class Bucket:
    """What is there, and what is published. changing: it is another version at each request."""

    manifest: Manifest | None
    version: str | None
    changing: bool = False
    closed: Closed | None = None  # why nobody can read it
    markers: tuple[str, ...] = ()  # delete markers, the newest first
    older: bool = False  # whether an older version lies below

    def published(self, key: str) -> Published | None:  # noqa: ARG002
        return Published(self.manifest, "e") if self.manifest else None

    def head(self, source: Source) -> Original | None:  # noqa: ARG002
        if self.changing:
            raise PreconditionFailed
        return Original(self.version, "e", 4, closed=self.closed) if self.version else None

    def newest(self, source: Source) -> tuple[Lying, ...]:  # noqa: ARG002
        versions = [Lying(self.version, is_marker=False)] if self.version else []
        markers = [Lying(marker, is_marker=True) for marker in self.markers]
        return (*versions, *([Lying("v0", is_marker=False)] if self.older else []), *markers)[:2]


@dataclass(frozen=True)
class Said:
    """What reviewers and enrichers have said by now."""

    reviews: tuple[Review, ...] = ()
    facts: tuple[Fact, ...] = ()

    def standing(self, key: str, identity: str, reviewers: tuple[str, ...]) -> Standing:
        assert (key, identity) == ("a.jpg", "v1")
        assert reviewers, "nobody is asked who is none"
        return standing_of(reviewers, self.reviews)

    def of(self, key: str, identity: str, enrichers: tuple[str, ...]) -> tuple[Fact, ...]:
        assert (key, identity) == ("a.jpg", "v1")
        return tuple(fact for fact in self.facts if fact.enricher in enrichers)


def looked(
    bucket: Bucket, *, source: Source = SOURCE, book: RecipeBook = BOOK, said: Said | None = None, now: int = 0
) -> Found:
    return Looking(bucket, bucket, book, said, said, lambda: now)(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bucket", "found"),
    [
        (Bucket(None, "v1"), Found(None, Stale.MISSING, 1)),
        (Bucket(OLD, "v1"), Found(None, Stale.OUTDATED, 2)),
        (Bucket(OLD, "v2"), Found(None, Stale.CHANGED, 2)),
        (Bucket(OLD, None), Found(None, Stale.REMOVED, 2)),
        (Bucket(READY, "v1"), Found("ready", None, 2)),
        (Bucket(FAILED, "v1"), Found("failed", None, 2)),
        (Bucket(READY, "v2"), Found(None, Stale.CHANGED, 2)),
        (Bucket(READY, None), Found(None, Stale.REMOVED, 2)),
        (Bucket(TOMBSTONE, None), Found(GONE, None, 2)),
        (Bucket(TOMBSTONE, "v1"), Found(None, Stale.CHANGED, 2)),
        (Bucket(READY, "v1", changing=True), Found(None, Stale.CHANGED, 2)),
    ],
)
def test_a_look_takes_one_request_where_nothing_was_published_and_two_otherwise(bucket: Bucket, found: Found) -> None:
    assert looked(bucket) == found


LEFT = replace(READY, original_dropped=DroppedOriginal("m1", 1))
DROPS = replace(RECIPE, originals=DROP)
DROPPING = RecipeBook((Rule("**", DROPS),), {"web": DROPS})


@pytest.mark.parametrize(
    ("bucket", "found"),
    [
        (Bucket(READY, "v1"), Found(None, Stale.LEAVES, 2)),
        (Bucket(READY, "v1", markers=("m1",)), Found(None, Stale.LEAVES, 2)),
        (Bucket(READY, "v1", older=True), Found("ready", None, 2)),
        (Bucket(OLD, "v1"), Found(None, Stale.OUTDATED, 2)),
        (Bucket(FAILED, "v1"), Found("failed", None, 2)),
        (Bucket(replace(READY, correction=(0.5, 0.5)), "v1"), Found(None, Stale.CORRECTED, 2)),
        (Bucket(LEFT, "v1"), Found("ready", None, 2)),
        (Bucket(LEFT, None), Found("ready", None, 2)),
        (Bucket(LEFT, None, markers=("m1",)), Found("ready", None, 2)),
        (Bucket(LEFT, None, markers=("m2", "m1")), Found(None, Stale.REMOVED, 2)),
        (Bucket(LEFT, "v2"), Found(None, Stale.CHANGED, 2)),
        (Bucket(replace(LEFT, digest="of another recipe"), None), Found("ready", None, 2)),
    ],
)
def test_what_leaves_is_missed_neither_under_its_recipe_nor_under_another_but_its_deletion_is(
    bucket: Bucket, found: Found
) -> None:
    assert looked(bucket, book=DROPPING) == found


def only(recipe: Recipe) -> RecipeBook:
    return RecipeBook((Rule("**", recipe),), {"web": recipe})


NOON, HOUR = 1_800_000_000, 3600
GATED = replace(RECIPE, gate=("person",), unanswered=Unanswered.PUBLISH, gate_hours=2)
HELD = replace(READY, status=Status.HELD, gate=("person",), held_at=NOON, held_until=NOON + 2 * HOUR)
REJECTED = replace(FAILED, reason="rejected_by_gate")
NOT_REVIEWED = replace(FAILED, reason="not_reviewed")
YES, NO = Said((Review("person", approved=True),)), Said((Review("person", approved=False),))


@pytest.mark.parametrize(
    ("manifest", "said", "hours", "stale"),
    [
        (HELD, Said(), 1, None),
        (HELD, Said(), 2, Stale.REVIEWED),
        (HELD, YES, 1, Stale.REVIEWED),
        (HELD, NO, 1, Stale.REVIEWED),
        (replace(HELD, gate=("another",)), Said(), 3, Stale.OUTDATED),
        (replace(HELD, held_at=None, held_until=None), Said(), 3, Stale.OUTDATED),
        (READY, Said(), 3, None),
        (READY, YES, 3, None),
        (READY, NO, 3, Stale.REVIEWED),
        (REJECTED, NO, 3, None),
        (REJECTED, YES, 3, Stale.REVIEWED),
        (NOT_REVIEWED, Said(), 3, None),
        (NOT_REVIEWED, YES, 3, Stale.REVIEWED),
        (LEFT, Said(), 3, None),
        (LEFT, NO, 3, Stale.REVIEWED),
    ],
)
def test_what_reviewers_have_said_since_or_not_in_time_is_found(
    manifest: Manifest, said: Said, hours: int, stale: Stale | None
) -> None:
    bucket = Bucket(manifest, None if manifest is LEFT else "v1")
    found = looked(bucket, book=only(GATED), said=said, now=NOON + hours * HOUR)
    assert found == Found(None if stale else str(manifest.status), stale, 2)


def test_of_what_a_recipe_has_no_gate_for_nobody_is_asked() -> None:
    assert looked(Bucket(READY, "v1"), said=NO) == Found("ready", None, 2)
    assert looked(Bucket(LEFT, None), said=NO) == Found("ready", None, 2)
    for manifest, version in ((READY, "v1"), (LEFT, None)):
        assert looked(Bucket(manifest, version), book=only(GATED)) == Found("ready", None, 2)


SEEN = Fact("faces", faces=(Box(0.1, 0.2, 0.2, 0.4),))
ASKING = replace(RECIPE, enrichers=("faces",))
TOLD = replace(READY, enrichers=("faces",), facts=(SEEN,))
CUTTING = replace(ASKING, spec=replace(RECIPE.spec, sizes=(Size("w10", 10, 10, "cover", auto_focus=True),)))
AROUND = replace(TOLD, digest=CUTTING.digest, source=PublishedSource("v1", 4, suggested=(0.2, 0.4)))
BY_HAND = replace(AROUND, correction=(0.5, 0.5), source=PublishedSource("v1", 4, correction=(0.5, 0.5)))


@pytest.mark.parametrize(
    ("manifest", "recipe", "said", "stale"),
    [
        (READY, ASKING, Said(), Stale.ENRICHED),
        (TOLD, ASKING, Said(facts=(SEEN,)), None),
        (TOLD, ASKING, Said(facts=(replace(SEEN, alt="A cat"),)), Stale.ENRICHED),
        (TOLD, RECIPE, Said(), Stale.ENRICHED),
        (TOLD, ASKING, None, Stale.ENRICHED),
        (READY, RECIPE, Said(facts=(SEEN,)), None),
        (FAILED, ASKING, Said(facts=(SEEN,)), None),
        (LEFT, ASKING, Said(facts=(SEEN,)), None),
        (replace(LEFT, enrichers=("faces",)), RECIPE, Said(facts=(SEEN,)), Stale.ENRICHED),
        (AROUND, CUTTING, Said(facts=(SEEN,)), None),
        (replace(AROUND, source=READY.source), CUTTING, Said(facts=(SEEN,)), Stale.ENRICHED),
        (BY_HAND, CUTTING, Said(facts=(SEEN,)), None),
    ],
)
def test_what_enrichers_have_said_since_is_found(
    manifest: Manifest, recipe: Recipe, said: Said | None, stale: Stale | None
) -> None:
    bucket = Bucket(manifest, None if manifest.original_dropped else "v1")
    assert looked(bucket, book=only(recipe), said=said) == Found(None if stale else str(manifest.status), stale, 2)


def test_what_nobody_can_read_is_not_cut_around_what_enrichers_see() -> None:
    bucket = Bucket(replace(AROUND, source=READY.source), "v1", closed=CLOSED)
    assert looked(bucket, book=only(CUTTING), said=Said(facts=(SEEN,))) == Found("ready", None, 2)


def test_originals_of_attached_buckets_stay() -> None:
    attached = Source("b", "a.jpg", under="shop/")
    assert looked(Bucket(READY, "v1"), source=attached, book=DROPPING) == Found("ready", None, 2)


@pytest.mark.parametrize(
    ("manifest", "closed", "ending", "stale"),
    [
        (ARCHIVED, CLOSED, "archived", None),
        (replace(ARCHIVED, digest="of another recipe"), CLOSED, "archived", None),
        (OLD, CLOSED, "archived", None),
        (OLD, LOCKED, "customer_key", None),
        (READY, CLOSED, "ready", None),
        (replace(FAILED, digest="of another recipe"), CLOSED, None, Stale.OUTDATED),
        (ARCHIVED, None, None, Stale.RESTORED),
        (DENIED, None, "access_denied", None),
    ],
)
def test_what_nobody_can_read_is_counted_by_its_reason_and_left_until_a_look_tells_that_it_was_restored(
    manifest: Manifest, closed: Closed | None, ending: str | None, stale: Stale | None
) -> None:
    assert looked(Bucket(manifest, "v1", closed=closed)) == Found(ending, stale, 2)


def test_what_a_recipe_refuses_without_reading_it_is_refused_in_an_archive_too() -> None:
    book = RecipeBook((Rule("**", SMALLER),), {"web": SMALLER})
    assert looked(Bucket(OLD, "v1", closed=CLOSED), book=book).stale is Stale.OUTDATED


@pytest.mark.parametrize(
    ("manifest", "holds", "stale", "reads"),
    [
        (None, "v1", None, 1),
        (TOMBSTONE, "v1", None, 1),
        (LEFT, None, None, 2),
        (LEFT, "v1", None, 2),  # about to leave
        (LEFT, "v2", Stale.CHANGED, 2),  # uploaded since
        (READY, "v1", Stale.OUTDATED, 2),
        (FAILED, "v1", Stale.OUTDATED, 2),
        (READY, "v2", Stale.CHANGED, 2),
    ],
)
def test_of_what_no_recipe_wants_what_was_published_before_is_stale_unless_its_original_has_left(
    manifest: Manifest | None, holds: str | None, stale: Stale | None, reads: int
) -> None:
    found = looked(Bucket(manifest, holds), source=Source("b", "ignored/a.jpg"))
    assert found == Found(None if stale else IGNORED, stale, reads)


def test_what_no_recipe_wants_and_somebody_has_deleted_is_removed_so_that_a_night_finds_it() -> None:
    found = looked(Bucket(READY, None), source=Source("b", "ignored/a.jpg"))
    assert found == Found(None, Stale.REMOVED, 2)
