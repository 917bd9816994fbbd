"""Color spaces that are declared by numbers count like profiles, in the order that the standards give."""

from __future__ import annotations

import zlib

import pytest
from PIL import Image

from tests.image.declaring import (
    ADOBE_RGB,
    BT_2020,
    DISPLAY_P3,
    HLG,
    PQ,
    SRGB,
    SRGB_CURVE,
    avif_with,
    bars,
    chromaticities,
    cicp,
    gamma,
    heic_with,
    light_level,
    png_with,
    with_code_points,
)
from tools.drawing import (
    Color,
    distance,
    file_of,
    only,
    pixel,
    png_chunk,
    rendered,
    rgb_profile,
    seen,
    spec,
    summary_of,
)

GRAY, MIXED = (160.5 / 256, 0.5 / 6), (160.5 / 256, 4.5 / 6)
"""Where `bars` has (160, 160, 160) and (160, 120, 80)."""
AS_IT_IS = ((160, 160, 160), (160, 120, 80))
IN_P3 = ((160, 160, 160), (167, 118, 73))
PQ_SHOWN, HLG_SHOWN = ((213, 213, 213), (255, 80, 5)), ((135, 135, 135), (148, 89, 57))
LINEAR = ((208, 208, 208), (208, 183, 152))
# A HEIC of these bars loses color where it changes fast; AVIF less.
LOSS = {"png": 2, "jpeg": 5, "avif": 5, "heic": 8}

P3_ICC = png_chunk(b"iCCP", b"P3\0\0" + zlib.compress(rgb_profile()))
SRGB_CHUNK = png_chunk(b"sRGB", b"\0")
BROKEN_ICC = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile" * 20))

# Chromium 156 shows these, of the same files.
SHOWN: dict[str, tuple[bytes, tuple[Color, Color]]] = {
    "avif in Display P3": (avif_with(bars(), DISPLAY_P3, SRGB_CURVE), IN_P3),
    "avif in BT.2020": (avif_with(bars(), BT_2020, 14), ((160, 160, 160), (182, 115, 72))),
    "avif in BT.601": (avif_with(bars(), 6, 6), ((160, 160, 160), (158, 121, 80))),
    "avif of gamma 2.2": (avif_with(bars(), SRGB, 4), ((161, 161, 161), (161, 122, 79))),
    "avif of PQ": (avif_with(bars(), BT_2020, PQ), PQ_SHOWN),
    "avif of HLG": (avif_with(bars(), BT_2020, HLG), HLG_SHOWN),
    "avif of PQ without primaries": (avif_with(bars(), 2, PQ), ((213, 213, 213), (227, 116, 48))),
    "avif that says nothing": (avif_with(bars(), 2, 2), AS_IT_IS),
    "avif of numbers that nobody knows": (avif_with(bars(), 99, 99), AS_IT_IS),
    "avif with a profile of PQ": (
        avif_with(bars(), SRGB, 1, icc_profile=with_code_points(rgb_profile(), BT_2020, PQ)),
        PQ_SHOWN,
    ),
    "avif with a profile and code points of PQ": (avif_with(bars(), BT_2020, PQ, icc_profile=rgb_profile()), IN_P3),
    "jpeg with a profile of PQ": (
        file_of(bars(), "JPEG", quality=100, subsampling=0, icc_profile=with_code_points(rgb_profile(), BT_2020, PQ)),
        PQ_SHOWN,
    ),
    "heic in Display P3": (heic_with(bars(), DISPLAY_P3, SRGB_CURVE), IN_P3),
    "heic of HLG": (heic_with(bars(), BT_2020, HLG), HLG_SHOWN),
    "png in Display P3": (png_with(bars(), cicp(DISPLAY_P3, SRGB_CURVE)), IN_P3),
    "png in BT.2020": (png_with(bars(), cicp(BT_2020, 14)), ((155, 155, 155), (177, 106, 61))),
    "png of gamma 2.8": (png_with(bars(), cicp(SRGB, 5)), ((142, 142, 142), (142, 98, 56))),
    "png of linear light": (png_with(bars(), cicp(SRGB, 8)), LINEAR),
    "png of a cinema": (png_with(bars(), cicp(11, 17)), ((154, 154, 154), (160, 107, 57))),
    "png of PQ": (png_with(bars(), cicp(BT_2020, PQ)), PQ_SHOWN),
    "png of PQ up to 400 cd/m2": (png_with(bars(), cicp(BT_2020, PQ), light_level(400)), ((249,) * 3, (255, 95, 7))),
    "png of PQ up to 4000 cd/m2": (png_with(bars(), cicp(BT_2020, PQ), light_level(4000)), ((202,) * 3, (244, 75, 4))),
    "png of HLG": (png_with(bars(), cicp(BT_2020, HLG)), HLG_SHOWN),
    "png of Adobe RGB": (png_with(bars(), ADOBE_RGB, gamma(1 / 2.2)), ((161, 161, 161), (174, 121, 77))),
    "png of Adobe RGB, the other way round": (
        png_with(bars(), gamma(1 / 2.2), ADOBE_RGB),
        ((161, 161, 161), (174, 121, 77)),
    ),
    "png with a profile of HLG": (
        png_with(
            bars(), png_chunk(b"iCCP", b"x\0\0" + zlib.compress(with_code_points(rgb_profile(), BT_2020, HLG)))
        ),
        HLG_SHOWN,
    ),
}  # fmt: skip


