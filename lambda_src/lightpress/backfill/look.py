"""One look at an original: is what is published of it what should be? Nothing changes.

It takes two requests at most, one more for each reviewer and each enricher that its recipe names, and one more where an
original has left, or is to. None reads an original, so that what is in an archive costs what everything else does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lightpress.backfill.run import MOST_READS
from lightpress.image.errors import UNREADABLE, Reason
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.dropping import has_left, is_to_leave, marker_below
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.settled import agrees, facts_told, follows_facts, is_current, is_overdue, stays_unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Facts, Images, Originals, Published, Reviews
    from lightpress.pipeline.recipe import Recipe, RecipeBook
    from lightpress.pipeline.source import Original, Source

IGNORED, GONE = "ignored", "gone"
"""Endings besides those of manifests: no recipe wants the key; the original is deleted, and so are its variants."""


class Stale(StrEnum):
    """Why an original is to be worked on."""

    MISSING = "missing"  # nothing was ever published of it
    CHANGED = "changed"  # what is published is of another version
    REMOVED = "removed"  # it is deleted, and still published
    RESTORED = "restored"  # it failed because it was in an archive, and can be read now
    REVIEWED = "reviewed"  # what is published does not agree with its reviews, or they are overdue
    CORRECTED = "corrected"  # somebody has corrected its focus, and it is still cut around the one before
    ENRICHED = "enriched"  # it does not say what enrichers have said, or does not ask those of its recipe
    COPIED = "copied"  # copies of its variants are not where its recipe has them now
    LEAVES = "leaves"  # its recipe drops originals, and it is still there
    OUTDATED = "outdated"  # what is published is of this version under another recipe, or by none is to be any more


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found.

    Attributes:
        ending: What became of the original, where that is final: the status of its manifest, `IGNORED` or `GONE`; of
            what nobody can read the reason for that, such as "archived".
        stale: Why it is to be worked on; None where it has an ending.
        reads: Requests that the look took, but for those for reviews (one for each reviewer of its recipe) and for
            what lies under the key.
    """

    ending: str | None
    stale: Stale | None
    reads: int


