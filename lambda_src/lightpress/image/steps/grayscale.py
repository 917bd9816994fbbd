"""Grayscale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import on_colors, saturated
from lightpress.image.step_options import always

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Grayscale:
    """Take away all color, as `grayscale()` of CSS does."""

    grayscale: bool = always("Whether to")


def grayscale(picture: Picture, _: Grayscale) -> Picture:
    """Show each color by its lightness."""
    return on_colors(picture, lambda image: saturated(image, 0))
