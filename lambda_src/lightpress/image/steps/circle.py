"""Circle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from lightpress.image.spec import Pixels
from lightpress.image.step_drawing import multiplied_alpha
from lightpress.image.step_options import always

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_FINER, _LARGEST_DRAWN = 8, 4_096


@dataclass(frozen=True, slots=True)
class Circle:
    """Show the largest circle in the middle, as avatars are; around it, the square is see-through."""

    circle: bool = always("Whether to")

    def after(self, pixels: Pixels) -> Pixels:
        """A square."""
        return Pixels(min(pixels), min(pixels))


def circle(picture: Picture, _: Circle) -> Picture:
    """Cut out the square in the middle, and hide its corners."""
    image = picture.image
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = replace(picture, image=image.crop((left, top, left + side, top + side)))
    return multiplied_alpha(square, _disc(side))


def _disc(side: int) -> Image.Image:
    finer = max(1, min(_FINER, _LARGEST_DRAWN // side))
    large = Image.new("L", (side * finer, side * finer), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side * finer - 1, side * finer - 1), fill=255)
    return large.reduce(finer)
