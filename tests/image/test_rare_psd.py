"""A Photoshop file is see-through where it has transparency, and not where somebody saved a selection."""

from __future__ import annotations

import contextlib
import random
import struct
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from lightpress.image.errors import PictureRejected, Reason
from tests.image.files import damaged
from tools.drawing import disc, distance, grey_profile, only, pixel, psd

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = SIZE = (30, 20)
BITMAP, GRAY, RGB, CMYK, MULTICHANNEL = 0, 1, 3, 4, 7
COLOR, SELECTED = (200, 100, 50), 90


def plane(level: int) -> bytes:
    """A channel of one level, but for its left third of 0."""
    return (bytes(WIDTH // 3) + bytes((level,)) * (WIDTH - WIDTH // 3)) * HEIGHT


def packed(channel: bytes) -> list[bytes]:
    """The rows of a channel as PackBits: two runs each."""
    rows = [channel[at : at + WIDTH] for at in range(0, len(channel), WIDTH)]
    third = WIDTH // 3
    return [bytes((257 - third, row[0], 257 - (WIDTH - third), row[-1])) for row in rows]


def layers_of(count: int) -> bytes:
    """The section of `count` layers, which are not looked at; negative: the first alpha channel is transparency."""
    info = struct.pack(">h", count) + bytes(18 * abs(count))
    return struct.pack(">I", len(info)) + info


def bitmap(*, runs: bool) -> bytes:
    """A file of one bit a pixel: ink, but for its left half."""
    width, row = 32, bytes(2) + b"\xff" * 2
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 1, HEIGHT, width, 1, BITMAP) + bytes(12)
    if not runs:
        return header + b"\0\0" + row * HEIGHT
    packed_row = bytes((255, 0, 255, 255))
    return header + b"\0\1" + struct.pack(">H", len(packed_row)) * HEIGHT + packed_row * HEIGHT


def photoshop(
    mode: int, channels: Sequence[int], *, layers: bytes = b"", runs: bool = False, resources: bytes = b""
) -> bytes:
    """A file of these channels, each of one level."""
    planes = [plane(level) for level in channels]
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(planes), HEIGHT, WIDTH, 8, mode)
    sections = bytes(4) + b"".join(struct.pack(">I", len(part)) + part for part in (resources, layers))
    if not runs:
        return header + sections + b"\0\0" + b"".join(planes)
    rows = [row for channel in planes for row in packed(channel)]
    return header + sections + b"\0\1" + struct.pack(f">{len(rows)}H", *map(len, rows)) + b"".join(rows)


def on_white(color: Sequence[int], alpha: int) -> tuple[int, ...]:
    """A color as Photoshop stores it where it is half see-through: as it looks on white."""
    return tuple(round((level * alpha + 255 * (255 - alpha)) / 255) for level in color)


STORED = on_white(COLOR, SELECTED)
NO_ASSETS, LAYERS, TRANSPARENT = b"", layers_of(2), layers_of(-2)
CASES = {
    "no fourth channel": (COLOR, TRANSPARENT, (*COLOR, 255)),
    "a selection, no layer": ((*COLOR, SELECTED), NO_ASSETS, (*COLOR, 255)),
    "a selection, layers": ((*COLOR, SELECTED), LAYERS, (*COLOR, 255)),
    "transparency": ((*STORED, SELECTED), TRANSPARENT, (*COLOR, SELECTED)),
    "transparency and a selection": ((*STORED, SELECTED, 7), TRANSPARENT, (*COLOR, SELECTED)),
    "transparency of which nothing is seen through": ((*COLOR, 255), TRANSPARENT, (*COLOR, 255)),
    "two selections": ((*COLOR, SELECTED, 7), LAYERS, (*COLOR, 255)),
}


@pytest.mark.parametrize("runs", [False, True], ids=["raw", "runs"])
@pytest.mark.parametrize("name", CASES)
def test_the_fourth_channel_is_transparency_only_where_the_number_of_layers_is_negative(name: str, runs: bool) -> None:
    channels, layers, wanted = CASES[name]
    image = only(photoshop(RGB, channels, layers=layers, runs=runs)).convert("RGBA")
    assert distance(pixel(image, (0.8, 0.5)), wanted) <= 2
    assert pixel(image, (0.1, 0.5))[3] == (0 if layers is TRANSPARENT and len(channels) > 3 else 255)


