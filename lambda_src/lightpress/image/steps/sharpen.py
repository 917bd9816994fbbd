"""Sharpen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from PIL import Image

from lightpress.image.step_drawing import blurred
from lightpress.image.step_options import number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Sharpen:
    """Make edges clearer, which reducing a picture softens: an unsharp mask."""

    REVISION: ClassVar[int] = 2

    sharpen: float = number("How much of what a blur takes away is added; 0.5 is mild", low=0, high=3)
    radius: float = number("Of that blur: a Gaussian's standard deviation, in pixels", low=0.3, high=10, default=0.7)


def sharpen(picture: Picture, options: Sharpen) -> Picture:
    """Add what a blur takes away. What is see-through stays so."""
    image = picture.image
    # Beyond 1, blending goes on in the same direction.
    clearer = Image.blend(blurred(image, options.radius), image, 1 + options.sharpen)
    if image.mode == "RGBA":
        clearer.putalpha(image.getchannel("A"))
    return replace(picture, image=clearer)
