"""Tint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.step_drawing import color_in, on_colors, saturated
from lightpress.image.step_options import color, number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_MIDDLE, _WHITE = 128, 255


@dataclass(frozen=True, slots=True)
class Tint:
    """Show the picture in shades of one color: black stays black, white stays white, the color is between."""

    tint: str = color("The color")
    amount: float = number("How much of it: 1 leaves no other color", low=0, high=1, default=1.0)


def tint(picture: Picture, options: Tint) -> Picture:
    """Give every lightness its shade."""
    levels = [_shade(level, part) for part in color_in(picture, options.tint) for level in range(256)]

    def change(image: Image.Image) -> Image.Image:
        return Image.blend(image, saturated(image, 0).point(levels), options.amount)

    return on_colors(picture, change)


def _shade(level: int, part: int) -> int:
    if level <= _MIDDLE:
        return round(part * level / _MIDDLE)
    return round(part + (_WHITE - part) * (level - _MIDDLE) / (_WHITE - _MIDDLE))
