"""What is damaged within the coded pixels is shown as far as it can be read, and what is of a rare kind is named."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from lightpress.image.container import without_extras
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.gif import gif_sizes
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import render_and_pack
from tests.image.declaring import bars, gamma, png_with
from tests.image.test_salvage import JPEG, PICTURE, difference
from tools.drawing import PNG_SIGNATURE, disc, file_of, only, png_chunk, ramp, rendered, spec, summary_of

GIF = file_of(PICTURE.quantize(64), "GIF", interlace=0)
PNG_ONLY = spec(Size("whole", 1000), formats=("png",))


def test_the_missing_rows_of_a_gif_that_is_cut_short_are_see_through_and_told() -> None:
    cut = GIF[: len(GIF) // 2]
    shown, alpha = only(cut), only(cut).convert("RGBA").getchannel("A")
    box = alpha.getbbox()
    assert box is not None
    rows = box[3]
    assert 30 < rows < 90
    assert alpha.crop((0, 0, 160, rows - 1)).getextrema() == (255, 255)
    assert difference(shown.crop((0, 0, 160, rows - 1)), PICTURE.quantize(64).crop((0, 0, 160, rows - 1))) < 1
    assert any("cut short" in note for note in summary_of(cut, PNG_ONLY).notes)
    with pytest.raises(PictureRejected, match="parts of the picture are missing"):
        rendered(cut, spec(damaged="refuse"))


def test_an_interlaced_gif_that_is_cut_short_is_coarse_below_and_has_no_hole() -> None:
    whole = PICTURE.quantize(64)
    interlaced = file_of(whole, "GIF", interlace=1)
    cut = interlaced[: len(interlaced) // 2]
    assert only(cut).convert("RGBA").getchannel("A").getextrema() == (255, 255)
    assert difference(only(cut), whole.convert("RGB")) < 4
    (note,) = summary_of(cut, PNG_ONLY).notes
    assert note == "The file is cut short or damaged; details of its last passes are missing."


def test_a_gif_without_one_pixel_is_corrupt() -> None:
    with pytest.raises(PictureRejected) as refused:
        rendered(GIF[: GIF.index(b",") + 10], PNG_ONLY)
    assert refused.value.reason is Reason.CORRUPT


def test_the_pixels_of_a_gif_count_one_by_one_where_its_codes_end_within_a_row() -> None:
    colors = Image.new("P", (40, 30))
    colors.putdata([number * number * 7 % 11 % 4 for number in range(1200)])
    colors.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    whole = file_of(colors, "GIF", interlace=0)
    cut = whole[: len(whole) * 7 // 10]
    alpha = only(cut).convert("RGBA").getchannel("A").tobytes()
    count = alpha.count(255)
    assert 100 < count < 1100
    assert count % 40
    assert alpha == b"\xff" * count + bytes(1200 - count)
    assert only(cut).convert("RGB").tobytes()[: 3 * count] == colors.convert("RGB").tobytes()[: 3 * count]


def test_what_is_see_through_in_a_cut_gif_stays_so_and_256_colors_leave_room_for_what_is_missing() -> None:
    many = Image.new("P", (64, 64))
    many.putdata([number % 251 + number // 4000 * 5 for number in range(4096)])
    many.putpalette([level for number in range(256) for level in (number, 255 - number, number // 2)])
    for settings in ({}, {"transparency": 7}):
        whole = file_of(many, "GIF", interlace=0, **settings)
        alpha = only(whole[: len(whole) * 2 // 3]).convert("RGBA").getchannel("A")
        assert alpha.crop((0, 50, 64, 64)).getextrema() == (0, 0)
        assert alpha.getpixel((7, 0)) == (0 if settings else 255)


@pytest.mark.parametrize("at", [0.4, 0.6])
def test_codes_without_a_meaning_end_a_gif_and_cost_none_of_the_pixels_before_them(at: float) -> None:
    damaged = bytearray(GIF)
    place = int(len(GIF) * at)
    damaged[place : place + 3] = b"\xff\xff\xff"
    alpha = only(bytes(damaged)).convert("RGBA").getchannel("A")
    assert alpha.crop((0, 0, 160, int(120 * at * 0.5))).getextrema() == (255, 255)


def test_a_gif_that_lacks_only_its_end_has_every_pixel() -> None:
    # What is left out is the end marker, the end of the parts, and one byte of the code that ends the picture.
    (note,) = summary_of(GIF[:-3], PNG_ONLY).notes
    assert note == "The file is damaged behind its first picture, or lacks its end; that picture is whole."
    assert difference(only(GIF[:-3]), PICTURE.quantize(64).convert("RGB")) == 0


def png_of(picture: Image.Image, coded: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 0)
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", coded), png_chunk(b"IEND", b""))
    return PNG_SIGNATURE + b"".join(chunks)


def rows_of(picture: Image.Image) -> bytes:
    pixels, stride = picture.tobytes(), picture.width * 3
    return b"".join(b"\0" + pixels[at : at + stride] for at in range(0, len(pixels), stride))


def test_a_png_whose_pixels_have_a_wrong_checksum_has_every_pixel() -> None:
    damaged = png_of(PICTURE, zlib.compress(rows_of(PICTURE))[:-4] + bytes(4))
    assert difference(only(damaged), PICTURE) == 0
    assert "A" not in only(damaged).getbands()


def test_a_png_shows_every_row_above_the_damage() -> None:
    picture = ramp((160, 240))
    rows = rows_of(picture)
    blocks = [struct.pack("<BHH", 0, 10_000, 0xFFFF - 10_000) + rows[:10_000], b"\0\1\1\1\1"]  # one is sound, one not
    shown = only(png_of(picture, zlib.compress(b"")[:2] + b"".join(blocks)))
    whole = 10_000 // 481
    assert shown.convert("RGBA").getchannel("A").getbbox() == (0, 0, 160, whole)
    assert difference(shown.crop((0, 0, 160, whole)), picture.crop((0, 0, 160, whole))) == 0


FRAME = JPEG.index(b"\xff\xc0")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (JPEG[: FRAME + 4] + b"\x0c" + JPEG[FRAME + 5 :], "a JPEG of 12 bits a color"),
        (JPEG[: FRAME + 1] + b"\xc3" + JPEG[FRAME + 2 :], "a lossless JPEG"),
        (JPEG[: FRAME + 1] + b"\xc5" + JPEG[FRAME + 2 :], "a hierarchical JPEG"),
    ],
)
def test_a_jpeg_that_no_browser_shows_is_refused_as_what_it_is(data: bytes, what: str) -> None:
    with pytest.raises(PictureRejected, match=what) as refused:
        rendered(data, PNG_ONLY)
    assert refused.value.reason is Reason.FORMAT_NOT_ACCEPTED


def test_a_gif_whose_picture_reaches_far_beyond_it_is_refused_before_its_decoder_takes_memory() -> None:
    at = GIF.index(b",", 13 + 3 * 64)
    far = GIF[: at + 1] + struct.pack("<4H", 0, 0, 65_535, 65_535) + GIF[at + 9 :]
    assert list(gif_sizes(GIF)) == [(160, 120)]
    assert list(gif_sizes(far)) == [(65_535, 65_535)]
    with pytest.raises(PictureRejected) as refused:
        rendered(far, PNG_ONLY)
    assert refused.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "incomplete",
    [
        lambda data: data.replace(b"pixi", b"pasp"),
        lambda data: data.replace(b"ftypavif", b"ftypmif1"),
    ],
    ids=["without bits of the colors", "of a general brand"],
)
def test_an_avif_that_strict_decoders_refuse_is_not_published_as_it_is(incomplete: type[bytes]) -> None:
    whole = file_of(disc(64), "AVIF")
    assert without_extras(whole, "avif") == whole
    assert without_extras(incomplete(whole), "avif") is None


def test_a_small_palette_in_another_color_space_takes_no_more_bytes_than_the_original() -> None:
    colored = bars(20).quantize(200)
    original = png_with(colored, gamma(0.9))
    (made,) = render_and_pack(original, PNG_ONLY).variants
    assert Image.open(io.BytesIO(made.data)).size == colored.size
    assert len(made.data) <= len(original)
    assert PngImagePlugin.PngImageFile(io.BytesIO(made.data)).info.get("gamma") is None
