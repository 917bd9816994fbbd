"""What tells screens, text and drawings from photos: most pixels are as their neighbors are, and some far from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from lightpress.image.planar import Planar

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS = 128
_LEVELS_OF_AN_EDGE = 64

# Screens, text and drawings have 0.72 or more pixels that are as the one before; a thing on white has as many. Of the
# others, 0.057 or more are far from it in the former, and 0.018 at most in the latter (docs/decisions/0162).
_ALIKE, _EDGES = 0.7, 0.04


def shows_screen(image: Image.Image) -> bool:
    """Whether most pixels are exactly as light as the one to the left of them, and enough of the others far from it.

    A picture of few colors need not be one: a photo in grays has 256 at most.
    """
    width, height = image.size[0], min(_ROWS, image.size[1])
    if width < 2:  # noqa: PLR2004  a pixel and its neighbor
        return False
    rows = _rows(image, (width, height))
    left, right = rows.crop((0, 0, width - 1, height)), rows.crop((1, 0, width, height))
    levels: Sequence[int] = ImageChops.difference(left, right).histogram()
    alike, edges = levels[0], sum(levels[_LEVELS_OF_AN_EDGE:])
    return alike >= _ALIKE * sum(levels) and edges >= _EDGES * sum(levels[1:])


def _rows(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if isinstance(image, Planar):
        return image.luma_of(size)
    return image.resize(size, Image.Resampling.NEAREST).convert("L")
