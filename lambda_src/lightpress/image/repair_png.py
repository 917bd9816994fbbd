"""An interlaced PNG that is cut short or damaged within its pixels: each pixel from the last pass that reaches it.

As browsers show it while it is loaded: coarse where only the first passes are there, and without a hole.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.png import PNG_SIGNATURE, png_chunk
from lightpress.image.salvage import Repaired, coded_rows, whole_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

_NOTE = "The file is cut short or damaged; details of its last passes are missing."


class _Pass(NamedTuple):
    """Which pixels a pass holds (first column and row, steps), and the block that each stands for until the next."""

    left: int
    top: int
    across: int
    down: int
    width: int
    height: int


# PNG, third edition, 8.2.
_PASSES = (
    _Pass(0, 0, 8, 8, 8, 8),
    _Pass(4, 0, 8, 8, 4, 8),
    _Pass(0, 4, 4, 8, 4, 4),
    _Pass(2, 0, 4, 4, 2, 4),
    _Pass(0, 2, 2, 4, 2, 2),
    _Pass(1, 0, 2, 2, 1, 2),
    _Pass(0, 1, 1, 2, 1, 1),
)
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_LARGEST = 1 << 28
_HEADER_LENGTH, _AFTER_HEADER, _LAST_FILTER = 13, 33, 4
_GRAY, _DEEP = 0, 16
_OF_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT", b"tRNS"}


class _Header(NamedTuple):
    width: int
    height: int
    bits: int
    color: int

    def stride(self, width: int) -> int:
        """Bytes of a row of so many pixels, its filter included."""
        return 1 + (width * self.bits * _CHANNELS[self.color] + 7) // 8


def png_with_all_passes(data: bytes) -> Repaired | None:
    """A PNG of what is there; None where not a row of the first pass is, or the file is not interlaced."""
    chunks = whole_chunks(data)
    if not chunks or chunks[0].kind != b"IHDR" or len(chunks[0].body) != _HEADER_LENGTH:
        return None
    width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0].body)
    header = _Header(width, height, bits, color)
    if not interlaced or color not in _CHANNELS or not 0 < header.stride(width) * height <= _LARGEST:
        return None
    palette = b"".join(png_chunk(one.kind, one.body) for one in chunks if one.kind == b"PLTE")
    shown = _composed(header, coded_rows(data, 2 * header.stride(width) * height), palette)
    if shown is None:
        return None
    beside = b"".join(png_chunk(one.kind, one.body) for one in chunks if one.kind not in _OF_PIXELS)
    clear = b"".join(_clear(bytes(one.body), header) for one in chunks if one.kind == b"tRNS")
    return Repaired(_written(shown, beside, clear), _NOTE, is_cut=True)


def _composed(header: _Header, rows: bytes, palette: bytes) -> Image.Image | None:
    shown, at = None, 0
    for one in _PASSES:
        width = -(-(header.width - one.left) // one.across)
        height = -(-(header.height - one.top) // one.down)
        if width <= 0 or height <= 0:
            continue
        stride = header.stride(width)
        part = b"".join(_sound_rows(rows[at : at + stride * height], stride))
        at += stride * height
        if part:
            image = _decoded(header, width, part, palette)
            shown = shown or image.resize((header.width, header.height), 0)
            _fill(shown, image, one)
        if len(part) < stride * height:
            break
    return shown


def _sound_rows(rows: bytes, stride: int) -> Iterator[bytes]:
    for at in range(0, len(rows) - stride + 1, stride):
        if rows[at] > _LAST_FILTER:
            return
        yield rows[at : at + stride]


def _decoded(header: _Header, width: int, rows: bytes, palette: bytes) -> Image.Image:
    """The rows of a pass as a picture of their own."""
    from PIL import Image  # noqa: PLC0415  the table of formats is read where there is no Pillow

    height = len(rows) // header.stride(width)
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, header.bits, header.color, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(rows, 1)) + png_chunk(b"IEND", b"")
    image = Image.open(io.BytesIO(PNG_SIGNATURE + head + palette + pixels), formats=("PNG",))
    image.load()
    if image.mode.startswith("I"):
        return Image.frombytes("L", image.size, image.tobytes()[1::2])
    return image.convert("L") if image.mode == "1" else image


def _fill(shown: Image.Image, image: Image.Image, one: _Pass) -> None:
    """Give each pixel of the pass its block."""
    from PIL import Image  # noqa: PLC0415  as above

    size = (image.width * one.across, image.height * one.down)
    line = (b"\xff" * one.width).ljust(one.across, b"\0") * image.width
    blocks = (line * one.height).ljust(one.down * size[0], b"\0") * image.height
    shown.paste(image.resize(size, Image.Resampling.NEAREST), (one.left, one.top), Image.frombytes("L", size, blocks))


def _clear(body: bytes, header: _Header) -> bytes:
    """The see-through color of samples of 8 bits, which is what there is now; none of deeper ones."""
    if header.bits == _DEEP or (header.color == _GRAY and len(body) != 2):  # noqa: PLR2004  a sample
        return b""
    if header.color == _GRAY and header.bits < 8:  # noqa: PLR2004  as above
        most = (1 << header.bits) - 1
        body = struct.pack(">H", (body[1] & most) * 255 // most)
    return png_chunk(b"tRNS", body)


def _written(shown: Image.Image, beside: bytes, clear: bytes) -> bytes:
    file = io.BytesIO()
    shown.info.clear()
    shown.save(file, "PNG", compress_level=1)
    data = file.getvalue()
    pixels = data.index(b"IDAT") - 4
    return b"".join((data[:_AFTER_HEADER], beside, data[_AFTER_HEADER:pixels], clear, data[pixels:]))
