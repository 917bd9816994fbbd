"""Pad."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.spec import Pixels
from lightpress.image.step_drawing import color_in
from lightpress.image.step_options import Length, color, length

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_CLEAR = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pad:
    """Put a border around the picture, which adds to its size; `fit = "pad"` fills a box instead."""

    pad: Length = length("Its breadth on each side", low=1, high=2000, most_percent=50)
    color: str | None = color("Its color; by default it is see-through", default=None)

    def after(self, pixels: Pixels) -> Pixels:
        """Larger by the border."""
        more = 2 * self.pad.of(pixels.width)
        return Pixels(pixels.width + more, pixels.height + more)


def pad(picture: Picture, options: Pad) -> Picture:
    """Put it on a larger canvas, in the middle."""
    image, breadth = picture.image, options.pad.of(picture.image.width)
    size = options.after(Pixels(*image.size))
    if options.color is None:
        image = image.convert("RGBA")
        canvas = Image.new("RGBA", size, _CLEAR)
    else:
        color_ = color_in(picture, options.color)
        canvas = Image.new(image.mode, size, (*color_, 255) if image.mode == "RGBA" else color_)
    canvas.paste(image, (breadth, breadth))
    return replace(picture, image=canvas)
