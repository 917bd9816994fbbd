"""Brushes: noise, gradients, glows, ridges and film grain, the same for the same seed on every machine.

Pillow's own noise draws on the C library and cannot be seeded, so all chance here comes from a `random.Random`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Color = tuple[int, int, int]
Point = tuple[float, float]
Area = tuple[int, int]

_GREYS = range(256)
_BRIGHTEST = 255
_MIDDLE = 128
_AT_THE_SIDES = 78


def chance(seed: int) -> Random:
    """Return a source of chance that always runs the same."""
    return Random(seed)  # noqa: S311  it draws clouds, not secrets


def mixed(first: Color, second: Color, share: float) -> Color:
    """Mix a `share` of the second color into the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def noise(size: Area, random: Random) -> Image.Image:
    """Draw a grey of its own for every pixel."""
    width, height = size
    return Image.frombytes("L", size, random.randbytes(width * height))


def clouds(size: Area, random: Random, *, cells: Area, octaves: int = 5) -> Image.Image:
    """Draw grey clouds: `cells` blotches across and down, each octave half as strong and half as large."""
    grids = [noise((cells[0] << octave, cells[1] << octave), random) for octave in range(octaves)]
    drawn = Image.new("L", size, _MIDDLE)
    for grid in reversed(grids):
        drawn = Image.blend(drawn, grid.resize(size, Image.Resampling.BICUBIC), 0.5)
    return drawn


def relief(heights: Image.Image, *, step: int, strength: float) -> Image.Image:
    """Light a landscape of grey heights from one side: what rises within `step` pixels is bright, what falls dark."""
    return ImageChops.subtract(heights, ImageChops.offset(heights, step, step), 1 / strength, _MIDDLE)


def levels(grey: Image.Image, low: int, high: int, *, to: int = _BRIGHTEST) -> Image.Image:
    """Stretch `grey` so that `low` becomes black and `high` becomes `to`."""
    return grey.point([max(0, min(to, round((value - low) * to / (high - low)))) for value in _GREYS])


def dimmed(grey: Image.Image, share: float) -> Image.Image:
    """Keep a `share` of the brightness."""
    return grey.point([round(value * share) for value in _GREYS])


def gradient(size: Area, *stops: Color) -> Image.Image:
    """Run from color to color downwards, the stops evenly apart."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(stops)
    height = size[1]
    band = height / (len(stops) - 1)
    # Stops are the centres of the column's pixels: half a band hangs over at either end and is cut off.
    whole = column.resize((1, round(height + band)), Image.Resampling.BILINEAR)
    return whole.crop((0, round(band / 2), 1, round(band / 2) + height)).resize(size)


def fade(size: Area, *, top: int, bottom: int) -> Image.Image:
    """Run evenly from the grey `top` to the grey `bottom`."""
    return gradient(size, (top, top, top), (bottom, bottom, bottom)).getchannel("R")


def glow(size: Area, centre: Point, radius: float) -> Image.Image:
    """Draw a light that fades towards `radius` around `centre`."""
    side = round(radius * 2)
    # Pillow's light goes out in the corners of its square; it has to be out at the sides.
    light = levels(ImageOps.invert(Image.radial_gradient("L")), _AT_THE_SIDES, _BRIGHTEST)
    light = light.point([value * value // _BRIGHTEST for value in _GREYS]).resize((side, side))
    drawn = Image.new("L", size)
    drawn.paste(light, (round(centre[0] - radius), round(centre[1] - radius)))
    return drawn


def shape(size: Area, outline: Sequence[Point], *, blur: float = 0.8) -> Image.Image:
    """Draw the mask of a filled outline with soft edges."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon(outline, fill=_BRIGHTEST)
    around = _surroundings(size, outline, margin=3 * blur + 1)
    mask.paste(mask.crop(around).filter(ImageFilter.GaussianBlur(blur)), around)
    return mask


def disc_outline(centre: Point, radius: float) -> list[Point]:
    """Draw the outline of a disc, for `shape`."""
    turns = [index * math.tau / 48 for index in range(48)]
    return [(centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn)) for turn in turns]


def ridge(width: int, random: Random, *, top: float, height: float, roughness: float) -> list[Point]:
    """Draw the line of a mountain range, at most `height` high below `top`, by halving and shaking."""
    heights = [random.random(), random.random()]
    swing = 0.5
    while len(heights) < width // 3:
        between = [(a + b) / 2 + random.uniform(-swing, swing) for a, b in pairwise(heights)]
        heights = [value for pair in zip(heights, between, strict=False) for value in pair] + heights[-1:]
        swing *= roughness
    low, high = min(heights), max(heights)
    step = width / (len(heights) - 1)
    return [(index * step, top + height * (high - value) / (high - low)) for index, value in enumerate(heights)]


def grained(picture: Image.Image, random: Random, *, strength: float) -> Image.Image:
    """Lay film grain over `picture`: without it, compressors would find it too easy."""
    grain = Image.blend(noise(picture.size, random), noise(picture.size, random), 0.5)
    quiet = grain.point([round(_MIDDLE + (value - _MIDDLE) * strength) for value in _GREYS])
    return ImageChops.add(picture, Image.merge("RGB", (quiet, quiet, quiet)), 1, -_MIDDLE)


def _surroundings(size: Area, outline: Sequence[Point], *, margin: float) -> tuple[int, int, int, int]:
    """Return the part of a picture that an outline and its soft edge touch: to blur all of it would take long."""
    across, down = zip(*outline, strict=True)
    left, right = _within(size[0], min(across) - margin, max(across) + margin)
    top, bottom = _within(size[1], min(down) - margin, max(down) + margin)
    return left, top, right, bottom


def _within(side: int, *places: float) -> Iterator[int]:
    return (min(side, max(0, round(place))) for place in places)
