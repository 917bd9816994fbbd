"""Blur."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import blurred
from lightpress.image.step_options import Length, length

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Blur:
    """Blur the picture: a Gaussian."""

    blur: Length = length("Its standard deviation", low=1, high=1000, most_percent=25)


def blur(picture: Picture, options: Blur) -> Picture:
    """Blur it all; what is see-through gives no color away."""
    return replace(picture, image=blurred(picture.image, options.blur.of(picture.image.width)))
