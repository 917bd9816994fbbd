"""What several steps need: colors without their transparency, blurs, marks put on a picture."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageFilter

from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.picture import Picture
    from lightpress.image.step_options import Length

    Change = Callable[[Image.Image], Image.Image]

PLACES = (
    "north-west", "north", "north-east", "west", "center", "east", "south-west", "south", "south-east",
)  # fmt: skip
"""Where in a picture something may be, as one reads."""

_REACH = 2
"""Of a blur of less than a pixel, in pixels."""
# Of sRGB: https://www.w3.org/TR/filter-effects-1/#grayscaleEquivalent
_LUMA = (0.2126, 0.7152, 0.0722)


def on_colors(picture: Picture, change: Change) -> Picture:
    """Change the colors (RGB) of a picture, and leave what of it is see-through as it is."""
    image = picture.image
    if image.mode != "RGBA":
        return replace(picture, image=change(image))
    changed = change(image.convert("RGB"))
    changed.putalpha(image.getchannel("A"))
    return replace(picture, image=changed)


def on_every_frame(picture: Picture, change: Change) -> Picture:
    """Change the picture and, for a step that comes before the sizes, all frames of its animation alike."""
    changed = replace(picture, image=change(picture.image))
    animation = picture.animation
    if animation is None:
        return changed
    frames = animation.frames

    def changed_frames():  # type: ignore[no-untyped-def]  # noqa: ANN202  as `frames`
        return (replace(frame, image=change(frame.image)) for frame in frames())

    return replace(changed, animation=replace(animation, frames=changed_frames))


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """A Gaussian blur. radius: the standard deviation, in pixels. What is see-through gives no color away."""
    if image.mode == "RGBA":
        return blurred(image.convert("RGBa"), radius).convert("RGBA")
    return image.filter(ImageFilter.GaussianBlur(radius)) if radius >= 1 else _slightly_blurred(image, radius)


def _slightly_blurred(image: Image.Image, radius: float) -> Image.Image:
    """A blur of less than a pixel, where three box blurs are far from a Gaussian."""
    weights = [math.exp(-(at**2) / (2 * radius**2)) for at in range(-_REACH, _REACH + 1)]
    kernel = ImageFilter.Kernel((5, 5), [one * other for one in weights for other in weights])
    width, height = image.size
    # A kernel leaves the pixels alone that it would reach beyond the edge from.
    return _with_edges_repeated(image).filter(kernel).crop((_REACH, _REACH, _REACH + width, _REACH + height))


def _with_edges_repeated(image: Image.Image) -> Image.Image:
    """The picture in a frame of two pixels that goes on as its edges end."""
    width, height = image.size
    framed = Image.new(image.mode, (width + 2 * _REACH, height + 2 * _REACH))
    framed.paste(image, (_REACH, _REACH))
    for at, beyond in ((0, 0), (width - 1, _REACH + width)):
        framed.paste(image.crop((at, 0, at + 1, height)).resize((_REACH, height)), (beyond, _REACH))
    for at, beyond in ((_REACH, 0), (_REACH + height - 1, _REACH + height)):
        framed.paste(framed.crop((0, at, framed.width, at + 1)).resize((framed.width, _REACH)), (0, beyond))
    return framed


def saturated(image: Image.Image, share: float) -> Image.Image:
    """An RGB image with its saturation times `share`: 0 is gray, as the matrix of CSS's `saturate` has it."""
    rows = []
    for row in range(3):
        rows += [luma * (1 - share) + (share if column == row else 0) for column, luma in enumerate(_LUMA)]
        rows.append(0)
    return image.convert("RGB", tuple(rows))


def color_in(picture: Picture, color: str) -> tuple[int, int, int]:
    """A color (`#rrggbb`, sRGB) in the color space of the picture."""
    red, green, blue, *_ = ImageColor.getrgb(color)
    if not picture.profile:
        return red, green, blue
    from lightpress.image.wide_gamut import in_display_p3  # noqa: PLC0415  few pictures are in Display P3

    return in_display_p3(Image.new("RGB", (1, 1), color)).getpixel((0, 0))  # type: ignore[return-value]


def in_colors_of(picture: Picture, mark: Image.Image) -> Image.Image:
    """A mark (RGBA, sRGB) in the color space of the picture that it is put on."""
    if not picture.profile:
        return mark
    from lightpress.image.wide_gamut import in_display_p3  # noqa: PLC0415  as above

    shown = in_display_p3(mark.convert("RGB"))
    shown.putalpha(mark.getchannel("A"))
    return shown


def faded(mark: Image.Image, opacity: float) -> Image.Image:
    """A mark (RGBA) with its opacity times so much."""
    if opacity == 1:
        return mark
    shown = mark.copy()
    shown.putalpha(mark.getchannel("A").point([round(level * opacity) for level in range(256)]))
    return shown


def room_in(picture: Picture, margin: Length) -> Pixels:
    """What there is of a picture within its margins, a pixel at least."""
    width, height = picture.image.size
    away = margin.of(width)
    return Pixels(max(1, width - 2 * away), max(1, height - 2 * away))


def marked(picture: Picture, mark: Image.Image, at: str, margin: Length) -> Picture:
    """Put a mark (RGBA) on the picture, `margin` away from its edges; it must fit in there.

    at: one of `PLACES`.
    """
    image = picture.image
    row, column = divmod(PLACES.index(at), 3)
    away = min(margin.of(image.width), (min(image.size) - 1) // 2)
    left, top = (
        away + part * (whole - 2 * away - size) // 2
        for part, whole, size in zip((column, row), image.size, mark.size, strict=True)
    )
    box = (left, top, left + mark.width, top + mark.height)
    below = image.crop(box).convert("RGBA")
    below.alpha_composite(in_colors_of(picture, mark))
    result = image.copy()
    result.paste(below if image.mode == "RGBA" else below.convert("RGB"), box)
    return replace(picture, image=result)


def multiplied_alpha(picture: Picture, mask: Image.Image) -> Picture:
    """Hide what the mask (L) hides, beside what is see-through already."""
    from PIL import ImageChops  # noqa: PLC0415

    image = picture.image.convert("RGBA")
    image.putalpha(ImageChops.multiply(image.getchannel("A"), mask))
    return replace(picture, image=image)
