"""What another recipe would change, told from manifests alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightpress.backfill.plan import plan
from lightpress.cli.plan import sample
from lightpress.image.errors import Reason
from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Pixels, Size, Spec
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.copy_pattern import CopyPattern, CopyRules
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from tests.image.stepping import step

OLD = Recipe("web", Spec((Size("w100", 100), Size("w200", 200)), ("jpeg", "webp")))


def book(spec: Spec, *ignored: str) -> RecipeBook:
    recipe = Recipe("web", spec)
    return RecipeBook((*(Rule(path, None) for path in ignored), Rule("**", recipe)), {"web": recipe})


def published(key: str, recipe: Recipe = OLD, *, kept: bool = False, form: str = "jpeg") -> Manifest:
    """A picture of 400 x 300 under the recipe; kept: its largest JPEG is the original's own bytes."""
    spec = recipe.spec
    variants = tuple(
        Variant(
            rung.names[0],
            output.name,
            output.media_type,
            *rung.result,
            1,
            "",
            "",
            quality=None if kept and output.name == "jpeg" else spec.quality_of(output, rung.result),
        )
        for rung in spec.rungs(Pixels(400, 300))
        for output in spec.outputs()
    )
    source = PublishedSource("v1", 9, form, 400, 300)
    return Manifest(key, Status.READY, 1, source, recipe.name, recipe.digest, "1-x", None, variants)


def test_the_same_recipe_changes_nothing() -> None:
    found = plan([published("a"), published("b", kept=True)], book(OLD.spec))
    assert (found.pictures, found.variants, found.to_render) == ({"current": 2}, {}, 0)


def test_a_new_size_makes_variants_and_the_others_come_out_as_before() -> None:
    spec = Spec((*OLD.spec.sizes, Size("w50", 50)), OLD.spec.formats)
    found = plan([published("a"), published("b", kept=True)], book(spec))
    assert found.pictures == {"stale": 2}
    assert found.variants == {"made": 4, "same": 8}
    assert set(found.names["made"]) == {"w50.jpeg", "w50.webp"}
    assert found.to_render == 2


def test_a_step_changes_variants_and_what_it_leaves_of_a_picture_is_undecided() -> None:
    sizes = (Size("w100", 100, steps=(step({"blur": 3}),)), replace(OLD.spec.sizes[1], steps=(step({"trim": 3}),)))
    found = plan([published("a")], book(replace(OLD.spec, sizes=sizes)))
    assert found.pictures == {"stale": 1}
    assert {what: set(names) for what, names in found.names.items()} == {
        "changed": {"w100.jpeg", "w100.webp"},
        "undecided": {"w200.jpeg", "w200.webp"},
    }


def test_another_quality_width_or_format_is_distinguished() -> None:
    spec = Spec((Size("w100", 100), Size("w200", 180)), ("jpeg", "avif"), {"jpeg": 50})
    found = plan([published("a")], book(spec))
    assert found.names == {
        "changed": {"w100.jpeg": 1, "w200.jpeg": 1},
        "made": {"w100.avif": 1, "w200.avif": 1},
        "removed": {"w100.webp": 1, "w200.webp": 1},
    }


def test_another_effort_makes_other_avif_and_leaves_the_pixels_of_jpeg_and_what_moves() -> None:
    spec = Spec((Size("w400", 400),), ("jpeg", "avif", "webp"), animation=True, moving=("avif", "webp"))
    old = Recipe("web", spec)
    still, moving = published("a", old), published("b", old, form="gif")
    moving = replace(moving, variants=tuple(replace(one, animated=one.format != "jpeg") for one in moving.variants))
    high = book(replace(spec, effort="high"))
    assert plan([still], high).names["changed"] == {"w400.avif": 1}
    assert plan([moving], high).names == {"same": {"w400.avif": 1, "w400.webp": 1, "w400.jpeg": 1}}
    assert plan([still, moving], high).pictures == {"stale": 2}


AUTO = Spec(OLD.spec.sizes, tuple(OUTPUTS), auto=True)


def test_of_a_camera_s_jpeg_auto_keeps_the_jpegs_makes_avif_and_removes_webp() -> None:
    found = plan([published("a"), published("b", form="heic")], book(AUTO))
    assert found.pictures == {"stale": 2}
    assert found.names == {
        "same": {"w100.jpeg": 2, "w200.jpeg": 2},
        "made": {"w100.avif": 2, "w200.avif": 2},
        "removed": {"w100.webp": 2, "w200.webp": 2},
    }


