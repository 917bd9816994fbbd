"""`formats = "auto"`: two files of each size, in the formats that suit the picture; what loses is not published."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from lightpress.delivery.choice import VIEWERS, offered, smallest
from lightpress.image.encode import encode
from lightpress.image.outputs import FALLBACKS, WRITTEN
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from tests.image.gain_maps import base, levels, ultra_hdr
from tools.drawing import (
    BLUE,
    GREEN,
    RED,
    as_camera_stores,
    disc,
    exif_with,
    file_of,
    four_corners,
    plain,
    ramp,
    rendered,
    seen,
    spec,
    speckled,
    summary_of,
)

if TYPE_CHECKING:
    from lightpress.image.job import Embedded, EncodedVariant
    from lightpress.image.outputs import Output

LADDER = (Size("w200", 200), Size("w100", 100), Size("w50", 50))
ALL = WRITTEN


def auto(*sizes: Size, **more: object) -> Spec:
    return spec(*(sizes or LADDER), formats=ALL, auto=True, **more)  # type: ignore[arg-type]


def formats(data: bytes, what: Spec | None = None) -> set[str]:
    """The formats of what is made of a file, each in every size."""
    made = rendered(data, what or auto())
    names = {one.format for one in made}
    for rung in {one.names for one in made}:
        assert {one.format for one in made if one.names == rung} == names
    return names


def photo(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Soft shapes and a little grain."""
    return Image.blend(ramp(size), speckled(size).filter(ImageFilter.GaussianBlur(2)), 0.3)


