"""JPEG variants keep the gain map of their original where a recipe says so: cut, turned and reduced as they are."""

from __future__ import annotations

import io
import random
import struct
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops

from lightpress.image.errors import PictureRejected
from lightpress.image.gain_map import GainMap, gain_map_of
from lightpress.image.spec import Size
from tests.image.files import damaged
from tests.image.gain_maps import (
    FRACTIONS,
    IN_BASE_SPACE,
    SEVERAL,
    STOPS,
    apple,
    apple_exif,
    base,
    indexed,
    iso,
    iso_body,
    levels,
    saying,
    ultra_hdr,
    ultra_hdr_of_three,
    ultra_hdr_words,
)
from tools.drawing import (
    as_camera_stores,
    exif_with,
    file_of,
    four_corners,
    mean_difference,
    pixel,
    plain,
    ramp,
    rendered,
    rgb_profile,
    spec,
    speckled,
    summary_of,
)

if TYPE_CHECKING:
    from lightpress.image.job import EncodedVariant
    from lightpress.image.spec import Spec

WHOLE = Size("whole", 16_383, 16_383)
DROPPED = "The gain map, which brightens the picture on some screens, is dropped."
KEPT = "With the gain map of its original."
FORMS = {
    "Ultra HDR": ultra_hdr(base(), levels()),
    "ISO 21496-1": iso(base(), levels()),
    "Apple": apple(base(), levels(), 4.0),
    "Apple, told by the camera": apple(base(exif=apple_exif(1.0, 1.0)), levels()),
    "three channels": ultra_hdr_of_three(base(), ramp((100, 75))),
    "no index": saying(base(), b"") + saying(file_of(levels(), "JPEG"), ultra_hdr_words()),
}


def keep(*sizes: Size, formats: tuple[str, ...] = ("jpeg",), **more: Any) -> Spec:  # noqa: ANN401  of Spec
    return spec(*sizes, formats=formats, hdr="keep", **more)


def parts(variant: EncodedVariant) -> list[Image.Image]:
    """The pictures in the file, as Pillow finds them by the index."""
    opened: Any = Image.open(io.BytesIO(variant.data))
    index = opened._getmp()  # noqa: SLF001  there is no other way
    at = opened.info["mpoffset"]
    found: list[Image.Image] = []
    for number, entry in enumerate(index[0xB002]):
        start = at + entry["DataOffset"] if number else 0
        image = Image.open(io.BytesIO(variant.data[start : start + entry["Size"]]), formats=("JPEG",))
        image.load()
        found.append(image)
        assert variant.data[start + entry["Size"] - 2 : start + entry["Size"]] == b"\xff\xd9"
    return found


def map_of(variant: EncodedVariant) -> GainMap:
    found = gain_map_of(variant.data)
    assert found is not None
    return found


@pytest.mark.parametrize("name", FORMS)
def test_a_gain_map_is_kept_and_means_the_same(name: str) -> None:
    before = gain_map_of(FORMS[name])
    assert before is not None
    for one in rendered(FORMS[name], keep(Size("a", 400), Size("b", 200))):
        assert one.note == KEPT
        after = map_of(one)
        assert after.scale.headroom == pytest.approx(before.scale.headroom, abs=1e-5)
        assert after.scale.in_base_space
        for was, now in zip(before.scale.channels, after.scale.channels, strict=True):
            assert now == pytest.approx(was, abs=1e-5)
        picture, gain = parts(one)
        assert picture.size == (one.width, one.height)
        assert gain.size == pytest.approx((one.width / 4, one.height / 4), abs=0.5)
    assert summary_of(FORMS[name], keep()).notes == ()


@pytest.mark.parametrize("name", FORMS)
def test_by_default_it_is_dropped_and_a_note_says_so(name: str) -> None:
    (one,) = rendered(FORMS[name], spec(formats=("jpeg",)))
    assert gain_map_of(one.data) is None
    assert one.note is None
    assert summary_of(FORMS[name], spec(formats=("jpeg",))).notes == (DROPPED,)


