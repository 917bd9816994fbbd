from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageFile, ImageOps, ImageStat

from lightpress.cli.demo.display_p3 import display_p3_profile
from lightpress.cli.demo.pictures import DrawnPicture, draw_demo_set
from lightpress.cli.demo.scenes import NOON, photo
from lightpress.image.errors import PictureRejected
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PHONE = "phone/balloons.jpg"
SUNRISE = "trips/🏔️ sunrise.jpg"
LOGO = "brand/logo + shadow (final).png"
FILM = "animations/Été à Zürich.gif"
SCREEN = "screens/notebook.png"
SMALL = "trips/evening.jpg"
TEXT = "notes/not-a-picture.jpg"
HALF = "broken/half-a-photo.webp"


@pytest.fixture(scope="module")
def drawn() -> Mapping[str, DrawnPicture]:
    return {picture.key: picture for picture in draw_demo_set()}


def opened(picture: DrawnPicture) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(picture.data))


def mean_color(image: Image.Image) -> Sequence[float]:
    return ImageStat.Stat(image.convert("RGB")).mean


@pytest.mark.nightly
def test_the_set_is_the_same_bytes_whenever_it_is_drawn(drawn: Mapping[str, DrawnPicture]) -> None:
    assert draw_demo_set() == tuple(drawn.values())


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("key", "media_type", "size"),
    [
        (PHONE, "image/jpeg", (4032, 3024)),
        (SUNRISE, "image/jpeg", (1600, 1067)),
        (LOGO, "image/png", (1200, 480)),
        (FILM, "image/gif", (480, 320)),
        (SCREEN, "image/png", (1440, 900)),
        (SMALL, "image/jpeg", (400, 300)),
    ],
)
def test_every_picture_is_what_its_media_type_says(
    drawn: Mapping[str, DrawnPicture], key: str, media_type: str, size: tuple[int, int]
) -> None:
    picture = opened(drawn[key])
    assert (picture.get_format_mimetype(), drawn[key].media_type, picture.size) == (media_type, media_type, size)


@pytest.mark.parametrize("key", [PHONE, SUNRISE, LOGO, FILM, SCREEN, SMALL, TEXT, HALF])
def test_the_picture_core_gives_the_verdict_that_the_set_expects(drawn: Mapping[str, DrawnPicture], key: str) -> None:
    spec = Spec(sizes=(Size("w64", 64),), formats=("jpeg",))
    status, reason = "ready", None
    try:
        assert list(render(drawn[key].data, spec).variants)
    except PictureRejected as rejected:
        status, reason = "failed", rejected.reason
    assert (status, reason) == (drawn[key].expected, drawn[key].reason)


def test_exactly_two_pictures_must_be_refused(drawn: Mapping[str, DrawnPicture]) -> None:
    assert {key for key, picture in drawn.items() if picture.expected == "failed"} == {TEXT, HALF}


