"""Which copies of its variants a picture is to have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.manifest import Copy, Status
from lightpress.pipeline.paths import short_name
from lightpress.pipeline.ports import Lies

if TYPE_CHECKING:
    from lightpress.pipeline.copy_pattern import CopyRules
    from lightpress.pipeline.manifest import Manifest, Variant
    from lightpress.pipeline.recipe import Recipe

MOST_PAST = 1_000
"""So many addresses of the past a manifest names besides those that are left with it; the oldest beyond are forgotten.

They are there for whoever is interrupted: what is left now is never forgotten, however many variants a recipe has. With
addresses of 50 characters they are some 50 KB of the manifest, and at most 1 MB with the longest that S3 takes.
"""


def with_copies(manifest: Manifest, recipe: Recipe | None, before: Manifest | None) -> Manifest:
    """The manifest with the copies that its recipe asks for, and the addresses that it leaves.

    Args:
        manifest: What is about to be published.
        recipe: Of its key; None where nothing is to be there.
        before: What it replaces; None for nothing.
    """
    rules = recipe.copies if recipe else None
    copies = _copies(manifest, recipe, rules) if recipe and rules else ()
    copied_as = rules.digest if copies and rules else None
    if before is not None and copied_as == before.copied_as and _same(copies, before.copies):
        return replace(manifest, copies=before.copies, copied_as=copied_as, past_copies=before.past_copies)
    stay = {one.path for one in copies}
    left = [one.path for one in before.copies if one.path not in stay] if before else []
    older = [path for path in before.past_copies if path not in stay.union(left)] if before else []
    return replace(manifest, copies=copies, copied_as=copied_as, past_copies=(*left, *older[:MOST_PAST]))


def mark_of(variant: Variant, manifest: Manifest, owner: str) -> Lies:
    """What a copy of a variant says of itself, wherever it lies: whose it is, for which manifest, and of which bytes.

    owner: as `Copies.owner` has it.
    """
    return Lies("", owner, manifest.revision, f"{variant.sha256[:32]}-{manifest.copied_as}")


def _copies(manifest: Manifest, recipe: Recipe, rules: CopyRules) -> tuple[Copy, ...]:
    if manifest.status is not Status.READY:
        return ()
    widths = {size.name: size.width for size in recipe.spec.sizes}
    found: dict[str, Copy] = {}
    for one in manifest.variants:
        width, extension = widths.get(one.name) or one.width, OUTPUTS[one.format].extension
        path = rules.pattern.address(manifest.key, short_name(manifest.key), one.name, width, extension)
        found.setdefault(path, Copy(path, one.path))
    return tuple(found.values())


def _same(copies: tuple[Copy, ...], others: tuple[Copy, ...]) -> bool:
    """Whether they are the same, whatever has been refused."""
    return copies == tuple(replace(one, refused=None) for one in others)