@pytest.mark.parametrize("name", FORMS)
def test_the_picture_itself_has_the_same_pixels_with_and_without(name: str) -> None:
    sizes = (Size("a", 400), Size("b", 123), Size("c", 60, 60, "cover"), Size("d", 50, 90, "pad"))
    for kept, dropped in zip(
        rendered(FORMS[name], keep(*sizes)), rendered(FORMS[name], spec(*sizes, formats=("jpeg",))), strict=True
    ):
        both = [Image.open(io.BytesIO(one.data), formats=("JPEG",)) for one in (kept, dropped)]
        assert ImageChops.difference(*both).getbbox() is None


@pytest.mark.parametrize("orientation", [1, 6])
def test_of_a_large_map_no_more_is_decoded_than_a_small_variant_needs_and_it_fits_all_the_same(
    orientation: int,
) -> None:
    data = ultra_hdr(base((1600, 1200), exif=exif_with(orientation)), levels((400, 300)))
    (one,) = rendered(data, keep(Size("a", 160, 160)))
    picture, gain = parts(one)
    assert picture.size == ((160, 120) if orientation == 1 else (120, 160))
    assert gain.size == ((40, 30) if orientation == 1 else (30, 40))


def test_both_forms_are_written_so_that_readers_of_either_find_it() -> None:
    (one,) = rendered(FORMS["Apple"], keep())
    at = one.data.index(b"\xff\xd8", 2)
    for part in (one.data[:at], one.data[at:]):
        assert part.count(b"urn:iso:std:iso:ts:21496:-1\0") == 1
        assert part.count(b' hdrgm:Version="1.0"') == 1
    assert f'Item:Length="{len(one.data) - at}"'.encode() in one.data[:at]
    assert b"apple" not in one.data


def test_exif_data_stays_where_readers_look_first() -> None:
    (one,) = rendered(ultra_hdr(base(exif=exif_with(1, "me")), levels()), keep())
    jfif = 2 + 2 + 16
    assert one.data[2:4] == b"\xff\xe0"
    assert one.data[jfif : jfif + 2] == b"\xff\xe1"
    assert one.data[jfif + 4 : jfif + 8] == b"Exif"


