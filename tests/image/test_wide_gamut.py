"""Colors that sRGB has not are kept in Display P3 where a recipe says so, and nothing else changes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageCms

from lightpress.image.outputs import WRITTEN
from lightpress.image.spec import Size
from tests.image.declaring import ADOBE_RGB, BT_2020, DISPLAY_P3, PQ, SRGB_CURVE, avif_with, bars, cicp, gamma, png_with
from tools.drawing import (
    Color,
    cmyk_profile,
    disc,
    distance,
    file_of,
    mean_difference,
    pixel,
    plain,
    ramp,
    rendered,
    rgb_profile,
    seen,
    spec,
    stripes,
    summary_of,
)

if TYPE_CHECKING:
    from lightpress.image.job import EncodedVariant
    from lightpress.image.spec import Spec

VIVID = ((255, 0, 0), (0, 255, 0), (255, 128, 0))
"""In Display P3; in sRGB there are none such."""
MODEST = ((200, 100, 50), (120, 160, 90), (128, 128, 128))
IN_SRGB = ((215, 93, 31), (108, 161, 80), (128, 128, 128))
"""`MODEST`, as sRGB has them."""
WIDE = file_of(stripes(VIVID), icc_profile=rgb_profile())
NOTE = "The variants are in Display P3: sRGB lacks some of the colors."
LOSS = {"png": 1, "webp": 3, "jpeg": 5, "avif": 5}


def p3(*sizes: Size, formats: tuple[str, ...] = ("png",), **more: Any) -> Spec:  # noqa: ANN401  of Spec
    return spec(*sizes, formats=formats, colors="p3", **more)


def profile_of(variant: EncodedVariant) -> bytes | None:
    profile: bytes | None = seen(variant).info.get("icc_profile")
    return profile


def colors_of(variant: EncodedVariant) -> list[Color]:
    """The colors of the three stripes, as numbers."""
    return [pixel(seen(variant).convert("RGB"), ((number + 0.5) / 3, 0.5)) for number in range(3)]


def as_srgb(color: Color) -> Color:
    """A color of Display P3 as sRGB shows it, by LittleCMS and a profile that is not the variants'."""
    source, target = ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile())), ImageCms.createProfile("sRGB")
    made = ImageCms.profileToProfile(plain(color), source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    assert made is not None
    return pixel(made, (0.5, 0.5))


@pytest.mark.parametrize("form", WRITTEN)
def test_colors_beyond_srgb_keep_their_numbers_and_a_profile_of_less_than_500_bytes(form: str) -> None:
    (one,) = rendered(WIDE, p3(formats=(form,)))
    assert [distance(*pair) <= LOSS[form] for pair in zip(colors_of(one), VIVID, strict=True)] == [True] * 3
    profile = profile_of(one)
    assert profile is not None
    assert len(profile) < 500
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip() == "Display P3"
    assert summary_of(WIDE, p3(formats=(form,))).notes == (NOTE,)


@pytest.mark.parametrize("form", WRITTEN)
def test_without_the_option_they_are_clipped_to_srgb_as_ever(form: str) -> None:
    (one,) = rendered(WIDE, spec(formats=(form,)))
    assert profile_of(one) is None
    assert distance(colors_of(one)[1], (0, 255, 0)) <= LOSS[form]
    assert summary_of(WIDE, spec(formats=(form,))).notes == ()


def test_a_picture_in_display_p3_whose_colors_srgb_has_stays_in_srgb() -> None:
    (one,) = rendered(file_of(stripes(MODEST), icc_profile=rgb_profile()), p3())
    assert profile_of(one) is None
    assert [distance(*pair) <= 1 for pair in zip(colors_of(one), IN_SRGB, strict=True)] == [True] * 3


def test_one_pixel_in_a_million_beyond_srgb_is_enough() -> None:
    image = plain(MODEST[0], size=(1_000, 1_000))
    image.putpixel((500, 500), VIVID[0])
    assert summary_of(file_of(image, icc_profile=rgb_profile()), p3()).notes == (NOTE,)


@pytest.mark.parametrize(
    "data",
    [
        file_of(stripes(VIVID)),
        file_of(stripes(VIVID), "JPEG", quality=95),
        file_of(stripes(VIVID), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
        file_of(plain((90,), mode="L"), icc_profile=rgb_profile()),
        file_of(stripes(VIVID), icc_profile=b"no profile" * 20),
    ],
    ids=["nothing said", "JPEG, nothing said", "sRGB", "gray in Display P3", "a broken profile"],
)
def test_what_is_in_srgb_gets_the_same_bytes_with_and_without_the_option(data: bytes) -> None:
    formats = WRITTEN
    assert [one.data for one in rendered(data, p3(formats=formats))] == [
        one.data for one in rendered(data, spec(formats=formats))
    ]


@pytest.mark.parametrize(
    "data",
    [
        png_with(stripes(VIVID), cicp(DISPLAY_P3, SRGB_CURVE)),
        avif_with(stripes(VIVID), DISPLAY_P3, SRGB_CURVE),
    ],
    ids=["PNG", "AVIF"],
)
def test_display_p3_by_code_points_counts_like_display_p3_by_a_profile(data: bytes) -> None:
    (one,) = rendered(data, p3())
    assert [distance(*pair) <= LOSS["avif"] for pair in zip(colors_of(one), VIVID, strict=True)] == [True] * 3
    assert profile_of(one) is not None


@pytest.mark.parametrize(
    "data",
    [
        png_with(bars(), ADOBE_RGB, gamma(1 / 2.2)),
        png_with(bars(), cicp(BT_2020, SRGB_CURVE)),
        png_with(bars(), cicp(BT_2020, PQ)),
        file_of(
            plain((255, 0, 0, 0), mode="CMYK"),
            "JPEG",
            icc_profile=cmyk_profile(lambda inks: (60.0, -70.0, -60.0) if inks[0] else (100.0, 0.0, 0.0)),
        ),
    ],
    ids=["Adobe RGB", "BT.2020", "HDR", "inks"],
)
def test_other_wide_color_spaces_become_display_p3(data: bytes) -> None:
    (wide,), (usual,) = rendered(data, p3()), rendered(data, spec())
    assert profile_of(wide) is not None
    # Where sRGB was enough, both show the same; elsewhere, Display P3 shows what was clipped.
    back = ImageCms.profileToProfile(
        seen(wide).convert("RGB"),
        ImageCms.ImageCmsProfile(io.BytesIO(rgb_profile())),
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert back is not None
    assert mean_difference(back, seen(usual)) <= 2


def test_transparency_passes_untouched_and_its_background_is_the_color_that_was_said() -> None:
    data = file_of(disc(color=(0, 255, 0)), icc_profile=rgb_profile())
    clear, flat = rendered(data, p3(formats=("png", "jpeg"), background="#c86432"))
    assert seen(clear).mode == "RGBA"
    assert pixel(seen(clear), (0.01, 0.01))[3] == 0
    assert distance(as_srgb(pixel(seen(flat), (0.01, 0.01))), (0xC8, 0x64, 0x32)) <= LOSS["jpeg"]


def test_the_color_that_stands_in_for_the_picture_is_in_srgb_as_pages_need_it() -> None:
    data = file_of(plain((230, 60, 30)), icc_profile=rgb_profile())
    kept, usual = summary_of(data, p3()), summary_of(data)
    assert kept.notes == (NOTE,)
    assert (kept.color, kept.thumbhash) == (usual.color, usual.thumbhash)


def test_all_sizes_are_in_one_color_space() -> None:
    image = plain(MODEST[0], size=(400, 400))
    image.putpixel((200, 200), VIVID[0])
    sizes = (Size("a", 400), Size("b", 20), Size("c", 30, 30, "cover"))
    made = rendered(file_of(image, icc_profile=rgb_profile()), p3(*sizes, formats=("webp", "jpeg")))
    assert {profile_of(one) is None for one in made} == {False}


@pytest.mark.parametrize("form", ["jpeg", "png", "webp"])
def test_an_original_in_display_p3_that_would_grow_is_kept_with_the_small_profile(form: str) -> None:
    lossy = {} if form == "png" else {"quality": 10}
    data = file_of(
        wide_ramp().quantize(8) if form == "png" else wide_ramp(), form.upper(), icc_profile=rgb_profile(), **lossy
    )
    (one,) = rendered(data, p3(formats=(form,), quality={} if form == "png" else {form: 100}))
    assert one.note is not None
    assert one.note.startswith("The original's own bytes")
    kept = Image.open(io.BytesIO(one.data))
    assert kept.info["icc_profile"] != rgb_profile()
    assert (
        ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(kept.info["icc_profile"]))).strip()
        == "Display P3"
    )
    before = Image.open(io.BytesIO(data)).convert("RGB")
    assert ImageChops.difference(before, kept.convert("RGB")).getbbox() is None


def wide_ramp() -> Image.Image:
    """Colors of the whole of Display P3."""
    return ramp((96, 64))


def test_an_original_in_another_wide_color_space_is_not_kept_as_it_is() -> None:
    adobe = rgb_profile(((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)))
    (one,) = rendered(
        file_of(wide_ramp(), "JPEG", quality=10, icc_profile=adobe), p3(formats=("jpeg",), quality={"jpeg": 100})
    )
    assert one.note is not None
    assert "color space" in one.note


def test_lossless_recipes_keep_the_numbers_of_display_p3() -> None:
    data = file_of(wide_ramp(), "JPEG", quality=90, icc_profile=rgb_profile())
    (one,) = rendered(data, p3(formats=("jpeg",), lossless=True))
    assert one.note == "The original's own pixels, packed without loss."
    assert profile_of(one) is not None
    assert ImageChops.difference(Image.open(io.BytesIO(data)), seen(one)).getbbox() is None


def test_an_animation_in_display_p3_stays_in_it_in_every_frame() -> None:
    frames = [plain(MODEST[0], size=(60, 40)), plain(VIVID[1], size=(60, 40))]
    data = file_of(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100, icc_profile=rgb_profile())
    (moving,) = rendered(data, p3(formats=("webp",)))
    image = Image.open(io.BytesIO(moving.data))
    assert "icc_profile" in image.info
    for number, frame in enumerate(frames):
        image.seek(number)
        assert distance(pixel(image.convert("RGB"), (0.5, 0.5)), pixel(frame, (0.5, 0.5))) <= 5
