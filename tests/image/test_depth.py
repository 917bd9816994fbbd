"""Whatever the layout of its pixels, a picture looks the same afterwards."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tools.drawing import (
    Color,
    deep_grey,
    distance,
    file_of,
    grey_profile,
    only,
    pixel,
    plain,
    png_chunk,
    rendered,
    seen,
    spec,
    summary_of,
    with_chunk_before,
)

LEVELS = (0, 1_000, 20_000, 32_768, 50_000, 65_535)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_are_scaled_and_not_clipped(form: str) -> None:
    image = only(file_of(deep_grey(LEVELS), form)).convert("RGB")
    for number, level in enumerate(LEVELS):
        grey = level / 257
        got = pixel(image, ((number + 0.5) / len(LEVELS), 0.5))
        assert distance(got, (round(grey),) * 3) <= 1
    assert pixel(image, (0.999, 0.5)) == (255, 255, 255)


def test_big_endian_tiff_is_no_different() -> None:
    little = file_of(deep_grey(LEVELS), "TIFF")
    raw = deep_grey(LEVELS)
    swapped = b"".join(struct.pack(">H", value) for (value,) in struct.iter_unpack("<H", raw.tobytes()))
    big = Image.frombytes("I;16B", raw.size, swapped)
    assert only(file_of(big, "TIFF")).tobytes() == only(little).tobytes()


def palette(transparent: bool) -> bytes:
    image = Image.new("P", (40, 20), 1)
    image.putpalette([0, 0, 0, 10, 200, 30, 250, 250, 0])
    image.paste(2, (20, 0, 40, 20))
    return file_of(image, "PNG", **({"transparency": bytes((255, 0, 128))} if transparent else {}))


def bits() -> Image.Image:
    image = Image.new("1", (40, 20), 0)
    image.paste(1, (20, 0, 40, 20))
    return image


LAYOUTS: dict[str, tuple[bytes, Color, Color]] = {
    "palette": (palette(transparent=False), (10, 200, 30), (250, 250, 0)),
    "palette with transparency": (palette(transparent=True), (10, 200, 30, 0), (250, 250, 0, 128)),
    "one bit": (file_of(bits()), (0, 0, 0), (255, 255, 255)),
    "one bit, TIFF": (file_of(bits(), "TIFF", compression="group4"), (0, 0, 0), (255, 255, 255)),
    "one bit, BMP": (file_of(bits(), "BMP"), (0, 0, 0), (255, 255, 255)),
    "grey": (file_of(plain((90,), mode="L")), (90, 90, 90), (90, 90, 90)),
    "grey with alpha": (file_of(plain((90, 30), mode="LA")), (90, 90, 90, 30), (90, 90, 90, 30)),
    "grey with a see-through level": (
        with_chunk_before(file_of(plain((90,), mode="L")), b"IDAT", b"tRNS", b"\0\x5a"),
        (90, 90, 90, 0),
        (90, 90, 90, 0),
    ),
    "RGB with a see-through color": (
        with_chunk_before(file_of(plain((10, 20, 30))), b"IDAT", b"tRNS", b"\0\x0a\0\x14\0\x1e"),
        (10, 20, 30, 0),
        (10, 20, 30, 0),
    ),
    "RGB with a see-through color that is not there": (
        with_chunk_before(file_of(plain((10, 20, 30))), b"IDAT", b"tRNS", b"\0\x0a\0\x14\0\x1f"),
        (10, 20, 30),
        (10, 20, 30),
    ),
    "GIF": (file_of(plain((250, 0, 0)), "GIF"), (250, 0, 0), (250, 0, 0)),
    "brightness and two color differences": (
        file_of(plain((129, 128, 128), mode="YCbCr"), "TIFF"),
        (129, 129, 129),
        (129, 129, 129),
    ),
    "Lab": (file_of(plain((255, 128, 128), mode="LAB"), "TIFF"), (255, 255, 255), (255, 255, 255)),
    "sixteen bits a color": (
        # Pillow writes no such file, so this one is put together from its parts.
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
        + png_chunk(b"IDAT", zlib.compress(struct.pack(">BHHH", 0, 65_535, 257 * 100, 0)))
        + png_chunk(b"IEND", b""),
        (255, 100, 0),
        (255, 100, 0),
    ),
}


@pytest.mark.parametrize(("data", "left", "right"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_of_pixels_keeps_its_colors(data: bytes, left: Color, right: Color) -> None:
    image = only(data)
    assert image.has_transparency_data or len(left) == 3
    image = image.convert("RGBA" if len(left) == 4 else "RGB")
    for part, wanted in ((0.2, left), (0.8, right)):
        got = pixel(image, (part, 0.5))
        hidden = len(wanted) == 4 and wanted[3] == 0  # what color it hides is nobody's business
        assert distance(got[3:], wanted[3:]) <= 1 if hidden else distance(got, wanted) <= 1
    assert summary_of(data).notes == ()


def test_deep_grey_takes_no_more_memory_than_it_was_granted() -> None:
    size = (6_000, 5_000)
    data = file_of(Image.frombytes("I;16", size, bytes(2 * size[0] * size[1])), compress_level=1)

    def peak_mb(data: bytes) -> int:
        with Child(data, spec(Size("w32", 32)), SandboxLimits(), render) as child:
            list(child.result().variants)
        return child.cost.peak_rss_mb

    assert peak_mb(data) - peak_mb(file_of(plain())) < size[0] * size[1] * 4 / 1e6


def png_of(depth: int, kind: int, samples: list[int], clear: list[int], interlace: int = 0) -> bytes:
    """A PNG of one row of samples, with a see-through color (tRNS)."""
    channels = {0: 1, 2: 3}[kind]
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    header = struct.pack(">IIBBBBB", len(samples) // channels, 1, depth, kind, 0, 0, interlace)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"tRNS", struct.pack(f">{channels}H", *clear))
        + png_chunk(b"IDAT", zlib.compress(b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")))
        + png_chunk(b"IEND", b"")
    )


AS_WEBP = spec(formats=("webp",))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_see_through_gray_is_see_through_at_every_depth(depth: int) -> None:
    most = (1 << depth) - 1
    for level in {0, 1, most // 2, most}:
        samples = [0, most // 2, level, most, level ^ 1]
        alphas = only(png_of(depth, 0, samples, [level]), AS_WEBP).getchannel("A").tobytes()
        assert alphas == bytes(0 if sample == level else 255 for sample in samples), level


@pytest.mark.parametrize(("depth", "kind", "clear"), [(2, 0, [2]), (4, 0, [5]), (16, 2, [300, 301, 302])])
def test_a_variant_does_not_repeat_what_programs_read_differently(depth: int, kind: int, clear: list[int]) -> None:
    """Pillow, for one, compares the color of the file with samples that it has scaled."""
    noise = [number * number * 7 % 11 % (1 << depth) for number in range(60)]
    samples = [level for pair in noise for level in (clear if pair % 2 else [pair] * len(clear))]
    (variant,) = rendered(png_of(depth, kind, samples, clear))
    pixels = [samples[at : at + len(clear)] for at in range(0, len(samples), len(clear))]
    alphas = bytes(0 if pixel == clear else 255 for pixel in pixels)
    assert seen(variant).convert("RGBA").getchannel("A").tobytes() == alphas


@pytest.mark.parametrize(("depth", "noise"), [(2, 0xFFFC), (4, 0xFFF0), (8, 0xFF00)])
def test_bits_of_a_see_through_gray_above_its_depth_mean_nothing(depth: int, noise: int) -> None:
    """PNG, third edition, 11.3.1.1: the other bits are 0, and decoders look at the lowest ones."""
    assert only(png_of(depth, 0, [1, 2, 3], [2 | noise])).getchannel("A").tobytes() == b"\xff\0\xff"


RED, GREEN, BLUE = b"\xff\0\0", b"\0\xff\0", b"\0\0\xff"


def palette_png(*chunks: tuple[bytes, bytes], numbers: bytes = b"\0\1\2", behind: bytes = b"") -> bytes:
    """A PNG of one row of numbers of 8 bits."""
    header = struct.pack(">IIBBBBB", len(numbers), 1, 8, 3, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" + numbers))
    before = b"".join(png_chunk(kind, body) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + before + pixels + behind + png_chunk(b"IEND", b"")


COLORS = (b"PLTE", RED + GREEN + BLUE)
CLEAR_OF: dict[str, tuple[bytes, bytes]] = {
    "behind the palette": (palette_png(COLORS, (b"tRNS", b"\xff\x40")), b"\xff\x40\xff"),
    "before the palette": (palette_png((b"tRNS", b"\0\0\0"), COLORS), b"\xff\xff\xff"),
    "behind the pixels": (palette_png(COLORS, behind=png_chunk(b"tRNS", b"\0\0\0")), b"\xff\xff\xff"),
    "twice": (palette_png(COLORS, (b"tRNS", b"\0"), (b"tRNS", b"\xff\0")), b"\0\xff\xff"),
    "of more colors than there can be": (palette_png(COLORS, (b"tRNS", bytes(300))), b"\xff\xff\xff"),
}


@pytest.mark.parametrize("place", CLEAR_OF)
def test_see_through_colors_of_a_palette_count_where_the_standard_has_them(place: str) -> None:
    data, wanted = CLEAR_OF[place]
    assert only(data).convert("RGBA").getchannel("A").tobytes() == wanted


@pytest.mark.parametrize("colors", [RED + GREEN, RED + GREEN + b"\xff"], ids=["whole", "with a part of another"])
def test_a_number_beyond_the_palette_is_its_last_color(colors: bytes) -> None:
    assert only(palette_png((b"PLTE", colors))).convert("RGB").tobytes() == RED + GREEN + GREEN


def test_a_palette_that_is_missing_is_told() -> None:
    with pytest.raises(PictureRejected, match="The palette of the picture is missing") as refused:
        only(palette_png())
    assert refused.value.reason is Reason.CORRUPT


@pytest.mark.parametrize(("depth", "kind"), [(2, 0), (8, 0), (16, 0), (8, 2), (16, 2)])
@pytest.mark.parametrize("body", [b"", b"\0"])
def test_a_see_through_color_of_a_wrong_length_costs_no_picture(depth: int, kind: int, body: bytes) -> None:
    channels = {0: 1, 2: 3}[kind]
    data = png_of(depth, kind, [0, 1, 2] * channels, [0] * channels)
    at = data.index(b"tRNS") - 4
    image = only(data[:at] + png_chunk(b"tRNS", body) + data[at + 12 + 2 * channels :])
    assert image.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_a_see_through_color_of_a_wrong_place_counts_nowhere() -> None:
    data = png_of(8, 0, [0, 1, 2], [0])
    at = data.index(b"tRNS") - 4
    chunk, rest = data[at : at + 14], data[:at] + data[at + 14 :]
    assert only(rest[:-12] + chunk + rest[-12:]).convert("RGBA").getchannel("A").tobytes() == b"\xff\xff\xff"


def test_a_see_through_color_of_sixteen_bits_is_compared_in_all_of_them() -> None:
    clear = [40_000, 30_001, 20_002]
    samples = [*clear, 40_000, 30_001, 20_003, 40_001, 30_001, 20_002, *clear, 0, 0, 0]
    assert only(png_of(16, 2, samples, clear)).getchannel("A").tobytes() == b"\0\xff\xff\0\xff"


def test_gray_of_sixteen_bits_is_compared_in_all_of_them() -> None:
    assert only(png_of(16, 0, [32_768, 32_769, 32_767], [32_768])).getchannel("A").tobytes() == b"\0\xff\xff"


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_gray_with_a_see_through_level_goes_through_its_profile(depth: int) -> None:
    most = (1 << depth) - 1
    profile = b"gray\0\0" + zlib.compress(grey_profile())
    data = with_chunk_before(png_of(depth, 0, [0, most // 2, most], [0]), b"tRNS", b"iCCP", profile)
    opaque = data.replace(png_chunk(b"tRNS", b"\0\0"), b"")
    assert summary_of(data).notes == ()
    image = only(data)
    assert image.getchannel("A").tobytes() == (b"\0\0\xff" if depth == 1 else b"\0\xff\xff")
    assert image.convert("RGB").tobytes() == only(opaque).convert("RGB").tobytes()


@pytest.mark.parametrize(("stored", "shown"), {0: 0, 1_000: 34, 3_277: 63, 32_768: 188, 65_535: 255}.items())
def test_deep_gray_of_linear_light_is_brightened(stored: int, shown: int) -> None:
    data = with_chunk_before(file_of(deep_grey([stored])), b"IDAT", b"gAMA", struct.pack(">I", 100_000))
    assert distance(pixel(only(data), (0.5, 0.5)), (shown,) * 3) <= 2
