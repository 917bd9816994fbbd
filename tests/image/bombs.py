"""Small files that claim, or truly are, far too much; drawn by code, one of every accepted format and more."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING

from tools.drawing import (
    PNG_SIGNATURE,
    file_of,
    plain,
    png_chunk,
    png_claiming,
    png_of_rows,
    psd,
    ramp,
    with_chunk_before,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def patched(data: bytes, at: int, layout: str, *numbers: int) -> bytes:
    """The file with other numbers at one place."""
    new = struct.pack(layout, *numbers)
    return data[:at] + new + data[at + len(new) :]


@cache
def zeros(count: int) -> bytes:
    """So many zeros, packed: a thousandth of their size."""
    packer = zlib.compressobj(9)
    million = bytes(1 << 20)
    return b"".join(packer.compress(million) for _ in range(count >> 20)) + packer.flush()


def webp_of_34_bytes(width: int, height: int) -> bytes:
    """A lossless WebP: two sides of 14 bits, and codes of zero bits that color all of it."""
    bits = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + b"\x88\x88\x08" + bytes(4)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def gif_of_one_pixel(width: int, height: int) -> bytes:
    """A huge canvas with a frame of one pixel."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return head + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00\x3b"


def jpeg_of_scans(size: tuple[int, int], scans: int) -> bytes:
    """A progressive JPEG that refines its last detail again and again."""
    data = file_of(plain((90,), size, "L"), "JPEG", quality=50, progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + data[-2:]


def jpeg_with_hidden_scans(size: tuple[int, int], scans: int) -> bytes:
    """The same, the first scan followed by a comment without a length, which decoders pass over."""
    data = jpeg_of_scans(size, scans)
    at = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    return data[:at] + b"\xff\xfe\0\0" + data[at:]


def tiff_of_directories(count: int, *, loop: bool = False) -> bytes:
    """One directory after the other, each a picture of one pixel; or the last leads back to the first."""
    tags = (
        (256, 3, 1),
        (257, 3, 1),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 0),
        (277, 3, 1),
        (278, 3, 1),
        (279, 4, 1),
    )
    entries = b"".join(
        struct.pack("<HHI", tag, kind, 1) + struct.pack("<H2x" if kind == 3 else "<I", value)
        for tag, kind, value in tags
    )
    size = 2 + len(entries) + 4
    directory = struct.pack("<H", len(tags)) + entries
    places = [8 + size * (number + 1) for number in range(count - 1)] + [8 if loop else 0]
    return b"II*\0" + struct.pack("<I", 8) + b"".join(directory + struct.pack("<I", place) for place in places)


def tiff_claiming(width: int, height: int) -> bytes:
    data = file_of(plain(size=(0x1234, 1)), "TIFF")
    for tag, number in ((256, width), (257, height)):
        data = patched(data, data.index(struct.pack("<HH", tag, 4)), "<HHII", tag, 4, 1, number)
    return data


def tiff_of_one_tile(tile: int) -> bytes:
    """A TIFF of 16 x 16 pixels, in the corner of a tile that is unpacked as a whole."""
    packed = zeros(3 * tile * tile)
    start = 8 + 2 + 12 * 10 + 4
    tags = (
        (256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 3, start), (259, 4, 1, 8), (262, 4, 1, 2), (277, 4, 1, 3),
        (322, 4, 1, tile), (323, 4, 1, tile), (324, 4, 1, start + 6), (325, 4, 1, len(packed)),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + struct.pack("<3H", 8, 8, 8) + packed


def png_with_a_header_before(data: bytes) -> bytes:
    """A PNG that first says to be of 16 x 16 pixels, and then of how many it is."""
    return data[:8] + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)) + data[8:]


def bmp_without_runs(width: int, height: int) -> bytes:
    """A BMP of run lengths that ends at once: all of it is black."""
    begin = 14 + 40 + 1024
    head = struct.pack("<2sIHHI", b"BM", begin + 2, 0, 0, begin)
    return head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 2, 0, 0, 256, 0) + bytes(1024) + b"\0\1"


