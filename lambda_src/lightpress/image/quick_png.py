"""The pixels of plain PNG files, to the very numbers of Pillow, in less than half of its time.

What takes the time is inflating and undoing the filters of rows. ISA-L does the one, the pixel library the other, and
both a block at a time, so that no more is in memory than with Pillow. They get the most common files alone. Whatever is
odd about one is left to Pillow, from the first byte: it says which files are damaged, and what is shown of those.
"""

from __future__ import annotations

from functools import cache
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING

from PIL import Image, ImageFile

from lightpress.image.pixel_library import pixel_library
from lightpress.image.png import CutShortError, png_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.image.pixel_library import PixelLibrary

_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}  # of 8 bits: then Pillow names the mode of the file as that of the picture
_FILLED = "lightpress-filled"
_READ, _MADE = 64 * 1024, 256 * 1024  # bytes at once: what stays in a processor's cache


class _Filled(ImageFile.PyDecoder):
    """The decoder of a picture whose pixels are there already: Pillow reads on what follows them in the file."""

    def decode(self, buffer: object) -> tuple[int, int]:  # noqa: ARG002  there is nothing left to do
        return -1, 0


Image.register_decoder(_FILLED, _Filled)


def fill_quickly(opened: Image.Image, data: bytes) -> None:
    """Decode the pixels of a plain PNG file that Pillow has opened and not loaded; leave anything else as it is."""
    if not isinstance(opened, ImageFile.ImageFile) or not _is_plain(opened):
        return
    library = pixel_library()
    if library is None or not _can_inflate():
        return
    opened.load_prepare()
    if _is_filled(opened, data, library):
        opened.tile = [opened.tile[0]._replace(codec_name=_FILLED)]


@cache
def _can_inflate() -> bool:
    """Whether ISA-L is installed: no picture is to blame where it is not."""
    try:
        import isal.isal_zlib  # noqa: F401, PLC0415  few cold starts read a PNG
    except ModuleNotFoundError:
        return False
    return True


def _is_plain(opened: ImageFile.ImageFile) -> bool:
    if opened.format != "PNG" or getattr(opened, "is_animated", False) or opened.info.get("interlace"):
        return False
    return opened.mode in _CHANNELS and len(opened.tile) == 1 and opened.tile[0].args == opened.mode


def _is_filled(opened: ImageFile.ImageFile, data: bytes, library: PixelLibrary) -> bool:
    """Fill in every row; False where the file has fewer, more, or other bytes than a sound one."""
    from isal.isal_zlib import error  # noqa: PLC0415  as above

    channels, done = _CHANNELS[opened.mode], 0
    try:
        for rows, count in _rows(data, 1 + opened.width * channels):
            if count > opened.height - done or not library.unfilter(rows, count, channels, opened.im, done):
                return False
            done += count
    except (error, CutShortError, EOFError):  # type: ignore[misc]  # its stubs have an instance
        return False
    return done == opened.height


def _rows(data: bytes, length: int) -> Iterator[tuple[bytes, int]]:
    """The rows of the picture, some at once, and how many they are; EOFError where the stream does not end with one."""
    from isal.isal_zlib import decompressobj  # noqa: PLC0415  as above

    inflating, left = decompressobj(), b""
    for compressed in _compressed(data):
        given: bytes | memoryview = compressed
        while given:
            left += inflating.decompress(given, _MADE)
            given = inflating.unconsumed_tail
            if count := len(left) // length:
                yield left, count
                left = left[count * length :]
            if inflating.eof:
                break
    if left or not inflating.eof:
        raise EOFError


def _compressed(data: bytes) -> Iterator[memoryview]:
    """The compressed pixels, in pieces: of a chunk as large as the file, each rest would else be copied many times."""
    from_the_first = dropwhile(lambda chunk: chunk.kind != b"IDAT", png_chunks(data))
    for chunk in takewhile(lambda chunk: chunk.kind == b"IDAT", from_the_first):
        for at in range(0, len(chunk.body), _READ):
            yield chunk.body[at : at + _READ]
