"""Background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.image.flatten import flatten
from lightpress.image.step_options import color

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Background:
    """Put a color behind what is see-through, in formats that can hold transparency, too."""

    background: str = color("The color")


def background(picture: Picture, options: Background) -> Picture:
    """Leave nothing see-through."""
    return replace(picture, image=flatten(picture.image, options.background, picture.profile))