def test_the_portrait_carries_a_position_names_and_a_display_p3_profile(drawn: Mapping[str, DrawnPicture]) -> None:
    portrait = opened(drawn[PHONE])
    exif = portrait.getexif()
    position = exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert position[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert position[ExifTags.GPS.GPSLatitude] == (47, 20, 12)
    assert position[ExifTags.GPS.GPSLongitude] == (8, 34, 30)
    assert all(exif[tag] for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    assert "Ada Example" in exif[ExifTags.Base.Artist]
    assert "Ada Example" in exif[ExifTags.Base.Copyright]
    assert portrait.info["icc_profile"] == display_p3_profile()


def test_the_portrait_lies_on_its_side_and_its_tag_puts_the_sky_on_top(drawn: Mapping[str, DrawnPicture]) -> None:
    portrait = opened(drawn[PHONE])
    assert portrait.getexif()[ExifTags.Base.Orientation] == 6
    upright = ImageOps.exif_transpose(portrait)
    width, height = upright.size
    assert (width, height) == (3024, 4032)
    sky = mean_color(upright.crop((0, 0, width // 2, height // 20)))
    meadow = mean_color(upright.crop((0, height * 9 // 10, width, height)))
    assert sky[2] > sky[0] + 60
    assert meadow[1] > meadow[2] + 40


@pytest.mark.parametrize("key", [PHONE, SUNRISE, SMALL])
def test_photos_have_grain_everywhere_as_photos_do(drawn: Mapping[str, DrawnPicture], key: str) -> None:
    grey = opened(drawn[key]).convert("L")
    change = ImageChops.difference(grey, ImageChops.offset(grey, 1, 0))
    assert change.entropy() > 1.5
    assert change.histogram()[0] < 0.4 * grey.width * grey.height


def test_another_seed_is_another_place() -> None:
    here, there = (photo(120, 80, mood=NOON, seed=seed) for seed in (1, 2))
    assert ImageStat.Stat(ImageChops.difference(here, there)).mean[0] > 10


def test_the_logo_fades_from_opaque_to_nothing(drawn: Mapping[str, DrawnPicture]) -> None:
    alpha = opened(drawn[LOGO]).getchannel("A")
    assert alpha.getextrema() == (0, 255)
    assert sum(count > 0 for count in alpha.histogram()) > 200
    assert alpha.getpixel((0, 0)) == alpha.getpixel((1199, 479)) == 0


def test_the_film_is_an_endless_loop_of_ten_frames_that_move(drawn: Mapping[str, DrawnPicture]) -> None:
    film = opened(drawn[FILM])
    assert (film.info["loop"], getattr(film, "n_frames", 1)) == (0, 10)
    seen = set()
    for frame in range(10):
        film.seek(frame)
        seen.add(film.convert("RGB").tobytes())
    assert len(seen) == 10


def test_the_screenshot_is_mostly_flat(drawn: Mapping[str, DrawnPicture]) -> None:
    screen = opened(drawn[SCREEN]).convert("RGB")
    counts = sorted((count for count, _ in screen.getcolors(1 << 20) or []), reverse=True)
    assert counts[0] > screen.width * screen.height // 2


def test_the_half_photo_is_a_webp_that_stops_in_the_middle(drawn: Mapping[str, DrawnPicture]) -> None:
    data = drawn[HALF].data
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
    assert 8 + int.from_bytes(data[4:8], "little") == pytest.approx(2 * len(data), abs=2)


def test_littlecms_reads_the_profile_as_display_p3() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3_profile())).profile
    assert profile.profile_description == "Display P3"
    assert profile.is_matrix_shaper
    assert profile.media_white_point is not None
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=1e-4)


@pytest.mark.parametrize(
    "color", [(255, 255, 255), (128, 128, 128), (0, 0, 0), (255, 0, 0), (0, 255, 0), (200, 100, 50), (60, 120, 200)]
)
def test_the_profile_turns_p3_colors_into_the_srgb_colors_that_the_primaries_give(
    color: tuple[int, int, int],
) -> None:
    picture = Image.new("RGB", (1, 1), color)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3_profile()))
    converted = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert converted is not None
    assert converted.getpixel((0, 0)) == pytest.approx(in_srgb(color), abs=1)


# From linear Display P3 to linear sRGB, as CSS Color 4 gives it by way of XYZ: an independent road to the same colors.
P3_TO_SRGB = (
    (1.2249401762805598, -0.22494017628055996, 0.0),
    (-0.042056954709688163, 1.0420569547096881, 0.0),
    (-0.019637554590334432, -0.078636045550631889, 1.0982736001409663),
)


def in_srgb(color: tuple[int, int, int]) -> tuple[float, ...]:
    linear = [expanded(value / 255) for value in color]
    mixed = (sum(share * value for share, value in zip(row, linear, strict=True)) for row in P3_TO_SRGB)
    return tuple(255 * compressed(min(1.0, max(0.0, value))) for value in mixed)


def expanded(value: float) -> float:
    return float(((value + 0.055) / 1.055) ** 2.4) if value > 0.04045 else value / 12.92


def compressed(value: float) -> float:
    return float(1.055 * value ** (1 / 2.4) - 0.055) if value > 0.0031308 else value * 12.92
