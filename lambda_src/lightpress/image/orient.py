"""Turned the way its camera was held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL.Image import Transpose

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.job import Job
    from lightpress.image.picture import Picture

_TURN_FOR = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def upright(picture: Picture, _: Job) -> Picture:
    """Bake the EXIF orientation into the pixels: variants carry no tag, so every viewer shows them alike."""
    return replace(picture, image=turned(picture.image, picture.orientation), orientation=1)


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """The image as it is seen. orientation: EXIF's 1 to 8."""
    turn = _TURN_FOR.get(orientation)
    return image if turn is None else image.transpose(turn)
