"""A picture as a JPEG has it: luma in full, and two colors at half of the size. Most variants are written so, too.

Between a JPEG and its variants there is then no RGB: nothing is converted back and forth, and half as many samples are
reduced. Whoever asks such a picture for anything else gets RGB, made when it is first looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from lightpress.image.pixel_library import PixelLibraryError, pixel_library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.image.pixel_library import Box, PixelLibrary

_SOME = ((48, 48), (200, 200))  # few say enough of most photos
_GRAYS, _NO_COLOR = Image.frombytes("L", (256, 1), bytes(range(256))), Image.new("L", (256, 1), 128)


@dataclass(frozen=True, slots=True)
class Plane:
    """The samples of one channel.

    Attributes:
        image: Of mode L. It may have more on the right than there are of the picture: JPEG decoders fill whole blocks.
        box: Where the picture is in it: left, top, right and bottom, in samples. Where pixels are odd, a color is there
            by half.
    """

    image: Image.Image
    box: Box

    def resized(self, pixels: tuple[int, int], per_sample: int) -> Plane:
        """For a picture of so many pixels (width, height), of which a sample takes some each way."""
        width, height = (math.ceil(side / per_sample) for side in pixels)
        box = (0.0, 0.0, pixels[0] / per_sample, pixels[1] / per_sample)
        if self.box == box:
            return self if self.image.size == (width, height) else Plane(self.image.crop((0, 0, width, height)), box)
        left, top, right, bottom = self.box
        beyond = width / box[2], height / box[3]  # the last sample may take a pixel that there is not
        window = (left, top, left + (right - left) * beyond[0], top + (bottom - top) * beyond[1])
        return Plane(_library().resized_part(self.image, math.ceil(right), window, (width, height)), box)

    def transposed(self, method: Image.Transpose) -> Plane:
        """As Pillow does it."""
        left, top, right, bottom = self.box
        image = self.image.crop((0, 0, math.ceil(right), self.image.height))
        ends = (image.width - right, image.height - bottom, image.width - left, image.height - top)
        from_left, from_top, from_right, from_bottom = ends
        box = {
            Image.Transpose.FLIP_LEFT_RIGHT: (from_left, top, from_right, bottom),
            Image.Transpose.FLIP_TOP_BOTTOM: (left, from_top, right, from_bottom),
            Image.Transpose.ROTATE_180: ends,
            Image.Transpose.TRANSPOSE: (top, left, bottom, right),
            Image.Transpose.TRANSVERSE: (from_top, from_left, from_bottom, from_right),
            Image.Transpose.ROTATE_90: (top, from_left, bottom, from_right),
            Image.Transpose.ROTATE_270: (from_top, left, from_bottom, right),
        }[method]
        return Plane(_library().transposed(image, method), box)

    def some(self, size: tuple[int, int]) -> Image.Image:
        """A few of its samples, as they are."""
        return self.image.resize(size, Image.Resampling.NEAREST, self.box)


class Planar(Image.Image):
    """A picture in planes; for everybody who does not know of them, one in RGB that is not loaded yet.

    It overrides what of Pillow needs no RGB.

    Args:
        luma: How light each pixel is. Its picture takes whole samples: the pixels.
        blue: How much bluer than gray, 128 being gray (Cb).
        red: How much redder (Cr).

    """

    def __init__(self, luma: Plane, blue: Plane, red: Plane) -> None:
        super().__init__()
        _, _, width, height = luma.box
        self._mode, self._size = "RGB", (int(width), int(height))
        self._planes = (luma, blue, red)
        self._counted: dict[int, list[tuple[int, Any]] | None] = {}

    @classmethod
    def of(cls, luma: Image.Image, blue: Image.Image, red: Image.Image) -> Planar:
        """Of luma, and of colors of half its size, rounded up."""
        width, height = luma.size
        colors = (Plane(color, (0, 0, width / 2, height / 2)) for color in (blue, red))
        return cls(Plane(luma, (0, 0, width, height)), *colors)

    @property
    def planes(self) -> tuple[Image.Image, Image.Image, Image.Image]:
        """Luma, and blue and red of half its size, rounded up."""
        self._planes = self._resized(self.size)
        luma, blue, red = self._planes
        return luma.image, blue.image, red.image

    def luma_of(self, size: tuple[int, int]) -> Image.Image:
        """How light some of its pixels are, as they are: in so many columns and rows."""
        return self._planes[0].some(size)

    def load(self) -> Any:  # noqa: ANN401  as Pillow has it
        """Become RGB, too: Pillow calls it before it looks at pixels."""
        if self._im is None:
            self._im = _as_rgb([plane.resized(self.size, 1).image for plane in self._planes]).im
        return super().load()

    def resized(self, size: tuple[int, int]) -> Planar:
        """The picture with so many pixels, as by Pillow's bicubic filter."""
        return Planar(*self._resized(size))

    def transpose(self, method: Image.Transpose) -> Planar:
        """As Pillow, in planes."""
        luma, blue, red = (plane.transposed(method) for plane in self._planes)
        return Planar(luma, blue, red)

    def reduce(self, factor: int | tuple[int, int], box: tuple[int, int, int, int] | None = None) -> Image.Image:
        """As Pillow, but for rounding: few pixels in RGB."""
        if box or not isinstance(factor, int):
            return super().reduce(factor, box)
        luma, *colors = self.planes
        small = luma.reduce(factor)
        window = (0, 0, small.width * factor / 2, small.height * factor / 2)
        library = _library()
        return _as_rgb([small, *(library.resized_part(one, one.width, window, small.size) for one in colors)])

    def getcolors(self, maxcolors: int = 256) -> list[tuple[int, Any]] | None:
        """As Pillow, once. Of a photo, a few pixels say that there are more: it need not become RGB for that."""
        if maxcolors not in self._counted:
            some = (_as_rgb([plane.some(size) for plane in self._planes]) for size in _SOME)
            has_more = any(few.getcolors(maxcolors) is None for few in some)
            self._counted[maxcolors] = None if has_more else super().getcolors(maxcolors)
        return self._counted[maxcolors]

    def converted(self, convert: Callable[[Image.Image], Image.Image]) -> Planar:
        """The picture in another color space. convert: takes a picture in RGB there, pixel by pixel.

        Colors are converted where they are, at half of the size. Each pixel's luma goes along with the mean of its
        four, and differs from that by as much as grays do after the conversion.
        """
        library = _library()
        luma, *colors = self.planes
        before = luma.reduce(2)
        after, blue, red = library.from_rgb(convert(_as_rgb([before, *colors])))
        curve, *_ = library.from_rgb(convert(_as_rgb([_GRAYS, _NO_COLOR, _NO_COLOR])))
        return Planar.of(library.with_luma_shifted(luma, curve.tobytes(), before, after), blue, red)

    def _resized(self, size: tuple[int, int]) -> tuple[Plane, Plane, Plane]:
        luma, blue, red = self._planes
        return luma.resized(size, 1), blue.resized(size, 2), red.resized(size, 2)


def _as_rgb(planes: Sequence[Image.Image]) -> Image.Image:
    return _library().to_rgb(planes)


def _library() -> PixelLibrary:
    """The library that made the planes: without it, there are none."""
    library = pixel_library()
    if library is None:
        raise PixelLibraryError("a picture is in planes where there is no pixel library")
    return library
