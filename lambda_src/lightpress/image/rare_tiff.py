"""Kinds of TIFF that Pillow reads wrongly or not at all: read rightly, or refused by their name, never as damaged.

Pillow leaves the samples to libtiff where they are compressed; here libtiff unpacks more than that, and what Pillow has
no mode for is put together from its bytes (TIFF 6.0, sections 8, 11 and 18).
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, UnidentifiedImageError

from lightpress.image.errors import PictureRejected, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _PLANAR, _EXTRA, _SAMPLE_FORMAT = 258, 259, 262, 277, 284, 338, 339
_COLOR_MAP = 320
_WHITE_IS_ZERO, _YCBCR, _SEPARATE = 0, 6, 2
_UNSIGNED = 1
_DEEP_GRAY_AND_ALPHA = (16, 16)
_PREMULTIPLIED, _ALPHA = 1, 2
_NAMES = {
    0: "gray (0 is white)", 1: "gray", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*",
    9: "ICC L*a*b*", 10: "ITU L*a*b*", 32803: "color filter array", 32844: "LogL", 32845: "LogLuv",
    34892: "linear raw",
}  # fmt: skip
_NUMBERS = {1: "", 2: "signed ", 3: "floating-point ", 5: "complex ", 6: "complex "}
_UNSIGNED_MODES = {"I", "F"}  # of 32 bits: what they count to, nobody says

_BIG_HEADER, _BIG_ENTRY = b"MM\0+", 20
_SHORT, _LONG, _UNDEFINED, _LONGS_OF_EIGHT = 3, 4, 7, {16, 17, 18}
_PIECES, _SIZES, _PROFILE = {273, 279, 324, 325}, {256, 257, 278, 322, 323}, 34675
_OF_A_PLANE = {258, 259, 262, 266, 274, 277, 317, 339, _PROFILE} | _PIECES | _SIZES
_ALPHA_BESIDE = "alpha_beside"
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_DIRECTORIES = {330, 34665, 34853}  # of tags elsewhere, which are as big
_MOST_ENTRIES = 1_000


def open_tiff(data: bytes) -> Image.Image:
    """Open the file with Pillow. Raises PictureRejected where it is sound, and of a kind that cannot be read."""
    from PIL import TiffImagePlugin  # noqa: PLC0415  loaded with the format's codec

    TiffImagePlugin.OPEN_INFO.update(_kinds())
    try:
        opened = Image.open(io.BytesIO(_with_short_addresses(data)), formats=("TIFF",))
    except UnidentifiedImageError:
        if (read := _read_tags(data)) is None:
            raise
        if _is_gray_and_alpha_in_planes(read):
            return _gray_with_alpha_beside(data, read)
        raise _refused(_kind(read)) from None
    tags: Any = opened.tag_v2  # type: ignore[attr-defined]  # of a TIFF file
    if _is_gray_and_alpha_in_planes(tags):
        return _gray_with_alpha_beside(data, tags)
    if opened.mode in _UNSIGNED_MODES and not _is_deep_gray_and_alpha(tags):
        raise _refused(_named(tags))
    _leave_to_libtiff(opened, tags)
    _scale_color_map(opened, tags)
    return opened


def _is_gray_and_alpha_in_planes(tags: Mapping[int, Any]) -> bool:
    gray = tags.get(_PHOTOMETRIC) in {0, 1} and tags.get(_SAMPLES) == 2  # noqa: PLR2004  gray and one more
    return gray and tags.get(_PLANAR, 1) == _SEPARATE and tags.get(_BITS) in {(8, 8), _DEEP_GRAY_AND_ALPHA}


def _gray_with_alpha_beside(data: bytes, tags: Mapping[int, Any]) -> Image.Image:
    """The file at its first plane; the other, as a file of its own, is taken up by `eight_bits_of`."""
    opened = Image.open(io.BytesIO(_plane(data, tags, 0)), formats=("TIFF",))
    extra = tags.get(_EXTRA, (0,))[0]
    if extra:
        opened.info[_ALPHA_BESIDE] = (_plane(data, tags, 1), extra)
    return opened


def _plane(data: bytes, tags: Mapping[int, Any], number: int) -> bytes:
    """One of two planes of samples as a file, by another directory behind the one that there is."""
    order = "<" if data[:2] == b"II" else ">"
    entries = [_entry_of_plane(tag, tags[tag], number, order) for tag in sorted(_OF_A_PLANE & set(tags))]
    return _with_directory(data, entries, order)


def _entry_of_plane(tag: int, value: Any, number: int, order: str) -> tuple[int, int, int, bytes]:  # noqa: ANN401  a tag's
    if tag == _PROFILE:
        return tag, _UNDEFINED, len(value), bytes(value)
    values = value if isinstance(value, tuple) else (value,)
    if tag in _PIECES:
        half = len(values) // 2
        values = values[number * half : (number + 1) * half]
    elif tag in {_BITS, _SAMPLE_FORMAT}:
        values = values[:1]
    elif tag == _SAMPLES or (tag == _PHOTOMETRIC and number):
        values = (1,)
    kind, code = (_LONG, "I") if tag in _PIECES | _SIZES else (_SHORT, "H")
    return tag, kind, len(values), struct.pack(f"{order}{len(values)}{code}", *values)


def _kinds() -> dict[Any, tuple[str, str]]:
    """What Pillow has a mode for, or a mode that holds the bytes, and does not list."""
    one, deep = (_UNSIGNED,), (16,)
    made: dict[Any, tuple[str, str]] = {(b"MM", 0, one, 1, deep, ()): ("I;16B", "I;16B")}
    for order in (b"II", b"MM"):
        for photometric in (0, 1):
            made[order, photometric, one, 1, (12,), ()] = ("I;16", "I;12")
            for extra in ((0,), (1,), (2,)):
                made[order, photometric, one, 1, _DEEP_GRAY_AND_ALPHA, extra] = ("I", "I;32N")
        for extra in ((1,), (2,)):
            made[order, 0, one, 1, (8, 8), extra] = ("LA", "LA")
    return made


def _leave_to_libtiff(opened: Any, tags: Mapping[int, Any]) -> None:  # noqa: ANN401  a TIFF file of Pillow's
    """Have libtiff unpack what Pillow takes apart wrongly: planes of 16 bits or premultiplied, and pairs of samples."""
    separate = tags.get(_PLANAR, 1) == _SEPARATE and tags.get(_SAMPLES, 1) > 1
    more = len(opened.getbands()) != tags.get(_SAMPLES, 1) and opened.mode != "RGB"
    if separate and (more or tags.get(_PHOTOMETRIC) == _YCBCR):
        raise _refused(f"{_named(tags)}, one channel after the other")
    deep = max(tags.get(_BITS, (1,))) > 8  # noqa: PLR2004  bits
    planes = separate and (deep or tags.get(_EXTRA) == (_PREMULTIPLIED,))
    pairs = _is_deep_gray_and_alpha(tags)
    if opened.use_load_libtiff or not (planes or pairs):
        return
    raw = str(opened.tile[0].args[0]) if pairs else _RAW_PLANES.get(opened.mode) if deep else opened.mode
    if raw is None:
        raise _refused(f"{_named(tags)}, one channel after the other")
    opened.use_load_libtiff = True
    whole = (0, 0, *opened._tile_size)  # noqa: SLF001  before it is turned upright
    settings = (raw, False, opened.tag_v2.offset)
    opened.tile = [opened.tile[0]._replace(codec_name="libtiff", extents=whole, offset=0, args=settings)]


_SIGNED = [level ^ 128 for level in range(256)]  # of a* and b*, which Pillow expects so only beside each other
_RAW_PLANES = {"RGB": "RGB;16N", "RGBA": "RGBA;16N", "CMYK": "CMYK;16N"}


def _scale_color_map(opened: Any, tags: Mapping[int, Any]) -> None:  # noqa: ANN401  a TIFF file of Pillow's
    """Take a color map without an entry above 255 as one of 8 bits, as libtiff does: old programs wrote such."""
    colors = tags.get(_COLOR_MAP)
    if opened.mode in {"P", "PA"} and colors and max(colors) < 256:  # noqa: PLR2004
        third = len(colors) // 3
        opened.palette.palette = bytes(colors[:third] + colors[third : 2 * third] + colors[2 * third :])


def eight_bits_of(image: Image.Image) -> Image.Image | None:
    """Gray of an uncommon layout in 8 bits a channel; None where the mode of the image says all there is to know."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    if beside := image.info.get(_ALPHA_BESIDE):
        return _joined(image, *beside)
    if image.mode == "I" and _is_deep_gray_and_alpha(tags):
        return _gray_and_alpha(image, tags, inverted=inverted)
    if image.mode == "LA" and inverted:
        gray, alpha = image.split()
        return _merged(ImageChops.invert(gray), alpha, tags.get(_EXTRA, (0,))[0])
    if image.mode == "LAB" and tags.get(_PLANAR, 1) == _SEPARATE:
        return image.point([*range(256), *_SIGNED, *_SIGNED]).convert("RGB")
    return None


