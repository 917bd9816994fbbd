"""What tells a screen, text or a drawing from a photo: most pixels are as their neighbors are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from lightpress.image.planar import Planar

if TYPE_CHECKING:
    from collections.abc import Sequence

# Screenshots with and without photos, text and drawings have 0.72 to 1.0, also as JPEG. Of 25 photos, one has as many,
# and the next 0.67 (docs/decisions/0162).
_ALIKE = 0.7
_ROWS = 128


def shows_screen(image: Image.Image) -> bool:
    """Whether at least seven of ten pixels are exactly as light as the one to the left of them, in some of the rows.

    A picture of few colors need not be one: a photo in grays has 256 at most.
    """
    width, height = image.size[0], min(_ROWS, image.size[1])
    if width < 2:  # noqa: PLR2004  a pixel and its neighbor
        return False
    rows = _rows(image, (width, height))
    left, right = rows.crop((0, 0, width - 1, height)), rows.crop((1, 0, width, height))
    levels: Sequence[int] = ImageChops.difference(left, right).histogram()
    return levels[0] >= _ALIKE * sum(levels)


def _rows(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if isinstance(image, Planar):
        return image.luma_of(size)
    return image.resize(size, Image.Resampling.NEAREST).convert("L")
