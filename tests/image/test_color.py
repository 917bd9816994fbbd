"""Colors look as they were meant to, on screens that know nothing but sRGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.image.color import to_output_colors
from lightpress.image.encode import encode
from lightpress.image.job import Job, no_packing
from lightpress.image.original import inspect_original
from lightpress.image.outputs import WRITTEN
from lightpress.image.picture import Picture
from lightpress.image.spec import Pixels
from tools.drawing import (
    Color,
    cmyk_profile,
    distance,
    file_of,
    grey_profile,
    only,
    pixel,
    plain,
    png_chunk,
    rendered,
    rgb_profile,
    seen,
    spec,
    summary_of,
)

if TYPE_CHECKING:
    from PIL import Image

# Display P3 on the left, the sRGB that looks the same on the right (computed from the matrices of CSS Color 4).
WIDE_GAMUT = {
    (200, 100, 50): (215, 93, 31),
    (120, 160, 90): (108, 161, 80),
    (60, 80, 140): (54, 81, 145),
    (128, 128, 128): (128, 128, 128),
    (255, 255, 255): (255, 255, 255),
    (0, 0, 0): (0, 0, 0),
    (0, 255, 0): (0, 255, 0),  # no sRGB is so green: the greenest there is
}
GREY_IN_LINEAR_LIGHT = {0: 0, 13: 63, 55: 128, 128: 188, 255: 255}
# Overprints in Lab, and the same in sRGB.
PRESS: dict[Color, tuple[float, float, float]] = {
    (0, 0, 0, 0): (100.0, 0.0, 0.0),
    (0, 1, 0, 0): (60.0, 40.0, 0.0),
    (1, 0, 0, 0): (70.0, -20.0, -20.0),
}
PRESS_SEEN: dict[Color, Color] = {
    (0, 0, 0, 0): (255, 255, 255),
    (0, 255, 0, 0): (213, 116, 145),
    (255, 0, 0, 0): (111, 183, 207),
}
LOSS = 6


def press(inks: Color) -> tuple[float, float, float]:
    return PRESS.get(inks, (30.0, 0.0, 0.0))


@pytest.mark.parametrize(("stored", "shown"), WIDE_GAMUT.items())
def test_wide_gamut_colors_become_the_srgb_that_looks_the_same(stored: Color, shown: Color) -> None:
    image = only(file_of(plain(stored), icc_profile=rgb_profile()))
    assert distance(pixel(image, (0.5, 0.5)), shown) <= 1


@pytest.mark.parametrize("name", WRITTEN)
def test_no_variant_carries_a_profile(name: str) -> None:
    image = only(file_of(plain((200, 100, 50)), icc_profile=rgb_profile()), spec(formats=(name,)))
    assert "icc_profile" not in image.info
    assert image.mode == "RGB"
    assert distance(pixel(image, (0.5, 0.5)), WIDE_GAMUT[200, 100, 50]) <= LOSS


def test_transparency_passes_through_a_profile_untouched() -> None:
    stored = plain((200, 100, 50, 77), mode="RGBA")
    color = pixel(only(file_of(stored, icc_profile=rgb_profile())), (0.5, 0.5))
    assert distance(color, (*WIDE_GAMUT[200, 100, 50], 77)) <= 1


@pytest.mark.parametrize(("stored", "shown"), GREY_IN_LINEAR_LIGHT.items())
def test_grey_goes_through_its_own_profile(stored: int, shown: int) -> None:
    image = only(file_of(plain((stored,), mode="L"), icc_profile=grey_profile()))
    assert distance(pixel(image, (0.5, 0.5)), (shown, shown, shown)) <= 1


def test_grey_with_an_rgb_profile_is_grey_in_that_space() -> None:
    data = file_of(plain((90,), mode="L"), icc_profile=rgb_profile())
    assert distance(pixel(only(data), (0.5, 0.5)), (90, 90, 90)) <= 1
    assert summary_of(data).notes == ()


@pytest.mark.parametrize(("inks", "seen"), PRESS_SEEN.items())
def test_print_colors_go_through_the_profile_of_their_press(inks: Color, seen: Color) -> None:
    data = file_of(plain(inks, mode="CMYK"), "JPEG", quality=95, icc_profile=cmyk_profile(press))
    image = only(data)
    assert image.mode == "RGB"
    assert distance(pixel(image, (0.5, 0.5)), seen) <= LOSS
    assert summary_of(data).notes == ()


@pytest.mark.parametrize(
    ("inks", "seen"),
    [((0, 0, 0, 0), (255, 255, 255)), ((255, 0, 0, 0), (0, 255, 255)), ((0, 0, 0, 255), (0, 0, 0))],
)
@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_print_colors_without_a_profile_are_the_right_way_round(inks: Color, seen: Color, form: str) -> None:
    image = only(file_of(plain(inks, mode="CMYK"), form))
    assert distance(pixel(image, (0.5, 0.5)), seen) <= LOSS


def test_a_profile_of_nearly_two_megabytes_is_used_as_any_other() -> None:
    large, small = (
        file_of(plain((200, 60, 40)), "TIFF", icc_profile=rgb_profile() + bytes(more)) for more in (2_000_000, 0)
    )
    assert summary_of(large).notes == summary_of(small).notes
    assert pixel(only(large), (0.5, 0.5)) == pixel(only(small), (0.5, 0.5))
    assert distance(pixel(only(large), (0.5, 0.5)), (200, 60, 40)) > 5


UNUSABLE = {
    "noise": (plain(), b"this is no color profile " * 10, "cannot"),
    "cut short": (plain(), rgb_profile()[:150], "cannot"),
    "for print, and the picture is not": (plain(), cmyk_profile(press), "it is for CMYK pictures, this one is RGB"),
    "for grey, and the picture is not": (plain(), grey_profile(), "it is for GRAY pictures, this one is RGB"),
    "for screens, and the picture is for print": (
        plain((0, 255, 255, 0), mode="CMYK"),
        rgb_profile(),
        "this one is CMYK",
    ),
    "for print, and the picture is grey": (plain((128,), mode="L"), cmyk_profile(press), "this one is L"),
}


@pytest.mark.parametrize(("image", "profile", "why"), UNUSABLE.values(), ids=UNUSABLE)
def test_with_an_unusable_profile_the_numbers_are_taken_as_srgb_and_that_is_noted(
    image: Image.Image, profile: bytes, why: str
) -> None:
    data = file_of(image, "TIFF", icc_profile=profile)
    (note,) = summary_of(data).notes
    assert note.startswith("The color profile is unusable")
    assert why in note
    assert "taken as sRGB" in note
    assert distance(pixel(only(data), (0.5, 0.5)), pixel(image.convert("RGB"), (0.5, 0.5))) <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_where_there_is_nothing_to_convert_no_pixel_is_copied(mode: str) -> None:
    image = plain(mode=mode)
    picture = Picture(image, b"", "png", Pixels(*image.size))
    job = Job(spec(), (), inspect_original(0, picture, "srgb"), None, encode, no_packing)
    assert to_output_colors(picture, job).image is image


def test_what_is_srgb_already_is_left_alone() -> None:
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = only(file_of(plain((201, 99, 3)), icc_profile=srgb))
    assert pixel(image, (0.5, 0.5)) == (201, 99, 3)


def with_gamma(gamma: float, *, srgb: bool = False) -> bytes:
    data = file_of(plain((64, 128, 255)))
    chunks = png_chunk(b"sRGB", b"\0") if srgb else b""
    chunks += png_chunk(b"gAMA", round(gamma * 100_000).to_bytes(4, "big"))
    return data[:33] + chunks + data[33:]


@pytest.mark.parametrize(
    ("gamma", "srgb", "shown"),
    [
        (1.0, False, (137, 188, 255)),
        (1 / 2.2, False, (64, 128, 255)),
        (1.0, True, (64, 128, 255)),
        (0.000_01, False, (64, 128, 255)),
    ],
    ids=["light itself", "as sRGB", "overruled by sRGB", "nonsense"],
)
def test_a_png_that_says_how_its_numbers_stand_for_light_is_shown_as_browsers_do(
    gamma: float, srgb: bool, shown: Color
) -> None:
    (variant,) = rendered(with_gamma(gamma, srgb=srgb))
    assert pixel(seen(variant), (0.5, 0.5)) == shown
    assert b"gAMA" not in variant.data
