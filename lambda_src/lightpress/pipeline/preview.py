"""A small picture of an original that is not published, for people who may see it.

The file itself may be HEIC or TIFF, which browsers do not show, and may say where it was taken. What is rendered here
is a JPEG without any of that, made as variants are, in a child of its own.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.spec import Size, Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.ports import Originals, Render
    from lightpress.pipeline.recipe import RecipeBook
    from lightpress.pipeline.source import Source

SIDE = 1280
"""The longer side, in pixels, at most: enough to read a license plate by."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of an original.

    Attributes:
        data: The JPEG, of its first frame.
        width, height: Of the JPEG, in pixels.
        moves: Whether frames would be published that are not seen here.
    """

    data: bytes
    width: int
    height: int
    moves: bool


@dataclass(frozen=True, slots=True)
class Previews:
    """Renders previews.

    Attributes:
        originals: Where originals are read.
        recipes: Whose limits and formats hold here, too.
        render: Makes the variants of an original.
        source_of: The source that is published under a key.
    """

    originals: Originals
    recipes: RecipeBook
    render: Render
    source_of: Callable[[str], Source]

    def __call__(self, key: str, version: str) -> bytes | None:
        """The JPEG; None where the key holds another version by now, or none. Raises as `of` does."""
        preview = self.of(key, version)
        return preview.data if preview else None

    def of(self, key: str, version: str) -> Preview | None:
        """The preview; None where the key holds another version by now, or none.

        Raises PictureRejected where it cannot be shown, and Unreadable, PreconditionFailed and what the ports raise.
        """
        source, recipe = self.source_of(key), self.recipes.recipe_for(key)
        original = self.originals.head(source)
        if recipe is None or original is None or original.identity != version:
            return None
        limits = recipe.spec.limits
        limits.check_bytes(original.size)
        spec = Spec(
            (Size("preview", SIDE, SIDE),),
            # Frames are counted only where some variant could show them. It is never made.
            ("jpeg", "webp") if recipe.spec.moves else ("jpeg",),
            limits=limits,
            metadata="none",
            animation=recipe.spec.animation,
            accept=recipe.spec.accept,
        )
        result = self.render(self.originals.read(source, original), spec)
        with closing(result.variants) as variants:
            made = next(variant for variant in variants if variant.format == "jpeg")
        return Preview(made.data, made.width, made.height, moves=result.original.frames > 1)