def at(image: Image.Image) -> tuple[Color, Color]:
    return pixel(image, GRAY), pixel(image, MIXED)


def off(data: bytes, wanted: tuple[Color, Color]) -> int:
    """The largest difference from what is wanted."""
    return max(distance(got, should) for got, should in zip(at(only(data)), wanted, strict=True))


@pytest.mark.parametrize("name", SHOWN)
def test_declared_colors_become_the_srgb_that_chromium_shows(name: str) -> None:
    data, wanted = SHOWN[name]
    assert off(data, wanted) <= LOSS[name.split(maxsplit=1)[0]], at(only(data))


PRECEDENCE: dict[str, tuple[tuple[bytes, ...], tuple[Color, Color]]] = {
    "cICP before iCCP": ((cicp(SRGB, SRGB_CURVE), P3_ICC), AS_IT_IS),
    "cICP behind iCCP": ((P3_ICC, cicp(SRGB, SRGB_CURVE)), AS_IT_IS),
    "cICP and sRGB": ((cicp(DISPLAY_P3, SRGB_CURVE), SRGB_CHUNK), IN_P3),
    "cICP and gAMA": ((cicp(SRGB, SRGB_CURVE), gamma(1.0)), AS_IT_IS),
    "iCCP and gAMA": ((gamma(1.0), P3_ICC), IN_P3),
    "a broken iCCP and gAMA": ((BROKEN_ICC, gamma(1.0)), LINEAR),
    "sRGB and gAMA with cHRM": ((ADOBE_RGB, gamma(1 / 2.2), SRGB_CHUNK), AS_IT_IS),
    "cHRM without gAMA": ((ADOBE_RGB,), AS_IT_IS),
    "gAMA with a cHRM that has no area": ((chromaticities(0.31, 0.33, 0, 0, 0, 0, 0, 0), gamma(1.0)), AS_IT_IS),
    "gAMA with a cHRM of 6.4": ((chromaticities(0.31, 0.33, 6.4, 0.33, 0.3, 0.6, 0.15, 0.06), gamma(1.0)), AS_IT_IS),
    "gAMA with a cHRM whose white is outside": (
        (chromaticities(0.01955, 0.329, 0.64, 0.33, 0.01441, 0.6, 0.15, 0.06), gamma(1.0)),
        AS_IT_IS,
    ),
    "two cICP": ((cicp(DISPLAY_P3, SRGB_CURVE), cicp(BT_2020, SRGB_CURVE)), IN_P3),
    "cICP with an unknown transfer, and iCCP": ((cicp(DISPLAY_P3, 99), P3_ICC), IN_P3),
    "cICP with unspecified numbers, and gAMA": ((cicp(2, 2), gamma(1.0)), LINEAR),
    "cICP of three bytes": ((png_chunk(b"cICP", b"\x0c\x0d\0"), gamma(1.0)), LINEAR),
    "cICP of five bytes": ((png_chunk(b"cICP", b"\x0c\x0d\0\1\0"), gamma(1.0)), LINEAR),
    "cICP with a matrix": ((cicp(DISPLAY_P3, SRGB_CURVE, matrix=1),), AS_IT_IS),
    "cICP of limited range": ((cicp(DISPLAY_P3, SRGB_CURVE, full=0),), AS_IT_IS),
}


