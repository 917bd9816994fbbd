"""A step of one's own: copy this file to the folder `steps` beside recipes.toml, and name it there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.step_drawing import color_in, on_colors, saturated
from lightpress.image.step_options import color

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Duotone:
    """Show the picture in shades between two colors."""

    duotone: str = color("The color of what is black")
    light: str = color("The color of what is white", default="#ffffff")


def duotone(picture: Picture, options: Duotone) -> Picture:
    """Give every lightness its shade; what is see-through stays so."""
    ends = zip(color_in(picture, options.duotone), color_in(picture, options.light), strict=True)
    levels = [round(dark + (light - dark) * level / 255) for dark, light in ends for level in range(256)]

    def change(image: Image.Image) -> Image.Image:
        return saturated(image, 0).point(levels)

    return on_colors(picture, change)
