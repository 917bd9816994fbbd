"""Pixel work with vector instructions, by the pixel library: our own C (`native`), compiled for Lambda's processors.

It does what Pillow does, to the same numbers, in a fifth of the time: it resizes, and undoes the filters of PNG's rows.
Where it is missing (another system or processor), or does not know a kind of picture, Pillow does the work. What it
does with files, by the codecs that Pillow brings, is in `plane_codecs`.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, _imaging

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ctypes import CDLL

    Box = tuple[float, float, float, float]

_FOLDER = Path(__file__).parent
_PREMULTIPLIED = {"RGBA": "RGBa"}  # as Pillow resizes it
_CHANNELS = {"L": 1, "RGB": 4, "RGBA": 4, "RGBX": 4, "RGBa": 4, "CMYK": 4}  # as they lie in memory
_DONE, _NO_MEMORY, _BAD_DATA = 0, 1, 3
_LEVELS = 256
_COLUMNS = {  # whether the lowest row becomes the first column, and the first column the lowest row
    Image.Transpose.TRANSPOSE: (False, False),
    Image.Transpose.ROTATE_270: (True, False),
    Image.Transpose.ROTATE_90: (False, True),
    Image.Transpose.TRANSVERSE: (True, True),
}


class PixelLibraryError(Exception):
    """The pixel library was called with what it does not take: an error in this module, not of the picture."""


class PixelLibrary:
    """The functions of the library, for pictures of Pillow.

    Args:
        library: The loaded file, as `ctypes` has it.
        resize: The name of its function; any but the usual one is for one instruction set.

    """

    def __init__(self, library: CDLL, resize: str = "lp_resize") -> None:
        self.library = library
        self._lp_resize = library[resize]
        self._lp_unfilter = library["lp_unfilter"]
        # An image is then one piece of memory, and its rows can be reached without copying any.
        _imaging.set_use_block_allocator(1)

    def resized(self, image: Image.Image, size: tuple[int, int]) -> Image.Image | None:
        """What `image.resize(size, BICUBIC)` makes, `size` being another; None for what only Pillow resizes.

        The pixels alone: what Pillow read beside them, and would keep in `info`, does not go along.
        """
        if image.mode in _PREMULTIPLIED:
            made = self.resized(image.convert(_PREMULTIPLIED[image.mode]), size)
            return made and made.convert(image.mode)
        image.load()
        source = _Plane.of(image.im)
        if source is None:
            return None
        made = Image.new(image.mode, size, None)  # its pixels are written right below
        target = _Plane.of(made.im)
        if target is None:
            return None
        self._resize(source, target, (0, 0, source.width, source.height))
        return made

    def resized_part(self, image: Image.Image, width: int, window: Box, size: tuple[int, int]) -> Image.Image:
        """What `image.resize(size, BICUBIC, window)` makes of a plane (mode L) of which so much of the width counts.

        The window may end beyond the last sample, by less than one of the result.
        """
        made = Image.new("L", size, None)
        source, target = self.plane(image), self.plane(made)
        source.width = width
        self._resize(source, target, window)
        return made

    def transposed(self, image: Image.Image, method: Image.Transpose) -> Image.Image:
        """What `image.transpose(method)` makes of a plane (mode L)."""
        if method not in _COLUMNS:
            return image.transpose(method)
        import ctypes  # noqa: PLC0415  loaded with the library

        made = Image.new("L", (image.height, image.width), None)
        structs = [self.plane(one).as_struct() for one in (image, made)]
        if self.library.lp_transpose(*map(ctypes.byref, structs), *_COLUMNS[method]) != _DONE:
            raise PixelLibraryError(f"lp_transpose refused {image.size} samples")
        return made

    def with_luma_shifted(
        self, luma: Image.Image, curve: bytes, before: Image.Image, after: Image.Image
    ) -> Image.Image:
        """The luma of a picture whose colors were converted at half of the size: see `lp_shift_luma` of pixels.h."""
        import ctypes  # noqa: PLC0415  loaded with the library

        made = luma.copy()
        shifted, *halves = (ctypes.byref(self.plane(image).as_struct()) for image in (made, before, after))
        if len(curve) != _LEVELS or self.library.lp_shift_luma(shifted, curve, *halves) != _DONE:
            raise PixelLibraryError(f"lp_shift_luma refused {luma.size}, {before.size} and {after.size} samples")
        return made

    def to_rgb(self, planes: Sequence[Image.Image]) -> Image.Image:
        """A picture in RGB of its luma, blue and red (mode L), all of one size."""
        import ctypes  # noqa: PLC0415  as above

        made = Image.new("RGB", planes[0].size, None)
        if self.library.lp_to_rgb(self.planes(planes), ctypes.byref(self.plane(made).as_struct())) != _DONE:
            raise PixelLibraryError(f"lp_to_rgb refused planes of {[plane.size for plane in planes]} samples")
        return made

    def from_rgb(self, image: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
        """Its luma, blue and red, all of its size."""
        import ctypes  # noqa: PLC0415  as above

        luma, blue, red = (Image.new("L", image.size, None) for _ in range(3))
        made = luma, blue, red
        if self.library.lp_from_rgb(ctypes.byref(self.plane(image).as_struct()), self.planes(made)) != _DONE:
            raise PixelLibraryError(f"lp_from_rgb refused {image.size} pixels")
        return made

    def planes(self, images: Sequence[Image.Image], widths: Sequence[int] = ()) -> Any:  # noqa: ANN401  as `as_struct`
        """As `lp_plane[3]`. widths: how many samples of each row are of the picture, where not all are."""
        planes = [self.plane(image) for image in images]
        for plane, width in zip(planes, widths, strict=False):
            plane.width = width
        structs = [plane.as_struct() for plane in planes]
        return (type(structs[0]) * len(structs))(*structs)

    def plane(self, image: Image.Image) -> _Plane:
        """Where its samples are, for as long as what this returns lives."""
        image.load()
        found = _Plane.of(image.im)
        if found is None:
            raise PixelLibraryError(f"{image.size} samples of mode {image.mode} are not in one piece of memory")
        return found

    def unfilter(self, rows: bytes, count: int, channels: int, pixels: _imaging.ImagingCore, first: int) -> bool:
        """Undo the filters of `count` rows of a PNG, which `rows` begins with, into those of `pixels` from `first`.

        Rows above it are there already. channels: 1, 3 or 4, of 8 bits each, as the file has them. False where a row
        names a filter that there is not, and where the library does not know the memory of the picture.
        """
        target = _Plane.of(pixels)
        if target is None:
            return False
        import ctypes  # noqa: PLC0415  loaded with the library

        if len(rows) < count * (1 + target.width * channels):
            raise PixelLibraryError(f"{len(rows)} bytes are not {count} rows of {target.width} x {channels}")
        status = self._lp_unfilter(rows, count, channels, ctypes.byref(target.as_struct()), first)
        if status not in {_DONE, _BAD_DATA}:
            raise PixelLibraryError(f"lp_unfilter refused {count} rows of {channels} channels from row {first}")
        return bool(status == _DONE)

    def _resize(self, source: _Plane, target: _Plane, window: Box) -> None:
        import ctypes  # noqa: PLC0415  loaded with the library

        box = (ctypes.c_float * 4)(*window)
        status = self._lp_resize(ctypes.byref(source.as_struct()), box, ctypes.byref(target.as_struct()))
        if status == _NO_MEMORY:
            raise MemoryError
        if status != _DONE:
            raise PixelLibraryError(f"lp_resize refused {source.width} x {source.height} pixels")


class _Plane:
    """The pixels of an image where they are in memory, for as long as this lives: `lp_plane` of resize.h."""

    def __init__(self, pixels: _imaging.ImagingCore, exported: object) -> None:
        self._exported = exported  # keeps the memory
        self.width, self.height = pixels.size
        self._samples = self.width
        self._channels = _CHANNELS[pixels.mode]

    @classmethod
    def of(cls, pixels: _imaging.ImagingCore) -> _Plane | None:
        """None for a mode that the library does not know, and where the rows are in several pieces of memory."""
        if pixels.mode not in _CHANNELS or 0 in pixels.size:
            return None
        try:
            return cls(pixels, pixels.__arrow_c_array__())
        except ValueError:
            return None

    def as_struct(self) -> Any:  # noqa: ANN401  a class of ctypes, which no annotation can name before it is imported
        structures = _structures()
        return structures.plane(
            structures.first_sample(self._exported),
            self._samples * self._channels,
            self.width,
            self.height,
            self._channels,
        )


class _Structures:
    """The C structures that pictures are handed over by."""

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415  as above

        # https://arrow.apache.org/docs/format/CDataInterface.html
        class ArrowArray(ctypes.Structure):
            _fields_ = (
                ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
                ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64),
                ("buffers", ctypes.POINTER(ctypes.c_void_p)), ("children", ctypes.POINTER(ctypes.c_void_p)),
                ("dictionary", ctypes.c_void_p), ("release", ctypes.c_void_p), ("private_data", ctypes.c_void_p),
            )  # fmt: skip

        class Plane(ctypes.Structure):
            _fields_ = (
                ("samples", ctypes.c_void_p), ("stride", ctypes.c_size_t),
                ("width", ctypes.c_int32), ("height", ctypes.c_int32), ("channels", ctypes.c_int32),
            )  # fmt: skip

        self.plane = Plane
        self._array = ArrowArray
        self._pointer_in = ctypes.pythonapi.PyCapsule_GetPointer
        self._pointer_in.restype, self._pointer_in.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)

    def first_sample(self, capsule: object) -> int:
        """The address of the samples that a capsule of Pillow's holds: its second buffer, or that of its only child."""
        array = self._array.from_address(self._pointer_in(capsule, b"arrow_array"))
        if array.n_children == 1:
            array = self._array.from_address(array.children[0])
        return int(array.buffers[1])


@cache
def _structures() -> _Structures:
    return _Structures()


@cache
def pixel_library() -> PixelLibrary | None:
    """The library for this system and processor, loaded once; None where there is none."""
    if sys.platform != "linux":
        return None
    return load_pixel_library(_FOLDER / f"libpixels-{os.uname().machine}.so")


def load_pixel_library(path: Path, resize: str = "lp_resize") -> PixelLibrary | None:
    """Load one from a file; None where it is missing or cannot be used here. resize: see `PixelLibrary`."""
    import ctypes  # noqa: PLC0415  no cold start should pay for it

    try:
        library = PixelLibrary(ctypes.CDLL(str(path)), resize)
    except (OSError, AttributeError):  # AttributeError: of an older Lightpress, without the function
        return None
    _structures()
    return library