@pytest.mark.parametrize("name", PRECEDENCE)
def test_what_a_png_declares_twice_counts_in_the_order_of_the_standard(name: str) -> None:
    chunks, wanted = PRECEDENCE[name]
    assert off(png_with(bars(), *chunks), wanted) <= LOSS["png"]


def test_code_points_behind_the_pixels_of_a_png_declare_nothing() -> None:
    data = png_with(bars())
    late = data[:-12] + cicp(DISPLAY_P3, SRGB_CURVE) + data[-12:]
    assert off(late, AS_IT_IS) == 0


@pytest.mark.parametrize("number", [1 / 2.2, 0.4546, 0.45, 0.44])
def test_a_gamma_within_five_percent_of_srgbs_is_srgb(number: float) -> None:
    (variant,) = rendered(png_with(bars(), gamma(number)))
    assert seen(variant).tobytes() == bars().tobytes()


def test_what_encoders_write_beside_srgb_for_old_readers_is_srgb() -> None:
    """PNG, third edition, 11.3.2.5: gAMA of 45455, and these chromaticities."""
    chunk = chromaticities(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    assert off(png_with(bars(), chunk, gamma(0.45455)), AS_IT_IS) == 0


@pytest.mark.parametrize("data", [SHOWN["avif of PQ"][0], SHOWN["png of HLG"][0]], ids=["avif", "png"])
def test_a_note_says_that_a_picture_was_tone_mapped(data: bytes) -> None:
    assert summary_of(data).notes == ("Tone-mapped from HDR.",)


@pytest.mark.parametrize("name", ["png in Display P3", "png of PQ", "png of Adobe RGB"])
def test_the_bytes_of_an_original_in_another_color_space_are_not_published(name: str) -> None:
    data, _ = SHOWN[name]
    (variant,) = rendered(data, spec(lossless=True))
    assert variant.data != data
    assert seen(variant).tobytes() == only(data).tobytes()


def test_transparency_passes_through_tone_mapping_untouched() -> None:
    image = bars().convert("RGBA")
    image.putalpha(77)
    color = pixel(only(png_with(image, cicp(BT_2020, PQ))), GRAY)
    assert distance(color, (213, 213, 213, 77)) <= 1


def test_gray_with_code_points_of_hdr_is_tone_mapped_too() -> None:
    assert distance(pixel(only(png_with(bars().convert("L"), cicp(BT_2020, PQ))), GRAY), (213, 213, 213)) <= 1


def pq_light(signal: float) -> float:
    """Light in cd/m2, from SMPTE ST 2084."""
    root = signal ** (32 / 2523)
    return float(10_000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (8192 / 1305))


def pq_signal(light: float) -> float:
    power = (light / 10_000) ** (1305 / 8192)
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** (2523 / 32))


def shown_by_bt_2390(signal: float, peak: float = 1_000, screen: float = 203) -> float:
    """What a screen shows of a gray, 1 being its peak: Report ITU-R BT.2390-10, section 5.4.1, steps 1 to 4."""
    e1 = min(signal / pq_signal(peak), 1)
    most = pq_signal(screen) / pq_signal(peak)
    knee = 1.5 * most - 0.5
    if e1 > knee:
        t = (e1 - knee) / (1 - knee)
        e1 = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_light(e1 * pq_signal(peak)) / screen


def test_where_a_recipe_says_so_hdr_is_tone_mapped_by_bt_2390() -> None:
    levels = range(0, 256, 5)
    ramp = Image.frombytes("L", (len(levels), 1), bytes(levels))
    (variant,) = rendered(png_with(ramp.convert("RGB"), cicp(BT_2020, PQ)), spec(tone_mapping="bt2390"))
    made = seen(variant).convert("RGB").getchannel(0).tobytes()
    wanted = [255 * srgb(shown_by_bt_2390(level / 255)) for level in levels]
    assert max(abs(one - other) for one, other in zip(made, wanted, strict=True)) <= 1.5
    assert made[-1] == 255, "the peak is white"
    (usual,) = rendered(png_with(ramp.convert("RGB"), cicp(BT_2020, PQ)))
    midtone = levels.index(135)
    assert made[midtone] > seen(usual).convert("RGB").getchannel(0).tobytes()[midtone] + 15, (
        "midtones are not darkened for what is brighter"
    )


def srgb(light: float) -> float:
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
