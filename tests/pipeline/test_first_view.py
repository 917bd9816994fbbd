"""A lazy variant is made when it is first asked for: once, if it is owed, and just as it would have been at upload."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.first_view import TRIES, FirstView, FirstViews
from lightpress.pipeline.manifest import LazyVariant, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.outcomes import Action, Result
from lightpress.pipeline.owed import only
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.ports import ChildLost, Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tools.drawing import file_of, four_corners, ramp
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.job import RenderResult
    from lightpress.image.spec import Effort

KEY = "photos/cat.png"
SPEC = Spec((Size("small", 24), Size("large", 48)), ("avif", "png"))
LAZY = frozenset({("large", "avif"), ("large", "png"), ("small", "avif")})
PICTURE = file_of(ramp((96, 96)))


def book(spec: Spec) -> RecipeBook:
    recipe = Recipe("web", spec)
    return RecipeBook((Rule("**", recipe),), {"web": recipe})


@dataclass
class World:
    """Two buckets, recipes, and a renderer that counts and can be made to fail."""

    spec: Spec = field(default_factory=lambda: replace(SPEC, lazy=LAZY))
    uploads: Bucket = field(default_factory=lambda: Bucket(versioned=True))
    images: Bucket = field(default_factory=Bucket)
    rendered: list[Spec] = field(default_factory=list)
    fails: Exception | None = None
    requests: list[str] = field(default_factory=list)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    late: list[Source] = field(default_factory=list)

    def request_look(self, source: Source) -> None:
        self.late.append(source)

    def wire(self, operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401, ARG002
        """before: what happens right before the first request with such a beginning."""
        name = f"{operation} {what}"
        self.requests.append(name)
        for beginning in [one for one in self.before if name.startswith(one)]:
            self.before.pop(beginning)()
        return effect()

    @property
    def s3(self) -> Any:  # noqa: ANN401  stands where a client does
        return SimulatedS3({"uploads": self.uploads, "images": self.images}, self.wire)

    def render(self, data: bytes, spec: Spec) -> RenderResult:
        self.rendered.append(spec)
        if self.fails:
            raise self.fails
        return render(data, spec)

    def settle(self, *, retry: bool = False, late: bool = False) -> Action:
        needs = Dependencies(
            S3Originals(self.s3), S3Images(self.s3, "images"), book(self.spec), render, late_looks=self
        )
        return reconcile(Source("uploads", KEY), needs, retry=retry, redelivered=late).action

    def manifest(self) -> Manifest:
        published = S3Images(self.s3, "images").published(KEY)
        assert published is not None
        return published.manifest

    def path(self, name: str = "large", form: str = "avif") -> str:
        return next(one.path for one in self.manifest().lazy if (one.name, one.format) == (name, form))

    def view(self, path: str) -> FirstView:
        self.requests.clear()
        views = FirstViews(
            S3Originals(self.s3), S3Images(self.s3, "images"), book(self.spec), self.render, Publishing("uploads").named
        )
        return views(path)


@pytest.fixture
def world() -> World:
    made = World()
    made.uploads.put(KEY, PICTURE)
    assert made.settle() is Action.PUBLISHED
    return made


def test_the_manifest_names_all_four_variants_and_one_of_them_is_there(world: World) -> None:
    manifest = world.manifest()
    assert [(one.name, one.format) for one in manifest.variants] == [("small", "png")]
    assert {(one.name, one.format, one.width, one.height) for one in manifest.lazy} == {
        ("large", "avif", 48, 48),
        ("large", "png", 48, 48),
        ("small", "avif", 24, 24),
    }
    assert [path for path in world.images.keys if path.startswith("i/")] == [manifest.variants[0].path]


@pytest.mark.parametrize("effort", ["normal", "high"])
@pytest.mark.parametrize(("name", "form"), sorted(LAZY))
def test_at_its_first_view_it_is_what_it_would_have_been_at_upload_to_the_byte(
    name: str, form: str, effort: Effort
) -> None:
    eager, world = (World(replace(SPEC, lazy=lazy, effort=effort)) for lazy in (frozenset[tuple[str, str]](), LAZY))
    for one in (eager, world):
        one.uploads.put(KEY, PICTURE)
        one.settle()
    (wanted,) = (one for one in eager.manifest().variants if (one.name, one.format) == (name, form))
    view = world.view(world.path(name, form))
    assert (view.result, view.data) == (Result.RENDERED, eager.images.data(wanted.path))
    assert view.data == world.images.data(world.path(name, form))


SQUARES = (
    Size("found", 24, 24, fit="cover", auto_focus=True),
    Size("middle", 24, 24, fit="cover"),
    Size("left", 24, 24, fit="cover", focus=(0.0, 0.5)),
    Size("large", 48),
)


def lazily_squared() -> World:
    """A wide picture of which the squares are lazy: one around its subject, one in its middle."""
    lazy = frozenset({("found", "png"), ("middle", "png")})
    world = World(spec=Spec(SQUARES, ("png",), lazy=lazy))
    picture = Image.new("RGB", (96, 48), "gray")
    picture.paste("red", (76, 12, 94, 36))
    world.uploads.put(KEY, file_of(picture, "PNG"))
    world.settle()
    return world


def test_a_lazy_size_is_cut_around_the_subject_that_was_found_at_the_upload_and_does_not_look_again() -> None:
    world = lazily_squared()
    manifest = world.manifest()
    assert manifest.source
    assert manifest.source.focus
    assert manifest.source.focus[0] > 0.6
    elsewhere = replace(manifest, source=replace(manifest.source, focus=(0.1, 0.5)))
    images = S3Images(world.s3, "images")
    images.publish(elsewhere, images.published(KEY))
    view = world.view(world.path("found", "png"))
    assert view.data
    assert not any(size.auto_focus for size in world.rendered[-1].sizes)
    assert Image.open(io.BytesIO(view.data)).convert("RGB").getcolors() == [(24 * 24, (128, 128, 128))]


def test_lazy_squares_of_one_box_are_two_files_where_one_follows_the_subject_and_one_does_not() -> None:
    world = lazily_squared()
    assert world.path("found", "png") != world.path("middle", "png")
    found, middle = (world.view(world.path(name, "png")).data for name in ("found", "middle"))
    assert found
    assert middle
    assert len(Image.open(io.BytesIO(found)).convert("RGB").getcolors(600) or ()) > 1
    assert Image.open(io.BytesIO(middle)).convert("RGB").getcolors() == [(24 * 24, (128, 128, 128))]


def test_lazy_squares_of_one_box_are_one_file_where_the_uploader_has_said_the_focus() -> None:
    world = World(spec=Spec(SQUARES, ("png",), lazy=frozenset({("found", "png"), ("middle", "png"), ("left", "png")})))
    world.uploads.put(KEY, file_of(ramp((96, 48))), metadata={"focus": "0.5,0.5"})
    world.settle()
    assert world.path("found", "png") == world.path("left", "png")
    assert world.view(world.path("left", "png")).result is Result.RENDERED


def test_a_lazy_square_is_cut_around_what_the_uploader_has_said_and_not_where_its_size_says() -> None:
    world = World(spec=Spec(SQUARES[2:], ("png",), lazy=frozenset({("left", "png")})))
    picture = Image.new("RGB", (96, 48), "gray")
    picture.paste("red", (32, 0, 96, 48))
    world.uploads.put(KEY, file_of(picture, "PNG"), metadata={"focus": "1,0.5"})
    world.settle()
    view = world.view(world.path("left", "png"))
    assert view.data
    assert Image.open(io.BytesIO(view.data)).convert("RGB").getcolors() == [(24 * 24, (255, 0, 0))]


def test_the_second_view_renders_nothing(world: World) -> None:
    first, second = world.view(world.path()), world.view(world.path())
    assert (second.result, second.data, len(world.rendered)) == (Result.FOUND, first.data, 1)


def test_where_formats_follow_from_the_kind_the_largest_size_is_there_and_the_others_are_made_in_its_formats() -> None:
    sizes = (Size("small", 24), Size("large", 48))
    lazy = frozenset((size.name, form) for size in sizes for form in ("avif", "webp", "jpeg", "png"))
    world = World(spec=Spec(sizes, ("avif", "webp", "jpeg", "png"), auto=True, lazy=lazy))
    world.uploads.put(KEY, PICTURE)
    world.settle()
    manifest = world.manifest()
    assert {one.name for one in manifest.variants} == {"large"}
    assert {one.format for one in manifest.lazy} == {one.format for one in manifest.variants}
    assert {one.name for one in manifest.lazy} == {"small"}
    for one in manifest.lazy:
        assert world.view(one.path).result is Result.RENDERED


def test_a_picture_smaller_than_two_sizes_is_one_file_made_once_for_both() -> None:
    world = World(spec=replace(SPEC, lazy=frozenset((n, f) for n in ("small", "large") for f in ("avif", "png"))))
    world.uploads.put(KEY, file_of(four_corners((16, 16))))
    world.settle()
    assert {(one.name, one.path) for one in world.manifest().lazy if one.format == "png"} == {
        (name, world.path("small", "png")) for name in ("small", "large")
    }
    assert world.view(world.path("large", "png")).result is Result.RENDERED
    assert world.view(world.path("small", "png")).result is Result.FOUND


@pytest.mark.parametrize("address", ["another generation", "another size", "another key"])
def test_an_address_that_is_not_owed_costs_one_read_of_a_manifest(address: str, world: World) -> None:
    path = {
        "another generation": "/".join((*world.path().split("/")[:2], "9-abcdefghabcdefgh", "large.avif")),
        "another size": world.path().replace("large", "huge"),
        "another key": world.path().replace(world.path().split("/")[1], "a" * 26),
    }[address]
    assert world.view(path).result is Result.NOT_OWED
    assert world.requests == [f"GetObject images/m/{path.split('/')[1]}.json"]


def test_what_is_there_is_not_owed(world: World) -> None:
    assert world.view(world.manifest().variants[0].path).result is Result.NOT_OWED


def test_deleted_while_it_is_rendered_it_is_not_served_and_removed(world: World) -> None:
    path = world.path()

    def delete() -> None:
        world.uploads.delete(KEY)
        world.settle()

    world.before[f"PutObject images/{path}"] = delete
    view = world.view(path)
    assert (view.result, view.data, world.images.data(path)) == (Result.CHANGED, None, None)


def test_overwritten_before_it_is_read_it_is_not_rendered(world: World) -> None:
    path = world.path()
    world.uploads.put(KEY, file_of(four_corners((96, 96))))
    assert (world.view(path).result, world.rendered, world.images.data(path)) == (Result.CHANGED, [], None)


def test_what_the_generation_before_still_owed_leads_to_the_same_variant_of_now(world: World) -> None:
    before = world.path()
    world.uploads.put(KEY, file_of(four_corners((96, 96))))
    world.settle()
    view = world.view(before)
    assert (view.result, view.path, view.path != before) == (Result.MOVED, world.path(), True)


def test_two_at_once_serve_the_same_file(world: World) -> None:
    path, theirs = world.path(), b"what the other one has made"
    world.before[f"PutObject images/{path}"] = lambda: world.images.put(path, theirs)
    view = world.view(path)
    assert (view.result, view.data, world.images.data(path)) == (Result.FOUND, theirs, theirs)


def test_a_rendering_that_fails_is_not_tried_again_until_an_operator_wants_it(world: World) -> None:
    path, revision = world.path(), world.manifest().revision
    world.fails = PictureRejected(Reason.TOO_SLOW, "It used up the CPU time.")
    assert (world.view(path).result, world.view(path).result) == (Result.FAILED, Result.FAILED_BEFORE)
    assert len(world.rendered) == 1
    (failed,) = (one for one in world.manifest().lazy if one.reason)
    assert (failed.path, failed.reason, failed.detail) == (path, "too_slow", "It used up the CPU time.")
    assert (world.manifest().status, world.manifest().revision) == (Status.READY, revision)
    world.fails = None
    assert world.settle() is Action.NOTHING
    assert world.settle(retry=True) is Action.PUBLISHED
    assert world.view(world.path()).result is Result.RENDERED


def test_memory_or_time_that_runs_out_3_times_is_a_failure(world: World) -> None:
    world.fails = ChildLost("signal 9")
    results = [world.view(world.path()).result for _ in range(TRIES + 2)]
    assert results == [Result.LOST, Result.LOST, Result.FAILED, Result.FAILED_BEFORE, Result.FAILED_BEFORE]
    assert {one.reason for one in world.manifest().lazy if one.path == world.path()} == {"machine_limit"}


def test_an_original_in_an_archive_is_not_rendered_and_nothing_is_held_against_it(world: World) -> None:
    world.uploads.change(KEY, storage_class="GLACIER")
    view = world.view(world.path())
    assert (view.result, view.reason, world.rendered) == (Result.UNREADABLE, "archived", [])
    world.uploads.change(KEY, restored=True)
    assert world.view(world.path()).result is Result.RENDERED


def test_a_newer_recipe_renders_what_it_still_has_and_nothing_else(world: World) -> None:
    large, small = world.path(), world.path("small")
    world.spec = replace(SPEC, sizes=(Size("small", 20), Size("large", 48)), quality={"avif": 40}, lazy=LAZY)
    assert world.view(large).result is Result.RENDERED
    assert world.view(small).result is Result.NO_RECIPE
    world.spec = replace(world.spec, formats=("png",), lazy=frozenset({("large", "png")}))
    assert world.view(world.path("large", "avif")).result is not Result.RENDERED


def test_what_a_recipe_leaves_is_no_part_of_its_digest_and_makes_nothing_stale(world: World) -> None:
    assert Recipe("web", SPEC).digest == Recipe("web", world.spec).digest
    eager = World(spec=SPEC)
    eager.uploads.put(KEY, PICTURE)
    eager.settle()
    eager.spec = world.spec
    assert eager.settle() is Action.NOTHING


def test_what_is_owed_and_no_longer_lazy_is_made_by_the_next_look(world: World) -> None:
    world.spec = replace(SPEC, lazy=frozenset({("large", "avif"), ("large", "png")}))
    assert world.settle() is Action.PUBLISHED
    assert ("small", "avif") in {(one.name, one.format) for one in world.manifest().variants}


@pytest.mark.parametrize("change", ["deleted", "overwritten"])
def test_before_a_manifest_that_owes_is_replaced_one_late_look_is_asked_for(change: str, world: World) -> None:
    asked: list[int] = []
    world.before[f"PutObject images/{manifest_path(KEY)}"] = lambda: asked.append(len(world.late))
    if change == "deleted":
        world.uploads.delete(KEY)
    else:
        world.uploads.put(KEY, file_of(four_corners()))
    world.settle()
    assert (asked, world.late) == ([1], [Source("uploads", KEY)])


def test_no_late_look_is_asked_for_where_nothing_is_owed() -> None:
    world = World(spec=SPEC)
    world.uploads.put(KEY, PICTURE)
    world.settle()
    world.uploads.delete(KEY)
    world.settle()
    assert world.late == []


def test_a_late_look_removes_what_somebody_left_behind(world: World) -> None:
    path = world.path()
    world.uploads.delete(KEY)
    world.settle()
    world.images.put(path, b"whoever made it died right after")
    assert world.settle(late=True) is Action.REMOVED
    assert world.images.data(path) is None


@pytest.mark.parametrize("effort", ["normal", "high"])
@pytest.mark.parametrize("moves", [True, False])
def test_what_is_owed_is_described_as_it_would_be_if_it_were_there(moves: bool, effort: Effort) -> None:
    frames = [ramp((96, 96)), four_corners((96, 96))]
    picture = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:]) if moves else PICTURE
    spec = Spec((Size("small", 24), Size("large", 48)), ("avif", "webp", "jpeg", "png"), effort=effort)
    spec = replace(spec, moving=("avif", "webp"))
    owing = {(size, form) for size in ("small", "large") for form in spec.formats} - {("small", "png")}
    described = {}
    for lazy in (frozenset(), frozenset(owing)):
        world = World(replace(spec, lazy=lazy))
        world.uploads.put(KEY, picture)
        assert world.settle() is Action.PUBLISHED
        files: tuple[Variant | LazyVariant, ...] = (*world.manifest().variants, *world.manifest().lazy)
        described[bool(lazy)] = {
            (one.name, one.format): (one.media_type, one.width, one.height, one.quality, one.animated) for one in files
        }
    assert described[True] == described[False]
    assert described[True]["large", "webp"][-1] is moves
    assert described[True]["large", "png"][-2:] == (None, False)


def test_a_format_that_the_recipe_has_no_more_is_no_variant_of_it() -> None:
    source = PublishedSource("v1", 4, "png", 96, 96)
    owed = LazyVariant("large", "avif", "image/avif", 48, 48, "i/x.avif")
    assert only(owed, SPEC, source) is not None
    assert only(owed, replace(SPEC, formats=("png",)), source) is None
