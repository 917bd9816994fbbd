"""A file in the place of another: fewer bytes, the same picture, and everything else that was in it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from lightpress.image.compress import CompressionOptions
from lightpress.image.container import riff_chunk
from lightpress.image.errors import PictureRejected, Reason
from lightpress.pipeline.sandbox import SandboxLimits, compress_in_sandbox
from tools.drawing import as_camera_stores, disc, exif_with, file_of, ramp, speckled

if TYPE_CHECKING:
    from lightpress.image.job import RenderResult

PICTURE = ramp((320, 240))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS, LOSSY = CompressionOptions(), CompressionOptions(mode="lossy", quality={"jpeg": 50})


def drawing() -> Image.Image:
    """A few colors and straight lines, as on a screen."""
    image = Image.new("P", (300, 200))
    image.putpalette([value for step in range(256) for value in (step, 255 - step, step // 2)])
    pen = ImageDraw.Draw(image)
    for step in range(0, 200, 10):
        pen.rectangle((step, step // 2, step + 60, step + 20), fill=step)
    return image


def with_text() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Somebody")
    return info


SQUEEZABLE = {
    "jpeg": file_of(PICTURE, "JPEG", quality=95, icc_profile=PROFILE, comment="Kept."),
    "jpeg, turned": file_of(as_camera_stores(PICTURE, 6), "JPEG", quality=95, exif=exif_with(6)),
    "jpeg, print colors": file_of(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "png": file_of(PICTURE, compress_level=1, pnginfo=with_text(), icc_profile=PROFILE),
    "png, see-through": file_of(disc(), compress_level=1),
    "gif": file_of(drawing(), "GIF", comment="Kept.", optimize=False),
    "webp": file_of(drawing().convert("RGB"), "WEBP", lossless=True, method=0, quality=0, exif=exif_with(1)),
}


def made(data: bytes, options: CompressionOptions = LOSSLESS) -> bytes | None:
    found = list(compress_in_sandbox(data, options, SandboxLimits()).variants)
    return found[0].data if found else None


def note(data: bytes, options: CompressionOptions = LOSSLESS) -> str:
    rendering: RenderResult = compress_in_sandbox(data, options, SandboxLimits())
    assert not list(rendering.variants)
    (said,) = rendering.original.notes
    return said


@pytest.mark.parametrize("name", SQUEEZABLE)
def test_a_file_gets_smaller_and_shows_the_same_and_says_the_same(name: str) -> None:
    data = SQUEEZABLE[name]
    smaller = made(data)
    assert smaller is not None
    assert len(smaller) < len(data)
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(smaller))
    assert after.format == before.format
    mode = "CMYK" if before.mode == "CMYK" else "RGBA"
    assert after.convert(mode).tobytes() == before.convert(mode).tobytes()
    assert dict(after.getexif()) == dict(before.getexif())
    for words in ("icc_profile", "comment", "Author"):
        assert after.info.get(words) == before.info.get(words)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", SQUEEZABLE)
def test_a_squeezed_file_is_not_squeezed_again(name: str) -> None:
    smaller = made(SQUEEZABLE[name])
    assert smaller is not None
    again = made(smaller)
    assert again is None or len(again) > 0.98 * len(smaller)


def test_what_lies_behind_the_picture_is_not_thrown_away() -> None:
    film = b"\0\0\0\x18ftypmp42" + bytes(range(1, 200))
    for name in ("jpeg", "png", "gif", "webp"):
        assert "behind the picture" in note(SQUEEZABLE[name] + film), name
        assert made(SQUEEZABLE[name] + b"\0\0") is not None, "filling is nothing"


def test_a_second_picture_in_the_file_is_not_thrown_away() -> None:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "MPO", save_all=True, append_images=[PICTURE])
    assert "picture" in note(buffer.getvalue())


def test_what_moves_is_left_alone() -> None:
    frames = [drawing(), drawing().rotate(90)]
    for form in ("GIF", "PNG", "WEBP"):
        data = file_of(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        assert note(data) == "It is animated.", form


@pytest.mark.parametrize("form", ["TIFF", "BMP", "AVIF"])
def test_a_format_that_nothing_is_known_of_is_left_alone(form: str) -> None:
    assert "No way is known" in note(file_of(PICTURE, form))


def test_a_lossy_webp_stays_as_it_is() -> None:
    assert "No smaller file" in note(file_of(PICTURE, "WEBP"))


def gif_with(extension: bytes) -> bytes:
    data = SQUEEZABLE["gif"]
    at = 13 + (6 << (data[10] & 7))
    return data[:at] + extension + data[at:]


def with_chunk(kind: bytes, body: bytes) -> bytes:
    webp = SQUEEZABLE["webp"] + riff_chunk(kind, body)
    return webp[:4] + struct.pack("<I", len(webp) - 8) + webp[8:]


OF_OTHERS = {
    "the profile of a GIF": gif_with(b"!\xff\x0bICCRGBG1012" + bytes((len(PROFILE[:255]),)) + PROFILE[:255] + b"\0"),
    "a program's own words in a GIF": gif_with(b"!\xff\x0bMYSHOP  1.0\x04SKU7\0"),
    "text that a GIF would draw": gif_with(b"!\x01\x0c" + struct.pack("<4H4B", 0, 0, 8, 8, 8, 8, 1, 0) + b"\2hi\0"),
    "a program's own words in a WebP": with_chunk(b"SHOP", b"SKU7"),
}


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_file_is_not_written_anew_without_what_only_other_programs_know(name: str) -> None:
    assert "No smaller file" in note(OF_OTHERS[name])


@pytest.mark.parametrize("often", [b"NETSCAPE2.0", b"ANIMEXTS1.0"])
def test_how_often_a_still_gif_plays_is_nothing_to_lose(often: bytes) -> None:
    assert made(gif_with(b"!\xff\x0b" + often + b"\3\1\0\0\0")) is not None


def test_see_through_pixels_keep_the_colors_that_nobody_sees() -> None:
    data = file_of(disc(hidden=(9, 8, 7)), "WEBP", lossless=True, exact=True, method=0, quality=0)
    smaller = made(data)
    assert smaller is not None
    assert Image.open(io.BytesIO(smaller)).getpixel((0, 0)) == (9, 8, 7, 0)


def test_sixteen_bits_stay_sixteen_bits() -> None:
    rows = b"".join(b"\0" + b"".join(struct.pack(">H", (x * 997 + y) % 65_536) for x in range(64)) for y in range(64))
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", 64, 64, 16, 0, 0, 0, 0), b"IDAT" + zlib.compress(rows, 0), b"IEND")
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )
    smaller = made(data)
    assert smaller is not None
    before, after = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(smaller))
    assert after.mode == before.mode == "I;16"
    assert after.tobytes() == before.tobytes()


def test_words_go_where_that_is_asked_for_and_the_picture_stays() -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x0110] = "The Artist", "A camera"
    data = file_of(PICTURE, "JPEG", quality=95, exif=exif, comment="Secret")
    smaller = made(data, CompressionOptions(metadata="copyright"))
    assert smaller is not None
    assert b"Secret" not in smaller
    assert b"A camera" not in smaller
    assert b"The Artist" in smaller
    assert Image.open(io.BytesIO(smaller)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_words_that_a_picture_needs_stay_even_where_they_are_to_go() -> None:
    data = SQUEEZABLE["jpeg, turned"]
    smaller = made(data, CompressionOptions(metadata="none"))
    assert smaller is not None
    assert Image.open(io.BytesIO(smaller)).getexif()[0x0112] == 6


def test_lossy_encodes_anew_within_a_box_and_never_larger() -> None:
    data = file_of(speckled((320, 240)), "JPEG", quality=95)
    smaller = made(data, LOSSY)
    assert smaller is not None
    assert len(smaller) < 0.6 * len(data)
    boxed = made(data, CompressionOptions(mode="lossy", max_width=100, max_height=100))
    assert boxed is not None
    assert Image.open(io.BytesIO(boxed)).size == (100, 75)
    assert (
        made(file_of(speckled((320, 240)), "JPEG", quality=20), CompressionOptions(mode="lossy", quality={"jpeg": 95}))
        is None
    )


def test_a_png_stays_without_loss_even_in_lossy_mode() -> None:
    smaller = made(SQUEEZABLE["png"], LOSSY)
    assert smaller is not None
    assert Image.open(io.BytesIO(smaller)).convert("RGB").tobytes() == PICTURE.tobytes()


def test_what_is_no_picture_is_rejected_with_its_reason() -> None:
    with pytest.raises(PictureRejected) as rejected:
        compress_in_sandbox(b"no picture", LOSSLESS, SandboxLimits())
    assert rejected.value.reason is Reason.NOT_A_PICTURE


def test_the_digest_tells_options_apart_and_not_ways_to_write_them() -> None:
    lossy = CompressionOptions(mode="lossy")
    assert LOSSLESS.digest != lossy.digest != CompressionOptions(mode="lossy", quality={"jpeg": 40}).digest
    assert lossy.digest == CompressionOptions(mode="lossy", quality={"jpeg": 76}).digest
    assert LOSSLESS.digest == CompressionOptions(quality={"jpeg": 40}).digest
    assert LOSSLESS.digest != CompressionOptions(metadata="none").digest
