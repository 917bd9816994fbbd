"""Perceptual hashes: copies of a picture are alike, other pictures are not. On scenes drawn by code."""

from __future__ import annotations

import io
import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from lightpress.image.alike import ALIKE_BITS, differing_bits
from lightpress.image.likeness import likeness

if TYPE_CHECKING:
    from collections.abc import Callable

SCENES = 60


def scene(number: int) -> Image.Image:
    """A picture of its own: a gradient, and shapes of all sizes and colors anywhere."""
    chance = random.Random(number)  # noqa: S311  it draws
    top, bottom = ([chance.randrange(256) for _ in range(3)] for _ in range(2))
    column = Image.new("RGB", (1, 2))
    column.putpixel((0, 0), tuple(top))
    column.putpixel((0, 1), tuple(bottom))
    image = column.resize((400, 300), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for _ in range(chance.randrange(3, 12)):
        x, y, side = chance.randrange(-60, 380), chance.randrange(-60, 280), chance.randrange(30, 220)
        shape = chance.choice((draw.ellipse, draw.rectangle))
        shape(
            (x, y, x + side, y + side * chance.randrange(4, 12) // 8),
            fill=tuple(chance.randrange(256) for _ in range(3)),
        )
    return image


def hashed(image: Image.Image) -> str:
    return likeness(image.resize((100, 75), Image.Resampling.BOX).convert("RGBA"))


def encoded(image: Image.Image, **options: object) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "encoded badly": lambda image: encoded(image, quality=20),
    "half as large": lambda image: image.resize((200, 150), Image.Resampling.LANCZOS),
    "brighter by a fifth": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "less colorful": lambda image: ImageEnhance.Color(image).enhance(0.6),
}


@pytest.mark.parametrize(
    ("how", "share"),
    [("encoded badly", 0.9), ("half as large", 1.0), ("brighter by a fifth", 0.75), ("less colorful", 0.95)],
)
def test_most_copies_are_alike_though_what_was_cut_off_at_white_is_another(how: str, share: float) -> None:
    apart = [differing_bits(hashed(scene(number)), hashed(COPIES[how](scene(number)))) for number in range(SCENES)]
    assert sum(bits <= ALIKE_BITS for bits in apart) >= share * SCENES, sorted(apart)[-10:]


def test_of_all_pairs_of_other_pictures_none_is_alike() -> None:
    hashes = [hashed(scene(number)) for number in range(SCENES)]
    apart = sorted(differing_bits(one, other) for one, other in combinations(hashes, 2))
    assert apart[0] > ALIKE_BITS, apart[:10]


def test_a_mirrored_picture_is_another() -> None:
    flipped = [scene(number).transpose(Image.Transpose.FLIP_LEFT_RIGHT) for number in range(10)]
    assert (
        min(differing_bits(hashed(scene(number)), hashed(image)) for number, image in enumerate(flipped)) > ALIKE_BITS
    )
