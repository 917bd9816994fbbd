"""Whether what is published of a source is what should be: the comparisons of `reconcile`, which change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.image.errors import UNREADABLE, PictureRejected, Reason
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.facts import center_of
from lightpress.pipeline.manifest import Manifest, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.facts import Fact, Point
    from lightpress.pipeline.gate import Standing
    from lightpress.pipeline.ports import Facts
    from lightpress.pipeline.recipe import Recipe
    from lightpress.pipeline.source import Original, Source


def is_settled(  # noqa: PLR0913  all that is compared
    manifest: Manifest,
    original: Original,
    recipe: Recipe,
    standing: Standing,
    facts: tuple[Fact, ...] = (),
    *,
    retry: bool,
) -> bool:
    """Whether rendering this original would be in vain. retry: what has failed as it is is to be tried again."""
    if not agrees(manifest, standing):
        return False
    if retry and _may_come_out_better(manifest, recipe):
        return False
    return (
        manifest.is_of(original.identity)
        and is_current(manifest, recipe)
        and follows_facts(manifest, original, recipe, facts)
        and not _may_be_readable_now(manifest, original)
    )


def _may_come_out_better(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether it has failed, or a lazy variant of it has; what is kept would be refused as a whole, and gone."""
    if manifest.status is Status.FAILED:
        return True
    return any(one.reason for one in manifest.lazy) and not is_kept(manifest, recipe)


def follows_facts(manifest: Manifest, original: Original, recipe: Recipe, facts: tuple[Fact, ...]) -> bool:
    """Whether sizes that look for a subject were cut around the one that enrichers see."""
    if manifest.status is not Status.READY or manifest.source is None or is_kept(manifest, recipe):
        return True
    return manifest.source.suggested == suggested_by(facts, recipe, manifest.correction or original.focus)


def suggested_by(facts: tuple[Fact, ...], recipe: Recipe, by_hand: Point | None) -> Point | None:
    """Where enrichers see the subject; None where no size looks for it, or somebody has said where it is."""
    return center_of(facts) if recipe.spec.has_auto_focus and by_hand is None else None


def retold(manifest: Manifest, recipe: Recipe, facts: tuple[Fact, ...]) -> Manifest:
    """The manifest with what enrichers say now, and copies where they are to be now; the same where nothing is new."""
    if manifest.status is not Status.READY:
        return manifest
    return with_copies(replace(manifest, enrichers=recipe.enrichers, facts=facts), recipe, manifest)


def facts_told(source: Source, manifest: Manifest, facts: Facts | None) -> Manifest:
    """The manifest of what has left with what the enrichers say that were asked then; facts: None where nobody is."""
    if facts is None or manifest.source is None:
        return manifest
    return replace(manifest, facts=facts.of(source.name, manifest.source.identity, manifest.enrichers))


def agrees(manifest: Manifest, standing: Standing) -> bool:
    """Whether reviewers have said nothing new about the contents that it is of.

    What they have rejected stays so where the recipe asks them no more: only a retry publishes it then.
    """
    if standing.rejection is not None:
        return manifest.is_rejected
    if manifest.reason == Reason.NOT_REVIEWED:
        return standing.is_open or not standing.gated
    if manifest.is_rejected:
        return not standing.gated
    return manifest.status is not Status.HELD or (standing.is_open and not standing.overdue)


def is_overdue(manifest: Manifest, original: Original, recipe: Recipe, now: Callable[[], float]) -> bool:
    """Whether a picture has waited for its reviewers as long as its recipe says. now: in seconds since 1970."""
    until = recipe.until(manifest.held_at)
    if until is None or manifest.status is not Status.HELD or manifest.held_at is None:
        return False
    return manifest.is_of(original.identity) and manifest.gate == recipe.gate and until <= now()


def is_current(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether it is the last word on the contents that it is of: rendering them once more would be in vain."""
    if manifest.status is Status.HELD:
        return (manifest.gate, manifest.held_until) == (recipe.gate, recipe.until(manifest.held_at))
    if manifest.is_rejected or is_kept(manifest, recipe):
        return True
    if not manifest.follows_correction:
        return False
    return manifest.digest == recipe.digest_for(manifest.reason) and not _owes_what_is_eager(manifest, recipe)


def _owes_what_is_eager(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether the recipe no longer calls everything lazy that is owed."""
    return any((one.name, one.format) not in recipe.spec.lazy for one in manifest.lazy)


def is_kept(manifest: Manifest, recipe: Recipe) -> bool:
    """Whether what is published stays as it is because the recipe no longer accepts the format it was made from.

    Only a decoder that is not to see it could make it anew, and refused, it would be gone from every page.
    """
    published = manifest.source.format if manifest.source and manifest.status is Status.READY else None
    return published is not None and published not in recipe.spec.accept


def stays_unread(manifest: Manifest, original: Original, recipe: Recipe) -> bool:
    """Whether a look tells that these contents cannot be read, and what is published of them stays for just that.

    Another attempt would keep what is shown, as of another recipe, or fail for the same reason once more.
    """
    if original.closed is None:
        return False
    if manifest.status is Status.READY:
        return not _is_refused_unread(original, recipe)
    return manifest.reason == original.closed.reason


def _is_refused_unread(original: Original, recipe: Recipe) -> bool:
    try:
        recipe.spec.limits.check_bytes(original.size)
    except PictureRejected:
        return True
    return False


def _may_be_readable_now(manifest: Manifest, original: Original) -> bool:
    """Whether it failed only because it could not be read, and this look does not say the same."""
    return manifest.reason in UNREADABLE and (original.closed is None or original.closed.reason != manifest.reason)


def outlives(manifest: Manifest, original: Original, rejected: PictureRejected) -> bool:
    """Whether the very contents that cannot be read now are published: another recipe is no reason to lose them."""
    return rejected.reason in UNREADABLE and manifest.status is Status.READY and manifest.is_of(original.identity)