@dataclass(frozen=True, slots=True)
class Looking:
    """The ports of a look.

    Attributes:
        images: Where manifests are.
        originals: Where originals are.
        recipes: Which recipe each key has.
        reviews: What reviewers say; None where no recipe has a gate.
        facts: What enrichers say; None where no recipe asks any.
        now: The time, in seconds since 1970.
    """

    images: Images
    originals: Originals
    recipes: RecipeBook
    reviews: Reviews | None = None
    facts: Facts | None = None
    now: Callable[[], float] = time.time

    def __call__(self, source: Source) -> Found:
        """GET the manifest; HEAD the original where there is one."""
        recipe = self.recipes.recipe_for(source.name)
        published = self.images.published(source.name)
        if recipe is None:
            return self._of_nobody(source, published)
        if published is None:
            return Found(None, Stale.MISSING, 1)
        return self._compared(source, published.manifest, recipe)

    def _of_nobody(self, source: Source, published: Published | None) -> Found:
        """Of a key that no recipe wants: HEAD the original where something is published that is to be taken away.

        What has left stays published. Where the original is gone, or another one, somebody has deleted or overwritten
        it: nights find that, too; what recipes do, they leave to backfills.
        """
        if published is None or published.manifest.status is Status.DELETED:
            return Found(IGNORED, None, 1)
        manifest = published.manifest
        try:
            original = self.originals.head(source)
            if has_left(source, manifest, original, self.originals):
                return Found(IGNORED, None, MOST_READS)
        except PreconditionFailed:
            return Found(None, Stale.CHANGED, MOST_READS)
        if original is None:
            return Found(None, Stale.REMOVED, MOST_READS)
        return Found(None, Stale.OUTDATED if manifest.is_of(original.identity) else Stale.CHANGED, MOST_READS)

    def _compared(self, source: Source, manifest: Manifest, recipe: Recipe) -> Found:
        try:
            original = self.originals.head(source)
            left = has_left(source, manifest, original, self.originals)
        except PreconditionFailed:  # it changes while it is looked at
            return Found(None, Stale.CHANGED, MOST_READS)
        if left:
            changed = self._changed_since_it_left(source, manifest, recipe)
            return Found(None if changed else str(manifest.status), changed, MOST_READS)
        if original is None:
            deleted = manifest.status is Status.DELETED
            return Found(GONE, None, MOST_READS) if deleted else Found(None, Stale.REMOVED, MOST_READS)
        stale = self._why_stale(source, manifest, recipe, original)
        return Found(None if stale else _ending(manifest, original, recipe), stale, MOST_READS)

    def _why_stale(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> Stale | None:
        if not manifest.is_of(original.identity):
            return Stale.CHANGED
        if self._is_reviewed_anew(source, manifest, recipe, original):
            return Stale.REVIEWED
        # Of other reasons a look that says nothing proves nothing: a KMS key denies reading alone.
        if manifest.reason == Reason.ARCHIVED and original.closed is None:
            return Stale.RESTORED
        if not is_current(manifest, recipe) and not stays_unread(manifest, original, recipe):
            return Stale.OUTDATED if manifest.follows_correction else Stale.CORRECTED
        if self._is_enriched_anew(source, manifest, recipe, original):
            return Stale.ENRICHED
        return _if_copied_anew(manifest, recipe) or self._if_it_may_leave(source, manifest, recipe, original)

    def _is_enriched_anew(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> bool:
        """Only of what is published by its recipe: of what nobody can read, an attempt would change nothing."""
        if not is_current(manifest, recipe) or manifest.status is not Status.READY:
            return False
        if not recipe.enrichers or self.facts is None:
            return bool(manifest.enrichers)
        facts = self.facts.of(source.name, original.identity, recipe.enrichers)
        if not follows_facts(manifest, original, recipe, facts):
            return original.closed is None
        return (manifest.enrichers, manifest.facts) != (recipe.enrichers, facts)

    def _if_it_may_leave(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> Stale | None:
        if not is_to_leave(source, manifest, recipe):
            return None
        try:
            marker_below(original, self.originals.newest(source))
        except PreconditionFailed:
            return None
        return Stale.LEAVES

    def _changed_since_it_left(self, source: Source, manifest: Manifest, recipe: Recipe) -> Stale | None:
        if self._is_rejected(source, manifest, recipe):
            return Stale.REVIEWED
        if facts_told(source, manifest, self.facts) != manifest:
            return Stale.ENRICHED
        return _if_copied_anew(manifest, recipe)

    def _is_rejected(self, source: Source, manifest: Manifest, recipe: Recipe) -> bool:
        """Whether a reviewer rejects what has left, of a recipe that has a gate since then."""
        if self.reviews is None or not recipe.gate or manifest.source is None:
            return False
        return self.reviews.standing(source.name, manifest.source.identity, recipe.gate).rejection is not None

    def _is_reviewed_anew(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> bool:
        if self.reviews is None or not recipe.gate:
            return False
        standing = self.reviews.standing(source.name, original.identity, recipe.gate)
        return not agrees(manifest, replace(standing, overdue=is_overdue(manifest, original, recipe, self.now)))


def _if_copied_anew(manifest: Manifest, recipe: Recipe) -> Stale | None:
    return Stale.COPIED if with_copies(manifest, recipe, manifest) != manifest else None


def _ending(manifest: Manifest, original: Original, recipe: Recipe) -> str:
    """Its status; the reason where nobody can read it and it would be something else otherwise."""
    if manifest.reason in UNREADABLE:
        return str(manifest.reason)
    if original.closed is not None and not is_current(manifest, recipe):
        return str(original.closed.reason)
    return str(manifest.status)