def test_what_is_cut_out_with_soft_edges_has_its_own_color_up_to_them() -> None:
    """A dark disc of Photoshop's on any ground: no edge of it is lighter than the disc and the ground."""
    cut_out = disc(120, (20, 30, 40), (255, 255, 255)).filter(ImageFilter.GaussianBlur(3))
    alpha = cut_out.getchannel("A")
    white, dark = (Image.new("RGB", cut_out.size, color) for color in ((255, 255, 255), (20, 30, 40)))
    stored = Image.composite(dark, white, alpha)
    stored.putalpha(alpha)
    image = only(psd(stored, layers=TRANSPARENT))
    assert image.getchannel("A").tobytes() == alpha.tobytes()
    ground = dark.copy()
    ground.paste(image, mask=alpha)
    assert max(most for _, most in ImageStat.Stat(ImageChops.difference(ground, dark)).extrema) <= 3


@pytest.mark.parametrize("runs", [False, True], ids=["raw", "runs"])
def test_gray_and_inks_with_a_selection_are_what_they_are_without(runs: bool) -> None:
    gray = only(photoshop(GRAY, (120, SELECTED), layers=LAYERS, runs=runs)).convert("RGBA")
    assert pixel(gray, (0.8, 0.5)) == (120, 120, 120, 255)
    inks = only(photoshop(CMYK, (255, 0, 255, 255, SELECTED), layers=LAYERS, runs=runs)).convert("RGBA")
    assert distance(pixel(inks, (0.8, 0.5)), (255, 0, 255, 255)) <= 1


@pytest.mark.parametrize("runs", [False, True], ids=["raw", "runs"])
def test_gray_is_see_through_too(runs: bool) -> None:
    image = only(photoshop(GRAY, (120, SELECTED), layers=TRANSPARENT, runs=runs))
    assert pixel(image, (0.8, 0.5)) == (120, 120, 120, SELECTED)


@pytest.mark.parametrize("runs", [False, True], ids=["raw", "runs"])
def test_gray_that_is_see_through_goes_through_its_profile_for_gray(runs: bool) -> None:
    linear = grey_profile()
    resource = b"8BIM" + struct.pack(">HHI", 1039, 0, len(linear)) + linear + bytes(len(linear) % 2)
    data = photoshop(GRAY, (128, SELECTED), layers=TRANSPARENT, runs=runs, resources=resource)
    assert pixel(only(data), (0.8, 0.5)) == (188, 188, 188, SELECTED)
    opaque = photoshop(GRAY, (128,), runs=runs, resources=resource)
    assert pixel(only(opaque).convert("RGB"), (0.8, 0.5)) == (188, 188, 188)


@pytest.mark.parametrize("runs", [False, True], ids=["raw", "runs"])
def test_a_bitmap_is_black_where_its_ink_is(runs: bool) -> None:
    image = only(bitmap(runs=runs)).convert("RGB")
    assert pixel(image, (0.2, 0.5)) == (255, 255, 255)
    assert pixel(image, (0.8, 0.5)) == (0, 0, 0)


@pytest.mark.parametrize("channels", [(COLOR[0],), COLOR, (*COLOR, 7)])
def test_inks_of_any_color_are_refused_as_what_they_are(channels: Sequence[int]) -> None:
    with pytest.raises(PictureRejected, match="The file is a Photoshop file in Multichannel with 8 bits") as caught:
        only(photoshop(MULTICHANNEL, channels))
    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED


def test_damage_gets_a_reason_and_no_other_error() -> None:
    dice = random.Random(4)  # noqa: S311  damage, not secrets
    data = photoshop(RGB, (*COLOR, SELECTED), layers=TRANSPARENT, runs=True)
    for _ in range(300):
        with contextlib.suppress(PictureRejected):
            only(damaged(data, dice))
