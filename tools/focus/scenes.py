"""Scenes whose subject is known, drawn by code: backgrounds and subjects of two kinds, one never used for tuning."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    Box = tuple[int, int, int, int]
    Draw = ImageDraw.ImageDraw
    Dice = random.Random


class Scene(NamedTuple):
    """A picture, and where its subject is: left, top, right and bottom in pixels."""

    image: Image.Image
    subject: Box


def _near(dice: Dice, color: tuple[int, int, int], by: int = 30) -> tuple[int, int, int]:
    red, green, blue = (max(0, min(255, part + dice.randint(-by, by))) for part in color)
    return red, green, blue


def _gradient(size: tuple[int, int], top: tuple[int, ...], bottom: tuple[int, ...]) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)


def _grain(dice: Dice, image: Image.Image, amount: float, coarse: int) -> Image.Image:
    small = (max(1, image.width // coarse), max(1, image.height // coarse))
    noise = Image.frombytes("RGB", small, dice.randbytes(3 * small[0] * small[1])).resize(
        image.size, Image.Resampling.BICUBIC
    )
    return Image.blend(image, noise, amount)


# Backgrounds.


def _meadow(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = _gradient(size, _near(dice, (140, 190, 235)), _near(dice, (215, 230, 245)))
    horizon = round(size[1] * dice.uniform(0.3, 0.6))
    image.paste(
        _gradient((size[0], size[1] - horizon), _near(dice, (90, 140, 70)), _near(dice, (60, 100, 40))), (0, horizon)
    )
    return _grain(dice, image, 0.1, dice.choice((1, 3)))


def _foliage(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, _near(dice, (40, 80, 35)))
    draw = ImageDraw.Draw(image)
    for _ in range(500):
        x, y, r = dice.randrange(size[0]), dice.randrange(size[1]), dice.randint(3, 18)
        draw.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=_near(dice, (60, 110, 50), 40))
    return image


def _room(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, _near(dice, (215, 205, 190)))
    draw = ImageDraw.Draw(image)
    floor = round(size[1] * 0.75)
    draw.rectangle((0, floor, *size), fill=_near(dice, (150, 110, 75)))
    for _ in range(dice.randint(1, 3)):
        x, y = dice.randrange(size[0]), dice.randrange(floor // 2)
        draw.rectangle(
            (x, y, x + size[0] // 8, y + size[1] // 6), outline=(90, 80, 70), width=4, fill=_near(dice, (190, 195, 205))
        )
    return _grain(dice, image, 0.06, 1)


def _bokeh(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, _near(dice, (40, 40, 60)))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, r = dice.randrange(size[0]), dice.randrange(size[1]), dice.randint(8, 40)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=_near(dice, (120, 100, 70), 60))
    return image.filter(ImageFilter.GaussianBlur(14))


def _sea(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = _gradient(size, _near(dice, (250, 190, 120)), _near(dice, (240, 150, 140)))
    horizon = round(size[1] * dice.uniform(0.4, 0.6))
    image.paste(
        _gradient((size[0], size[1] - horizon), _near(dice, (70, 100, 150)), _near(dice, (30, 50, 90))), (0, horizon)
    )
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y = dice.randrange(size[0]), dice.randrange(horizon, size[1])
        draw.line((x, y, x + dice.randint(8, 50), y), fill=_near(dice, (130, 150, 190), 30))
    return image


def _bricks(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, _near(dice, (190, 180, 170)))
    draw = ImageDraw.Draw(image)
    base = _near(dice, (150, 80, 65))
    for row in range(0, size[1], 22):
        for column in range(-(row // 22 % 2) * 25, size[0], 50):
            draw.rectangle((column, row, column + 47, row + 19), fill=_near(dice, base, 14))
    return image


def _street(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = _gradient(size, _near(dice, (170, 180, 195)), _near(dice, (200, 205, 210)))
    draw = ImageDraw.Draw(image)
    ground = round(size[1] * 0.7)
    x = 0
    while x < size[0]:
        width, top = dice.randint(60, 130), dice.randint(round(size[1] * 0.1), round(size[1] * 0.4))
        draw.rectangle((x, top, x + width, ground), fill=_near(dice, (150, 145, 140), 35))
        for y in range(top + 12, ground - 20, 28):
            for window in range(x + 10, x + width - 14, 26):
                draw.rectangle((window, y, window + 12, y + 16), fill=_near(dice, (95, 105, 120), 20))
        x += width
    draw.rectangle((0, ground, *size), fill=_near(dice, (90, 90, 95), 15))
    return _grain(dice, image, 0.05, 1)


def _table(dice: Dice, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, _near(dice, (170, 125, 80)))
    draw = ImageDraw.Draw(image)
    for y in range(0, size[1], 7):
        draw.line(
            (0, y + dice.randint(-2, 2), size[0], y + dice.randint(-2, 2)),
            fill=_near(dice, (150, 105, 65), 14),
            width=3,
        )
    return image.filter(ImageFilter.GaussianBlur(1))


# Subjects: each is drawn into a box.


def _portrait(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    skin = dice.choice(((235, 195, 165), (205, 150, 115), (140, 95, 65), (95, 62, 45)))
    draw.ellipse((left, top + height * 0.6, right, bottom + height * 0.3), fill=_near(dice, (70, 80, 140), 70))
    draw.ellipse(
        (left + width * 0.18, top, right - width * 0.18, top + height * 0.7), fill=_near(dice, (60, 40, 30), 25)
    )
    draw.ellipse((left + width * 0.24, top + height * 0.1, right - width * 0.24, top + height * 0.68), fill=skin)
    for eye in (0.4, 0.6):
        draw.ellipse(
            (left + width * (eye - 0.03), top + height * 0.33, left + width * (eye + 0.03), top + height * 0.38),
            fill=(30, 25, 25),
        )
    draw.arc(
        (left + width * 0.4, top + height * 0.42, right - width * 0.4, top + height * 0.56),
        20,
        160,
        fill=(150, 60, 60),
        width=3,
    )


def _bird(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    color = _near(dice, dice.choice(((200, 60, 50), (60, 80, 170), (40, 40, 45), (230, 190, 60))), 20)
    draw.ellipse((left, top + height * 0.3, right - width * 0.2, bottom - height * 0.1), fill=color)
    draw.ellipse((right - width * 0.45, top, right - width * 0.05, top + height * 0.45), fill=color)
    draw.polygon(
        (
            (right - width * 0.1, top + height * 0.2),
            (right, top + height * 0.26),
            (right - width * 0.1, top + height * 0.3),
        ),
        fill=(240, 170, 40),
    )
    draw.ellipse(
        (right - width * 0.24, top + height * 0.13, right - width * 0.17, top + height * 0.2), fill=(250, 250, 250)
    )


def _boat(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    draw.polygon(
        (
            (left, bottom - height * 0.3),
            (right, bottom - height * 0.3),
            (right - width * 0.2, bottom),
            (left + width * 0.2, bottom),
        ),
        fill=_near(dice, (170, 50, 40), 40),
    )
    draw.polygon(
        (
            (left + width * 0.5, top),
            (left + width * 0.5, bottom - height * 0.34),
            (left + width * 0.1, bottom - height * 0.34),
        ),
        fill=(245, 240, 230),
    )
    draw.polygon(
        (
            (left + width * 0.55, top + height * 0.1),
            (left + width * 0.55, bottom - height * 0.34),
            (right - width * 0.1, bottom - height * 0.34),
        ),
        fill=_near(dice, (230, 220, 200), 20),
    )


def _flower(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    x, y, r = (left + right) / 2, (top + bottom) / 2, min(right - left, bottom - top) / 2
    color = _near(dice, dice.choice(((230, 80, 120), (240, 200, 60), (150, 80, 190), (250, 245, 240))), 15)
    for petal in range(8):
        angle = petal * math.pi / 4
        px, py = x + math.cos(angle) * r * 0.6, y + math.sin(angle) * r * 0.6
        draw.ellipse((px - r * 0.4, py - r * 0.4, px + r * 0.4, py + r * 0.4), fill=color)
    draw.ellipse((x - r * 0.3, y - r * 0.3, x + r * 0.3, y + r * 0.3), fill=(190, 130, 30))


def _car(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    color = _near(dice, dice.choice(((200, 40, 40), (40, 70, 150), (235, 235, 235), (30, 30, 34), (220, 170, 40))), 15)
    draw.rounded_rectangle((left + width * 0.2, top, right - width * 0.25, top + height * 0.6), 12, fill=color)
    draw.rounded_rectangle((left, top + height * 0.4, right, bottom - height * 0.12), 10, fill=color)
    draw.rectangle(
        (left + width * 0.28, top + height * 0.1, right - width * 0.33, top + height * 0.42), fill=(150, 190, 210)
    )
    for wheel in (0.22, 0.78):
        x = left + width * wheel
        draw.ellipse((x - height * 0.2, bottom - height * 0.4, x + height * 0.2, bottom), fill=(25, 25, 28))


def _mug(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    color = _near(dice, dice.choice(((240, 240, 235), (60, 110, 120), (40, 40, 44), (200, 80, 60))), 15)
    draw.ellipse(
        (right - width * 0.4, top + height * 0.25, right, bottom - height * 0.25),
        outline=color,
        width=max(4, round(width * 0.07)),
    )
    draw.rounded_rectangle((left, top + height * 0.1, right - width * 0.22, bottom), 14, fill=color)
    draw.ellipse((left, top, right - width * 0.22, top + height * 0.22), fill=(80, 50, 30), outline=color, width=4)


def _cat(dice: Dice, draw: Draw, box: Box) -> None:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    color = _near(dice, dice.choice(((190, 130, 70), (60, 58, 60), (225, 220, 215), (130, 125, 120))), 12)
    draw.ellipse((left, top + height * 0.4, right, bottom), fill=color)
    draw.ellipse((left + width * 0.2, top + height * 0.1, right - width * 0.2, top + height * 0.62), fill=color)
    for ear in (0.22, 0.62):
        draw.polygon(
            (
                (left + width * ear, top + height * 0.25),
                (left + width * (ear + 0.06), top),
                (left + width * (ear + 0.18), top + height * 0.16),
            ),
            fill=color,
        )
    for eye in (0.38, 0.58):
        draw.ellipse(
            (left + width * eye, top + height * 0.3, left + width * (eye + 0.06), top + height * 0.38),
            fill=(150, 190, 80),
        )


TUNED_ON: tuple[
    tuple[Callable[[Dice, tuple[int, int]], Image.Image], ...], tuple[Callable[[Dice, Draw, Box], None], ...]
] = (
    (_meadow, _foliage, _room, _bokeh),
    (_portrait, _bird, _flower),
)
HELD_OUT = ((_sea, _bricks, _street, _table), (_boat, _car, _mug, _cat, _portrait))


def scenes(count: int, *, held_out: bool, seed: int) -> list[Scene]:
    """Draw so many scenes. held_out: of the backgrounds and subjects that were not used for tuning."""
    dice = random.Random(seed)  # noqa: S311  pictures, not secrets
    backgrounds, subjects = HELD_OUT if held_out else TUNED_ON
    return [_scene(dice, dice.choice(backgrounds), dice.choice(subjects)) for _ in range(count)]


def _scene(
    dice: Dice, background: Callable[[Dice, tuple[int, int]], Image.Image], subject: Callable[[Dice, Draw, Box], None]
) -> Scene:
    size = dice.choice(((600, 400), (640, 360), (400, 600), (480, 480), (800, 300)))
    image = background(dice, size)
    height = round(min(size) * dice.uniform(0.3, 0.6))
    width = round(height * dice.uniform(0.75, 1.1))
    left, top = (
        dice.randint(round(whole * 0.03), round(whole * 0.97) - part)
        for whole, part in zip(size, (width, height), strict=True)
    )
    box = (left, top, left + width, top + height)
    layer = image.copy()
    subject(dice, ImageDraw.Draw(layer), box)
    shade = layer.filter(ImageFilter.GaussianBlur(0.8))
    drawn = ImageChops.difference(image, layer).convert("L").getbbox() or box
    light = Image.linear_gradient("L").rotate(dice.choice((0, 90, 180, 270))).resize(size)
    lit = Image.composite(shade, shade.point([round(level * 0.8) for level in range(256)] * 3), light)
    return Scene(_grain(dice, lit, 0.03, 1), drawn)
