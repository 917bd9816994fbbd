"""Screens, text and drawings are told from photos, and their AVIF shows letters as letters."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from lightpress.image.encode import encode
from lightpress.image.outputs import OUTPUTS, SLOWER
from lightpress.image.plane_codecs import in_planes
from lightpress.image.render import render
from lightpress.image.screen import shows_screen
from lightpress.image.spec import Pixels, Size, Spec
from tests.image.test_palette import logo
from tests.image.test_planar import photo
from tools.drawing import disc, file_of, hatching, mean_difference, page_of_text, plain, ramp, window

COLORFUL = (1_100, 760)


def page_with_a_photo() -> Image.Image:
    """Colored text beside a photo: more colors than any graphic has."""
    page = window(COLORFUL).convert("RGB")
    page.paste(photo((320, 240)), (700, 60))
    page.paste(Image.composite(plain((190, 20, 30), (480, 300)), plain((255, 255, 255), (480, 300)), text()), (60, 400))
    return page


def text() -> Image.Image:
    """Where there are letters."""
    return ImageChops.invert(page_of_text((480, 300), 20).convert("L"))


def on_white(image: Image.Image) -> Image.Image:
    """Cut out, as shops show what they sell: more than half of it is white."""
    mask = Image.new("L", image.size)
    width, height = image.size
    ImageDraw.Draw(mask).ellipse((width * 0.25, height * 0.15, width * 0.75, height * 0.85), fill=255)
    return Image.composite(image, plain((255, 255, 255), image.size), mask.filter(ImageFilter.GaussianBlur(2)))


SCREENS = {
    "a window": window((960, 600)),
    "a page of text": page_of_text((800, 1000)).convert("RGB"),
    "the same, reduced": page_of_text((800, 1000)).convert("RGB").resize((600, 750), Image.Resampling.BICUBIC),
    "a page with a photo": page_with_a_photo(),
    "a logo": logo(),
    "a see-through logo": logo("RGBA"),
    "a disc": disc(400),
    "hatching": hatching((960, 640)),
}
PHOTOS = {
    "a photo": photo(),
    "a photo in grays": photo().convert("L").convert("RGB"),
    "a thing on white": on_white(photo((960, 640))),
    "a thing on white, in grays": on_white(photo((960, 640))).convert("L").convert("RGB"),
    "a soft sky": ramp((640, 480)).resize((960, 640), Image.Resampling.BICUBIC),
    "noise": Image.effect_noise((300, 200), 60).convert("RGB"),
    "a column": plain(size=(1, 30)),
}


@pytest.mark.parametrize("image", SCREENS.values(), ids=SCREENS)
def test_screens_text_and_drawings_are_told(image: Image.Image) -> None:
    assert shows_screen(image)


@pytest.mark.parametrize("image", PHOTOS.values(), ids=PHOTOS)
def test_photos_are_none_though_they_have_few_colors(image: Image.Image) -> None:
    assert not shows_screen(image)


def test_a_picture_in_planes_is_told_by_its_luma() -> None:
    for image, is_screen in ((page_with_a_photo(), True), (photo(), False)):
        data = file_of(image, "JPEG", quality=90)
        with Image.open(io.BytesIO(data)) as opened:
            planar = in_planes(opened, data)
        if planar is None:
            pytest.skip("there is no pixel library for this system")
        assert shows_screen(planar) is is_screen


@pytest.mark.parametrize("name", ["a window", "a page of text", "a page with a photo"])
def test_avif_of_a_screen_is_nearer_to_it_in_fewer_bytes_than_by_the_row_for_photos(name: str) -> None:
    image = SCREENS[name]
    spec = Spec((Size("w", image.width),), ("avif",))
    (variant,) = render(file_of(image, "PNG"), spec).variants
    usual = encode(image, OUTPUTS["avif"], spec)
    assert len(variant.data) < 0.95 * len(usual)
    assert away_from(image, variant.data) < 0.8 * away_from(image, usual)


def away_from(image: Image.Image, data: bytes) -> float:
    """How far a file's pixels are from the picture, on average, in levels."""
    with Image.open(io.BytesIO(data)) as opened:
        return mean_difference(opened.convert("RGB"), image.convert("RGB"))


def test_a_photo_is_written_by_the_usual_row() -> None:
    image, spec = photo(), Spec((Size("w", 640),), ("avif",))
    (variant,) = render(file_of(image, "PNG"), spec).variants
    assert variant.data == encode(image, OUTPUTS["avif"], spec)


LADDER = tuple(Size(f"w{width}", width) for width in (1280, 1920, 2560, 3840))


def test_a_screen_takes_more_time_as_long_as_there_is_some() -> None:
    """Of letters, a million pixels take 0.7 s at most, and 1.5 at high effort; a picture has 20 s."""
    avif = OUTPUTS["avif"]
    told = {}
    for effort in ("normal", "high"):
        spec = Spec(LADDER, ("avif",), effort=effort)
        rungs = spec.rungs(Pixels(3840, 2400))
        told[effort] = [spec.row_of(avif, rung, screen=True).options["speed"] for rung in rungs]
        same = [spec.row_of(avif, rung).quality for rung in rungs]
        assert [spec.row_of(avif, rung, screen=True).quality for rung in rungs] == same, "which lazy variants are told"
    assert told == {"normal": [9, 8, 8, 8], "high": [9, 8, 7, 7]}


def test_every_tier_has_more_pixels_than_the_one_before_and_at_high_effort_the_last_ends_alike_for_all() -> None:
    for tiers in SLOWER.values():
        assert [one.pixels for one in tiers] == sorted({one.pixels for one in tiers})
    assert {tiers[-1].pixels for (effort, _), tiers in SLOWER.items() if effort == "high"} == {10_000_000}
