"""Eight bits a channel, no palette: the few pixel layouts that the later steps know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_KEPT = {"L", "LA", "RGB", "RGBA", "CMYK"}
_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N"}
_BITS_DROPPED = 1 / 257  # 65535 becomes 255
_ROWS_AT_ONCE = 256


def to_eight_bits(picture: Picture) -> Picture:
    """Scale deeper pixels down, expand palettes, and make declared transparency real."""
    return replace(picture, image=eight_bits(picture.image))


def eight_bits(image: Image.Image) -> Image.Image:
    """Do so for one image."""
    if "transparency" in image.info and image.mode in {"1", "L", "RGB", "P"}:
        return image.convert("RGBA")
    if image.mode in _SIXTEEN_BITS or image.mode == "I":
        return _scaled(image)
    if image.mode == "PA":
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _KEPT else image.convert("RGB")


def _scaled(image: Image.Image) -> Image.Image:
    """Some rows at a time: the way leads through 32 bits, which for all rows at once would take much memory."""
    gray = Image.new("L", image.size)
    for top in range(0, image.height, _ROWS_AT_ONCE):
        rows = image.crop((0, top, image.width, min(top + _ROWS_AT_ONCE, image.height)))
        gray.paste(rows.convert("I").point(lambda level: level * _BITS_DROPPED).convert("L"), (0, top))
    return gray
