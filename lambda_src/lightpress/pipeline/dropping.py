"""Originals that leave once they are published, where their recipe says so, and how that is no deletion.

The manifest says it first. From then on the version counts as gone: nobody publishes it anew, and whoever replaces that
manifest takes the version away before. S3 tells of the removal as of any other; what tells it from a deletion is that a
deletion leaves a delete marker on top, and the removal of a version by its id leaves none. So originals leave only
buckets that keep versions, and only where nothing lies below them that would be current again.

The order of the steps is what makes this safe; `tests/simulation` breaks each of them and watches it fail.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.pipeline.manifest import DroppedOriginal, Status
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.recipe import DROP

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Images, Originals, Published
    from lightpress.pipeline.recipe import Recipe, RecipeBook
    from lightpress.pipeline.source import Lying, Original, Source


_TRIES = 5


class Settled(Protocol):
    """What a source has come to: `reconcile.Outcome`."""

    @property
    def source(self) -> Source: ...
    @property
    def original(self) -> Original | None: ...
    @property
    def manifest(self) -> Manifest | None: ...


class MayNotRemove(Exception):
    """A recipe drops originals, and this one may not be removed: a policy or a lock of its bucket denies it."""


def has_left(source: Source, manifest: Manifest, original: Original | None, originals: Originals) -> bool:
    """Whether what is published is of an original that has left by our own hand, or counts as if it had.

    Args:
        source: The source.
        manifest: What is published of it.
        original: What the source holds, or held at the last look.
        originals: Where to look for delete markers. It costs a request where the original has left.

    Raises PreconditionFailed if the source holds something by now.
    """
    dropped = manifest.original_dropped
    if dropped is None:
        return False
    if original is not None:
        return manifest.is_of(original.identity)
    lying = originals.newest(source)
    if lying and not lying[0].is_marker:
        raise PreconditionFailed
    return not lying or lying[0].version == dropped.marker


def is_to_leave(source: Source, manifest: Manifest, recipe: Recipe | None) -> bool:
    """Whether an original may leave as far as its manifest tells: all that its recipe asks for is published.

    Those of attached buckets stay: they are only read.
    """
    return (
        recipe is not None
        and recipe.originals == DROP
        and not source.under
        and manifest.status is Status.READY
        and manifest.digest == recipe.digest
        and manifest.follows_correction
        and not manifest.lazy
    )


def marker_below(original: Original, lying: tuple[Lying, ...]) -> str | None:
    """The delete marker that lies below an original; None if nothing does.

    Raises PreconditionFailed if it cannot leave as it lies: it is not the newest, or would uncover an older version. S3
    tells of the change that lets it: of the newer one, or of the expiration of the older one.
    """
    if not lying or lying[0].version != original.identity:
        raise PreconditionFailed
    if len(lying) == 1:
        return None
    if not lying[1].is_marker:
        raise PreconditionFailed
    return lying[1].version


def _but_for_sweeps(manifest: Manifest) -> Manifest:
    """A manifest without the generation before, which a sweep may take out of it. Any other change has a revision."""
    return replace(manifest, previous=None)


@dataclass(frozen=True, slots=True)
class Dropping:
    """Has originals leave, after what was published of them was announced.

    Attributes:
        originals: Where they are.
        images: Where manifests are.
        recipes: Whether those of a key leave.
    """

    originals: Originals
    images: Images
    recipes: RecipeBook

    def __call__(self, outcome: Settled) -> None:
        """Take the original away that an outcome is of, if it may leave.

        Where it is another one by now, or what is published of it, that has its own outcome. Raises MayNotRemove.
        """
        source, original, manifest = outcome.source, outcome.original, outcome.manifest
        if original is None or manifest is None or not manifest.is_of(original.identity):
            return
        recipe = self.recipes.recipe_for(source.name)
        if manifest.original_dropped is None and not is_to_leave(source, manifest, recipe):
            return
        if not self._says_that_it_leaves(source, original, manifest):
            return
        if not self.originals.remove(source, original.identity):
            raise MayNotRemove(f"{source.bucket}/{source.key}: s3:DeleteObjectVersion is denied")

    def _says_that_it_leaves(self, source: Source, original: Original, manifest: Manifest) -> bool:
        """Have what is published say that it leaves; False if another picture is, or the original cannot leave.

        A sweep may write the manifest meanwhile, of the same picture: nobody else would have the original leave then.
        """
        for _ in range(_TRIES):
            published = self.images.published(source.name)
            if published is None or _but_for_sweeps(published.manifest) != _but_for_sweeps(manifest):
                return False
            try:
                marker = marker_below(original, self.originals.newest(source))
            except PreconditionFailed:
                return False
            with suppress(PreconditionFailed):
                self._say(published, DroppedOriginal(marker, announced=manifest.revision))
                return True
        return False

    def _say(self, published: Published, leaving: DroppedOriginal) -> None:
        """Have the manifest say that it leaves, unless it does; raises PreconditionFailed if it is another by now.

        A write whose answer was lost is sent again, and loses against itself.
        """
        manifest = published.manifest
        if manifest.original_dropped is not None:
            return
        told = replace(manifest, original_dropped=leaving)
        try:
            self.images.publish(told, published)
        except PreconditionFailed:
            now = self.images.published(manifest.key)
            if now is None or now.manifest != told:
                raise
