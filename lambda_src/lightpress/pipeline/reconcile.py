"""The story: make what is published of a source match what the source holds now.

An event is only a hint to look here. Create, overwrite, delete, duplicate, late and reordered events, retries and a
changed recipe are all the same call; a source that is already published as it should be costs two requests. Nothing is
locked: the only coordination is that a manifest replaces exactly the manifest that was read.

The order of the steps is what makes this safe; `tests/simulation` breaks each of them and watches it fail.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from lightpress.image import UNREADABLE, PictureRejected, Reason
from lightpress.image.formats import OUTPUTS
from lightpress.pipeline.failures import Verdict
from lightpress.pipeline.file_names import saved_as
from lightpress.pipeline.manifest import (
    Manifest,
    Publication,
    Status,
    revision_of,
    variant_path,
    variants_folder,
    variants_of,
)
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.pipeline.source import Closed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.image import RenderResult
    from lightpress.pipeline.manifest import Variant
    from lightpress.pipeline.ports import Images, Originals, Published, Purges, Render
    from lightpress.pipeline.recipe import Recipe, RecipeBook
    from lightpress.pipeline.source import Original, Source

ATTEMPTS = 8


class TooManyConflicts(Exception):  # noqa: N818  not an error of ours: the message comes back later
    """The source changed faster than it could be published, `ATTEMPTS` times in a row."""


class Action(StrEnum):
    """What a reconciliation did."""

    PUBLISHED = "published"
    REJECTED = "rejected"  # and nothing is published of that yet: it is for whoever records failures
    FAILED = "failed"
    REMOVED = "removed"
    KEPT = "kept"  # as another recipe made it: the original cannot be read now
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done for a source, and what is published of it now (None: nothing ever was).

    verdict: why it was rejected or failed, where it was. closed: why it was kept, where it was.
    """

    source: Source
    action: Action
    manifest: Manifest | None
    verdict: Verdict | None = None
    closed: Closed | None = None


class Recorder(Protocol):
    """Whoever has the last word on a picture that is rejected, and writes it down."""

    def before_reading(self, source: Source, original: Original, recipe: Recipe) -> None:
        """Hear that the original is about to be read and rendered; raises PictureRejected if that is in vain."""

    def denied(self, source: Source, original: Original, closed: Closed) -> None:
        """Hear that access is denied, which may be mended; raises Unreadable until it has been often enough."""

    def record(self, source: Source, original: Original, verdict: Verdict, *, copied: bool) -> None:
        """Keep the verdict and, if it is to be copied, the original.

        Raises PreconditionFailed if the source holds something else by now, and Unreadable if it cannot be copied.
        """


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything the story needs. purges: None where a CDN may keep what was deleted."""

    originals: Originals
    images: Images
    recipes: RecipeBook
    render: Render
    purges: Purges | None = None


def reconcile(source: Source, world: Dependencies, *, recorder: Recorder | None = None, again: bool = False) -> Outcome:
    """Bring what is published of `source` up to date.

    A picture that is rejected is recorded, and published as failed: in this order, so that the manifest says that all
    of it is done. Without a recorder, the rejection is the outcome. again: also try what has failed as it is. What
    failed because nobody could read it is tried by every look that does not see the same.

    Raises TooManyConflicts after `ATTEMPTS` lost races, and whatever the world raises: both are worth a later try.
    """
    for attempt in range(ATTEMPTS):
        with suppress(PreconditionFailed):
            return _attempt(source, world, recorder, again=again, raced=attempt > 0)
    raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")


def _attempt(source: Source, world: Dependencies, recorder: Recorder | None, *, again: bool, raced: bool) -> Outcome:
    published = world.images.published(source.name)  # The manifest first: whoever publishes from here on is noticed,
    original = world.originals.head(source)  # then the source: so what is seen is at least as new as the manifest.
    if raced and published is not None:
        _remove_dead(published.manifest, world)  # what the lost race left behind, whatever comes of this attempt
    recipe = world.recipes.recipe_for(source.name)
    if original is None or recipe is None:
        return _withdraw(source, published, world, ignored=recipe is None)
    if published is not None and _is_settled(published.manifest, original, recipe, again=again):
        return Outcome(source, Action.NOTHING, published.manifest)
    if published is not None and published.manifest.status is Status.DELETED:
        _remove_dead(published.manifest, world)  # Afterwards nobody would know any more what the CDN has to forget.
    publication = _publication(source, original, recipe, published)
    verdict = None
    try:
        manifest = _made(source, original, recipe, publication, world, recorder)
    except PictureRejected as rejected:
        if published is not None and _outlives(published.manifest, original, rejected):
            closed = Closed(rejected.reason, rejected.detail)
            return Outcome(source, Action.KEPT, published.manifest, closed=closed)
        verdict = Verdict(original.identity, recipe.digest_for(rejected.reason), rejected.reason, rejected.detail)
        if recorder is None:
            return Outcome(source, Action.REJECTED, published.manifest if published else None, verdict)
        _record(source, original, verdict, world, recorder)
        manifest = replace(publication, digest=verdict.digest).failed(rejected)
    world.images.publish(manifest, published)
    _check_unchanged(source, original, world)
    if published is not None or manifest.status is Status.FAILED:  # which may have failed halfway
        _remove_dead(manifest, world)
    return Outcome(source, Action.FAILED if verdict else Action.PUBLISHED, manifest, verdict)


def _is_settled(manifest: Manifest, original: Original, recipe: Recipe, *, again: bool) -> bool:
    if again and manifest.status is Status.FAILED:
        return False
    return (
        manifest.is_of(original.identity)
        and is_current(manifest, recipe)
        and not _may_be_readable_now(manifest, original)
    )


def is_current(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether it is the last word on the contents that it is of: rendering them once more would be in vain."""
    return manifest.digest == recipe.digest_for(manifest.reason) or is_kept(manifest, recipe)


