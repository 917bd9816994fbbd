"""JPEG files become planes, and planes become files, by the codecs that Pillow brings, without RGB in between.

The pixel library calls libjpeg-turbo, libwebp and libavif where Pillow has loaded them, so there are no others beside.
They get sound files alone: at as little as a warning, Pillow decodes the file from its first byte. It says which files
are damaged, and what is shown of those.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from lightpress.image.few_colors import has_few_colors
from lightpress.image.pixel_library import pixel_library
from lightpress.image.planar import Planar, Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.image.pixel_library import PixelLibrary

_FORMATS = {"JPEG", "MPO"}
_LEAST_PIXELS = 256 * 256
"""Of fewer, little is saved, and an odd pixel more or less is a larger part of the picture."""

_DONE, _NO_MEMORY = 0, 1
_FOUND = {1: "jpeg", 2: "avif", 4: "webp"}
_EXIF = b"Exif\0\0"


class _Layout(ctypes.Structure):
    """`lp_layout` of pixels.h."""

    _fields_ = (
        ("width", ctypes.c_int32 * 3), ("height", ctypes.c_int32 * 3), ("stride", ctypes.c_int32 * 3),
        ("across", ctypes.c_float), ("down", ctypes.c_float),
    )  # fmt: skip


class _File(ctypes.Structure):
    """`lp_file` of pixels.h."""

    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t))


class PlaneCodecs:
    """The codecs that there are.

    Args:
        pixels: The pixel library.
        found: The formats, by name, whose codecs it found and knows.

    """

    def __init__(self, pixels: PixelLibrary, found: frozenset[str]) -> None:
        self._pixels, self._library, self.found = pixels, pixels.library, found

    def decoded(self, data: bytes, denominator: int, size: tuple[int, int]) -> Planar | None:
        """A JPEG, decoded at 1 / denominator to pixels of `size`; None for what only Pillow decodes."""
        layout = _Layout()
        if "jpeg" not in self.found or self._decode("layout", data, denominator, ctypes.byref(layout)) != _DONE:
            return None
        if (layout.width[0], layout.height[0]) != size:
            return None
        images = [Image.new("L", room, None) for room in zip(layout.stride, layout.height, strict=True)]
        if self._decode("decode", data, denominator, self._pixels.planes(images, layout.width)) != _DONE:
            return None
        luma, *colors = images
        blue, red = (Plane(color, (0, 0, layout.across, layout.down)) for color in colors)
        return Planar(Plane(luma, (0, 0, *size)), blue, red)

    def encoded(self, picture: Planar, form: str, settings: Mapping[str, Any]) -> bytes | None:
        """The picture as a file; None for a format, or settings, that only Pillow's way is for.

        settings: In Pillow's words.
        """
        row = _WRITERS.get(form)
        if row is None or form not in self.found or settings.keys() - {"exif"} != row.settings:
            return None
        arguments = row.arguments(settings)
        if arguments is None:
            return None
        exif = settings.get("exif", b"")[row.exif_from :]
        written = _File()
        encode = self._library[f"lp_{form}_encode"]
        planes = self._pixels.planes(picture.planes)
        status = encode(planes, *arguments, exif or None, ctypes.c_size_t(len(exif)), ctypes.byref(written))
        if status == _NO_MEMORY:
            raise MemoryError
        if status != _DONE:
            return None
        try:
            return ctypes.string_at(written.data, written.size)
        finally:
            self._library.lp_free_file(ctypes.byref(written))

    def _decode(self, what: str, data: bytes, denominator: int, to: Any) -> int:  # noqa: ANN401  an argument of ctypes
        status = int(self._library[f"lp_jpeg_{what}"](data, ctypes.c_size_t(len(data)), denominator, to))
        if status == _NO_MEMORY:
            raise MemoryError
        return status


class _Writer(NamedTuple):
    """How a format is written.

    Attributes:
        settings: The settings, in Pillow's words, that it is written with: all of these, and no other.
        arguments: The same for the pixel library; None for values that it does not take.
        exif_from: Where in EXIF data, as Pillow takes it, begins what this format holds.
    """

    settings: frozenset[str]
    arguments: Callable[[Mapping[str, Any]], tuple[Any, ...] | None]
    exif_from: int


def _for_jpeg(settings: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if settings["optimize"] is not True or settings["subsampling"] != "4:2:0":
        return None
    return tuple((ctypes.c_uint32 * 64)(*table) for table in settings["qtables"])


def _for_avif(settings: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if (settings["max_threads"], settings["autotiling"]) != (1, False):
        return None
    words = [word.encode() for pair in settings["advanced"].items() for word in pair]
    return settings["quality"], settings["speed"], (ctypes.c_char_p * (len(words) + 1))(*words, None)


def _for_webp(settings: Mapping[str, Any]) -> tuple[Any, ...] | None:
    return ctypes.c_float(settings["quality"]), settings["method"]


_WRITERS = {
    "jpeg": _Writer(frozenset({"optimize", "qtables", "subsampling"}), _for_jpeg, 0),
    "avif": _Writer(frozenset({"quality", "speed", "max_threads", "autotiling", "advanced"}), _for_avif, len(_EXIF)),
    "webp": _Writer(frozenset({"quality", "method"}), _for_webp, len(_EXIF)),
}


@cache
def plane_codecs() -> PlaneCodecs | None:
    """The codecs, found once; None without the pixel library, and where Pillow brings none that it knows."""
    pixels = pixel_library()
    if pixels is None:
        return None
    try:
        from PIL import _avif, _imaging, _webp  # noqa: PLC0415  few cold starts render

        handles = [ctypes.c_void_p(ctypes.CDLL(module.__file__)._handle) for module in (_imaging, _avif, _webp)]  # noqa: SLF001
    except (ImportError, OSError):
        return None
    bits = pixels.library.lp_use_codecs(*handles)
    found = frozenset(name for bit, name in _FOUND.items() if bits & bit)
    return PlaneCodecs(pixels, found) if found else None


def in_planes(opened: Image.Image, data: bytes) -> Planar | None:
    """The pixels of a plain JPEG that Pillow has opened and not loaded, reduced as it was asked to; None for others.

    Graphics are left to Pillow, too: they are written with colors in full.
    """
    if opened.format not in _FORMATS or opened.mode != "RGB" or opened.width * opened.height < _LEAST_PIXELS:
        return None
    codecs = plane_codecs()
    if codecs is None:
        return None
    denominator, _ = getattr(opened, "decoderconfig", ()) or (1, 0)
    made = codecs.decoded(data, max(1, denominator), opened.size)
    return None if made is None or has_few_colors(made) else made
