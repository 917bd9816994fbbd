"""What tells a graphic from a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

# Logos, diagrams, screenshots with few colors. A photo has more within its first rows, so it costs nothing to ask.
_MOST_COLORS_OF_A_GRAPHIC = 1_024


def has_few_colors(image: Image.Image) -> bool:
    """Whether it is a graphic, and not a photo."""
    return image.getcolors(_MOST_COLORS_OF_A_GRAPHIC) is not None
