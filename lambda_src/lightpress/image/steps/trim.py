"""Trim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PIL import Image, ImageChops

from lightpress.image.step_drawing import color_in, on_every_frame
from lightpress.image.step_options import color, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.image.picture import Picture

    Box = tuple[int, int, int, int]

_ROWS_AT_ONCE = 256
_CLEAR = 0


@dataclass(frozen=True, slots=True)
class Trim:
    """Cut off borders of one color, before the picture is fitted to its size.

    The original is decoded at all its pixels. See-through borders are cut off where the top left corner is see-through.
    Of an animation, what no frame shows anything in is cut off.
    """

    BEFORE_SIZE: ClassVar[bool] = True

    trim: float = number("How far a border may be from the color, in levels of 255", low=0, high=255)
    color: str | None = color("The color of the borders; by default that of the top left corner", default=None)


def trim(picture: Picture, options: Trim) -> Picture:
    """Cut off what is of the color; a picture that is nothing else stays whole."""
    corner = _top_left(picture.image) if options.color is None else (*color_in(picture, options.color), 255)
    boxes = [box for image in _images(picture) if (box := _box_of_others(image, corner, int(options.trim)))]
    if not boxes:
        return picture
    left, top, right, bottom = zip(*boxes, strict=True)
    box = (min(left), min(top), max(right), max(bottom))
    return on_every_frame(picture, lambda image: image if box == (0, 0, *image.size) else image.crop(box))


def _images(picture: Picture) -> Iterator[Image.Image]:
    yield picture.image
    if picture.animation is not None:
        yield from (frame.image for frame in picture.animation.frames())


def _top_left(image: Image.Image) -> tuple[int, ...]:
    return image.crop((0, 0, 1, 1)).convert("RGBA").getpixel((0, 0))  # type: ignore[return-value]


def _box_of_others(image: Image.Image, corner: tuple[int, ...], most: int) -> Box | None:
    """What of the image is not of the color; strip by strip, so that it takes no memory to speak of."""
    found: list[Box] = []
    for top in range(0, image.height, _ROWS_AT_ONCE):
        strip = image.crop((0, top, image.width, min(image.height, top + _ROWS_AT_ONCE)))
        box = _differing(strip, corner, most)
        if box:
            found.append((box[0], box[1] + top, box[2], box[3] + top))
    if not found:
        return None
    left, top_, right, bottom = zip(*found, strict=True)
    return min(left), min(top_), max(right), max(bottom)


def _differing(strip: Image.Image, corner: tuple[int, ...], most: int) -> Box | None:
    shown = [0] * (most + 1) + [255] * (255 - most)
    if corner[3] == _CLEAR:
        return strip.convert("RGBA").getchannel("A").point(shown).getbbox()
    flat = Image.new("RGBA", strip.size, corner)
    differs = ImageChops.difference(strip.convert("RGBA"), flat).point(shown * 4)
    return differs.getbbox(alpha_only=False)