def test_nothing_else_of_what_the_original_says_goes_along() -> None:
    data = ultra_hdr(
        base(exif=exif_with(1, "me"), comment=b"secret"), saying(file_of(levels(), "JPEG", comment=b"secret"))
    )
    assert data.count(b"secret") == 3
    (one,) = rendered(data, keep(metadata="none"))
    assert b"secret" not in one.data
    assert b"Exif" not in one.data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_map_is_turned_and_cut_as_the_picture_is(orientation: int) -> None:
    shown = four_corners((400, 240))
    stored = as_camera_stores(shown, orientation)
    gain = stored.convert("L").resize((stored.width // 4, stored.height // 4), Image.Resampling.NEAREST)
    data = ultra_hdr(file_of(stored, "JPEG", quality=95, exif=exif_with(orientation)), gain)
    sizes = (WHOLE, Size("half", 200), Size("cover", 96, 96, "cover", (0.2, 0.5)), Size("pad", 200, 200, "pad"))
    for one in rendered(data, keep(*sizes)):
        picture, gain = parts(one)
        assert gain.size == (one.width // 4, one.height // 4)
        for x, y in product((0.05, 0.25, 0.45, 0.55, 0.75, 0.95), (0.3, 0.7)):
            wanted = pixel(picture.convert("L").convert("RGB"), (x, y))[0]
            assert abs(pixel(gain.convert("RGB"), (x, y))[0] - wanted) <= 12, (one.names, x, y)


def test_around_a_padded_picture_the_map_changes_nothing() -> None:
    data = ultra_hdr(base(), plain((255,), size=(100, 75), mode="L"), GainMapMin=-1, GainMapMax=3, HDRCapacityMax=3)
    (one,) = rendered(data, keep(Size("pad", 400, 400, "pad")))
    _, gain = parts(one)
    assert gain.size == (100, 100)
    level = pixel(gain.convert("RGB"), (0.5, 0.04))[0]
    assert -1 + 4 * level / 255 == pytest.approx(0, abs=0.05)
    assert pixel(gain.convert("RGB"), (0.5, 0.5))[0] >= 253


@pytest.mark.parametrize(
    ("bright", "gain", "stops"),
    [(0.5, 0.0, 1.8), (0.5, None, 1.8), (0.5, 0.005, 1.7), (0.5, 1.0, 1.5), (1.0, 0.0, 3.0), (1.0, 1.0, 2.0)],
)
def test_apples_headroom_is_told_by_two_numbers_of_the_camera(bright: float, gain: float | None, stops: float) -> None:
    found = gain_map_of(apple(base(exif=apple_exif(bright, gain)), levels()))
    assert found is not None
    assert found.scale.headroom == pytest.approx(stops, abs=1e-4)


@pytest.mark.parametrize("level", [0, 30, 90, 150, 200, 255])
def test_apples_map_brightens_as_much_as_apple_says(level: int) -> None:
    headroom = 6.0
    (one,) = rendered(apple(base(), plain((level,), size=(100, 75), mode="L"), headroom), keep())
    value = level / 255
    light = value / 4.5 if value < 0.081 else ((value + 0.099) / 1.099) ** (1 / 0.45)
    scale, (_, gain) = map_of(one).scale, parts(one)
    number = pixel(gain.convert("RGB"), (0.5, 0.5))[0] / 255
    assert 2 ** (number * scale.channels[0].high) == pytest.approx(1 + (headroom - 1) * light, rel=0.02)
    assert scale.channels[0][-2:] == (0.0, 0.0)


UNUSABLE: dict[str, bytes] = {
    "the picture itself is HDR": ultra_hdr(base(), levels(), BaseRenditionIsHDR="True"),
    "ISO of a later version": iso(base(), levels(), iso_body(IN_BASE_SPACE, FRACTIONS, minimum=1)),
    "ISO, the other way round": iso(base(), levels(), iso_body(IN_BASE_SPACE, ((2, 1), (0, 1), *FRACTIONS[2:]))),
    "ISO, backwards": iso(base(), levels(), iso_body(IN_BASE_SPACE | 4, FRACTIONS)),
    "ISO, divided by zero": iso(base(), levels(), iso_body(IN_BASE_SPACE, ((0, 1), (2, 0), *FRACTIONS[2:]))),
    "ISO, cut short": iso(base(), levels(), iso_body(IN_BASE_SPACE, FRACTIONS[:4])),
    "ISO, two channels too few": iso(base(), levels(), iso_body(IN_BASE_SPACE | SEVERAL, FRACTIONS)),
    "ISO, a gain of 2^1000": iso(
        base(), levels(), iso_body(IN_BASE_SPACE, ((0, 1), (2, 1), (0, 1), (1000, 1), *FRACTIONS[4:]))
    ),
    "no maximum": ultra_hdr(base(), levels(), GainMapMax=""),
    "not a number": ultra_hdr(base(), levels(), GainMapMax="nan"),
    "Apple's without a headroom": apple(base(), levels()),
    "a document type": indexed(
        base(), saying(file_of(levels(), "JPEG"), ultra_hdr_words().replace(b"<x:x", b"<!x>", 1))
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_one_that_cannot_be_understood_is_dropped_with_a_note(name: str) -> None:
    (one,) = rendered(UNUSABLE[name], keep())
    assert one.note is None
    assert gain_map_of(one.data) is None
    assert summary_of(UNUSABLE[name], keep()).notes == (DROPPED,)


BROKEN: dict[str, tuple[bytes, str]] = {
    "cut short": (file_of(levels(), "JPEG")[:-300], "left out"),
    "larger than its picture": (file_of(levels((500, 400)), "JPEG"), "at most 120000 are accepted"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_one_costs_the_picture_nothing(name: str) -> None:
    data = ultra_hdr(base(), BROKEN[name][0])
    (one,) = rendered(data, keep())
    assert one.note is None
    (note,) = summary_of(data, keep()).notes
    assert note.startswith("The gain map is left out, as it cannot be used.")
    assert BROKEN[name][1] in note


def test_whatever_is_damaged_there_is_a_picture_or_a_reason() -> None:
    dice = random.Random(5)  # noqa: S311  pictures, not secrets
    whole = 0
    for data in FORMS.values():
        for _ in range(25):
            try:
                (one,) = rendered(damaged(data, dice), keep(Size("a", 80)))
            except PictureRejected:
                continue
            whole += 1
            assert Image.open(io.BytesIO(one.data), formats=("JPEG",)).size == (one.width, one.height)
    assert whole > 20


def test_an_index_that_points_anywhere_finds_nothing() -> None:
    data = bytearray(FORMS["Ultra HDR"])
    at = data.index(b"MPF\0") + 4
    for entry in (at + 4, at + 50 + 16 + 4, at + 50 + 16 + 8):
        for value in (0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF):
            struct.pack_into("<I", changed := bytearray(data), entry, value)
            gain_map_of(bytes(changed))
    struct.pack_into("<I", data, at + 50 + 16 + 8, 0xFFFF_FFF0)
    (one,) = rendered(bytes(data), keep())
    assert one.note in {KEPT, None}


def test_the_other_formats_are_of_standard_range_and_a_note_says_so() -> None:
    made = rendered(FORMS["Ultra HDR"], keep(formats=("avif", "webp", "jpeg")))
    assert [one.note is not None and one.note.endswith(KEPT) for one in made] == [False, False, True]
    assert summary_of(FORMS["Ultra HDR"], keep(formats=("avif", "webp", "jpeg"))).notes == (
        "The gain map is kept in jpeg; the variants in avif and webp are of standard range.",
    )


def test_an_original_that_would_grow_keeps_its_own_bytes_and_the_bytes_of_its_map() -> None:
    own = file_of(levels(), "JPEG", quality=20)
    data = ultra_hdr(base(quality=10, comment=b"x" * 2_000, optimize=True, progressive=True), own)
    (one,) = rendered(data, keep(quality={"jpeg": 100}))
    assert one.note is not None
    assert one.note.startswith("The original's own bytes")
    assert one.note.endswith(KEPT)
    assert len(one.data) <= len(data)
    picture, gain = parts(one)
    before = Image.open(io.BytesIO(data), formats=("JPEG",))
    assert ImageChops.difference(picture, before).getbbox() is None
    assert ImageChops.difference(gain, Image.open(io.BytesIO(own))).getbbox() is None


def test_the_map_never_makes_a_variant_larger_than_its_original() -> None:
    tight = saying(file_of(levels((8, 6)), "JPEG", quality=1), ultra_hdr_words())
    data = base(quality=10) + tight
    (one,) = rendered(data, keep(quality={"jpeg": 100}))
    assert len(one.data) <= len(data)
    assert one.note is not None
    assert one.note.endswith("Without the gain map of its original: with it, the file would be the larger one.")


def test_lossless_recipes_keep_the_map_too() -> None:
    (one,) = rendered(FORMS["ISO 21496-1"], keep(lossless=True))
    assert one.note == f"The original's own pixels, packed without loss. {KEPT}"
    picture, gain = parts(one)
    assert ImageChops.difference(picture, Image.open(io.BytesIO(base()))).getbbox() is None
    assert mean_difference(gain, levels()) < 3


def test_wide_colors_and_the_gain_map_are_kept_together() -> None:
    data = ultra_hdr(base(icc_profile=rgb_profile()), levels())
    (one,) = rendered(data, keep(colors="p3"))
    picture, _ = parts(one)
    assert len(picture.info["icc_profile"]) < 500
    assert map_of(one).scale.headroom == STOPS


def test_a_map_in_a_color_space_of_its_own_keeps_the_profile_of_that() -> None:
    part = file_of(speckled((100, 75)), "JPEG", icc_profile=rgb_profile())
    (one,) = rendered(iso(base(), part, iso_body(0, FRACTIONS)), keep())
    _, gain = parts(one)
    assert gain.info["icc_profile"] == rgb_profile()
    assert not map_of(one).scale.in_base_space


def test_a_small_variant_has_a_map_of_at_least_one_pixel() -> None:
    (one,) = rendered(FORMS["Ultra HDR"], keep(Size("tiny", 3)))
    _, gain = parts(one)
    assert gain.size == (1, 1)


def test_a_gain_map_of_heic_is_dropped_with_a_note() -> None:
    data = file_of(ramp(), "HEIF")
    at = data.index(b"mif1", 16)
    assert summary_of(data[:at] + b"tmap" + data[at + 4 :], keep()).notes == (DROPPED,)
    assert summary_of(data, keep()).notes == ()


def test_a_gain_map_of_avif_is_dropped_with_a_note() -> None:
    said = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r hdrgm:Version="1.0"/></x:xmpmeta>'
    assert summary_of(file_of(ramp(), "AVIF", xmp=said), keep()).notes == (DROPPED,)
    assert summary_of(file_of(ramp(), "AVIF"), keep()).notes == ()
