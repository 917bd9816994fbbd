"""What a JPEG XL file says of itself before its decoder sees it (ISO/IEC 18181-1, annex D and 18181-2, 9)."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from lightpress.image.isobmff import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

BARE = b"\xff\x0a"
BOXED = b"\0\0\0\x0cJXL \r\n\x87\n"
IS_JPEG = "is_jpeg"
"""In `info`: the file is a JPEG, packed without loss, and its EXIF data says how it is turned."""

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))
_PREVIEW_BY_8 = ((0, 16), (0, 32), (5, 1), (9, 33))
_PREVIEW = ((6, 1), (8, 65), (10, 321), (12, 1_345))
_LONGEST_HEADER = 64


class _Bits:
    """The bits of a header, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise EOFError
        taken = self._number & ((1 << count) - 1)
        self._number >>= count
        return taken

    def choose(self, choices: tuple[tuple[int, int], ...]) -> int:
        bits, more = choices[self.take(2)]
        return more + self.take(bits)


def jxl_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """The size of the picture, as it is stored."""
    try:
        yield _size(_Bits(_header(data)))
    except (EOFError, struct.error):
        return


def jxl_unreadable(data: bytes) -> str | None:
    """Its decoder gives the last frame of an animation alone, which is not what a picture begins with."""
    try:
        return "an animation in JPEG XL" if _is_animated(_Bits(_header(data))) else None
    except (EOFError, struct.error):
        return None


def open_jxl(data: bytes) -> Image.Image:
    """Open the file with Pillow, which decodes it at once; raises EOFError where it is damaged."""
    from PIL import Image  # noqa: PLC0415  the table of inputs needs none of it

    try:
        opened = Image.open(io.BytesIO(data), formats=("JXL",))
    except RuntimeError as error:  # in its words, one is to compile it anew to learn more
        raise EOFError from error
    opened.info[IS_JPEG] = bool(getattr(opened, "jpeg", False))
    return opened


def _header(data: bytes) -> bytes:
    """The first bytes behind the signature of the codestream, wherever that is."""
    if data.startswith(BARE):
        return data[2 : 2 + _LONGEST_HEADER]
    for kind, (begin, end) in boxes(data, 0, len(data)):
        at = {b"jxlc": begin, b"jxlp": begin + 4}.get(kind)
        if at is not None and data[at : at + 2] == BARE:
            return data[at + 2 : min(end, at + 2 + _LONGEST_HEADER)]
    raise EOFError


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return _side(bits, small), height
    across, down = _RATIOS[ratio - 1]
    return height * across // down, height


def _side(bits: _Bits, small: int) -> int:
    return 8 * (1 + bits.take(5)) if small else bits.choose(_SIDE)


def _is_animated(bits: _Bits) -> bool:
    _size(bits)
    if bits.take(1) or not bits.take(1):  # all as usual, or no further fields
        return False
    bits.take(3)  # orientation
    if bits.take(1):
        _size(bits)
    if bits.take(1):
        _skip_preview(bits)
    return bool(bits.take(1))


def _skip_preview(bits: _Bits) -> None:
    by_8 = bits.take(1)
    choices = _PREVIEW_BY_8 if by_8 else _PREVIEW
    bits.choose(choices)
    if bits.take(3) == 0:
        bits.choose(choices)
