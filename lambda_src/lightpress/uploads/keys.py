"""Which keys may be given out: those whose originals the pipeline publishes.

A key that the pipeline leaves alone would be "processing" for ever. So the API asks the same functions as the pipeline:
`Publishing.reserving` and `RecipeBook.recipe_for`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from lightpress.pipeline.buckets import Publishing
    from lightpress.pipeline.recipe import RecipeBook

RESERVED, IGNORED = "reserved_prefix", "ignored_by_recipes"


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """The keys of the uploads bucket that are published."""

    publishing: Publishing
    recipes: RecipeBook

    def check(self, key: str) -> None:
        """Raise Refused if an original with this key would not be published."""
        self.check_prefix(key)
        if self.is_ignored(key):
            raise Refused(400, IGNORED, f"The recipes of this deployment ignore {key!r}. Choose another collection.")

    def check_prefix(self, key: str) -> None:
        """Raise Refused if the key, or a folder, begins with what an attached bucket is published under."""
        attached = self.publishing.reserving(key)
        if attached is not None:
            raise Refused(
                400,
                RESERVED,
                f"Keys that begin with {attached.under!r} are those of another bucket. Choose another collection.",
            )

    def is_ignored(self, key: str) -> bool:
        """Whether a rule of the recipes says to leave the key alone."""
        return self.recipes.recipe_for(key) is None
