"""The flattened picture of a Photoshop file, with transparency where it has any and not where it has a saved selection.

A bitmap of one bit is ink on paper, which Pillow takes for light.

"If it is a negative number, its absolute value is the number of layers and the first alpha channel contains the
transparency data for the merged result" (Adobe Photoshop File Formats Specification, "Layer info"). Pillow takes a
fourth channel for transparency always, and loses its way where there are more channels than it expects.

What is half see-through, Photoshop stores as it looks on white, which its specification does not say. stb_image,
psd-tools and ImageMagick take the white out of RGB, and so does this: left in, it is an edge around what is cut out.
"""

from __future__ import annotations

import io
import struct
from itertools import accumulate
from typing import Any

from PIL import Image, ImageChops

_PLANES = {
    "1": ("1;I",),  # ink is 1
    "L": ("L",),
    "P": ("P",),
    "RGB": ("R", "G", "B"),
    "CMYK": ("C;I", "M;I", "Y;I", "K;I"),
    "LAB": ("L", "A", "B"),
}
_CHANNELS_AT, _HEIGHT_AT, _BITS_AT, _MODE_DATA_AT = 12, 14, 22, 26
_READ_BITS, _PACKED = {1, 8}, 1
_IS_GRAY, _IS_ON_WHITE = "gray_with_alpha", "on_white"
_ROWS_AT_ONCE = 256


def open_psd(data: bytes) -> Image.Image:
    """Open the file with Pillow, its channels set right."""
    opened: Any = Image.open(io.BytesIO(data), formats=("PSD",))
    colors = "RGB" if opened.mode == "RGBA" else opened.mode
    if struct.unpack_from(">H", data, _BITS_AT)[0] not in _READ_BITS or colors not in _PLANES:
        return opened  # type: ignore[no-any-return]
    layers_at, pixels_at = _sections(data)
    starts, planes = _starts(data, pixels_at), _PLANES[colors]
    parts = list(zip(starts, planes, strict=False))
    if len(starts) > len(planes) and _is_transparent(data, layers_at):
        colors, parts = _with_alpha(opened, colors, starts, parts)
    opened._mode = colors  # noqa: SLF001  as its own opening does
    opened.tile = [opened.tile[0]._replace(offset=start, args=plane) for start, plane in parts]
    return opened  # type: ignore[no-any-return]


def _with_alpha(
    opened: Image.Image, colors: str, starts: list[int], parts: list[tuple[int, str]]
) -> tuple[str, list[tuple[int, str]]]:
    """The mode and its planes. Pillow reads no planes of gray with alpha: see `eight_bits_of`."""
    if colors == "RGB":
        opened.info[_IS_ON_WHITE] = True
        return "RGBA", [*parts, (starts[3], "A")]
    if colors == "L":
        opened.info[_IS_GRAY] = True
        return "RGBA", [*((starts[0], plane) for plane in "RGB"), (starts[1], "A")]
    return colors, parts


def eight_bits_of(image: Image.Image) -> Image.Image | None:
    """Gray with alpha as such, so that a profile for gray fits, and colors without white; None for any other image."""
    if image.info.get(_IS_GRAY):
        return Image.merge("LA", (image.getchannel("R"), image.getchannel("A")))
    return _without_white(image) if image.info.get(_IS_ON_WHITE) else None


def _without_white(image: Image.Image) -> Image.Image:
    """Inverted, white is black, and colors on it are premultiplied. Some rows at a time, for want of memory."""
    shown = Image.new("RGBA", image.size)
    for top in range(0, image.height, _ROWS_AT_ONCE):
        *colors, alpha = image.crop((0, top, image.width, min(top + _ROWS_AT_ONCE, image.height))).split()
        rows = Image.merge("RGBa", (*map(ImageChops.invert, colors), alpha)).convert("RGBA")
        shown.paste(Image.merge("RGBA", (*map(ImageChops.invert, rows.split()[:3]), alpha)), (0, top))
    return shown


def _sections(data: bytes) -> tuple[int, int]:
    """Where the layers stand, and where the pixels do: behind three sections, each of which tells its length."""
    begins = at = _MODE_DATA_AT
    for _ in range(3):
        begins = at + 4
        at = begins + struct.unpack_from(">I", data, at)[0]
    return begins, at


def _is_transparent(data: bytes, layers_at: int) -> bool:
    """Whether the number of layers is negative. Without layers there is none."""
    section, length = struct.unpack_from(">II", data, layers_at - 4)
    return bool(section > 4 and length and struct.unpack_from(">h", data, layers_at + 4)[0] < 0)  # noqa: PLR2004


def _starts(data: bytes, at: int) -> list[int]:
    """Where the pixels of each channel begin."""
    (channels,) = struct.unpack_from(">H", data, _CHANNELS_AT)
    height, width = struct.unpack_from(">II", data, _HEIGHT_AT)
    if struct.unpack_from(">H", data, at)[0] != _PACKED:
        return [at + 2 + number * width * height for number in range(channels)]
    lengths = struct.unpack_from(f">{channels * height}H", data, at + 2)
    sizes = [sum(lengths[number * height : (number + 1) * height]) for number in range(channels)]
    return list(accumulate(sizes, initial=at + 2 + 2 * len(lengths)))[:-1]
