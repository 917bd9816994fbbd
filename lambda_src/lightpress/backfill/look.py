"""One look at an original: is what is published of it what should be? Nothing changes.

It takes two requests at most, and one more for each reviewer and each enricher that its recipe names. None reads an
original, so that what is in an archive costs what everything else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightpress.image import UNREADABLE, Reason
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.settled import agrees, follows_facts, is_current, retold, stays_unread

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Facts, Images, Originals, Reviews
    from lightpress.pipeline.recipe import Recipe, RecipeBook
    from lightpress.pipeline.source import Original, Source

MOST_READS = 2

IGNORED, GONE = "ignored", "gone"
"""Endings besides those of manifests: no recipe wants the key; the original is deleted, and so are its variants."""


class Stale(StrEnum):
    """Why an original is to be worked on."""

    MISSING = "missing"  # nothing was ever published of it
    CHANGED = "changed"  # what is published is of another version
    REMOVED = "removed"  # it is deleted, and still published
    RESTORED = "restored"  # it failed because it was in an archive, and can be read now
    REVIEWED = "reviewed"  # what is published does not agree with its reviews
    ENRICHED = "enriched"  # it does not say what enrichers have said, or does not ask those of its recipe
    OUTDATED = "outdated"  # what is published is of this version under another recipe


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found.

    Attributes:
        ending: What became of the original, where that is final: the status of its manifest, `IGNORED` or `GONE`; of
            what nobody can read the reason for that, such as "archived".
        stale: Why it is to be worked on; None where it has an ending.
        reads: Requests that the look took, but for those for reviews: one for each reviewer of its recipe.
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
    """

    images: Images
    originals: Originals
    recipes: RecipeBook
    reviews: Reviews | None = None
    facts: Facts | None = None

    def __call__(self, source: Source) -> Found:
        """GET the manifest; HEAD the original where there is one."""
        recipe = self.recipes.recipe_for(source.name)
        if recipe is None:
            return Found(IGNORED, None, 0)
        published = self.images.published(source.name)
        if published is None:
            return Found(None, Stale.MISSING, 1)
        return self._compared(source, published.manifest, recipe)

    def _compared(self, source: Source, manifest: Manifest, recipe: Recipe) -> Found:
        try:
            original = self.originals.head(source)
        except PreconditionFailed:  # it changes while it is looked at
            return Found(None, Stale.CHANGED, MOST_READS)
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
            return Stale.OUTDATED
        return Stale.ENRICHED if self._is_enriched_anew(source, manifest, recipe, original) else None

    def _is_enriched_anew(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> bool:
        """Only of what is published by its recipe: of what nobody can read, an attempt would change nothing."""
        if not is_current(manifest, recipe) or manifest.status is not Status.READY:
            return False
        if not recipe.enrichers or self.facts is None:
            return bool(manifest.enrichers)
        facts = self.facts.of(source.name, original.identity, recipe.enrichers)
        if not follows_facts(manifest, original, recipe, facts):
            return original.closed is None
        return retold(manifest, recipe, facts) != manifest

    def _is_reviewed_anew(self, source: Source, manifest: Manifest, recipe: Recipe, original: Original) -> bool:
        if self.reviews is None or not recipe.gate:
            return False
        return not agrees(manifest, self.reviews.standing(source.name, original.identity, recipe.gate))


def _ending(manifest: Manifest, original: Original, recipe: Recipe) -> str:
    """Its status; the reason where nobody can read it and it would be something else otherwise."""
    if manifest.reason in UNREADABLE:
        return str(manifest.reason)
    if original.closed is not None and not is_current(manifest, recipe):
        return str(original.closed.reason)
    return str(manifest.status)