def drawing(size: tuple[int, int] = (200, 150)) -> Image.Image:
    """Thin lines of two colors, which lossless WebP takes fewest bytes for."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for at in range(0, size[0], 8):
        pen.line((at, 0, size[0] - at, size[1]), fill="navy")
    return image


def clouds(size: tuple[int, int] = (200, 150)) -> Image.Image:
    """Noise of 512 colors: few, and yet AVIF takes fewest bytes for it."""
    return speckled(size).filter(ImageFilter.GaussianBlur(1.5)).point(lambda level: level & 0xE0)


def moving(*frames: Image.Image) -> bytes:
    return file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)


def haze(size: tuple[int, int] = (200, 150)) -> Image.Image:
    """More or less see-through everywhere, which lossless alpha takes many bytes for."""
    image = photo(size).convert("RGBA")
    image.putalpha(speckled(size, seed=8).convert("L"))
    return image


KINDS = {
    "a photo": (file_of(photo(), "JPEG", quality=92), {"avif", "jpeg"}),
    "a photo in a PNG": (file_of(photo()), {"avif", "jpeg"}),
    "a photo that is stored turned": (
        file_of(as_camera_stores(photo(), 6), "JPEG", quality=92, exif=exif_with(6)),
        {"avif", "jpeg"},
    ),
    "a drawing": (file_of(drawing()), {"webp", "png"}),
    "a graphic that lossy formats suit": (file_of(clouds()), {"avif", "jpeg"}),
    "a see-through disc": (file_of(disc(200)), {"webp", "png"}),
    "a see-through picture that lossy formats suit": (file_of(haze()), {"avif", "png"}),
    "a photo with an alpha channel that hides nothing": (file_of(photo().convert("RGBA")), {"avif", "jpeg"}),
    "an animation": (moving(photo(), photo().rotate(180)), {"webp", "jpeg"}),
    "an animation of few colors": (moving(plain(RED), plain(GREEN), plain(BLUE)), {"webp", "jpeg"}),
    "a see-through animation": (moving(disc(200, RED), disc(200, BLUE)), {"webp", "png"}),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_is_written_in_two_formats_that_suit_it(name: str) -> None:
    data, expected = KINDS[name]
    assert formats(data) == expected


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", KINDS)
def test_the_files_are_those_that_a_list_of_formats_would_give(name: str) -> None:
    data, _ = KINDS[name]
    listed = {(one.names, one.format): one for one in rendered(data, replace(auto(), auto=False))}
    assert len(listed) > len(rendered(data, auto()))
    for one in rendered(data, auto()):
        assert one == listed[one.names, one.format]


class File:
    """A variant as `delivery.choice` sees it."""

    def __init__(self, variant: EncodedVariant) -> None:
        self.format, self.width = variant.format, variant.width
        self.bytes, self.animated = len(variant.data), variant.animated


@pytest.mark.parametrize("name", KINDS)
def test_no_file_is_written_that_no_browser_is_served(name: str) -> None:
    files = [File(one) for one in rendered(KINDS[name][0], auto())]
    assert set(offered(files)) == {file.format for file in files}
    largest = [file for file in files if file.width == max(one.width for one in files)]
    served = [smallest(largest, viewer) for viewer in VIEWERS]
    assert None not in served
    assert {file.format for file in served if file} == {file.format for file in files}


@pytest.mark.parametrize("name", [name for name in KINDS if "photo" not in name and "animation" not in name])
def test_of_graphics_and_see_through_pictures_every_browser_is_served_as_few_bytes_as_from_a_list(name: str) -> None:
    few, many = (
        [File(one) for one in rendered(KINDS[name][0], what)]
        for what in (auto(LADDER[0]), replace(auto(LADDER[0]), auto=False))
    )
    for viewer in (VIEWERS[0], VIEWERS[-1]):
        able = viewer if "see-through" not in name else viewer - {"jpeg"}  # which would put it on a background
        one, other = smallest(few, able), smallest(many, able)
        assert one
        assert other
        assert one.bytes == other.bytes


def test_a_photo_that_jpeg_takes_fewer_bytes_for_is_written_as_jpeg_alone() -> None:
    """Its own bytes: encoded again, in whatever format, it would grow."""
    tiny = file_of(speckled((60, 40)), "JPEG", quality=2)
    assert formats(tiny, auto(Size("w60", 60))) == {"jpeg"}


def test_a_graphic_is_one_of_at_most_1024_colors() -> None:
    def of(count: int) -> bytes:
        image = Image.new("RGB", (128, 128))
        image.putdata([(at % count % 256, at % count // 256 * 40, 128) for at in range(128 * 128)])
        assert len(image.getcolors(1 << 24) or ()) == count
        return file_of(image)

    tried = {count: tried_formats(of(count), auto(Size("w128", 128))) for count in (1_024, 1_025)}
    assert tried == {1_024: set(ALL), 1_025: {"avif", "jpeg"}}


def tried_formats(data: bytes, what: Spec) -> set[str]:
    return set(encodings(data, what))


def encodings(data: bytes, what: Spec) -> Counter[str]:
    """How often each format was encoded."""
    counted: Counter[str] = Counter()

    def counting(image: Image.Image, output: Output, spec: Spec, embedded: Embedded) -> bytes:
        counted[output.name] += 1
        return encode(image, output, spec, embedded)

    list(render(data, what, encode=counting).variants)
    return counted


def test_what_loses_is_encoded_once_and_what_wins_in_all_3_sizes() -> None:
    assert encodings(file_of(drawing()), auto()) == {"avif": 1, "webp": 3, "jpeg": 1, "png": 3}
    assert encodings(file_of(disc(200)), auto()) == {"avif": 1, "webp": 3, "png": 3}
    assert encodings(file_of(photo()), auto()) == {"avif": 3, "jpeg": 3}


def test_a_list_of_formats_is_written_as_it_stands() -> None:
    for data, _ in KINDS.values():
        assert formats(data, spec(*LADDER, formats=("webp", "png", "jpeg"))) == {"webp", "png", "jpeg"}


def test_each_size_is_handed_on_before_the_next_is_encoded() -> None:
    """So that it is stored while the child goes on."""
    log: list[str] = []

    def logging(image: Image.Image, output: Output, spec: Spec, embedded: Embedded) -> bytes:
        log.append(f"{output.name} {image.width}")
        return encode(image, output, spec, embedded)

    for what, before_the_first in ((auto(), 2), (spec(*LADDER, formats=("avif", "jpeg")), 1)):
        log.clear()
        variants = render(file_of(photo()), what, encode=logging).variants
        next(variants)
        assert len(log) == before_the_first
        assert len(list(variants)) == 5


def test_an_animation_that_may_not_move_is_a_still_picture_of_its_kind() -> None:
    still = auto(animation=False)
    assert formats(moving(photo(), photo().rotate(180)), still) == {"avif", "jpeg"}
    assert formats(moving(drawing(), ImageOps.flip(drawing())), still) == {"webp", "png"}


def test_an_animation_says_which_format_shows_its_first_frame() -> None:
    assert summary_of(KINDS["an animation"][0], auto()).notes == (
        "The picture is animated; its variants in jpeg show the first frame.",
    )


def test_a_picture_with_a_gain_map_is_written_as_jpeg_alone_where_the_recipe_keeps_it() -> None:
    """Browsers that show AVIF would be served that, in standard range."""
    data = ultra_hdr(base(), levels())
    assert formats(data, auto(hdr="keep")) == {"jpeg"}
    assert all("gain map of its original" in (one.note or "") for one in rendered(data, auto(hdr="keep")))
    assert summary_of(data, auto(hdr="keep")).notes == ()
    assert "jpeg" not in formats(file_of(disc(200)), auto(hdr="keep"))
    assert formats(data) == {"avif", "jpeg"}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("data", "own"),
    [
        (file_of(photo()), "png"),
        (file_of(drawing()), "png"),
        (file_of(clouds()), "png"),
        (file_of(photo(), "JPEG", quality=92), "jpeg"),
        (file_of(plain(RED, (400, 300)), "JPEG", quality=92), "jpeg"),
        (file_of(disc(200)), "png"),
    ],
)
def test_a_recipe_without_loss_has_a_file_with_the_original_s_own_pixels(data: bytes, own: str) -> None:
    original = Image.open(io.BytesIO(data))
    made = rendered(data, auto(Size("whole", 400), Size("half", 200), lossless=True))
    (largest,) = [one for one in made if one.width == original.width and one.format == own]
    assert seen(largest).convert("RGBA").tobytes() == original.convert("RGBA").tobytes()
    assert {one.format for one in made} & set(FALLBACKS) == {own}


def test_a_size_that_is_filled_up_is_see_through_around_the_picture_where_it_can_be() -> None:
    made = rendered(file_of(photo(), "JPEG", quality=92), auto(Size("box", 200, 200, "pad"), background="#00ff00"))
    corners = {one.format: seen(one).convert("RGBA").getpixel((3, 3)) for one in made}
    assert corners["avif"][3] == 0  # type: ignore[index]
    assert corners["jpeg"][1] > 250  # type: ignore[index]


def test_a_picture_of_nothing_but_crops_has_both_formats_of_each() -> None:
    crops = auto(Size("face", 96, 96, "cover"), Size("strip", 300, 50, "cover"))
    made = rendered(file_of(four_corners((400, 300))), crops)
    assert {(one.names, one.format) for one in made} == {
        ((name,), form) for name in ("face", "strip") for form in formats(file_of(four_corners((400, 300))), crops)
    }