def levels_of(image: Image.Image) -> tuple[int, bool]:
    """The largest sample of deep gray, and whether it is black."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS, (16,))[0]
    return (1 << min(bits, 16)) - 1, tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _gray_and_alpha(image: Image.Image, tags: Mapping[int, Any], *, inverted: bool) -> Image.Image:
    """Take the upper bytes of pairs of 16-bit samples."""
    pairs = image.tobytes()
    gray, alpha = (Image.frombytes("L", image.size, pairs[first::4]) for first in (1, 3))
    if inverted:
        gray = ImageChops.invert(gray)
    return _merged(gray, alpha, tags.get(_EXTRA, (0,))[0])


def _joined(image: Image.Image, plane: bytes, extra: int) -> Image.Image:
    """The picture of one plane, and the transparency of the other, which is turned alike."""
    opened = Image.open(io.BytesIO(plane), formats=("TIFF",))
    opened.load()
    gray, alpha = (one if one.mode == "L" else _upper_bytes(one) for one in (image, opened))
    inverted = levels_of(image)[1] and image.mode != "L"
    return _merged(ImageChops.invert(gray) if inverted else gray, alpha, extra)


def _upper_bytes(image: Image.Image) -> Image.Image:
    """Of 16 bits, whichever comes first in them."""
    return Image.frombytes("L", image.size, image.convert("I").tobytes()[1::4])


def _merged(gray: Image.Image, alpha: Image.Image, extra: int) -> Image.Image:
    if extra == 0:
        return gray
    if extra == _ALPHA:
        return Image.merge("LA", (gray, alpha))
    return Image.merge("RGBa", (gray, gray, gray, alpha)).convert("RGBA")


def _is_deep_gray_and_alpha(tags: Mapping[int, Any]) -> bool:
    return tags.get(_BITS) == _DEEP_GRAY_AND_ALPHA and tags.get(_PHOTOMETRIC, 0) <= 1


def _refused(kind: str) -> PictureRejected:
    return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, f"The file is a TIFF file of a kind that is not read: {kind}.")


def _read_tags(data: bytes) -> Mapping[int, Any] | None:
    """What a sound file says of its samples; None where it is damaged."""
    from PIL import TiffImagePlugin  # noqa: PLC0415  as above

    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        file = io.BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        return None if {256, 257, _PHOTOMETRIC} - set(tags) else tags
    except Exception:  # noqa: BLE001  Pillow raises nearly anything over damaged tags
        return None


def _kind(tags: Mapping[int, Any]) -> str:
    from PIL import TiffImagePlugin  # noqa: PLC0415  as above

    method = tags.get(_COMPRESSION, 1)
    return _named(tags) if method in TiffImagePlugin.COMPRESSION_INFO else f"compressed by method {method}"


def _named(tags: Mapping[int, Any]) -> str:
    bits, numbers = tags.get(_BITS, (1,))[0], tags.get(_SAMPLE_FORMAT, (1,))[0]
    photometric, samples = tags.get(_PHOTOMETRIC), tags.get(_SAMPLES, 1)
    name = _NAMES.get(photometric, f"photometric interpretation {photometric}")  # type: ignore[arg-type]
    return f"{name}, {samples} {_NUMBERS.get(numbers, '')}sample{'s' * (samples > 1)} of {bits} bits"


def _with_short_addresses(data: bytes) -> bytes:
    """A big-endian BigTIFF as TIFF, by another directory of its first page behind it: Pillow reads only the other ones.

    A file is smaller than what needs long addresses: `Limits.max_bytes`.
    """
    if not data.startswith(_BIG_HEADER):
        return data
    try:
        (at,) = struct.unpack_from(">Q", data, 8)
        (count,) = struct.unpack_from(">Q", data, at)
        entries = [_short_entry(data, at + 8 + _BIG_ENTRY * number) for number in range(min(count, _MOST_ENTRIES))]
    except (struct.error, KeyError):
        return data
    return _with_directory(data, [entry for entry in entries if entry[0] not in _DIRECTORIES])


def _short_entry(data: bytes, at: int) -> tuple[int, int, int, bytes]:
    """A tag, its type, its count and its values."""
    tag, kind, count = struct.unpack_from(">HHQ", data, at)
    size = _BYTES[kind] * count
    place = at + 12 if size <= 8 else struct.unpack_from(">Q", data, at + 12)[0]  # noqa: PLR2004  such stand here
    values = data[place : place + size]
    if kind in _LONGS_OF_EIGHT:
        return tag, _LONG, count, struct.pack(f">{count}I", *struct.unpack(f">{count}Q", values))
    return tag, kind, count, values


def _with_directory(data: bytes, entries: list[tuple[int, int, int, bytes]], order: str = ">") -> bytes:
    start = len(data) + len(data) % 2
    behind = start + 2 + 12 * len(entries) + 4
    directory, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind, count, value in entries:
        inline = len(value) <= 4  # noqa: PLR2004  such short values stand in the place of their address
        place = value.ljust(4, b"\0") if inline else struct.pack(order + "I", behind + len(values))
        directory += struct.pack(order + "HHI", tag, kind, count) + place
        values += b"" if inline else value + bytes(len(value) % 2)
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "I", start) + data[8:]
    return head.ljust(start, b"\0") + directory + bytes(4) + values
