"""Pixelate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL.Image import Resampling

from lightpress.image.spec import Pixels
from lightpress.image.step_options import Length, length, regions

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.picture import Picture

_WHOLE = 1


@dataclass(frozen=True, slots=True)
class Pixelate:
    """Show regions in coarse blocks, each the mean of what it covers."""

    pixelate: tuple[tuple[float, ...], ...] = regions("The regions, as shares of what the size shows", most=16)
    block: Length = length("The side of a block", low=2, high=2000, most_percent=50, default=Length(percent=5))


def pixelate(picture: Picture, options: Pixelate) -> Picture:
    """Replace each region; a region ends where the picture does."""
    image = picture.image.copy()
    side = max(2, options.block.of(image.width))
    for left, top, width, height in options.pixelate:
        box = (
            math.floor(left * image.width),
            math.floor(top * image.height),
            math.ceil(min(_WHOLE, left + width) * image.width),
            math.ceil(min(_WHOLE, top + height) * image.height),
        )
        if box[0] < box[2] and box[1] < box[3]:
            image.paste(_coarse(image.crop(box), side), box)
    return replace(picture, image=image)


def _coarse(image: Image.Image, side: int) -> Image.Image:
    """Blocks of `side` pixels from the top left; those at the other edges may be smaller."""
    few = image.reduce(side)
    large = few.resize(Pixels(few.width * side, few.height * side), Resampling.NEAREST)
    return large.crop((0, 0, *image.size))
