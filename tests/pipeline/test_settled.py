"""What is published is settled although more is known of the picture than when it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightpress.image.errors import Reason
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.facts import Box, Fact
from lightpress.pipeline.gate import standing_of
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
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
