"""Right pixels from every kind of file that is accepted: deep, printed, turned, one of several."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.inputs import INPUTS, READABLE
from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import Size
from tests.image.bombs import icon_of, icon_of_several, patched
from tools.drawing import (
    BLUE,
    CORNERS,
    GREEN,
    RED,
    as_camera_stores,
    colors_at_corners,
    deep_grey,
    distance,
    exif_with,
    file_of,
    four_corners,
    only,
    pixel,
    plain,
    psd,
    ramp,
    rendered,
    spec,
    summary_of,
    ten_bits,
)

if TYPE_CHECKING:
    from lightpress.image.inputs import Input

MIDDLE = (0.5, 0.5)
DECODED = [row for row in INPUTS if not row.drawing]
"""Those that have pixels of their own."""


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_is_turned_once_and_not_twice(orientation: int) -> None:
    """Such files say it twice: in a box, which counts, and in their EXIF data, which does not."""
    stored = as_camera_stores(four_corners(), orientation)
    data = file_of(stored, "HEIF", exif=exif_with(orientation).tobytes(), quality=90)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    image = only(data)
    assert image.size == (96, 64)
    assert (summary_of(data).width, summary_of(data).height) == (96, 64)
    assert all(distance(got, want) < 12 for got, want in zip(colors_at_corners(image), CORNERS, strict=True))


def test_a_heic_of_ten_bits_is_scaled_and_not_clipped() -> None:
    image = only(ten_bits((96, 64)))
    for part in (0.1, 0.5, 0.9):
        assert distance(pixel(image, (part, 0.5)), (round(part * 255), round((1 - part) * 255), 128)) < 8


def test_a_see_through_heic_stays_so() -> None:
    image = only(file_of(plain((200, 30, 30, 128), mode="RGBA"), "HEIF", quality=90))
    assert distance(pixel(image, MIDDLE), (200, 30, 30, 128)) < 8


def test_of_several_pictures_in_a_heic_the_main_one_is_shown() -> None:
    data = file_of(plain(RED), "HEIF", save_all=True, append_images=[plain(GREEN)], primary_index=1)
    assert distance(pixel(only(data), MIDDLE), GREEN) < 8
    assert summary_of(data).notes == ("The file holds several pictures; its variants show the main one.",)


def test_a_heic_by_its_general_brand_is_known_by_what_it_holds() -> None:
    heic, avif = file_of(plain(RED), "HEIF"), file_of(plain(RED), "AVIF")
    assert summary_of(heic[:8] + b"mif1" + heic[12:]).format == "heic"
    assert summary_of(avif[:8] + b"mif1" + avif[12:]).format == "avif"


def test_other_pictures_do_not_pay_for_the_decoder_of_heic() -> None:
    """A tenth of a second for each cold start, which only HEIC files need."""
    program = """
