"""Contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import on_colors
from lightpress.image.step_options import number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_MIDDLE = 127.5


@dataclass(frozen=True, slots=True)
class Contrast:
    """Drive light and dark apart or together, as `contrast()` of CSS does."""

    contrast: float = number("Times so much; 1 changes nothing, 0 is all gray", low=0, high=5)


def contrast(picture: Picture, options: Contrast) -> Picture:
    """Multiply how far every level is from the middle."""
    levels = [max(0, min(255, round((level - _MIDDLE) * options.contrast + _MIDDLE))) for level in range(256)]
    return on_colors(picture, lambda image: image.point(levels * 3))
