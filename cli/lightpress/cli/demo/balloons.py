"""Balloons over a poppy meadow: a photo that shows at a glance which side is up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from lightpress.cli.demo.paint import (
    Color,
    Point,
    chance,
    clouds,
    dimmed,
    glow,
    gradient,
    levels,
    mixed,
    noise,
    ridge,
    shape,
)
from lightpress.cli.demo.scenes import MORNING, developed, landscape, painted_size

if TYPE_CHECKING:
    from random import Random

_RED_AND_YELLOW = ((226, 18, 34), (255, 196, 0), (226, 18, 34), (250, 96, 0))
_BLUE_AND_WHITE = ((0, 96, 214), (246, 246, 240))
_ORANGE_AND_VIOLET = ((238, 84, 0), (120, 22, 130))
_GORES = 8  # the strips of silk, from the middle to the side
_WIDEST = 0.43  # where a balloon is widest, as a share of its height
_STEPS = 60
_PLANTS = 3600
_SHARE_OF_POPPIES = 0.1


def balloons(width: int, height: int, *, seed: int) -> Image.Image:
    """Take a photo of balloons in the sky, mountains below them and poppies at the foot."""
    random = chance(seed)
    picture = landscape(painted_size(width, height), random, MORNING)
    across, down = picture.size
    _balloon(picture, random, (across * 0.86, down * 0.33), across * 0.045, _BLUE_AND_WHITE)
    _balloon(picture, random, (across * 0.13, down * 0.26), across * 0.075, _ORANGE_AND_VIOLET)
    _balloon(picture, random, (across * 0.48, down * 0.25), across * 0.24, _RED_AND_YELLOW)
    _meadow(picture, random)
    return developed(picture, (width, height), seed)


def _balloon(picture: Image.Image, random: Random, centre: Point, radius: float, silks: tuple[Color, ...]) -> None:
    _basket(picture, random, centre, radius)
    silk = Image.new("RGB", picture.size)
    for gore in range(_GORES, 0, -1):
        bulge = math.sin(gore / _GORES * math.pi / 2)
        silk.paste(silks[gore % len(silks)], None, shape(picture.size, _envelope(centre, radius, bulge)))
    _light(silk, centre, radius)
    picture.paste(silk, None, shape(picture.size, _envelope(centre, radius, 1)))


def _light(silk: Image.Image, centre: Point, radius: float) -> None:
    """Light the silk from the upper right, where the sun stands."""
    towards_the_sun = (centre[0] + radius * 0.38, centre[1] - radius * 0.36)
    shade = ImageOps.invert(levels(glow(silk.size, towards_the_sun, radius * 2.1), 0, 170))
    silk.paste((44, 12, 30), None, dimmed(shade, 0.66))
    silk.paste((255, 246, 214), None, dimmed(glow(silk.size, towards_the_sun, radius * 0.75), 0.45))


def _envelope(centre: Point, radius: float, bulge: float) -> list[Point]:
    """Draw the outline of a balloon, or of the gores that reach out to `bulge` of its width."""
    shares = [step / _STEPS for step in range(_STEPS + 1)]
    reaches = [(radius * bulge * _half_width(down), centre[1] + radius * (down * 2.35 - 1)) for down in shares]
    right = [(centre[0] + reach, y) for reach, y in reaches]
    left = [(centre[0] - reach, y) for reach, y in reaches]
    return right + left[::-1]


def _half_width(down: float) -> float:
    """Return the half width of a balloon at a share of its height: a half circle that tapers to a mouth."""
    if down < _WIDEST:
        return math.sqrt(1 - (1 - down / _WIDEST) ** 2)
    return 1 - 0.84 * math.pow((down - _WIDEST) / (1 - _WIDEST), 1.75)


def _basket(picture: Image.Image, random: Random, centre: Point, radius: float) -> None:
    draw = ImageDraw.Draw(picture)
    mouth, top, bottom = (centre[1] + radius * down for down in (1.33, 1.62, 1.84))
    for side in (-1, -0.4, 0.4, 1):
        rope = [(centre[0] + side * radius * 0.15, mouth), (centre[0] + side * radius * 0.12, top)]
        draw.line(rope, fill=(50, 36, 30), width=max(1, round(radius / 70)))
    corners = [(-0.14, top), (0.14, top), (0.12, bottom), (-0.12, bottom)]
    weave = noise((picture.width // 5, picture.height // 3), random).resize(picture.size)
    wicker = ImageOps.colorize(weave, (86, 48, 22), (176, 112, 58))
    picture.paste(wicker, None, shape(picture.size, [(centre[0] + side * radius, y) for side, y in corners]))


def _meadow(picture: Image.Image, random: Random) -> None:
    size = width, height = picture.size
    line = ridge(width, random, top=height * 0.862, height=height * 0.02, roughness=0.5)
    ground = ImageOps.colorize(clouds(size, random, cells=(30, 60)), (6, 30, 14), (70, 130, 30), (22, 74, 24))
    picture.paste(ground, None, shape(size, [*line, (width, height), (0, height)], blur=1.5))
    for index in range(_PLANTS):
        near = index / _PLANTS
        root = (random.uniform(0, width), height * (0.885 + 0.15 * near))
        if random.random() < _SHARE_OF_POPPIES:
            _poppy(picture, random, root, round(width * (0.018 + 0.05 * near)))
        else:
            _blade(picture, random, root, width * (0.012 + 0.05 * near))


def _blade(picture: Image.Image, random: Random, root: Point, length: float) -> None:
    green = mixed((16, 70, 20), (128, 180, 46), random.random() ** 1.5)
    tip = (root[0] + random.gauss(0, 0.25) * length, root[1] - length * random.uniform(0.6, 1.1))
    foot = [(root[0] - length / 25, root[1]), (root[0] + length / 25, root[1])]
    ImageDraw.Draw(picture).polygon([*foot, tip], fill=green)


def _poppy(picture: Image.Image, random: Random, centre: Point, side: int) -> None:
    """Draw a poppy: a few overlapping petals, each lit a little differently, around a dark heart."""
    for lift, tone in ((0.10, 0.25), (0.0, 0.6), (-0.06, 0.0), (0.04, 0.4)):
        petal = Image.new("L", (side, side))
        across, down = side * random.uniform(0.4, 0.6), side * (0.5 - lift * random.uniform(0.5, 1.5))
        box = (across - side * 0.3, down - side * 0.2, across + side * 0.3, down + side * 0.2)
        ImageDraw.Draw(petal).ellipse(box, fill=255)
        red = mixed((255, 36, 10), (150, 0, 22), tone)
        silky = gradient((side, side), mixed(red, (255, 140, 60), 0.4), red, mixed(red, (40, 0, 10), 0.5))
        corner = (round(centre[0] - side / 2), round(centre[1] - side / 2))
        picture.paste(silky, corner, petal.filter(ImageFilter.GaussianBlur(side / 30)))
    heart = (centre[0] - side * 0.05, centre[1] - side * 0.05, centre[0] + side * 0.05, centre[1] + side * 0.02)
    ImageDraw.Draw(picture).ellipse(heart, fill=(40, 6, 20))
