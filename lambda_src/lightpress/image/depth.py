"""Eight bits a channel, no palette: the few pixel layouts that the later steps know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.picture import Picture

_KEPT = {"L", "LA", "RGB", "RGBA", "CMYK"}
_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N"}
_BITS_DROPPED = 1 / 257  # 65535 becomes 255


def to_eight_bits(picture: Picture) -> Picture:
    """Scale deeper pixels down, expand palettes, and make declared transparency real."""
    return replace(picture, image=eight_bits(picture.image))


def eight_bits(image: Image.Image) -> Image.Image:
    """Do so for one image."""
    if "transparency" in image.info and image.mode in {"1", "L", "RGB", "P"}:
        return image.convert("RGBA")
    if image.mode in _SIXTEEN_BITS or image.mode == "I":
        return image.convert("I").point(lambda level: level * _BITS_DROPPED).convert("L")
    if image.mode == "PA":
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _KEPT else image.convert("RGB")