import io, sys
from PIL import Image
from lightpress.image.spec import Size, Spec
from lightpress.image.render import render
file = io.BytesIO()
Image.new("RGB", (9, 9)).save(file, "JPEG")
list(render(file.getvalue(), Spec((Size("a", 9),), ("jpeg",))).variants)
sys.exit("pillow_heif" in sys.modules or "PIL.PsdImagePlugin" in sys.modules)
"""
    assert (
        subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": "lambda_src"}, check=False).returncode == 0
    )


def test_the_largest_picture_of_an_icon_is_shown() -> None:
    data = file_of(plain(BLUE, (64, 64)), "ICO", sizes=[(16, 16), (64, 64), (32, 32)])
    assert only(data).size == (64, 64)
    assert distance(pixel(only(data), MIDDLE), BLUE) <= 1


@pytest.mark.parametrize("deepest_first", [False, True])
def test_of_the_largest_pictures_of_an_icon_the_one_with_the_most_colors_is_shown(deepest_first: bool) -> None:
    pictures = [(file_of(plain(RED, (32, 32))), 8), (file_of(plain(BLUE, (32, 32))), 32)]
    shown = only(icon_of_several(*(reversed(pictures) if deepest_first else pictures)))
    assert distance(pixel(shown, MIDDLE), BLUE) <= 1


@pytest.mark.parametrize(("mode", "clear"), [("P", b"\0\xff"), ("P", 0), ("RGB", (255, 0, 0)), ("L", 76), ("1", 0)])
@pytest.mark.parametrize("several", [False, True])
def test_a_see_through_color_of_a_png_in_an_icon_is_see_through(
    mode: str, clear: bytes | int | tuple[int, ...], several: bool
) -> None:
    image = Image.new("RGB", (32, 32), (255, 0, 0))
    image.paste((0, 255, 0), (16, 0, 32, 32))
    layout = image.quantize(2) if mode == "P" else image.convert(mode, dither=Image.Dither.NONE)
    png = file_of(layout, transparency=clear)
    shown = only(icon_of_several((file_of(plain(BLUE, (32, 32))), 8), (png, 32)) if several else icon_of(png, 32))
    alone = only(png).convert("RGBA")
    assert alone.getchannel("A").getextrema() == (0, 255)
    assert shown.convert("RGBA").tobytes() == alone.tobytes()


def test_an_icon_that_understates_its_size_is_shown_whole() -> None:
    assert only(icon_of(file_of(plain(BLUE, (600, 600))))).size == (600, 600)


@pytest.mark.parametrize("bitmap", ["png", "bmp"])
def test_an_icon_keeps_its_holes(bitmap: str) -> None:
    image = plain((230, 30, 30, 255), (32, 32), "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 16, 32))
    shown = only(file_of(image, "ICO", sizes=[(32, 32)], bitmap_format=bitmap))
    assert pixel(shown, (0.75, 0.5)) == (230, 30, 30, 255)
    assert pixel(shown, (0.25, 0.5))[3] == 0


LEVELS = (0, 1_000, 20_000, 50_000, 65_535)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG2000"])
def test_sixteen_bits_of_grey_are_scaled(form: str) -> None:
    image = only(file_of(deep_grey(LEVELS, 16), form))
    for number, level in enumerate(LEVELS):
        assert distance(pixel(image, ((number + 0.5) / len(LEVELS), 0.5)), (round(level / 257),) * 3) <= 1


def sixteen_bit_tiff(channels: int, photometric: int, *levels: int) -> bytes:
    """One pixel with deep channels, put together from its parts: Pillow writes no such file."""
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (259, 3, 1, 1), (262, 3, 1, photometric), (273, 4, 1, 8)]
    tags += [(277, 3, 1, channels), (278, 3, 1, 1), (279, 4, 1, 2 * channels)]
    depths_at = 8 + 2 * channels
    tags.append((258, 3, channels, depths_at))
    body = struct.pack(f"<{channels}H", *levels) + struct.pack(f"<{channels}H", *(16,) * channels)
    entries = b"".join(
        struct.pack("<HHI", tag, kind, count)
        + (struct.pack("<HH", value, 0) if kind == 3 and count == 1 else struct.pack("<I", value))
        for tag, kind, count, value in sorted(tags)
    )
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(tags)) + entries + bytes(4)


def test_sixteen_bits_of_color_in_a_tiff_are_scaled() -> None:
    data = sixteen_bit_tiff(3, 2, 65_535, 257 * 100, 0)
    assert distance(pixel(only(data), MIDDLE), (255, 100, 0)) <= 1


INK = (0, 255, 255, 0)
PRINTED: dict[str, tuple[str, dict[str, Any]]] = {
    "TIFF": ("TIFF", {}),
    "TIFF, packed": ("TIFF", {"compression": "tiff_lzw"}),
    "JPEG": ("JPEG", {"quality": 95}),
    "JPEG, progressive": ("JPEG", {"quality": 95, "progressive": True}),
}


@pytest.mark.parametrize("name", PRINTED)
def test_print_colors_are_seen_as_printed(name: str) -> None:
    form, options = PRINTED[name]
    red, green, blue = pixel(only(file_of(plain(INK, mode="CMYK"), form, **options)), MIDDLE)
    assert red > 200
    assert max(green, blue) < 60


def test_what_a_jpeg_file_says_of_brightness_and_differences_is_heard() -> None:
    data = file_of(plain((255, 0, 0)).convert("YCbCr"), "JPEG", quality=95)
    assert distance(pixel(only(data), MIDDLE), (255, 0, 0)) < 6


@pytest.mark.parametrize(
    ("inks", "seen_as"),
    [
        ((0, 255, 255, 0), (255, 0, 0)),
        ((255, 0, 255, 0), (0, 255, 0)),
        ((0, 128, 255, 0), (255, 127, 0)),
        ((0, 0, 0, 128), (127, 127, 127)),
    ],
    ids=["red", "green", "orange", "grey"],
)
def test_print_colors_may_be_brightness_and_differences(
    inks: tuple[int, int, int, int], seen_as: tuple[int, int, int]
) -> None:
    """YCCK: as Photoshop writes JPEG files for print. The inks but black are transformed, and one byte says so."""
    cyan, magenta, yellow, black = inks
    transformed = pixel(plain((cyan, magenta, yellow)).convert("YCbCr"), MIDDLE)
    as_written = (*(255 - each for each in transformed), black)  # Pillow turns all four round, as Photoshop does
    plainly = file_of(plain(as_written, mode="CMYK"), "JPEG", quality=95)
    data = patched(plainly, plainly.index(b"Adobe") + len(b"Adobe") + 6, "B", 2)
    assert distance(pixel(only(data), MIDDLE), seen_as) < 8
    assert distance(pixel(only(plainly), MIDDLE), seen_as) > 60


@pytest.mark.parametrize(
    ("image", "seen_as"),
    [
        (four_corners(), CORNERS),
        (plain((90,), (96, 64), "L"), ((90, 90, 90),) * 4),
        (plain(INK, (96, 64), "CMYK"), ((255, 0, 0),) * 4),
    ],
    ids=["RGB", "grey", "print"],
)
def test_a_photoshop_file_is_seen_flattened(image: Image.Image, seen_as: tuple[tuple[int, ...], ...]) -> None:
    got = colors_at_corners(only(psd(image)))
    assert all(distance(one, want) <= 2 for one, want in zip(got, seen_as, strict=True))


@pytest.mark.parametrize("format_", OUTPUTS)
@pytest.mark.parametrize("row", DECODED, ids=lambda row: row.name)
def test_an_original_that_needs_no_step_is_encoded_in_every_format_as_one_picture(row: Input, format_: str) -> None:
    """An encoder that is handed the file itself asks it for more frames."""
    image = plain(RED, (32, 32))
    data = psd(image) if row.name == "psd" else file_of(image, row.pillow)
    made = rendered(data, spec(Size("whole", 32), formats=(format_,), accept=READABLE))
    assert [(one.format, one.width, one.height, one.animated) for one in made] == [(format_, 32, 32, False)]


def resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">H", number) + b"\0\0" + struct.pack(">I", len(data)) + data + bytes(len(data) % 2)


def test_a_photoshop_file_without_its_flattened_picture_is_not_shown_white() -> None:
    version = struct.pack(">IB", 1, 1) + bytes(8)
    other = resource(1005, bytes(16))
    assert summary_of(psd(plain(RED), resources=other + resource(1057, version))).format == "psd"
    data = psd(plain(RED), resources=other + resource(1057, version[:4] + b"\0" + version[5:]))
    with pytest.raises(PictureRejected, match="Maximize Compatibility") as caught:
        rendered(data)
    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED


def test_of_many_pages_the_first_is_shown() -> None:
    data = file_of(plain(RED), "TIFF", save_all=True, append_images=[plain(GREEN), plain(BLUE)])
    assert pixel(only(data), MIDDLE) == RED
    assert summary_of(data).notes == ("The file has 3 pages; its variants show the first.",)


def test_a_big_tiff_is_no_different() -> None:
    data = file_of(plain(RED), "TIFF", save_all=True, append_images=[plain(GREEN)], big_tiff=True)
    assert data.startswith(b"II+\0")
    assert pixel(only(data), MIDDLE) == RED
    assert "2 pages" in summary_of(data).notes[0]


def test_the_thumbnail_in_a_raw_file_is_not_taken_for_the_photo() -> None:
    image = io.BytesIO()
    plain(RED).save(image, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(PictureRejected, match="raw") as caught:
        rendered(image.getvalue())  # a strip that is no JPEG
    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED


def jpeg_saying(words: bytes) -> bytes:
    data = file_of(plain(RED), "JPEG", quality=95)
    body = b"http://ns.adobe.com/xap/1.0/\0" + words
    return data[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + data[2:]


def test_a_gain_map_is_dropped_and_that_is_noted() -> None:
    data = jpeg_saying(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r hdrgm:Version="1.0"/></x:xmpmeta>')
    both = data + file_of(plain((90,), mode="L"), "JPEG")
    assert summary_of(both).notes == ("The gain map, which brightens the picture on some screens, is dropped.",)
    assert distance(pixel(only(both), MIDDLE), RED) < 6


def test_a_shot_for_two_eyes_is_its_first() -> None:
    data = file_of(plain(RED), "MPO", save_all=True, append_images=[plain(BLUE)])
    assert distance(pixel(only(data), MIDDLE), RED) < 6
    assert summary_of(data).notes == ("The file holds several pictures; its variants show the main one.",)


@pytest.mark.parametrize("row", DECODED, ids=lambda row: row.name)
def test_decoding_takes_no_more_memory_than_its_row_says(row: Any) -> None:  # noqa: ANN401
    size = (200, 100)
    data = psd(ramp(size)) if row.name == "psd" else file_of(ramp(size), row.pillow)
    if row.name == "ico":
        data = icon_of(file_of(ramp(size)))
    from lightpress.image.limits import Limits

    needed = size[0] * size[1] * row.bytes_per_pixel
    assert rendered(data, spec(limits=Limits(max_decoded_bytes=needed)))
    with pytest.raises(PictureRejected, match="once decoded"):
        rendered(data, spec(Size("a", 200), limits=Limits(max_decoded_bytes=needed - 1)))