def test_what_auto_makes_of_a_picture_that_may_be_a_drawing_or_see_through_only_rendering_tells() -> None:
    moving = published("c")
    moving = replace(moving, variants=tuple(replace(one, animated=True) for one in moving.variants))
    found = plan([published("a", form="png"), published("b", form="gif"), moving], book(AUTO))
    assert found.variants == {"undecided": 12}
    fewer = plan([published("a", form="png")], book(replace(AUTO, sizes=AUTO.sizes[:1])))
    assert fewer.names == {
        "undecided": {"w100.jpeg": 1, "w100.webp": 1},
        "removed": {"w200.jpeg": 1, "w200.webp": 1},
    }


def test_rolling_back_is_the_same_operation() -> None:
    new = Recipe("web", Spec((Size("w100", 100),), ("jpeg",)))
    there, back = plan([published("a")], book(new.spec)), plan([published("a", new)], book(OLD.spec))
    assert there.names["removed"] == back.names["made"]
    assert there.variants["same"] == back.variants["same"] == 1


def test_what_would_be_made_of_originals_that_have_left_is_refused_and_counted() -> None:
    left = [replace(published(key), original_dropped=DroppedOriginal(None, 1)) for key in ("a", "b", "drafts/c")]
    other = Spec((Size("w100", 90),), OLD.spec.formats)
    found = plan([*left, published("d")], book(other, "drafts/**"))
    assert found.without_original == 3
    assert (found.pictures, found.to_render) == ({"without original": 3, "stale": 1}, 1)
    assert plan(left[:2], book(OLD.spec)).pictures == {"current": 2}


def test_copies_that_move_and_enrichers_that_come_or_go_are_counted_and_nothing_is_rendered() -> None:
    thumbs, icons = (CopyRules(CopyPattern(f"{folder}/{{key}}-{{size}}.{{ext}}")) for folder in ("thumbs", "icons"))
    copying = replace(OLD, copies=thumbs)
    there = with_copies(published("a"), copying, None)
    of_no_recipe = Manifest("f", Status.FAILED, 1, PublishedSource("v", 1), "web", OLD.digest, reason="corrupt")

    def planned(recipe: Recipe) -> tuple[dict[str, int], int, int]:
        found = plan([there, of_no_recipe], RecipeBook((Rule("**", recipe),), {"web": recipe}))
        return found.pictures, found.to_render, found.not_rendered

    assert planned(copying) == ({"current": 2}, 0, 0)
    assert planned(replace(OLD, copies=icons)) == ({"copied": 1, "current": 1}, 0, 1)
    assert planned(replace(OLD, copies=replace(thumbs, cache_control="no-cache"))) == (
        {"copied": 1, "current": 1},
        0,
        1,
    )
    assert planned(OLD) == ({"copied": 1, "current": 1}, 0, 1)
    assert planned(replace(copying, enrichers=("alt",))) == ({"enriched": 1, "current": 1}, 0, 1)


def test_what_is_ignored_failed_or_deleted_is_counted_apart() -> None:
    failed = Manifest("f", Status.FAILED, 1, PublishedSource("v", 1), "web", "old", reason="corrupt")
    deleted = Manifest("d", Status.DELETED, 2)
    found = plan([published("private/a"), failed, deleted], book(OLD.spec, "private/**"))
    assert found.pictures == {"removed": 1, "tried again": 1, "deleted": 1}
    assert found.variants == {"removed": 4}
    assert found.examples["removed"] == ["private/a"]


def test_what_is_of_a_format_that_is_not_accepted_is_kept_and_what_was_refused_for_it_tried_again() -> None:
    spec = replace(OLD.spec, sizes=(Size("w50", 50),))
    refused = Manifest("r", Status.FAILED, 1, PublishedSource("v", 1), "web", reason=Reason.FORMAT_NOT_ACCEPTED)
    refused = replace(refused, digest=Recipe("web", spec).digest_for(refused.reason))
    found = plan([published("a"), refused], book(replace(spec, accept=("png",))))
    assert (found.pictures, found.variants, found.to_render) == ({"kept": 1, "tried again": 1}, {}, 1)
    assert plan([published("a"), refused], book(spec)).pictures == {"stale": 1, "current": 1}


def test_a_sample_is_as_large_as_asked_for_and_fair() -> None:
    paths = [str(number) for number in range(1000)]
    assert sample(paths, 5000) == (paths, 1000)
    hits = [int(path) for seed in range(50) for path in sample(iter(paths), 20, seed)[0]]
    assert sample(paths, 20)[1] == 1000
    assert len(hits) == 1000
    assert sum(hits) / 1000 == pytest.approx(500, abs=40)


def test_a_sample_speaks_of_all() -> None:
    found = plan([published("a"), published("b")], book(Spec((Size("w100", 100),), ("jpeg",)))).scaled(10)
    assert found.pictures == {"stale": 20}
    assert found.to_render == 20
