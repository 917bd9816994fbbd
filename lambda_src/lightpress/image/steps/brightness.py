"""Brightness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import on_colors
from lightpress.image.step_options import number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Brightness:
    """Make the picture brighter or darker, as `brightness()` of CSS does."""

    brightness: float = number("Times so much; 1 changes nothing, 0 is black", low=0, high=5)


def brightness(picture: Picture, options: Brightness) -> Picture:
    """Multiply every level."""
    levels = [min(255, round(options.brightness * level)) for level in range(256)]
    return on_colors(picture, lambda image: image.point(levels * 3))
