"""Flip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL.Image import Transpose

from lightpress.image.step_options import choice

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_FLIPS = {
    "horizontal": Transpose.FLIP_LEFT_RIGHT,
    "vertical": Transpose.FLIP_TOP_BOTTOM,
    "both": Transpose.ROTATE_180,
}


@dataclass(frozen=True, slots=True)
class Flip:
    """Mirror the picture."""

    flip: str = choice("Left and right change places (horizontal), top and bottom, or both", *_FLIPS)


def flip(picture: Picture, options: Flip) -> Picture:
    """Mirror it; every pixel stays as it is."""
    return replace(picture, image=picture.image.transpose(_FLIPS[options.flip]))
