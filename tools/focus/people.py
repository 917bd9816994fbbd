"""Faces drawn by code, enough like real ones for a model that was trained on photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    Color = tuple[int, int, int]

SKINS: tuple[Color, ...] = ((224, 172, 140), (150, 104, 78), (240, 200, 176))
_HAIR, _IRIS, _LIP, _MOUTH, _BROW = (60, 40, 30), (70, 45, 30), (176, 80, 80), (110, 40, 45), (50, 32, 24)
_EYEBALL, _PUPIL = (250, 248, 245), (10, 10, 10)
_SCALE = 4
_HEIGHT = 1.3  # of a head with its neck, by its width


def group(
    size: tuple[int, int], heads: Sequence[tuple[float, float, int]], skins: Sequence[Color] = SKINS
) -> Image.Image:
    """A picture of people before a wall. heads: the middle of each face, as shares, and the head's width in pixels."""
    image = Image.new("RGB", size, (120, 150, 180))
    ImageDraw.Draw(image).rectangle((0, size[1] * 5 // 8, *size), fill=(90, 120, 70))
    for number, (x, y, width) in enumerate(heads):
        drawn = head(width, skins[number % len(skins)])
        at = round(x * size[0] - width / 2), round(y * size[1] - drawn.height * 0.48)
        image.paste(drawn, at, drawn)
    return image


def head(width: int, skin: Color = SKINS[0]) -> Image.Image:
    """A head, seen from the front, on nothing (RGBA)."""
    image = Image.new("RGBA", (width * _SCALE, round(width * _HEIGHT) * _SCALE))
    draw, unit = ImageDraw.Draw(image), width * _SCALE / 100
    shade, light = _darker(skin, 0.78), _darker(skin, 0.92)

    def oval(x: float, y: float, wide: float, high: float, color: Color) -> None:
        draw.ellipse([unit * edge for edge in (x - wide, y - high, x + wide, y + high)], fill=color)

    oval(50, 48, 40, 46, _HAIR)
    draw.rectangle([unit * edge for edge in (38, 95, 62, 128)], fill=_darker(skin, 0.8))
    oval(50, 60, 33, 44, skin)
    for x in (17, 83):
        oval(x, 62, 4, 9, shade)
    for x in (36, 64):
        oval(x, 53, 8.5, 5.5, shade)
        oval(x, 54, 6.5, 3.6, _EYEBALL)
        oval(x, 54, 3.4, 3.6, _IRIS)
        oval(x, 54, 1.6, 1.7, _PUPIL)
        brow = [unit * edge for edge in (x - 9, 42, x + 9, 54)]
        draw.arc(brow, 200, 340, fill=_BROW, width=round(2.2 * unit))
    draw.polygon([unit * edge for edge in (50, 55, 44, 74, 56, 74)], fill=light)
    oval(50, 74, 6.5, 3, shade)
    oval(50, 86, 11, 4, _LIP)
    draw.line([unit * edge for edge in (39, 86, 61, 86)], fill=_MOUTH, width=round(unit))
    soft = image.filter(ImageFilter.GaussianBlur(_SCALE * width / 130))
    return soft.resize((width, round(width * _HEIGHT)), Image.Resampling.LANCZOS)


def _darker(color: Color, share: float) -> Color:
    red, green, blue = (int(level * share) for level in color)
    return red, green, blue
