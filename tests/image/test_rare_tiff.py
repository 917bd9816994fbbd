"""TIFF files of uncommon kinds are read rightly, or refused by name: never as damaged, never as another picture."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from typing import Any

import pytest

from lightpress.image.errors import PictureRejected, Reason
from tests.image.files import damaged
from tests.image.tiffs import (
    BLACK_IS_ZERO,
    CMYK,
    FLOAT,
    LAB,
    PALETTE,
    RGB,
    SIGNED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Kind,
    Pixel,
    tiff,
)
from tools.drawing import distance, only, pixel

WIDTH, HEIGHT = SIZE = (48, 20)
PLACES = ((0.01, 0.01), (0.51, 0.51), (0.99, 0.99))
SIXTEEN, TWELVE, EIGHT = 65_535, 4_095, 255


def across(most: int, x: int) -> int:
    return x * most // (WIDTH - 1)


def down(most: int, y: int) -> int:
    return y * most // (HEIGHT - 1)


def wanted(kind: Kind, at: tuple[float, float]) -> tuple[int, ...]:
    """Gray rises from left to right, so does red; green and the alpha of gray rise downwards; blue is 78."""
    x, y = int(at[0] * WIDTH), int(at[1] * HEIGHT)
    if kind.photometric == RGB:
        alpha = (EIGHT - across(EIGHT, x),) if kind.extra else ()
        return (across(EIGHT, x), down(EIGHT, y), 78, *alpha)
    gray = across(EIGHT, x)
    gray = EIGHT - gray if kind.photometric == WHITE_IS_ZERO else gray
    return (gray, gray, gray, down(EIGHT, y)) if 2 in kind.extra else (gray, gray, gray)


def drawn(kind: Kind) -> bytes:
    most = (1 << kind.bits) - 1

    def at(x: int, y: int) -> Pixel:
        if kind.photometric == RGB:
            alpha = (most - across(most, x),) if kind.extra else ()
            return (across(most, x), down(most, y), most * 78 // 255, *alpha)
        return (across(most, x), *(down(most, y) for _ in kind.extra))

    return tiff(kind, SIZE, at)


PACKED: dict[str, dict[str, Any]] = {
    "as they are": {},
    "deflated": {"deflate": True},
    "as differences": {"deflate": True, "predictor": True},
    "big-endian": {"order": ">"},
    "big-endian, deflated": {"order": ">", "deflate": True},
}
LAYOUTS = {
    "16-bit gray": Kind(BLACK_IS_ZERO),
    "16-bit gray, 0 is white": Kind(WHITE_IS_ZERO),
    "16-bit gray with alpha": Kind(BLACK_IS_ZERO, extra=(2,)),
    "16-bit gray with alpha, 0 is white": Kind(WHITE_IS_ZERO, extra=(2,)),
    "16-bit gray with something else": Kind(BLACK_IS_ZERO, extra=(0,)),
    "16-bit RGB": Kind(RGB),
    "16-bit RGB, planar": Kind(RGB, planar=True),
    "16-bit RGB with alpha, planar": Kind(RGB, planar=True, extra=(2,)),
    "8-bit gray with alpha, 0 is white": Kind(WHITE_IS_ZERO, bits=8, extra=(2,)),
    "16-bit gray with alpha, planar": Kind(BLACK_IS_ZERO, extra=(2,), planar=True),
    "16-bit gray with alpha, 0 is white, planar": Kind(WHITE_IS_ZERO, extra=(2,), planar=True),
    "8-bit gray with alpha, planar": Kind(BLACK_IS_ZERO, bits=8, extra=(2,), planar=True),
    "8-bit gray with alpha, 0 is white, planar": Kind(WHITE_IS_ZERO, bits=8, extra=(2,), planar=True),
    "8-bit gray with something else, planar": Kind(BLACK_IS_ZERO, bits=8, extra=(0,), planar=True),
}
SOUND = {
    **{f"{name}, {how}": replace(kind, **more) for name, kind in LAYOUTS.items() for how, more in PACKED.items()},
    "12-bit gray": Kind(BLACK_IS_ZERO, bits=12),
    "12-bit gray, deflated": Kind(BLACK_IS_ZERO, bits=12, deflate=True),
    "12-bit gray, 0 is white": Kind(WHITE_IS_ZERO, bits=12),
    "BigTIFF": Kind(RGB, bits=8, big=True),
    "BigTIFF, big-endian": Kind(RGB, bits=8, big=True, order=">"),
    "BigTIFF, big-endian, 16 bits, deflated": Kind(RGB, big=True, order=">", deflate=True),
    "BigTIFF, big-endian, in one strip": Kind(RGB, big=True, order=">", rows_per_strip=HEIGHT),
}


@pytest.mark.sampled(16)
@pytest.mark.parametrize("name", SOUND)
def test_every_layout_of_samples_shows_the_same_picture(name: str) -> None:
    image = only(drawn(SOUND[name]))
    for place in PLACES:
        should = wanted(SOUND[name], place)
        got = pixel(image.convert("RGBA" if len(should) == 4 else "RGB"), place)
        hidden = should[3:] == (0,)  # what color it hides is nobody's business
        assert distance(got[3:], should[3:]) <= 1 if hidden else distance(got, should) <= 1, place


def test_premultiplied_gray_is_divided_by_its_alpha() -> None:
    """A quarter of light at half of opacity is gray of one half."""
    image = only(tiff(Kind(BLACK_IS_ZERO, extra=(1,)), SIZE, lambda _x, _y: (SIXTEEN // 4, SIXTEEN // 2)))
    assert distance(pixel(image, (0.5, 0.5)), (127, 127, 127, 127)) <= 2


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize(
    ("photometric", "samples", "shown"),
    [
        (RGB, (60, 30, 120, 128), (120, 60, 239, 128)),
        (BLACK_IS_ZERO, (60, 128), (120, 120, 120, 128)),
        (WHITE_IS_ZERO, (195, 128), (120, 120, 120, 128)),
    ],
)
def test_premultiplied_samples_of_eight_bits_are_divided_by_their_alpha(
    photometric: int, samples: tuple[int, ...], shown: tuple[int, ...], planar: bool, how: str
) -> None:
    kind = replace(Kind(photometric, bits=8, extra=(1,), planar=planar), **PACKED[how])
    image = only(tiff(kind, SIZE, lambda _x, _y: samples))
    assert distance(pixel(image, (0.5, 0.5)), shown) <= 2


@pytest.mark.parametrize("how", ["as they are", "deflated", "big-endian"])
def test_lab_is_the_same_beside_each_other_and_one_after_the_other(how: str) -> None:
    beside, after = (
        only(tiff(replace(Kind(LAB, bits=8, planar=planar), **PACKED[how]), SIZE, lambda x, y: (200, 10 + x, 250 - y)))
        for planar in (False, True)
    )
    assert after.tobytes() == beside.tobytes()


@pytest.mark.parametrize("largest", [255, 65_280])
def test_a_color_map_of_eight_bits_shows_the_same_as_one_of_sixteen(largest: int) -> None:
    colors = [*(n * largest // 255 for n in range(256)), *(largest,) * 256, *(0,) * 256]
    image = only(tiff(Kind(PALETTE, bits=8), SIZE, lambda x, _y: (x * 5,), colors))
    assert distance(pixel(image, (0.51, 0.5)), (120, 255, 0)) <= 1


REFUSED = {
    "RGB, 3 samples of 32 bits": (Kind(RGB, bits=32), (1, 2, 3)),
    "RGB, 3 floating-point samples of 32 bits": (Kind(RGB, bits=32, numbers=FLOAT), (0.5, 0.5, 0.5)),
    "gray, 1 floating-point sample of 32 bits": (Kind(BLACK_IS_ZERO, bits=32, numbers=FLOAT), (0.5,)),
    "gray, 1 sample of 32 bits": (Kind(BLACK_IS_ZERO, bits=32, numbers=UNSIGNED), (1 << 31,)),
    "gray, 1 signed sample of 16 bits": (Kind(BLACK_IS_ZERO, numbers=SIGNED), (300,)),
    "gray, 1 sample of 6 bits": (Kind(BLACK_IS_ZERO, bits=6), (33,)),
    "RGB, 3 samples of 12 bits": (Kind(RGB, bits=12), (TWELVE, 0, 0)),
    "CIE L*a*b*, 4 samples of 8 bits": (Kind(LAB, bits=8, extra=(2,)), (50, 0, 0, 255)),
    "CIE L*a*b*, 3 samples of 16 bits": (Kind(LAB), (50, 0, 0)),
    "YCbCr, 3 samples of 8 bits, one channel after the other": (Kind(YCBCR, bits=8, planar=True), (200, 120, 140)),
    "RGB, 5 samples of 8 bits, one channel after the other": (
        Kind(RGB, bits=8, extra=(2, 0), planar=True), (1, 2, 3, 255, 9)
    ),
    "CMYK, 5 samples of 8 bits": (Kind(CMYK, bits=8, extra=(2,)), (1, 2, 3, 4, 255)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name_and_not_as_damaged(name: str) -> None:
    kind, color = REFUSED[name]
    with pytest.raises(PictureRejected) as rejected:
        only(tiff(kind, SIZE, lambda _x, _y: color))
    assert rejected.value.reason is Reason.FORMAT_NOT_ACCEPTED
    assert rejected.value.detail.endswith(f": {name}.")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["16-bit gray with alpha, deflated", "BigTIFF, big-endian", "12-bit gray"])
def test_damage_gets_a_reason_and_no_other_error(name: str) -> None:
    dice, data = random.Random(5), drawn(SOUND[name])  # noqa: S311  damage, not secrets
    for _ in range(150):
        with contextlib.suppress(PictureRejected):
            only(damaged(data, dice))
