"""Saturation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import on_colors, saturated
from lightpress.image.step_options import number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Saturation:
    """Make colors more or less vivid, as `saturate()` of CSS does."""

    saturation: float = number("Times so much; 1 changes nothing, 0 is gray", low=0, high=5)


def saturation(picture: Picture, options: Saturation) -> Picture:
    """Move each color away from, or towards, the gray of its lightness."""
    return on_colors(picture, lambda image: saturated(image, options.saturation))
