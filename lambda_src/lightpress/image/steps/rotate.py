"""Rotate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL.Image import Transpose

from lightpress.image.step_options import choice

if TYPE_CHECKING:
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Pixels

_HALF = 180
_TURNS = {90: Transpose.ROTATE_270, _HALF: Transpose.ROTATE_180, 270: Transpose.ROTATE_90}


@dataclass(frozen=True, slots=True)
class Rotate:
    """Turn the picture clockwise. Width and height of the size are those of the turned picture."""

    rotate: int = choice("By so many degrees", 90, _HALF, 270)

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.rotate != _HALF

    def after(self, pixels: Pixels) -> Pixels:
        """Turned."""
        return pixels.turned() if self.swaps_sides else pixels


def rotate(picture: Picture, options: Rotate) -> Picture:
    """Turn it; every pixel stays as it is."""
    return replace(picture, image=picture.image.transpose(_TURNS[options.rotate]))