def is_kept(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether what is published stays as it is because the recipe no longer accepts the format it was made from.

    Only a decoder that is not to see it could make it anew, and refused, it would be gone from every page.
    """
    published = manifest.source.format if manifest.source and manifest.status is Status.READY else None
    return published is not None and published not in recipe.spec.accept


def _may_be_readable_now(manifest: Manifest, original: Original) -> bool:
    """Whether it failed only because nobody could read it, and this look does not say the same once more."""
    return manifest.reason in UNREADABLE and (original.closed is None or original.closed.reason != manifest.reason)


def _outlives(manifest: Manifest, original: Original, rejected: PictureRejected) -> bool:
    """Whether the very contents that cannot be read now are published: another recipe is no reason to lose them."""
    is_of_it = manifest.source is not None and manifest.source.identity == original.identity
    return rejected.reason in UNREADABLE and manifest.status is Status.READY and is_of_it


def _withdraw(source: Source, published: Published | None, world: Dependencies, *, ignored: bool) -> Outcome:
    """Publish that there is nothing, even where nothing ever was: a late create must meet a newer revision.

    Only for a key that the recipes say to leave alone, nothing is published where nothing was.
    """
    if published is None and ignored:
        return Outcome(source, Action.NOTHING, None)
    if published is not None and _is_gone_for_good(published.manifest, world.images):
        return Outcome(source, Action.NOTHING, published.manifest)
    tombstone = Manifest(source.name, Status.DELETED, _next_revision(published))
    world.images.publish(tombstone, published)
    _remove_dead(tombstone, world)
    if not ignored and world.originals.head(source) is not None:
        raise PreconditionFailed
    return Outcome(source, Action.REMOVED, tombstone)


def _is_gone_for_good(manifest: Manifest, images: Images) -> bool:
    """Whether nothing is published and nothing is left over.

    Something may be: a late worker that died wrote variants for the revision after the tombstone. They are dead only
    once a newer tombstone stands.
    """
    return manifest.status is Status.DELETED and not any(images.paths(variants_folder(manifest.key)))


def _publication(source: Source, original: Original, recipe: Recipe, published: Published | None) -> Publication:
    return Publication(
        key=source.name,
        revision=_next_revision(published),
        identity=original.identity,
        bytes=original.size,
        recipe=recipe.name,
        digest=recipe.digest,
        previous=_last_generation(published),
    )


def _made(  # noqa: PLR0913, PLR0917  everything that a manifest is made of
    source: Source,
    original: Original,
    recipe: Recipe,
    publication: Publication,
    world: Dependencies,
    recorder: Recorder | None,
) -> Manifest:
    """Write the variants and return the manifest that would publish them."""
    _check_worth_reading(source, original, recipe)
    if recorder is not None:
        recorder.before_reading(source, original, recipe)
    rendering = world.render(_read(source, original, world, recorder), recipe.spec)
    return publication.ready(rendering.facts, tuple(_written(rendering, publication, world.images)))


def _check_worth_reading(source: Source, original: Original, recipe: Recipe) -> None:
    if source.key.endswith("/"):
        raise PictureRejected(Reason.FOLDER, "The key ends in a slash: it marks a folder.")
    recipe.spec.limits.check_bytes(original.size)


def _read(source: Source, original: Original, world: Dependencies, recorder: Recorder | None) -> bytes:
    """The bytes. What cannot be read is rejected; where access is denied, only after all the tries of a fault."""
    try:
        return world.originals.read(source, original)
    except Unreadable as unreadable:
        _check_for_good(source, original, unreadable, world, recorder)
        raise PictureRejected(unreadable.closed.reason, unreadable.closed.detail) from unreadable


def _record(source: Source, original: Original, verdict: Verdict, world: Dependencies, recorder: Recorder) -> None:
    """Have a verdict recorded, with a copy of the original where it can be read."""
    try:
        recorder.record(source, original, verdict, copied=verdict.reason not in UNREADABLE)
    except Unreadable as unreadable:
        _check_for_good(source, original, unreadable, world, recorder)
        recorder.record(source, original, verdict, copied=False)


def _check_for_good(
    source: Source, original: Original, unreadable: Unreadable, world: Dependencies, recorder: Recorder | None
) -> None:
    """Raise unless it is this original that cannot be read, and that is the last word on it.

    A refused read does not say which version it is about: another may have been written before it, and be gone after
    it. A look tells the version and that it is archived or under a customer's key in one answer, so only a look that
    says the same is believed. A denial is not always seen by a look (a KMS key denies reading alone); it takes as many
    tries as the recorder asks for.
    """
    now = _looked_again(source, original, world)
    closed = unreadable.closed
    if closed.reason is not Reason.ACCESS_DENIED:
        if now.closed is None or now.closed.reason is not closed.reason:
            raise PreconditionFailed
        return
    if recorder is None:
        raise unreadable
    recorder.denied(source, original, unreadable.closed)


def _written(rendering: RenderResult, publication: Publication, images: Images) -> Iterator[Variant]:
    with closing(rendering.renditions) as renditions:
        for rendition in renditions:
            path = variant_path(publication.key, publication.generation, rendition)
            variants = variants_of(rendition, path)
            name = saved_as(publication.key, OUTPUTS[rendition.format].extension)
            images.write(path, rendition.data, variants[0].media_type, name)
            yield from variants


def _check_unchanged(source: Source, original: Original, world: Dependencies) -> None:
    """Look once more: a bucket without versions can restore an old ETag between the two looks."""
    _looked_again(source, original, world)


def _looked_again(source: Source, original: Original, world: Dependencies) -> Original:
    """Look once more; raises PreconditionFailed if the source holds other contents by now."""
    now = world.originals.head(source)
    if now is None or now.identity != original.identity:
        raise PreconditionFailed
    return now


def _next_revision(published: Published | None) -> int:
    return published.manifest.revision + 1 if published else 1


def _last_generation(published: Published | None) -> str | None:
    return published.manifest.generation or published.manifest.previous if published else None


def _remove_dead(manifest: Manifest, world: Dependencies) -> None:
    """Remove every generation that is neither published nor the one before, and never can be.

    A generation with a revision up to the manifest's can no longer be published, so nobody's work is at risk. Of a
    deletion the CDN is told first: as long as anything is left, whoever comes by does it again.
    """
    folder = variants_folder(manifest.key)
    kept = {manifest.generation, manifest.previous}
    dead = []
    for path in world.images.paths(folder):
        generation = path.removeprefix(folder).partition("/")[0]
        if generation not in kept and revision_of(generation) <= manifest.revision:
            dead.append(path)
    if dead and manifest.status is Status.DELETED and world.purges is not None:
        world.purges.request_purge(folder)
    if dead:
        world.images.remove(dead)