def of_boxes(form: str, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose declared size is another than its picture's."""
    data = file_of(plain(size=(64, 64)), form)
    return patched(data, data.index(b"ispe") + 8, ">II", width, height)


def jpeg2000_claiming(width: int, height: int) -> bytes:
    """Both the file and the code stream inside it claim the size."""
    data = file_of(plain(), "JPEG2000")
    data = patched(data, data.index(b"ihdr") + 4, ">II", height, width)
    at = data.index(b"\xff\x4f\xff\x51") + 8
    data = patched(data, at, ">II", width, height)
    return patched(data, at + 16, ">II", width, height)


def icon_of(picture: bytes, side: int = 0) -> bytes:
    """An icon that holds one picture, which its list says to be of `side` (0: 256)."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, side, side, 0, 0, 1, 32, len(picture), 22) + picture


def icon_of_several(*pictures: tuple[bytes, int], side: int = 32) -> bytes:
    """An icon of pictures of one size, each with the bits a pixel that its list says."""
    at, entries, files = 6 + 16 * len(pictures), b"", b""
    for picture, bits in pictures:
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, bits, len(picture), at + len(files))
        files += picture
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + files


def icon_claiming(width: int, height: int) -> bytes:
    """The old kind of icon: a bitmap without its head."""
    return icon_of(struct.pack("<IiiHHIIiiII", 40, width, 2 * height, 1, 32, 0, 0, 0, 0, 0, 0) + bytes(64))


def psd_claiming(width: int, height: int) -> bytes:
    return patched(psd(plain()), 14, ">II", height, width)


def png_with(kind: bytes, data: bytes, times: int = 1) -> bytes:
    """A sound PNG with some chunk, many times."""
    data_of_one = png_chunk(kind, data)
    png = file_of(plain())
    at = png.index(b"IDAT") - 4
    return png[:at] + data_of_one * times + png[at:]


def exif_of(count: int) -> bytes:
    """A PNG with so many bytes of EXIF data."""
    return with_chunk_before(file_of(plain()), b"IDAT", b"eXIf", b"II*\0\x08\0\0\0\0\0" + bytes(count))


_FRAME_OF_GIF = file_of(plain(), "GIF")
_BMP = file_of(plain(), "BMP")


def jpeg_of_separate_scans(width: int, height: int, channels: int = 3) -> bytes:
    """A baseline JPEG with a scan for each color, as few programs write it: two bits for each block."""
    numbers = range(1, channels + 1)

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    blocks = -(-width // 8) * -(-height // 8)
    frame = struct.pack(">BHHB", 8, height, width, channels) + b"".join(bytes((one, 0x11, 0)) for one in numbers)
    tables = segment(0xDB, b"\0" + b"\1" * 64) + segment(0xC0, frame)
    tables += b"".join(segment(0xC4, bytes((kind, 1, *[0] * 15, 0))) for kind in (0x00, 0x10))
    coded = bytes(2 * blocks // 8 + 1)
    scans = b"".join(segment(0xDA, bytes((1, one, 0, 0, 63, 0))) + coded for one in numbers)
    return b"\xff\xd8" + tables + scans + b"\xff\xd9"


_GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0x80, 0, 0) + bytes(6)
_HUGE_FRAME = b"!\xf9\4\x08\0\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x44\x01\x00"
_GIF_PICTURE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 10, 10, 0) + b"\x02\x02\x44\x01\x00;"


def icon_of_many(count: int, last: bytes) -> bytes:
    """An icon whose many entries are one small picture, and whose last is another."""
    small = file_of(plain(size=(1, 1)))
    start = 6 + 16 * (count + 1)
    entry = struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 32, len(small), start)
    other = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(last), start + len(small))
    return struct.pack("<HHH", 0, 1, count + 1) + entry * count + other + small + last


def webp_animation_on(width: int, height: int) -> bytes:
    """An animated WebP of tiny frames on a large canvas."""
    frames = [plain((number, 0, 0), (2, 2)) for number in (0, 99)]
    data = bytearray(file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


_JPEG = file_of(plain(), "JPEG")

BOMBS: dict[str, Callable[[], bytes]] = {
    "png": lambda: png_claiming(30_000, 30_000),
    "png, long and thin": lambda: png_claiming(1, 1_000_000),
    "png, one bit, all there": lambda: (
        PNG_SIGNATURE
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0))
        + png_chunk(b"IDAT", zeros(112 << 20))
        + png_chunk(b"IEND", b"")
    ),
    "png, 100,000 comments": lambda: png_with(b"tEXt", b"k\0v", 100_000),
    "jpeg": lambda: patched(_JPEG, _JPEG.index(b"\xff\xc0") + 5, ">HH", 60_000, 60_000),
    "jpeg, 100,000 segments": lambda: _JPEG[:2] + b"\xff\xe5\0\2" * 100_000 + _JPEG[2:],
    "jpeg, 119 megapixels in a scan for each color": lambda: jpeg_of_separate_scans(10_900, 10_900),
    # In three colors, it would be within the limit.
    "jpeg, 81 megapixels in a scan for each of four inks": lambda: jpeg_of_separate_scans(9_000, 9_000, 4),
    "gif, 2 million parts of one byte": lambda: _GIF_HEAD + b"\x21\xfe" + b"\x01x" * 2_000_000 + b"\0" + _GIF_PICTURE,
    "gif, 2 million empty extensions": lambda: _GIF_HEAD + b"\x21\xfe\0" * 2_000_000 + _GIF_PICTURE,
    "icon of a huge PNG behind a thousand others": lambda: icon_of_many(1_001, png_claiming(30_000, 30_000)),
    "webp, animation of 31 megapixels": lambda: webp_animation_on(5_600, 5_600),
    "jpeg, 2,000 scans": lambda: jpeg_of_scans((2_000, 2_000), 2_000),
    "jpeg, 90 scans of much": lambda: jpeg_of_scans((8_000, 8_000), 90),
    "gif": lambda: gif_of_one_pixel(65_535, 65_535),
    "gif, 68 bytes": lambda: gif_of_one_pixel(13_000, 13_000),
    "gif, its frame": lambda: patched(_FRAME_OF_GIF, _FRAME_OF_GIF.index(b"\x2c\0\0\0\0") + 5, "<HH", 65_535, 65_535),
    "gif, its frame behind what is no block": lambda: _GIF_HEAD + b"\1" + _HUGE_FRAME,
    "gif, 2 million bytes that are no block": lambda: _GIF_HEAD + bytes(2_000_000) + _GIF_PICTURE,
    "tiff, 16 pixels of a tile of 14,000": lambda: tiff_of_one_tile(14_000),
    "jpeg, 2,000 scans behind a segment without a length": lambda: jpeg_with_hidden_scans((2_000, 2_000), 2_000),
    "icon of a huge PNG with a small header": lambda: icon_of(png_with_a_header_before(png_of_rows(20_000, 6_000))),
    "icon of a PNG with 100,000 comments": lambda: icon_of(png_with(b"tEXt", b"k\0v", 100_000)),
    "bmp": lambda: patched(_BMP, 18, "<ii", 1_000_000, 1_000_000),
    "tiff": lambda: tiff_claiming(100_000, 100_000),
    "tiff, 100,000 directories": lambda: tiff_of_directories(100_000),
    "webp, 34 bytes": lambda: webp_of_34_bytes(16_383, 16_383),
    "webp, 34 bytes within the limit of pixels": lambda: webp_of_34_bytes(9_400, 9_400),
    "avif": lambda: of_boxes("AVIF", 60_000, 60_000),
    "avif, within the limit of pixels": lambda: of_boxes("AVIF", 9_400, 9_400),
    "heic": lambda: of_boxes("HEIF", 60_000, 60_000),
    "heic, within the limit of pixels": lambda: of_boxes("HEIF", 9_400, 9_400),
    "jpeg2000": lambda: jpeg2000_claiming(60_000, 60_000),
    "jpeg2000, within the limit of pixels": lambda: jpeg2000_claiming(9_400, 9_400),
    "icon of a huge bitmap": lambda: icon_claiming(30_000, 30_000),
    "icon of a huge PNG": lambda: icon_of(png_of_rows(20_000, 6_000)),
    "psd": lambda: psd_claiming(30_000, 30_000),
}
"""What must end in a reason. Drawn when a test asks: some are as large as what they attack."""

HEAVY: dict[str, Callable[[], bytes]] = {
    "png, color profile of 300 MB": lambda: png_with(b"iCCP", b"x\0\0" + zeros(300 << 20)),
    "png, packed comment of 300 MB": lambda: png_with(b"zTXt", b"Comment\0\0" + zeros(300 << 20)),
    "png, packed international comment of 300 MB": lambda: png_with(b"iTXt", b"Comment\0\1\0\0\0" + zeros(300 << 20)),
    "png, 200 packed comments": lambda: png_with(b"zTXt", b"Comment\0\0" + zeros(1 << 20), 200),
    "png, 3 MB of EXIF": lambda: exif_of(3_000_000),
    "png, more packed than it shows": lambda: (
        PNG_SIGNATURE
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0))
        + png_chunk(b"IDAT", zeros(300 << 20))
        + png_chunk(b"IEND", b"")
    ),
    "png, animation of two thousand million frames": lambda: png_with(b"acTL", struct.pack(">II", 0x7FFF_FFFF, 0)),
    "png, 84 bytes": lambda: png_of_rows(1, 1_000),
    "png, 36 million pixels in 40 KB": lambda: png_of_rows(6_000, 6_000),
    "tiff, directories in a circle": lambda: tiff_of_directories(3, loop=True),
    "bmp, 60 megapixels in 1 KB": lambda: bmp_without_runs(10_000, 6_000),
    "icon of a PNG": lambda: icon_of(file_of(ramp((512, 512)))),
    "jpeg, 81 megapixels in a scan for each color": lambda: jpeg_of_separate_scans(9_000, 9_000),
    "jpeg, 64 megapixels in a scan for each of four inks": lambda: jpeg_of_separate_scans(8_000, 8_000, 4),
    "gif, a huge frame in what an empty extension makes no comment": lambda: (
        _GIF_HEAD + b"!\1\0!\xfe" + bytes((32 + len(_HUGE_FRAME),)) + bytes(32) + _HUGE_FRAME + b"\0" + _GIF_PICTURE
    ),
    "jpeg, 90 scans": lambda: jpeg_of_scans((2_000, 2_000), 90),
    "tiff, a table of 4 thousand million strips": lambda: patched(
        one := tiff_of_directories(1), one.index(struct.pack("<HH", 273, 4)), "<HHI", 273, 4, 0xFFFF_FFFF
    ),
}
"""What may become a picture or end in a reason, but within the same bounds."""
