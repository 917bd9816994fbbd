"""Removing what can never be published again: generations of variants, and entries in the list of what waits.

A generation's name begins with the revision that its manifest was to have, so those up to the revision of what is
published are dead for good.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.paths import generation_in, revision_of, variants_folder
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightpress.pipeline.ports import Dependencies, Images, Published


def unlist(published: Published | None, dependencies: Dependencies) -> None:
    """Remove what was replaced from the list of what waits. Whoever dies before leaves an entry that readers ignore."""
    if dependencies.reviews is not None and published is not None and published.manifest.status is Status.HELD:
        dependencies.reviews.unlist(published.manifest)


def is_gone_for_good(manifest: Manifest, images: Images) -> bool:
    """Whether nothing is published and nothing is left over.

    Something may be: a late worker that died wrote variants for the revision after the tombstone. They are dead only
    once a newer tombstone is published.
    """
    return manifest.status is Status.DELETED and not has_variants(manifest.key, images)


def has_variants(key: str, images: Images) -> bool:
    """Whether any variant of the key is there, of whatever generation."""
    return any(images.paths(variants_folder(key)))


def swept(published: Published, dependencies: Dependencies) -> Manifest:
    """Remove every generation that is neither published nor the one before; returns the manifest as it is then.

    One of a later revision could still be published by whoever writes it. So the manifest is published again, unchanged
    but for its revision: now they lose the race.
    """
    manifest = published.manifest
    paths = list(dependencies.images.paths(variants_folder(manifest.key)))
    latest = max(map(_revision_in, paths), default=0)
    if latest > manifest.revision:
        manifest = _under(latest, published, dependencies)
    _remove(_dead_among(paths, manifest), manifest, dependencies, published)
    return manifest


def overtake(manifest: Manifest, revision: int, dependencies: Dependencies) -> Manifest:
    """Publish what is published once more, under the revision that somebody may be about to publish, who then cannot.

    Returns it as it is then; raises PreconditionFailed if another manifest is published by now.
    """
    now = dependencies.images.published(manifest.key)
    if now is None or now.manifest != manifest:
        raise PreconditionFailed
    return _under(revision, now, dependencies)


def _under(revision: int, published: Published, dependencies: Dependencies) -> Manifest:
    """Publish it under another revision."""
    manifest = replace(published.manifest, revision=revision)
    if manifest.status is Status.HELD:
        dependencies.reviewed.list_as_held(manifest)
    dependencies.images.publish(manifest, published)
    unlist(published, dependencies)
    return manifest


def remove_dead(manifest: Manifest, dependencies: Dependencies, replaced: Published | None = None) -> None:
    """Remove every generation that is neither published nor the one before, and never can be.

    replaced: What was published before: what it kept leaves as usual.
    """
    paths = dependencies.images.paths(variants_folder(manifest.key))
    _remove(_dead_among(paths, manifest), manifest, dependencies, replaced)


def forget_unseen(manifest: Manifest, replaced: Published | None, dependencies: Dependencies) -> None:
    """Before a picture is withdrawn of which no file may tell any more, have the CDN forget what it keeps of it.

    Where files are left, whoever removes them tells it. None may be where all variants are lazy, or where it failed:
    those that viewers saw have been removed since they were replaced, and the CDN keeps them for up to a year.
    """
    if not manifest.is_withdrawn or replaced is None or dependencies.purges is None:
        return
    was = replaced.manifest
    if not was.variants and (was.generation or was.previous):
        dependencies.purges.request_purge(variants_folder(manifest.key))


def _remove(dead: Sequence[str], manifest: Manifest, dependencies: Dependencies, replaced: Published | None) -> None:
    """The CDN is told first of what was withdrawn: as long as anything is left, whoever comes by tells it again.

    So it is of what a first view has left behind: it may be of what was withdrawn before something else was published.
    """
    if not dead:
        return
    has_strays = dependencies.late_looks is not None and replaced is not None and _has_strays(dead, replaced.manifest)
    if (manifest.is_withdrawn or has_strays) and dependencies.purges is not None:
        dependencies.purges.request_purge(variants_folder(manifest.key))
    dependencies.images.remove(dead)


def _has_strays(dead: Iterable[str], before: Manifest) -> bool:
    """Whether there are files of what was published once, and not kept by what was published before.

    Those of whoever lost their race for its revision, or a later one, nobody has ever seen.
    """
    kept = {before.generation, before.previous}
    return any(generation_in(path) not in kept and _revision_in(path) < before.revision for path in dead)


def _dead_among(paths: Iterable[str], manifest: Manifest) -> list[str]:
    """A generation with a revision up to the manifest's can no longer be published, so nobody's work is at risk."""
    kept = {manifest.generation, manifest.previous}
    return [path for path in paths if generation_in(path) not in kept and _revision_in(path) <= manifest.revision]


def _revision_in(path: str) -> int:
    return revision_of(generation_in(path))
