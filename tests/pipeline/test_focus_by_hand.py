"""Who uploads a picture can say where its subject is, and can say it anew without uploading the picture again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest
from PIL import Image

import lightpress.image.focus  # noqa: F401  as `load_recipes` does
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.image import Size, Spec, render
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import Action, Dependencies, reconcile
from lightpress.pipeline.source import Source, focus_in
from tools.drawing import BLUE, GREEN, RED, distance, file_of, pixel, stripes
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY = "a.png"
PICTURE = file_of(stripes([RED, GREEN, BLUE]))
SIZES = (Size("square", 50, 50, "cover"), Size("auto", 60, 60, "cover", auto_focus=True))
RECIPE = Recipe("web", Spec(SIZES, ("png",)))


class World:
    """The two buckets, and the workflow over them with the real core."""

    def __init__(self, *, versioned: bool) -> None:
        self.uploads, self.images = Bucket(versioned=versioned), Bucket()
        client: Any = SimulatedS3({"uploads": self.uploads, "images": self.images})
        self.s3 = cast("S3Client", client)

    def settle(self) -> Action:
        book = RecipeBook((Rule("**", RECIPE),), {"web": RECIPE})
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
