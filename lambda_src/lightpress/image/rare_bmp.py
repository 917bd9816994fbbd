"""Kinds of BMP that Pillow does not read, rewritten as one that it does: other masks, and run lengths that end early.

BITMAPV5HEADER of the Windows GDI names the fields. Where it leaves a choice, this does as Chromium.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.salvage import Repaired, cut_note

if TYPE_CHECKING:
    from collections.abc import Iterator

_RGB, _RLE8, _RLE4, _BIT_FIELDS, _ALPHA_BIT_FIELDS = 0, 1, 2, 3, 6
_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_SHORT, _WITH_ALPHA_MASK, _OS2, _V4 = 12, 56, 64, 108
_DEPTHS = {1, 4, 8, 16, 24, 32}
_COLORS_AT = 46
_LARGEST = 1 << 28
_HOLDS = {4: "a JPEG file in a bitmap", 5: "a PNG file in a bitmap"}

Masks = tuple[int, int, int, int]
_BGRX: Masks = (0xFF0000, 0xFF00, 0xFF, 0)
_BGRA: Masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
_READ_BY_PILLOW = {
    (16, (0xF800, 0x7E0, 0x1F, 0)),
    (16, (0x7C00, 0x3E0, 0x1F, 0)),
    (24, _BGRX),
    (32, _BGRX),
    (32, _BGRA),
}


@dataclass(frozen=True, slots=True)
class _Bitmap:
    """What the header says.

    Attributes:
        header: Its size in bytes.
        width: In pixels.
        height: In pixels; negative where the top row comes first.
        bits: Of each pixel.
        compression: How the pixels are packed.
        pixels: Where they begin.
        masks: Where in a pixel its red, green, blue and alpha are; without any, as the depth has it.
    """

    header: int
    width: int
    height: int
    bits: int
    compression: int
    pixels: int
    masks: Masks | None = None

    @property
    def is_masked(self) -> bool:
        return self.compression in {_BIT_FIELDS, _ALPHA_BIT_FIELDS}

    @property
    def stride(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4


def bmp_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """The size that the header says."""
    try:
        bitmap = _bitmap(data)
    except struct.error:
        return
    yield max(bitmap.width, 0), abs(bitmap.height)


def bmp_unreadable(data: bytes) -> str | None:
    """What a sound bitmap is that cannot be read."""
    try:
        bitmap = _bitmap(data)
    except struct.error:
        return None
    if bitmap.header == 16:  # noqa: PLR2004  the format's own number
        return "a bitmap of OS/2 with a short header"
    if bitmap.header == _OS2 and bitmap.compression > _RLE4:
        return "a bitmap of OS/2 with its own compression"
    if bitmap.header in _HEADERS and bitmap.bits == 2:  # noqa: PLR2004  as of Windows CE
        return "a bitmap with 2 bits a pixel"
    if bitmap.masks and bitmap.is_masked and any(not _is_one_piece(mask) for mask in bitmap.masks):
        return "a bitmap with channels in several pieces"
    return _HOLDS.get(bitmap.compression) if bitmap.header in _HEADERS else None


def plain_bmp(data: bytes) -> bytes:
    """The same bitmap, as Pillow reads it. Raises PictureRejected where its last rows are missing."""
    try:
        bitmap = _bitmap(data)
    except struct.error:
        return data
    if bitmap.header not in _HEADERS or bitmap.bits not in _DEPTHS or bitmap.width <= 0 or not bitmap.height:
        return data
    if bitmap.compression in {_RLE8, _RLE4}:
        return _unpacked(data, bitmap)
    if bitmap.header != _SHORT and bitmap.bits <= 8:  # noqa: PLR2004  bits
        return _with_no_more_colors(data, 1 << bitmap.bits)
    masks = bitmap.masks
    if masks is None or bitmap.bits < 16 or _is_read_by_pillow(bitmap, masks):  # noqa: PLR2004
        return data
    return _remasked(data, bitmap, masks)


def bmp_with_all_rows(data: bytes) -> Repaired | None:
    """With empty rows for those that are missing: mostly the upper ones, because the lowest row comes first."""
    try:
        bitmap = _bitmap(data)
    except struct.error:
        return None
    height = abs(bitmap.height)
    if bitmap.header not in _HEADERS or bitmap.width <= 0 or not 0 < bitmap.stride * height <= _LARGEST:
        return None
    runs = bitmap.compression in {_RLE8, _RLE4}
    rows = _rows_of_runs(data, bitmap) if runs else _whole_rows(data, bitmap)
    if not 0 < rows < height:
        return None
    visible, is_upside_down = rows / height, bitmap.height > 0
    copy = _ended(data, bitmap) if runs else data[: bitmap.pixels + rows * bitmap.stride].ljust(_end(bitmap), b"\0")
    return Repaired(copy, cut_note(visible, is_upside_down=is_upside_down), visible, is_upside_down, is_cut=True)


def _ended(data: bytes, bitmap: _Bitmap) -> bytes:
    """With what a last run lacks at most, ends of lines, and the end of the bitmap."""
    return data + bytes((len(data) - bitmap.pixels) % 2 + 256) + bytes((0, _END))


def _end(bitmap: _Bitmap) -> int:
    return bitmap.pixels + bitmap.stride * abs(bitmap.height)


def _whole_rows(data: bytes, bitmap: _Bitmap) -> int:
    """The padding of the last row may be missing."""
    row = (bitmap.width * bitmap.bits + 7) // 8
    return max(len(data) - bitmap.pixels + bitmap.stride - row, 0) // bitmap.stride


def _rows_of_runs(data: bytes, bitmap: _Bitmap) -> int:
    """Rows up to the last that a run covers."""
    _, covered, _ = _runs(data, bitmap)
    return -(-len(covered.rstrip(b"\0")) // bitmap.width)


def _is_read_by_pillow(bitmap: _Bitmap, masks: Masks) -> bool:
    return bitmap.compression == _BIT_FIELDS and (bitmap.bits, masks) in _READ_BY_PILLOW


def _bitmap(data: bytes) -> _Bitmap:
    (pixels, header) = struct.unpack_from("<II", data, 10)
    if header == _SHORT:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
        return _Bitmap(header, width, height, bits, _RGB, pixels)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    bitmap = _Bitmap(header, width, height, bits, compression, pixels)
    return replace(bitmap, masks=_masks(data, bitmap))


def _masks(data: bytes, bitmap: _Bitmap) -> Masks | None:
    """The masks of a bitmap that has any; with 32 bits, a mask of alpha counts even where the others do not."""
    has_alpha = bitmap.header >= _WITH_ALPHA_MASK and bitmap.header != _OS2
    if bitmap.is_masked and bitmap.header != _OS2:
        red, green, blue = struct.unpack_from("<3I", data, 54)
        (alpha,) = struct.unpack_from("<I", data, 66) if has_alpha or bitmap.compression == _ALPHA_BIT_FIELDS else (0,)
        return red, green, blue, alpha
    if bitmap.compression == _RGB and bitmap.bits == 32 and has_alpha:  # noqa: PLR2004  bits
        (alpha,) = struct.unpack_from("<I", data, 66)
        return (*_BGRX[:3], alpha) if alpha else None
    return None


def _with_no_more_colors(data: bytes, most: int) -> bytes:
    """With no more colors announced than pixels can name: some files hold more, others a number without a meaning."""
    (colors,) = struct.unpack_from("<I", data, _COLORS_AT)
    return data if colors <= most else data[:_COLORS_AT] + struct.pack("<I", most) + data[_COLORS_AT + 4 :]


def _is_one_piece(mask: int) -> bool:
    lowest = mask & -mask
    return not mask or not (mask // lowest + 1) & (mask // lowest)


def _remasked(data: bytes, bitmap: _Bitmap, masks: Masks) -> bytes:
    """With a byte for each channel; what is missing at the end is missing here too."""
    step, row = bitmap.bits // 8, 4 * bitmap.width
    made = bytearray()
    for number in range(abs(bitmap.height)):
        at = bitmap.pixels + number * bitmap.stride
        packed = data[at : at + bitmap.width * step]
        if len(packed) < bitmap.width * step:
            break
        made.extend(bytes(row))
        for place, mask in zip((2, 1, 0, 3), masks, strict=True):
            if mask:
                made[len(made) - row + place :: 4] = _channel(packed, mask, step)
    return _written(bitmap, 32, made, masks=_BGRA if masks[3] else _BGRX)


def _channel(packed: bytes, mask: int, step: int) -> bytes:
    """The 8 upper bits of what lies under the mask in each pixel of `step` bytes."""
    lowest = (mask & -mask).bit_length() - 1
    width = mask.bit_length() - lowest
    shift = lowest + max(0, width - 8)
    most = (1 << min(width, 8)) - 1
    scaled = bytes(round((value & most) * 255 / most) for value in range(256))
    moved = int.from_bytes(packed, "little") >> shift
    return moved.to_bytes(len(packed), "little")[::step].translate(scaled)


def _written(
    bitmap: _Bitmap, bits: int, pixels: bytes | bytearray, *, masks: Masks | None = None, colors: bytes = b""
) -> bytes:
    compression = _RGB if masks is None else _BIT_FIELDS
    fields = (_V4, bitmap.width, bitmap.height, 1, bits, compression, len(pixels), 0, 0, len(colors) // 4, 0)
    info = struct.pack("<IiiHHIIiiII", *fields) + struct.pack("<4I", *(masks or (0, 0, 0, 0)))
    offset = 14 + _V4 + len(colors)
    head = struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset)
    return b"".join((head, info.ljust(_V4, b"\0"), colors, pixels))


# Run lengths.

_END_OF_LINE, _END, _MOVE = 0, 1, 2


def _unpacked(data: bytes, bitmap: _Bitmap) -> bytes:
    """As one byte a pixel. What no run covers is black, as in Chromium."""
    height = abs(bitmap.height)
    levels, covered, ended = _runs(data, bitmap)
    if not ended and not covered[-bitmap.width :].strip(b"\0"):
        raise PictureRejected(Reason.CORRUPT, "The picture is cut short: its last rows are missing.")
    colors = data[14 + bitmap.header : bitmap.pixels][:1024]
    if covered.count(0):
        levels, colors = _blackened(levels, covered, colors)
    padding = bytes(-bitmap.width % 4)
    rows = (levels[y * bitmap.width : (y + 1) * bitmap.width] + padding for y in range(height))
    return _written(bitmap, 8, b"".join(rows), colors=colors.ljust(1024, b"\0"))


def _blackened(levels: bytes, covered: bytes, colors: bytes) -> tuple[bytes, bytes]:
    from PIL import Image  # noqa: PLC0415  the table of formats is read where there is no Pillow

    line = (len(levels), 1)
    image, sure = Image.frombytes("L", line, levels), Image.frombytes("L", line, covered.replace(b"\1", b"\xff"))
    used = image.histogram(sure)
    black = next((level for level in range(255, -1, -1) if not used[level]), 0)
    shown = Image.new("L", line, black)
    shown.paste(image, mask=sure)
    table = bytearray(colors.ljust(1024, b"\0"))
    if not used[black]:
        table[4 * black : 4 * black + 4] = bytes(4)
    return shown.tobytes(), bytes(table)


def _runs(data: bytes, bitmap: _Bitmap) -> tuple[bytes, bytes, bool]:
    """The pixels, which of them a run covers, and whether the bitmap says where it ends."""
    width, height = bitmap.width, abs(bitmap.height)
    levels, covered = bytearray(width * height), bytearray(width * height)
    x, y, at = 0, 0, bitmap.pixels
    while at + 1 < len(data) and y < height:
        count, value = data[at], data[at + 1]
        at += 2
        if count or value > _MOVE:
            run, at = _run(data, at, count, value, four=bitmap.compression == _RLE4)
            run = run[: max(width - x, 0)]
            place = y * width + x
            levels[place : place + len(run)] = run
            covered[place : place + len(run)] = b"\1" * len(run)
            x += len(run)
        elif value == _END:
            return bytes(levels), bytes(covered), True
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
        else:
            x, y, at = *_moved(data, at, x, y), at + 2
    return bytes(levels), bytes(covered), y >= height


def _moved(data: bytes, at: int, x: int, y: int) -> tuple[int, int]:
    right, up = data[at : at + 2].ljust(2, b"\0")
    return x + right, y + up


def _run(data: bytes, at: int, count: int, value: int, *, four: bool) -> tuple[bytes, int]:
    """The levels of one run, and where the next begins."""
    if count:
        pair = bytes((value >> 4, value & 15)) if four else bytes((value, value))
        return (pair * (count // 2 + 1))[:count], at
    length = (value + 1) // 2 if four else value
    packed = data[at : at + length]
    levels = bytes(level for byte in packed for level in (byte >> 4, byte & 15))[:value] if four else packed
    return levels, at + length + length % 2
