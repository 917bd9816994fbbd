"""What is published follows what the source holds, whatever is said about it and however often."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightpress.image.errors import Reason
from lightpress.image.inputs import READABLE
from lightpress.image.limits import Limits
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.failures import Verdict
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.outcomes import ATTEMPTS, Action, Outcome, TooManyConflicts
from lightpress.pipeline.paths import permalinks_folder, variants_folder
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from tests.pipeline.fakes import BREAKS_LATE, CORRUPT, RARE, UPLOADS, FakeCloud, FakeImages, book, source
from tests.pipeline.keys import NASTY_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.pipeline.manifest import Manifest

KEY = "a.jpg"


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


def settle(cloud: FakeCloud, key: str = KEY) -> Outcome:
    """Until nothing is left to do: what is rejected is recorded, too."""
    outcome = reconcile(source(key), cloud.dependencies())
    if outcome.action is not Action.REJECTED:
        return outcome
    return reconcile(source(key), cloud.dependencies(), recorder=cloud.last_word(outcome.verdict))


def published(cloud: FakeCloud, key: str = KEY) -> Manifest:
    manifest = cloud.images.manifest(key)
    assert manifest is not None
    return manifest


def assert_all_there(cloud: FakeCloud, key: str, data: bytes) -> None:
    manifest = published(cloud, key)
    assert manifest.status is Status.READY
    assert [variant.name for variant in manifest.variants] == ["w10", "w20"]
    for variant in manifest.variants:
        assert cloud.images.held[variant.path] == data + variant.name.encode()


def test_a_new_picture_is_published(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    outcome = settle(cloud)
    assert outcome.action is Action.PUBLISHED
    assert outcome.manifest == published(cloud)
    assert_all_there(cloud, KEY, b"one")


@pytest.mark.parametrize("key", NASTY_KEYS, ids=lambda key: ascii(key)[:24])
def test_every_key_can_be_published_and_taken_back(cloud: FakeCloud, key: str) -> None:
    cloud.originals.put(key, b"one")
    outcome = settle(cloud, key)
    assert outcome.action is (Action.FAILED if key.endswith("/") else Action.PUBLISHED)
    assert published(cloud, key).key == key
    cloud.originals.delete(key)
    assert settle(cloud, key).action is Action.REMOVED
    assert cloud.images.variants() == set()


def test_the_same_event_twice_does_the_work_once_and_costs_two_requests(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    before = dict(cloud.images.held)
    cloud.originals.asked.clear()
    cloud.images.asked.clear()
    outcome = settle(cloud)
    assert outcome.action is Action.NOTHING
    assert outcome.manifest == published(cloud)
    assert cloud.press.made == [b"one"]
    assert cloud.images.held == before
    assert (dict(cloud.originals.asked), dict(cloud.images.asked)) == ({"look": 1}, {"published": 1})


def test_the_same_bytes_uploaded_again_are_a_new_upload(cloud: FakeCloud) -> None:
    for _ in range(2):
        cloud.originals.put(KEY, b"one")
        assert settle(cloud).action is Action.PUBLISHED
    assert published(cloud).revision == 2


def test_an_overwrite_replaces_what_is_published_and_keeps_the_one_before(cloud: FakeCloud) -> None:
    generations = []
    for data in (b"one", b"two", b"three", b"four"):
        cloud.originals.put(KEY, data)
        settle(cloud)
        assert_all_there(cloud, KEY, data)
        generations.append(published(cloud).generation)
        assert cloud.images.generations() == set(generations[-2:])
        assert published(cloud).previous == (generations[-2] if len(generations) > 1 else None)
    assert published(cloud).revision == 4


def test_a_deletion_removes_every_variant_and_says_so(cloud: FakeCloud) -> None:
    for data in (b"one", b"two"):
        cloud.originals.put(KEY, data)
        settle(cloud)
    cloud.originals.delete(KEY)
    outcome = settle(cloud)
    assert outcome.action is Action.REMOVED
    manifest = published(cloud)
    assert (manifest.status, manifest.revision, manifest.source, manifest.variants) == (Status.DELETED, 3, None, ())
    assert cloud.images.variants() == set()


def test_a_deletion_of_what_never_was_is_written_down_too(cloud: FakeCloud) -> None:
    assert settle(cloud).action is Action.REMOVED
    assert published(cloud).status is Status.DELETED


def test_a_deletion_that_is_announced_twice_changes_nothing_the_second_time(cloud: FakeCloud) -> None:
    settle(cloud)
    assert settle(cloud).action is Action.NOTHING
    assert published(cloud).revision == 1


def test_an_upload_after_a_deletion_is_published(cloud: FakeCloud) -> None:
    settle(cloud)
    cloud.originals.put(KEY, b"again")
    assert settle(cloud).action is Action.PUBLISHED
    assert_all_there(cloud, KEY, b"again")
    assert published(cloud).revision == 2


@pytest.mark.parametrize("known", [True, False], ids=["published before", "never published"])
def test_a_picture_that_is_deleted_while_it_is_made_does_not_come_back(cloud: FakeCloud, known: bool) -> None:
    if known:
        cloud.originals.put(KEY, b"one")
        settle(cloud)
    cloud.originals.put(KEY, b"two")

    def somebody_deletes(_: Manifest) -> None:
        if cloud.originals.bucket.newest(KEY):
            cloud.originals.delete(KEY)
            settle(cloud)  # and another worker is faster

    cloud.images.before_publish = somebody_deletes
    outcome = settle(cloud)
    assert outcome.manifest is not None
    assert outcome.manifest.status is Status.DELETED
    assert published(cloud).status is Status.DELETED
    assert cloud.images.variants() == set()


def test_an_older_worker_never_replaces_what_a_newer_one_published(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"old")

    def somebody_is_faster(manifest: Manifest) -> None:
        if manifest.source and manifest.source.identity == "v1":
            cloud.originals.put(KEY, b"new")
            settle(cloud)

    cloud.images.before_publish = somebody_is_faster
    settle(cloud)
    assert_all_there(cloud, KEY, b"new")
    assert cloud.images.generations() == {published(cloud).generation}


def test_what_changes_right_after_publishing_is_published_before_the_message_is_done(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")

    def overwritten_meanwhile(look: int) -> None:
        if look == 2:
            cloud.originals.put(KEY, b"two")

    cloud.originals.before_look = overwritten_meanwhile
    settle(cloud)
    assert_all_there(cloud, KEY, b"two")


def test_a_picture_that_changes_again_and_again_is_left_for_later(cloud: FakeCloud) -> None:
    cloud.originals.before_look = lambda look: cloud.originals.put(KEY, b"%d" % look)
    with pytest.raises(TooManyConflicts, match=KEY):
        settle(cloud)
    assert len(cloud.press.made) == ATTEMPTS


def test_it_is_settled_the_next_time(cloud: FakeCloud) -> None:
    test_a_picture_that_changes_again_and_again_is_left_for_later(cloud)
    cloud.originals.before_look = lambda _: None
    assert settle(cloud).action in {Action.PUBLISHED, Action.NOTHING}
    assert_all_there(cloud, KEY, cloud.originals.bucket.data(KEY) or b"")
    manifest = published(cloud)
    assert cloud.images.generations() <= {manifest.generation, manifest.previous}


def test_a_bad_picture_is_failed_with_a_reason_and_not_tried_again(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    outcome = settle(cloud)
    assert outcome.action is Action.FAILED
    manifest = published(cloud)
    assert (manifest.status, manifest.reason, manifest.detail) == (
        Status.FAILED,
        Reason.CORRUPT,
        "The decoder says: drawn so.",
    )
    assert manifest.variants == ()
    assert settle(cloud).action is Action.NOTHING
    assert len(cloud.press.made) == 1


def test_a_bad_picture_over_a_good_one_keeps_the_good_ones_files_for_old_pages(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"good")
    settle(cloud)
    good = published(cloud).generation
    for _ in range(2):
        cloud.originals.put(KEY, CORRUPT)
        settle(cloud)
        assert (published(cloud).generation, published(cloud).previous) == (None, good)
        assert cloud.images.generations() == {good}
    cloud.originals.put(KEY, b"better")
    settle(cloud)
    assert_all_there(cloud, KEY, b"better")
    assert published(cloud).previous == good


@pytest.mark.parametrize("before", [None, b"good"], ids=["first upload", "overwrite"])
def test_a_picture_that_breaks_halfway_leaves_no_half_of_it(cloud: FakeCloud, before: bytes | None) -> None:
    if before:
        cloud.originals.put(KEY, before)
        settle(cloud)
    cloud.originals.put(KEY, BREAKS_LATE)
    settle(cloud)
    manifest = published(cloud)
    assert (manifest.status, manifest.reason) == (Status.FAILED, Reason.TOO_SLOW)
    assert cloud.images.generations() == ({manifest.previous} if before else set())


NOT_WORTH_READING = {
    "a folder": ("holiday/", b"", Reason.FOLDER),
    "a folder with something in it": ("holiday/", b"one", Reason.FOLDER),
    "empty": (KEY, b"", Reason.EMPTY),
    "too large": (KEY, bytes(11), Reason.TOO_MANY_BYTES),
}


@pytest.mark.parametrize(("key", "data", "reason"), NOT_WORTH_READING.values(), ids=NOT_WORTH_READING)
def test_what_cannot_be_a_picture_is_not_even_read(cloud: FakeCloud, key: str, data: bytes, reason: Reason) -> None:
    recipe = Recipe("web", Spec((Size("w10", 10),), ("jpeg",), limits=Limits(max_bytes=10)))
    cloud.recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    cloud.originals.put(key, data)
    assert settle(cloud, key).action is Action.FAILED
    assert published(cloud, key).reason == reason
    assert cloud.originals.asked["read"] == 0
    assert cloud.press.made == []


def test_a_key_that_is_left_alone_leaves_no_trace(cloud: FakeCloud) -> None:
    cloud.recipes = book(ignored=("raw/**",))
    cloud.originals.put("raw/a.jpg", b"one")
    for _ in range(2):
        outcome = settle(cloud, "raw/a.jpg")
        assert (outcome.action, outcome.manifest) == (Action.NOTHING, None)
        cloud.originals.delete("raw/a.jpg")
    assert cloud.images.held == {}
    assert cloud.press.made == []


def test_a_key_that_is_left_alone_from_now_on_is_taken_back(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.recipes = book(ignored=("**",))
    assert settle(cloud).action is Action.REMOVED
    assert cloud.images.variants() == set()
    assert settle(cloud).action is Action.NOTHING
    cloud.recipes = book()
    assert settle(cloud).action is Action.PUBLISHED
    assert_all_there(cloud, KEY, b"one")


def test_another_recipe_publishes_anew_and_keeps_exactly_the_generation_before(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    seen = [published(cloud).generation]
    for width in (30, 40, 50):
        cloud.recipes = book(10, width)
        assert settle(cloud).action is Action.PUBLISHED
        assert settle(cloud).action is Action.NOTHING
        seen.append(published(cloud).generation)
        assert cloud.images.generations() == set(seen[-2:])
        assert {variant.name for variant in published(cloud).variants} == {"w10", f"w{width}"}
    assert len(cloud.press.made) == 4


def test_another_recipe_gives_a_failed_picture_another_chance(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    settle(cloud)
    cloud.recipes = book(99)
    settle(cloud)
    assert len(cloud.press.made) == 2


def test_a_rejected_picture_is_an_outcome_and_nothing_is_published_of_it(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"good")
    settle(cloud)
    before = dict(cloud.images.held)
    cloud.originals.put(KEY, CORRUPT)
    outcome = reconcile(source(KEY), cloud.dependencies())
    assert outcome.action is Action.REJECTED
    assert outcome.verdict == Verdict("v2", digest_of(cloud), Reason.CORRUPT, "The decoder says: drawn so.")
    assert outcome.manifest == published(cloud)
    assert cloud.images.held == before


def test_a_failed_picture_is_tried_again_where_an_operator_asks_for_it(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    settle(cloud)
    assert reconcile(source(KEY), cloud.dependencies(), retry=True).action is Action.REJECTED
    outcome = reconcile(source(KEY), cloud.dependencies(), recorder=cloud.last_word(), retry=True)
    assert (outcome.action, published(cloud).revision) == (Action.FAILED, 2)
    assert len(cloud.press.made) == 3


def test_a_published_picture_is_not_rendered_again_whoever_asks(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    assert reconcile(source(KEY), cloud.dependencies(), retry=True).action is Action.NOTHING


def test_when_a_picture_is_recorded_as_failed_all_of_it_is_done_before_it_is_published(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)

    def is_published(manifest: Manifest) -> None:
        row = cloud.failures.rows[f"{UPLOADS}/{KEY}", "v1"]
        assert (manifest.status, row.reason) == (Status.FAILED, Reason.CORRUPT)
        assert row.quarantine is not None
        assert cloud.quarantine.held[row.quarantine] == CORRUPT

    cloud.images.before_publish = is_published
    assert settle(cloud).action is Action.FAILED


def test_a_picture_that_is_replaced_while_it_is_recorded_is_published(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    cloud.quarantine.before_keep = lambda: cloud.originals.put(KEY, b"good")
    assert settle(cloud).action is Action.PUBLISHED
    assert_all_there(cloud, KEY, b"good")
    assert cloud.failures.rows == {}


def test_the_invalidation_is_requested_before_the_variants_are_removed(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.originals.delete(KEY)
    settle(cloud)
    assert cloud.purges.asked == [(variants_folder(KEY), 2)]
    assert cloud.images.variants() == set()


def test_without_published_variants_no_invalidation_is_requested(cloud: FakeCloud) -> None:
    settle(cloud)
    settle(cloud)
    assert cloud.purges.asked == []


@pytest.mark.parametrize("last", [b"three", CORRUPT], ids=["published", "failed"])
def test_a_deletion_is_told_to_the_cdn_though_nothing_is_left_of_what_viewers_saw(
    cloud: FakeCloud, last: bytes
) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.recipes = book(lazy=True)  # from now on, nothing is made before somebody asks for it, and nobody does
    for data in (b"two", last):
        cloud.originals.put(KEY, data)
        settle(cloud)
    assert cloud.images.variants() == set(), "the ones that viewers saw are gone, and the CDN may keep them"
    assert cloud.purges.asked == []
    cloud.originals.delete(KEY)
    settle(cloud)
    assert cloud.purges.asked == [(variants_folder(KEY), 0)]


def test_a_deletion_of_what_has_only_ever_failed_is_told_to_nobody(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    settle(cloud)
    cloud.originals.delete(KEY)
    assert settle(cloud).action is Action.REMOVED
    assert cloud.purges.asked == []


def test_permalinks_of_what_is_overwritten_are_invalidated_and_that_is_requested_before_it_is(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    asked: list[int] = []
    cloud.images.before_publish = lambda _: asked.append(len(cloud.refreshes.asked))
    cloud.originals.put(KEY, b"two")
    settle(cloud)
    assert [folder for folder, _ in cloud.refreshes.asked] == [permalinks_folder(KEY)]
    assert asked == [1]
    assert cloud.purges.asked == []


def test_permalinks_of_what_fails_after_it_was_published_are_invalidated(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.originals.put(KEY, CORRUPT)
    assert settle(cloud).action is Action.FAILED
    assert [folder for folder, _ in cloud.refreshes.asked] == [permalinks_folder(KEY)]
    cloud.originals.put(KEY, b"three")
    settle(cloud)
    assert len(cloud.refreshes.asked) == 1, "nothing was shown of what failed"


def test_a_first_upload_and_another_recipe_invalidate_no_permalink(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.recipes = book(30, 60)
    assert settle(cloud).action is Action.PUBLISHED
    assert cloud.refreshes.asked == []


def test_a_removal_that_fails_asks_again(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    cloud.originals.delete(KEY)

    class Stuck(FakeImages):
        def remove(self, paths: Iterable[str]) -> None:
            raise ConnectionError(f"no answer about {len(list(paths))} paths")

    stuck = Stuck(cloud.images.bucket)
    with pytest.raises(ConnectionError):
        reconcile(source(KEY), replace(cloud.dependencies(), images=stuck))
    assert settle(cloud).action is Action.REMOVED
    assert cloud.purges.asked == [(variants_folder(KEY), 2)] * 2
    assert settle(cloud).action is Action.NOTHING


def test_what_is_published_stays_when_its_format_is_no_longer_accepted(cloud: FakeCloud) -> None:
    cloud.recipes = book(accept=READABLE)
    cloud.originals.put(KEY, RARE)
    settle(cloud)
    before = dict(cloud.images.held)
    for recipes in (book(), book(99), book(99, accept=("png",))):
        cloud.recipes = recipes
        outcome = settle(cloud)
        assert (outcome.action, outcome.manifest) == (Action.NOTHING, published(cloud))
    assert (cloud.images.held, cloud.press.made) == (before, [RARE])


def test_what_is_published_stays_when_other_formats_are_accepted(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    for accept in (READABLE, ("jpeg",)):
        cloud.recipes = book(accept=accept)
        assert settle(cloud).action is Action.NOTHING


def test_what_stayed_is_made_anew_once_its_format_is_accepted_again(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, RARE)
    for recipes, did in (
        (book(accept=READABLE), Action.PUBLISHED),
        (book(99), Action.NOTHING),
        (book(99, accept=READABLE), Action.PUBLISHED),
    ):
        cloud.recipes = recipes
        assert settle(cloud).action is did
    assert [variant.name for variant in published(cloud).variants] == ["w99"]


def test_a_new_upload_of_a_format_that_is_no_longer_accepted_is_refused(cloud: FakeCloud) -> None:
    cloud.recipes = book(accept=READABLE)
    cloud.originals.put(KEY, RARE)
    settle(cloud)
    cloud.recipes = book()
    cloud.originals.put(KEY, RARE)
    assert settle(cloud).action is Action.FAILED
    assert published(cloud).reason == Reason.FORMAT_NOT_ACCEPTED


def test_what_stayed_is_removed_with_its_original_and_where_its_key_is_ignored(cloud: FakeCloud) -> None:
    for key in ("a", "b"):
        cloud.recipes = book(accept=READABLE)
        cloud.originals.put(key, RARE)
        settle(cloud, key)
    cloud.recipes = book(ignored=("a",))
    cloud.originals.delete("b")
    assert {settle(cloud, key).action for key in ("a", "b")} == {Action.REMOVED}
    assert cloud.images.variants() == set()


def test_what_was_refused_for_its_format_is_published_once_that_is_accepted(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, RARE)
    assert settle(cloud).action is Action.FAILED
    assert settle(cloud).action is Action.NOTHING
    cloud.recipes = book(accept=READABLE)
    assert settle(cloud).action is Action.PUBLISHED
    assert_all_there(cloud, KEY, RARE)


def test_what_failed_for_something_else_is_not_tried_again_when_other_formats_are_accepted(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, CORRUPT)
    settle(cloud)
    cloud.recipes = book(accept=READABLE)
    assert settle(cloud).action is Action.NOTHING


def digest_of(cloud: FakeCloud) -> str:
    recipe = cloud.recipes.recipe_for(KEY)
    assert recipe is not None
    return recipe.digest


def test_what_a_dead_worker_left_is_removed_with_the_deletion(cloud: FakeCloud) -> None:
    settle(cloud)
    cloud.originals.put(KEY, b"one")

    def dies(_: Manifest) -> None:
        raise KeyboardInterrupt

    cloud.images.before_publish = dies
    with pytest.raises(KeyboardInterrupt):
        settle(cloud)
    assert cloud.images.variants()
    cloud.originals.delete(KEY)
    cloud.images.before_publish = lambda _: None
    assert settle(cloud).action is Action.REMOVED
    assert cloud.images.variants() == set()


def die(cloud: FakeCloud) -> None:
    """As a worker does that has written its variants and not published them yet."""

    def dies(_: Manifest) -> None:
        raise KeyboardInterrupt

    cloud.images.before_publish = dies
    with pytest.raises(KeyboardInterrupt):
        settle(cloud)
    cloud.images.before_publish = lambda _: None


def left_behind(cloud: FakeCloud, data: bytes) -> str:
    """Upload, and have a worker die over it before it publishes; returns the generation that it wrote."""
    before = cloud.images.generations()
    cloud.originals.put(KEY, data)
    die(cloud)
    (generation,) = cloud.images.generations() - before
    return generation


def again(cloud: FakeCloud) -> Outcome:
    """As when the message of a worker that died comes back."""
    return reconcile(source(KEY), cloud.dependencies(), redelivered=True)


@pytest.mark.parametrize("known", [True, False], ids=["published before", "never published"])
def test_what_a_worker_left_behind_that_died_is_removed_when_its_message_comes_back(
    cloud: FakeCloud, known: bool
) -> None:
    if known:
        cloud.originals.put(KEY, b"one")
        settle(cloud)
    dead = left_behind(cloud, b"two")
    cloud.originals.put(KEY, b"three")
    settle(cloud)
    assert (dead in cloud.images.generations()) is not known, "who replaces a manifest removes it, the first does not"
    outcome = again(cloud)
    assert (outcome.action, outcome.manifest) == (Action.NOTHING, published(cloud))
    assert cloud.images.generations() == {published(cloud).generation, published(cloud).previous} - {None}
    assert_all_there(cloud, KEY, b"three")


def test_who_publishes_for_the_first_time_what_another_worker_died_over_removes_what_that_left(
    cloud: FakeCloud,
) -> None:
    dead = left_behind(cloud, b"one")
    cloud.originals.put(KEY, b"two")
    assert again(cloud).action is Action.PUBLISHED
    assert dead not in cloud.images.generations()
    assert_all_there(cloud, KEY, b"two")


def test_what_could_still_be_published_is_removed_once_it_cannot_be(cloud: FakeCloud) -> None:
    cloud.recipes = book(10)
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    before = published(cloud)
    cloud.recipes = book(20)
    seen_by_the_dead = cloud.images.published(KEY)
    die(cloud)
    cloud.recipes = book(10)
    outcome = again(cloud)
    assert (outcome.action, outcome.manifest) == (Action.NOTHING, replace(before, revision=2))
    assert published(cloud) == outcome.manifest
    assert cloud.images.generations() == {before.generation}
    with pytest.raises(PreconditionFailed):
        cloud.images.publish(before, seen_by_the_dead)


def test_what_is_kept_though_it_cannot_be_read_is_rid_of_what_died_beside_it(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    kept = published(cloud)
    cloud.recipes = book(30)
    die(cloud)
    cloud.originals.bucket.change(KEY, storage_class="GLACIER")
    assert reconcile(source(KEY), cloud.dependencies()).manifest == kept
    assert len(cloud.images.generations()) == 2
    outcome = again(cloud)
    assert (outcome.action, outcome.manifest) == (Action.KEPT, replace(kept, revision=2))
    assert cloud.images.generations() == {kept.generation}


def test_a_key_that_is_left_alone_is_rid_of_what_a_worker_left_that_died(cloud: FakeCloud) -> None:
    left_behind(cloud, b"one")
    cloud.recipes = book(ignored=("**",))
    assert settle(cloud).action is Action.NOTHING
    assert again(cloud).action is Action.REMOVED
    assert cloud.images.variants() == set()
    assert again(cloud).action is Action.NOTHING


def test_a_message_that_comes_back_costs_one_more_request_where_nothing_was_left(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    settle(cloud)
    before = dict(cloud.images.held)
    cloud.images.asked.clear()
    assert again(cloud).action is Action.NOTHING
    assert dict(cloud.images.asked) == {"published": 1, "paths": 1}
    assert cloud.images.held == before


def test_a_world_that_fails_is_not_the_pictures_fault(cloud: FakeCloud) -> None:
    cloud.originals.put(KEY, b"one")
    cloud.originals.failing.add(KEY)
    with pytest.raises(ConnectionError):
        settle(cloud)
    assert cloud.images.held == {}
