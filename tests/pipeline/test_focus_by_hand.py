"""Who uploads a picture can say where its subject is, and can say it anew without uploading the picture again."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PIL import Image

import lightpress.image.focus  # noqa: F401  as `load_recipes` does
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.correction import Corrections, NothingPublished
from lightpress.pipeline.facts import Words
from lightpress.pipeline.outcomes import Action, TooManyConflicts
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source, focus_in
from tools.drawing import BLUE, GREEN, RED, distance, file_of, pixel, stripes
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Published

KEY = "a.png"
PICTURE = file_of(stripes([RED, GREEN, BLUE]))
SIZES = (Size("square", 50, 50, "cover"), Size("auto", 60, 60, "cover", auto_focus=True))
RECIPE = Recipe("web", Spec(SIZES, ("png",)))


class World:
    """The two buckets, and the workflow over them with the real core."""

    def __init__(self, *, versioned: bool) -> None:
        self.uploads, self.images = Bucket(versioned=versioned), Bucket()
        client: Any = SimulatedS3({"uploads": self.uploads, "images": self.images})
        self.recipe = RECIPE
        self.s3 = cast("S3Client", client)

    def settle(self) -> Action:
        book = RecipeBook((Rule("**", self.recipe),), {"web": self.recipe})
        needs = Dependencies(S3Originals(self.s3), S3Images(self.s3, "images"), book, render)
        return reconcile(Source("uploads", KEY), needs).action

    def upload(self, focus: str | None) -> Action:
        self.uploads.put(KEY, PICTURE, {} if focus is None else {"focus": focus})
        return self.settle()

    def middle(self, name: str) -> tuple[int, ...]:
        (variant,) = (one for one in self.manifest().variants if one.name == name)
        data = self.images.data(variant.path)
        assert data is not None
        return pixel(Image.open(io.BytesIO(data)).convert("RGB"), (0.5, 0.5))

    def manifest(self) -> Any:  # noqa: ANN401
        published = S3Images(self.s3, "images").published(KEY)
        assert published is not None
        return published.manifest


@pytest.mark.parametrize("versioned", [True, False])
def test_what_its_uploader_says_counts_for_every_size_that_cuts_and_can_be_corrected(versioned: bool) -> None:
    world = World(versioned=versioned)
    for focus, color in (("0.1,0.5", RED), ("0.9, 0.5", BLUE), ("0.5,0", GREEN)):
        assert world.upload(focus) is Action.PUBLISHED
        assert {distance(world.middle(name), color) <= 2 for name in ("square", "auto")} == {True}
        assert world.manifest().source.focus == focus_in({"focus": focus})
    assert world.settle() is Action.NOTHING


def test_without_a_word_and_with_nonsense_the_recipe_decides() -> None:
    for focus in (None, "left", "0.5", "2,0.5", "0.5,-1", "nan,0", "0.5,0.5,0.5", "1e0,0", "0.12345,0"):
        world = World(versioned=True)
        world.upload(focus)
        assert distance(world.middle("square"), GREEN) <= 2
        assert focus is None or focus_in({"focus": focus}) is None


class Asked:
    """Hears which keys are to be looked at."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def request_look(self, source: Source) -> None:
        self.keys.append(source.key)


def correct(world: World, focus: tuple[float, float] | None) -> Asked:
    asked = Asked()
    Corrections(S3Images(world.s3, "images"), asked)(Source("uploads", KEY), focus)
    return asked


@pytest.mark.parametrize("versioned", [True, False])
def test_a_focus_is_corrected_after_publication_kept_by_a_new_recipe_and_taken_back(versioned: bool) -> None:
    world = World(versioned=versioned)
    world.upload("0.1,0.5")
    assert correct(world, (0.9, 0.5)).keys == [KEY]
    assert distance(world.middle("square"), RED) <= 2  # nothing has looked at it yet
    assert world.settle() is Action.PUBLISHED
    assert {distance(world.middle(name), BLUE) <= 2 for name in ("square", "auto")} == {True}
    assert world.manifest().source.focus == (0.9, 0.5)
    assert world.settle() is Action.NOTHING

    world.recipe = Recipe("web", Spec((Size("square", 40, 40, "cover"),), ("png",)))
    assert world.settle() is Action.PUBLISHED
    assert distance(world.middle("square"), BLUE) <= 2

    correct(world, None)
    assert world.settle() is Action.PUBLISHED
    assert distance(world.middle("square"), RED) <= 2  # as its uploader said
    assert world.manifest().correction is None


def test_a_corrected_focus_goes_with_the_picture_that_it_was_said_of() -> None:
    world = World(versioned=True)
    world.upload(None)
    correct(world, (0.9, 0.5))
    assert world.upload(None) is Action.PUBLISHED
    assert world.manifest().correction is None
    assert distance(world.middle("square"), GREEN) <= 2

    correct(world, (0.9, 0.5))
    world.uploads.delete(KEY)
    assert world.settle() is Action.REMOVED
    with pytest.raises(NothingPublished) as refused:
        correct(world, (0.9, 0.5))
    assert refused.value.manifest == world.manifest()


def test_the_same_correction_again_writes_nothing_and_asks_for_a_look_again() -> None:
    world = World(versioned=True)
    world.upload(None)
    correct(world, (0.9, 0.5))
    before = world.images.written
    assert correct(world, (0.9, 0.5)).keys == [KEY]
    assert world.images.written == before


def test_a_correction_loses_8_races_and_says_so() -> None:
    world = World(versioned=True)
    world.upload(None)
    images = S3Images(world.s3, "images")

    class Overtaken:
        """Somebody publishes between each look and the write that follows it."""

        def published(self, key: str) -> Published | None:
            seen = images.published(key)
            assert seen is not None
            images.publish(replace(seen.manifest, revision=seen.manifest.revision + 1), seen)
            return seen

        def publish(self, manifest: Manifest, replacing: Published | None) -> None:
            images.publish(manifest, replacing)

    asked = Asked()
    with pytest.raises(TooManyConflicts):
        Corrections(Overtaken(), asked)(Source("uploads", KEY), (0.9, 0.5))
    assert (asked.keys, world.manifest().correction, world.manifest().revision) == ([], None, 9)


def test_what_is_said_of_a_picture_is_a_publication_of_the_same_variants_and_the_same_again_is_none() -> None:
    world = World(versioned=True)
    world.upload(None)
    before, asked = world.manifest(), Asked()
    corrections = Corrections(S3Images(world.s3, "images"), asked)
    said = corrections.say(Source("uploads", KEY), lambda words: replace(words, alt="A cat"))
    assert said == world.manifest() == replace(before, words=Words(alt="A cat"), revision=before.revision + 1)
    assert asked.keys == [KEY]
    written = world.images.written
    assert corrections.say(Source("uploads", KEY), lambda words: words) == said
    assert world.images.written == written
    assert corrections.say(Source("uploads", KEY), lambda _: Words()).words is None
