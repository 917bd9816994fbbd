"""Landscapes, painted in layers from the sky to the shore: soft, noisy and many-colored, as photos are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter, ImageOps

from lightpress.cli.demo.paint import (
    Area,
    Color,
    Point,
    chance,
    clouds,
    disc_outline,
    fade,
    glow,
    gradient,
    grained,
    levels,
    mixed,
    relief,
    ridge,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_PAINTED_SIDE = 1600
_BLEED = 40  # What is shifted comes in again on the other side: a margin for that, cut off in the end.
_SHORE = 0.66
_RANGES = 4
_SNOWY_RANGES = 2
_PINES = 9
_TIERS = 24


@dataclass(frozen=True)
class Mood:
    """The colors of a landscape at a time of day.

    Attributes:
        sky: From the top to the horizon.
        light: Of the sun.
        haze: In the distance.
        rock, wood, snow: Of the mountains.
        sun: Its place, as shares of the width and the height.
    """

    sky: tuple[Color, ...]
    light: Color
    haze: Color
    rock: Color
    wood: Color
    snow: Color
    sun: Point


DAWN = Mood(
    sky=((38, 62, 122), (104, 126, 178), (232, 172, 160), (255, 212, 156)),
    light=(255, 206, 140),
    haze=(206, 164, 172),
    rock=(52, 58, 88),
    wood=(14, 26, 34),
    snow=(255, 214, 196),
    sun=(0.64, 0.27),
)
MORNING = Mood(
    sky=((18, 84, 190), (70, 150, 226), (186, 212, 226), (255, 222, 170)),
    light=(255, 226, 160),
    haze=(184, 190, 208),
    rock=(44, 74, 84),
    wood=(14, 52, 34),
    snow=(255, 240, 226),
    sun=(0.83, 0.17),
)
NOON = Mood(
    sky=((28, 92, 186), (92, 156, 222), (196, 224, 242)),
    light=(255, 250, 232),
    haze=(164, 196, 220),
    rock=(58, 84, 82),
    wood=(18, 48, 30),
    snow=(250, 252, 255),
    sun=(0.24, 0.10),
)
DUSK = Mood(
    sky=((30, 22, 74), (112, 44, 118), (238, 92, 88), (255, 190, 92)),
    light=(255, 176, 84),
    haze=(214, 96, 104),
    rock=(52, 30, 74),
    wood=(16, 12, 30),
    snow=(255, 168, 148),
    sun=(0.36, 0.34),
)


def photo(width: int, height: int, *, mood: Mood, seed: int) -> Image.Image:
    """Take a photo of a mountain lake at the hour of `mood`; the seed decides the place."""
    painting = landscape(painted_size(width, height), chance(seed), mood)
    return developed(painting, (width, height), seed)


def painted_size(width: int, height: int) -> Area:
    """Return the size to paint a picture in: twice its own, but no more than is painted in half a second."""
    scale = min(2.0, _PAINTED_SIDE / max(width, height))
    return round(width * scale), round(height * scale)


def developed(painting: Image.Image, size: Area, seed: int) -> Image.Image:
    """Bring a painting to its size, with grain as a camera would add it."""
    return grained(painting.resize(size, Image.Resampling.BICUBIC), chance(seed), strength=0.07)


def landscape(size: Area, random: Random, mood: Mood) -> Image.Image:
    """Paint mountains behind a lake, with pines on the near shore."""
    width, height = size[0] + 2 * _BLEED, size[1]
    picture = _sky((width, height), random, mood)
    for index in range(_RANGES):
        _mountains(picture, random, mood, index)
    _lake(picture, random, mood)
    _pines(picture, random, mood)
    return picture.crop((_BLEED, 0, width - _BLEED, height))


def _sky(size: Area, random: Random, mood: Mood) -> Image.Image:
    width, height = size
    horizon = mood.sky[-1:] * len(mood.sky)
    picture = gradient(size, *mood.sky, *horizon)
    sun = (mood.sun[0] * width, mood.sun[1] * height)
    cover = levels(clouds(size, random, cells=(3, 8)), 122, 190, to=200)
    picture.paste(mixed(mood.light, mood.haze, 0.35), None, ImageChops.multiply(cover, fade(size, top=150, bottom=60)))
    picture.paste(mood.light, None, glow(size, sun, max(size) * 0.6))
    picture.paste((255, 250, 236), None, shape(size, disc_outline(sun, max(size) * 0.022), blur=max(size) * 0.002))
    return picture


def _mountains(picture: Image.Image, random: Random, mood: Mood, index: int) -> None:
    size = width, height = picture.size
    nearness = index / (_RANGES - 1)
    shore = round(height * _SHORE)
    top = height * (0.24 + 0.26 * nearness)
    tall = min(width * 0.26, (shore - top) * (0.72 - 0.2 * nearness))
    line = ridge(width, random, top=top, height=tall, roughness=0.52 + 0.04 * nearness)
    mask = shape(size, [*line, (width, shore), (0, shore)])
    rough = clouds(size, random, cells=(6, 9), octaves=6)
    folds = relief(rough, step=max(3, width // 220), strength=5 - 1.5 * nearness)
    picture.paste(_rocks(folds, mixed(mood.haze, mood.rock, 0.25 + 0.75 * nearness), mood), None, mask)
    if index < _SNOWY_RANGES:
        picture.paste(_snow(folds, mood), None, ImageChops.multiply(mask, _snow_cover(folds, line=top + tall * 0.75)))
    picture.paste(mood.haze, None, ImageChops.multiply(mask, _mist(size, round(top + tall * 0.6), shore)))


def _rocks(folds: Image.Image, stone: Color, mood: Mood) -> Image.Image:
    return ImageOps.colorize(folds, mixed(stone, (20, 24, 48), 0.35), mixed(stone, mood.light, 0.45), stone)


def _snow(folds: Image.Image, mood: Mood) -> Image.Image:
    """Color snow: where it is not lit by the sun it is lit by the sky."""
    return ImageOps.colorize(folds, mixed(mood.snow, mood.sky[0], 0.55), mood.snow, mixed(mood.snow, mood.sky[0], 0.2))


def _snow_cover(folds: Image.Image, *, line: float) -> Image.Image:
    """Cover what lies above the snow line, and hold on to the folds around it."""
    altitude = ImageChops.add(fade(folds.size, top=255, bottom=0), folds, 1, -128)
    at_the_line = round(255 * (1 - line / folds.height))
    return levels(altitude, at_the_line - 6, at_the_line + 10)


def _mist(size: Area, top: int, shore: int) -> Image.Image:
    mist = Image.new("L", size)
    mist.paste(fade((size[0], shore - top), top=0, bottom=150), (0, top))
    return mist


def _lake(picture: Image.Image, random: Random, mood: Mood) -> None:
    """Mirror what stands above the shore, row by row, shaken more the closer it is."""
    width, height = picture.size
    shore = round(height * _SHORE)
    depth = height - shore
    mirror = ImageOps.flip(picture.crop((0, shore - depth, width, shore))).filter(ImageFilter.BoxBlur((0, 3)))
    mirror = Image.blend(mirror, Image.new("RGB", mirror.size, mood.sky[0]), 0.22)
    for row in range(0, depth, 2):
        shift = round(random.gauss(0, 1 + 9 * row / depth))
        picture.paste(ImageChops.offset(mirror.crop((0, row, width, row + 2)), shift, 0), (0, shore + row))
    glints = levels(clouds((width, depth), random, cells=(5, 60), octaves=3), 140, 215, to=120)
    picture.paste(mood.light, (0, shore), ImageChops.multiply(glints, fade((width, depth), top=60, bottom=255)))


def _pines(picture: Image.Image, random: Random, mood: Mood) -> None:
    width, height = picture.size
    needles = relief(clouds(picture.size, random, cells=(90, 60), octaves=4), step=3, strength=4)
    twigs = ImageOps.colorize(needles, mixed(mood.wood, (0, 0, 0), 0.6), mixed(mood.wood, mood.light, 0.3), mood.wood)
    for across, tall in _places(random):
        outline = list(_pine((across * width, height * 1.03), height * tall, random))
        picture.paste(twigs, None, shape(picture.size, outline))


def _places(random: Random) -> Iterator[tuple[float, float]]:
    """Put pines to both sides, the tallest at the edges, as shares of the width and the height."""
    for _ in range(_PINES):
        inwards = random.random() ** 1.6 * 0.32
        yield random.choice((inwards, 1 - inwards * 0.8)), random.uniform(0.22, 0.62) * (1 - inwards * 2.2)


def _pine(foot: Point, tall: float, random: Random) -> Iterator[Point]:
    """Draw the jagged outline of a pine, up the left side and down the right."""
    for side in (-1, 1):
        for tier in sorted(range(_TIERS), reverse=side < 0):
            reach = tall * 0.16 * ((tier + 1) / _TIERS) ** 0.9 * random.uniform(0.6, 1.15)
            level = foot[1] - tall * (1 - tier / _TIERS)
            tip = (foot[0] + side * reach, level + tall / _TIERS * 1.25)
            notch = (foot[0] + side * reach * 0.45, level + tall / _TIERS * 0.55)
            yield from (tip, notch) if side < 0 else (notch, tip)
