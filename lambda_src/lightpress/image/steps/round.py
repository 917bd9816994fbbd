"""Round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from lightpress.image.step_drawing import multiplied_alpha
from lightpress.image.step_options import Length, length

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_FINER, _LARGEST_DRAWN = 8, 4_096


@dataclass(frozen=True, slots=True)
class Round:
    """Round the corners: what is cut off is see-through. A `background` after it fills them."""

    round: Length = length("The radius, at most half of the shorter side", low=1, high=8000, most_percent=50)


def round_corners(picture: Picture, options: Round) -> Picture:
    """Hide what lies outside of a quarter of a disc in each corner."""
    width, height = picture.image.size
    radius = min(options.round.of(width), min(width, height) // 2)
    mask = Image.new("L", (width, height), 255)
    if radius:
        quarter = _quarter(radius)
        for turn, at in (
            (None, (0, 0)),
            (Image.Transpose.FLIP_LEFT_RIGHT, (width - radius, 0)),
            (Image.Transpose.FLIP_TOP_BOTTOM, (0, height - radius)),
            (Image.Transpose.ROTATE_180, (width - radius, height - radius)),
        ):
            mask.paste(quarter if turn is None else quarter.transpose(turn), at)
    return multiplied_alpha(picture, mask)


def _quarter(radius: int) -> Image.Image:
    """The top left quarter of a disc, with soft edges; large ones are drawn less finely, for nobody could see it."""
    finer = max(1, min(_FINER, _LARGEST_DRAWN // radius))
    large = Image.new("L", (radius * finer, radius * finer), 0)
    ImageDraw.Draw(large).ellipse((0, 0, 2 * radius * finer - 1, 2 * radius * finer - 1), fill=255)
    return large.reduce(finer)
