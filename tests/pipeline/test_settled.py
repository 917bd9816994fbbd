"""What is published is settled although more is known of the picture than when it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightpress.image.errors import Reason
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.facts import Box, Fact
from lightpress.pipeline.gate import standing_of
from lightpress.pipeline.manifest import LazyVariant, Manifest, PublishedSource, Status
from lightpress.pipeline.recipe import Recipe, Unanswered
from lightpress.pipeline.settled import is_overdue, is_settled
from lightpress.pipeline.source import Original

SEEN = Fact("faces", faces=(Box(0.1, 0.2, 0.2, 0.4),))
CUTTING = Recipe("web", Spec((Size("w10", 10, 10, "cover", auto_focus=True),), ("jpeg",)), enrichers=("faces",))
UNSEEN = PublishedSource("v1", 4, "jpeg")
READY = Manifest("a.jpg", Status.READY, 1, UNSEEN, digest=CUTTING.digest, enrichers=("faces",))
FAILED = replace(READY, status=Status.FAILED, reason=Reason.CORRUPT, digest=CUTTING.digest_for(Reason.CORRUPT))
HELD = replace(READY, status=Status.HELD, gate=("person",))
GATED = replace(CUTTING, gate=("person",))
PUBLISHING_UNANSWERED = replace(GATED, unanswered=Unanswered.PUBLISH, gate_hours=1)
REFUSING = replace(CUTTING, spec=replace(CUTTING.spec, accept=("png",)))


@pytest.mark.parametrize(
    ("manifest", "recipe", "settled"),
    [
        (READY, CUTTING, False),
        (FAILED, CUTTING, True),
        (HELD, GATED, True),
        (READY, REFUSING, True),
    ],
    ids=["ready", "failed", "held", "kept though its format is accepted no more"],
)
def test_only_a_picture_that_could_be_published_anew_is_cut_around_what_enrichers_see_by_now(
    manifest: Manifest, recipe: Recipe, settled: bool
) -> None:
    standing = standing_of(recipe.gate, ())
    assert is_settled(manifest, Original("v1", "e", 4), recipe, standing, (SEEN,), retry=False) is settled


def test_what_was_held_for_some_hours_is_not_overdue_once_its_recipe_waits_for_ever() -> None:
    held = replace(HELD, held_at=1_800_000_000, held_until=1_800_003_600)
    assert not is_overdue(held, Original("v1", "e", 4), GATED, lambda: 1_900_000_000)
    assert is_overdue(held, Original("v1", "e", 4), PUBLISHING_UNANSWERED, lambda: 1_900_000_000)


@pytest.mark.parametrize(("accepts", "settled"), [(True, False), (False, True)])
def test_a_retry_of_a_lazy_variant_leaves_alone_what_is_published_and_would_be_refused(
    *, accepts: bool, settled: bool
) -> None:
    spec = Spec((Size("w10", 10),), ("jpeg",), lazy=frozenset({("w10", "jpeg")}))
    recipe = Recipe("web", spec if accepts else replace(spec, accept=("png",)))
    variant = LazyVariant("w10", "jpeg", "image/jpeg", 10, 10, "i/k/1-x/w10.jpg", 60, reason=Reason.FORMAT_NOT_ACCEPTED)
    ready = Manifest("a.jpg", Status.READY, 1, UNSEEN, digest=recipe.digest, generation="1-x", lazy=(variant,))
    original, standing = Original("v1", "e", 4), standing_of((), ())
    assert is_settled(ready, original, recipe, standing, retry=False)
    assert is_settled(ready, original, recipe, standing, retry=True) is settled
