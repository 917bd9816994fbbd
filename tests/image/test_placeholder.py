"""Placeholders look like their picture from far away."""

from __future__ import annotations

import base64
import io
import math

import pytest
from PIL import Image

from lightpress.image.placeholder import dominant_color, lqip, reduced, thumbhash
from tools.drawing import Color, disc, distance, file_of, four_corners, plain, stripes, summary_of


def decoded(text: str) -> tuple[float, Color]:
    """The ratio of width to height and the mean color, read as ThumbHash's definition says."""
    data = base64.b64decode(text)
    head, more = int.from_bytes(data[:3], "little"), int.from_bytes(data[3:5], "little")
    light, yellow, red = (head & 63) / 63, (head >> 6 & 63) / 31.5 - 1, (head >> 12 & 63) / 31.5 - 1
    blue = light - 2 / 3 * yellow
    r = (3 * light - blue + red) / 2
    limit, waves = (5 if head >> 23 else 7), more & 7
    ratio = limit / waves if more >> 15 else waves / limit
    return ratio, tuple(round(255 * min(1, max(0, part))) for part in (r, r - red, blue))


@pytest.mark.parametrize("color", [(230, 30, 30), (20, 160, 60), (255, 255, 255), (0, 0, 0), (90, 90, 200)])
def test_one_color_is_that_color(color: Color) -> None:
    facts = summary_of(file_of(plain(color)))
    assert facts.color == f"#{bytes(color).hex()}"
    assert facts.thumbhash is not None
    ratio, mean = decoded(facts.thumbhash)
    assert math.isclose(ratio, 2, rel_tol=0.2)
    assert distance(mean, color) <= 14  # it has 6 bits for each


def test_a_known_picture_has_a_known_hash() -> None:
    assert base64.b64decode(thumbhash(Image.new("RGBA", (8, 8), "white")))[:5] == bytes((0x3F, 0x08, 0x02, 0x07, 0x00))


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (300, 300), (1, 1), (5000, 1)])
def test_its_shape_is_known(size: tuple[int, int]) -> None:
    facts = summary_of(file_of(four_corners(size) if min(size) > 1 else plain(size=size)))
    assert facts.thumbhash is not None
    ratio, _ = decoded(facts.thumbhash)
    assert math.isclose(ratio, min(7, max(1 / 7, size[0] / size[1])), rel_tol=0.2)
    assert len(facts.thumbhash) <= 36


def test_most_of_a_picture_decides_its_color() -> None:
    small = reduced(stripes([(250, 0, 0), (0, 0, 250), (0, 0, 250)]))
    assert dominant_color(small, "#ffffff") == "#0000fa"


def test_what_is_see_through_looks_like_its_background() -> None:
    small = reduced(disc(90, color=(9, 9, 9)).resize((90, 90)).crop((0, 0, 30, 90)))
    assert dominant_color(small, "#aabbcc") == "#aabbcc"
    assert base64.b64decode(thumbhash(small))[2] & 0x80


def opened(uri: str) -> Image.Image:
    head, _, data = uri.partition(",")
    assert head == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_the_data_uri_is_a_small_picture_of_the_same_shape_and_colors() -> None:
    red, blue = (220, 40, 40), (30, 60, 200)
    facts = summary_of(file_of(stripes([red, blue], 600, 800)))
    assert facts.lqip is not None
    tiny = opened(facts.lqip)
    assert (tiny.size, tiny.mode) == ((20, 13), "RGB")
    assert distance(tiny.getpixel((3, 6)), red) < 30  # type: ignore[arg-type]
    assert distance(tiny.getpixel((16, 6)), blue) < 30  # type: ignore[arg-type]


def test_the_data_uri_is_see_through_where_the_picture_is() -> None:
    tiny = opened(lqip(reduced(disc(300, (255, 0, 0)))))
    assert tiny.mode == "RGBA"
    alphas = [tiny.getpixel(at)[3] for at in ((0, 0), (10, 10))]  # type: ignore[index]
    assert alphas[0] < 20
    assert alphas[1] > 235


def test_the_data_uri_of_what_is_hard_to_encode_has_at_most_1000_characters() -> None:
    noise = Image.effect_noise((640, 640), 200).convert("RGB")
    assert 100 < len(lqip(reduced(noise))) <= 1000
