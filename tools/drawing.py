"""Pictures, color profiles and broken files, drawn by code, and ways to look at what came out."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import TYPE_CHECKING, Any

import pillow_heif.HeifImagePlugin  # so that HEIC files can be drawn, too
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat

from lightpress.image.inputs import READABLE
from lightpress.image.limits import Limits
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightpress.image.job import EncodedVariant, OriginalInfo

Color = tuple[int, ...]

RED, GREEN, BLUE, YELLOW = (230, 30, 30), (30, 160, 60), (40, 60, 220), (240, 220, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)
"""Of `four_corners`, as one reads: top left, top right, bottom left, bottom right."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


# Pictures.


def plain(color: Color = RED, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> Image.Image:
    """One color everywhere."""
    return Image.new(mode, size, color if len(color) > 1 else color[0])


def four_corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Four quarters of four colors: any turn and any flip shows."""
    width, height = size
    image = Image.new("RGB", size, YELLOW)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def stripes(colors: Iterable[Color], stripe: int = 100, height: int = 100) -> Image.Image:
    """Upright stripes, left to right."""
    listed = list(colors)
    image = Image.new("RGB", (stripe * len(listed), height))
    for number, color in enumerate(listed):
        image.paste(color, (number * stripe, 0, (number + 1) * stripe, height))
    return image


def ramp(size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Soft changes of color in every direction, as in a photo."""
    sideways = Image.linear_gradient("L").rotate(90).resize(size)
    return Image.merge(
        "RGB", (sideways, Image.linear_gradient("L").resize(size), Image.radial_gradient("L").resize(size))
    )


def disc(size: int = 120, color: Color = (255, 255, 255), hidden: Color = (0, 0, 0)) -> Image.Image:
    """A disc of `color`; outside of it, `hidden` lies fully see-through."""
    image = Image.new("RGBA", (size, size), (*hidden, 0))
    ImageDraw.Draw(image).ellipse((size // 6, size // 6, size - size // 6, size - size // 6), fill=(*color, 255))
    return image


def hatching(size: tuple[int, int], step: int = 8) -> Image.Image:
    """Black lines of one pixel, a slope of one, every `step` pixels, on white: two levels of grey."""
    width, height = size
    row = bytes(0 if x % step == 0 else 255 for x in range(width + step))
    return Image.frombytes("L", size, b"".join(row[y % step : y % step + width] for y in range(height)))


def page_of_text(size: tuple[int, int], letters: int = 28) -> Image.Image:
    """Lines of black letters, of so many pixels, without soft edges, on white: two levels of grey."""
    words = random.Random(1)  # noqa: S311  a drawing
    image = Image.new("L", size, 255)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(letters)
    pen.fontmode = "1"
    for y in range(letters, size[1] - 2 * letters, letters * 3 // 2):
        line = ""
        while font.getlength(line) < size[0] - 8 * letters:
            line += "".join(words.choices("abcdefghijklmnopqrstuvwxyz", k=words.randint(2, 9))) + " "
        pen.text((2 * letters, y), line, fill=0, font=font)
    return image


def window(size: tuple[int, int]) -> Image.Image:
    """A program's window, as screenshots have it: bars, a table, small text without soft edges, of seven colors."""
    cells = random.Random(2)  # noqa: S311  a drawing
    image = Image.new("RGB", size, (250, 250, 250))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    pen.fontmode = "1"
    pen.rectangle((0, 0, size[0], 50), fill=(244, 244, 247))
    pen.rectangle((0, 50, size[0] // 8, size[1]), fill=(224, 225, 231))
    for y in range(70, size[1] - 30, 34):
        pen.line((size[0] // 6, y, size[0] - 20, y), fill=(224, 225, 231))
        for column in range((size[0] - 120) // 170 + 1):
            color = ((32, 34, 42), (120, 124, 136), (226, 84, 44))[column % 3]
            pen.text((20 + 170 * column, y + 8), f"{cells.randrange(10**8):,}", fill=color, font=font)
    return image


def deep_grey(levels: Iterable[int], stripe: int = 8) -> Image.Image:
    """Upright stripes of 16-bit grey."""
    listed = list(levels)
    row = b"".join(struct.pack("<H", level) * stripe for level in listed)
    return Image.frombytes("I;16", (stripe * len(listed), stripe), row * stripe)


# Files.


def file_of(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:  # noqa: A002, ANN401  Pillow's word
    """The image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def ten_bits(size: tuple[int, int] = (48, 40)) -> bytes:
    """A HEIC file of ten bits a color, from left to right: ever more red, ever less green, half of blue."""
    width, height = size
    steps = [65_535 * x // (width - 1) for x in range(width)]
    row = b"".join(struct.pack("<HHH", step, 65_535 - step, 32_768) for step in steps)
    buffer = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", size, row * height).save(buffer, quality=90)
    return buffer.getvalue()


def psd(image: Image.Image, *, bits: int = 8, resources: bytes = b"", layers: bytes = b"") -> bytes:
    """A Photoshop file of its flattened picture, and what stands where layers would."""
    mode = {"L": 1, "RGB": 3, "RGBA": 3, "CMYK": 4}[image.mode]
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, len(image.getbands()), image.height, image.width, bits, mode)
    pixels = image if image.mode != "CMYK" else ImageChops.invert(image)
    sections = bytes(4) + struct.pack(">I", len(resources)) + resources + struct.pack(">I", len(layers)) + layers
    return header + sections + b"\0\0" + b"".join(band.tobytes() for band in pixels.split())


_STORED_BY = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def as_camera_stores(upright: Image.Image, orientation: int) -> Image.Image:
    """Turn an image the way a camera that was held so would store it."""
    turn = _STORED_BY[orientation]
    return upright if turn is None else upright.transpose(turn)


def exif_with(orientation: int, owner: str = "") -> Image.Exif:
    """EXIF data with an orientation, and whose picture it is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    if owner:
        exif[0x8298] = owner
    return exif


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file, with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims a size of its own: it holds one row of zeros at most."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 + 3 * min(width, 64)))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def png_of_rows(width: int, height: int, *, channels: int = 3) -> bytes:
    """A black PNG of any size that is all there, packed a row at a time: a few KB for hundreds of megapixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + channels * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def with_chunk_before(png: bytes, present: bytes, kind: bytes, data: bytes) -> bytes:
    """A PNG with one more chunk, in front of the first one named `present`."""
    at = png.index(present) - 4
    return png[:at] + png_chunk(kind, data) + png[at:]


# Color profiles (ICC.1:2010, version 4.3), as bytes.

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
_WHITE = (0.9642, 1.0, 0.8249)


def _fixed(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def _xyz(numbers: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _profile(space: bytes, kind: bytes, connection: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    description = "Drawn by code".encode("utf-16-be")
    named = b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(description), 28) + description
    tags = {b"desc": named, b"cprt": named, b"wtpt": _xyz(_WHITE), **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x04300000, kind, space, connection)
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(*_WHITE)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb_profile(primaries: tuple[tuple[float, ...], ...] = DISPLAY_P3) -> bytes:
    """A matrix profile with sRGB's curve: Display P3, or other primaries (XYZ under D50)."""
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(*SRGB_CURVE)
    tags = {name: _xyz(xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    return _profile(b"RGB ", b"mntr", b"XYZ ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def grey_profile(gamma: float = 1.0) -> bytes:
    """Grey with a plain power curve; 1.0 is linear light, as scanners write it."""
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(gamma * 256))
    return _profile(b"GRAY", b"mntr", b"XYZ ", {b"kTRC": curve})


def cmyk_profile(corner: Callable[[tuple[int, ...]], tuple[float, float, float]]) -> bytes:
    """A press whose 16 solid overprints look like `corner((c, m, y, k))` in Lab; between them it is linear."""
    inks = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    straight = bytes(range(256))
    cells = b"".join(
        bytes((round(lightness * 2.55), round(a + 128), round(b + 128)))
        for lightness, a, b in (corner(some) for some in inks)
    )
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + straight * 4 + cells
    return _profile(b"CMYK", b"prtr", b"Lab ", {b"A2B0": table + straight * 3, b"A2B1": table + straight * 3})


# Making and looking.


def spec(
    *sizes: Size,
    formats: tuple[str, ...] = ("png",),
    quality: Mapping[str, int] | None = None,
    background: str = "#ffffff",
    limits: Limits | None = None,
    accept: tuple[str, ...] = READABLE,
    **more: Any,  # noqa: ANN401  of Spec
) -> Spec:
    """A spec that accepts all there is; without sizes it has one that leaves pictures of tests as large as they are."""
    sizes = sizes or (Size("whole", 16_383, 16_383),)
    return Spec(sizes, formats, quality or {}, background, limits or Limits(), accept=accept, **more)


def rendered(data: bytes, what: Spec | None = None) -> list[EncodedVariant]:
    """Everything that is made of a file; in a process of its own where that packs without loss, as in Lambda."""
    what = what or spec()
    return list((render_in_sandbox(data, what, SandboxLimits()) if what.lossless else render(data, what)).variants)


def summary_of(data: bytes, what: Spec | None = None) -> OriginalInfo:
    """What is learned of a file."""
    return render(data, what or spec()).original


def only(data: bytes, what: Spec | None = None) -> Image.Image:
    """Look at the one picture that is made of a file."""
    (variant,) = rendered(data, what)
    return seen(variant)


def seen(variant: EncodedVariant) -> Image.Image:
    """Decode a variant as a browser would; its format and its size are what it says."""
    image = Image.open(io.BytesIO(variant.data))
    image.load()
    assert image.format == OUTPUTS[variant.format].pillow
    assert image.size == (variant.width, variant.height)
    return image


def pixel(image: Image.Image, at: tuple[float, ...]) -> Color:
    """The color at a place given in parts of the width and height."""
    value = image.getpixel((int(at[0] * image.width), int(at[1] * image.height)))
    assert isinstance(value, tuple)
    return value


def colors_at_corners(image: Image.Image) -> tuple[Color, ...]:
    """The colors in the middles of the four quarters, as one reads."""
    middles = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    return tuple(pixel(image.convert("RGB"), middle) for middle in middles)


def distance(one: Color, other: Color) -> int:
    """The largest difference in any channel."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def speckled(size: tuple[int, int] = (96, 64), seed: int = 7) -> Image.Image:
    """Noise: no encoder likes it, so settings show in the bytes."""
    dice = random.Random(seed)  # noqa: S311  pictures, not secrets
    return Image.frombytes("RGB", size, dice.randbytes(3 * size[0] * size[1]))


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """How far apart two pictures are on average, in levels of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))).mean)
