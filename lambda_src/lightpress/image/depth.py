"""Eight bits a channel, no palette: the few pixel layouts that the later steps know."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from lightpress.image.rare_png import READ_DIFFERENTLY

if TYPE_CHECKING:
    from lightpress.image.job import Job
    from lightpress.image.picture import Picture

_KEPT = {"L", "LA", "RGB", "RGBA", "CMYK"}
_SIXTEEN_BITS = {"I;16", "I;16L", "I;16B", "I;16N"}
_ALPHA_OF_ITS_OWN = {"PA", "La", "RGBa"}
_ALL_LEVELS = 65_536
_ROWS_AT_ONCE = 256
_BITS_OF_PNG = 24  # where its header says how many each sample has
_SCALED, _DEEP = {2, 4, 16}, 16


def to_eight_bits(picture: Picture, _: Job) -> Picture:
    """Scale deeper pixels down, expand palettes, and make declared transparency real."""
    return replace(picture, image=eight_bits(picture.image))


def eight_bits(image: Image.Image) -> Image.Image:
    """Do so for one image."""
    if image.format in {"TIFF", "PSD"} and (made := _of_rare(image)) is not None:
        return made
    if "transparency" in image.info and image.mode in {"1", "L", "RGB", "P"}:
        return image.convert("LA" if image.mode in {"1", "L"} else "RGBA")  # gray stays so, as its profile expects it
    if image.mode in _SIXTEEN_BITS or image.mode == "I":
        return _scaled(image)
    if image.mode in _ALPHA_OF_ITS_OWN:
        return image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in _KEPT else image.convert("RGB")


def _of_rare(image: Image.Image) -> Image.Image | None:
    """What only the openers of two formats know how to do; few files are of these."""
    if image.format == "PSD":
        from lightpress.image import rare_psd  # noqa: PLC0415

        return rare_psd.eight_bits_of(image)
    from lightpress.image import rare_tiff  # noqa: PLC0415

    return rare_tiff.eight_bits_of(image)


def _scaled(image: Image.Image) -> Image.Image:
    """Gray of up to 16 bits, with the level that is see-through, where one is."""
    largest, inverted = _levels(image)
    levels = [min(255, round(255 * level / largest)) for level in range(_ALL_LEVELS)]
    gray = _looked_up(image, [255 - level for level in levels] if inverted else levels)
    clear = image.info.get("transparency")
    if not isinstance(clear, int) or not 0 <= clear < _ALL_LEVELS:
        return gray
    opaque = [255] * _ALL_LEVELS
    opaque[clear] = 0
    return Image.merge("LA", (gray, _looked_up(image, opaque)))


def _levels(image: Image.Image) -> tuple[int, bool]:
    if image.format != "TIFF":
        return _ALL_LEVELS - 1, False
    from lightpress.image.rare_tiff import levels_of  # noqa: PLC0415  few files are one

    return levels_of(image)


def _looked_up(image: Image.Image, table: list[int]) -> Image.Image:
    """Some rows at a time: the way leads through 32 bits, which for all rows at once would take much memory."""
    made = Image.new("L", image.size)
    for top in range(0, image.height, _ROWS_AT_ONCE):
        rows = image.crop((0, top, image.width, min(top + _ROWS_AT_ONCE, image.height)))
        made.paste(rows.convert("I").point(table, "L"), (0, top))
    return made


def apply_clear_color(opened: Image.Image, data: bytes) -> None:
    """Bring the see-through color of a PNG (tRNS) to the depth of its decoded pixels: Pillow scales only those.

    data: the file that `opened`, whose pixels are decoded, is of. PNG, third edition, 11.3.1.1 and 13.12.
    """
    clear = opened.info.get("transparency")
    if opened.format != "PNG" or clear is None or isinstance(clear, bytes) or opened.mode not in {"L", "RGB"}:
        return
    bits = data[_BITS_OF_PNG]
    if bits in _SCALED:
        opened.info[READ_DIFFERENTLY] = True
    if opened.mode == "RGB" and bits == _DEEP:
        opened.putalpha(_alpha_of_deep(opened, data, clear))
        del opened.info["transparency"]
    elif opened.mode == "RGB":
        opened.info["transparency"] = tuple(level & 255 for level in clear)
    else:
        most = (1 << bits) - 1
        opened.info["transparency"] = (clear & most) * 255 // most


def _alpha_of_deep(opened: Image.Image, data: bytes, clear: tuple[int, int, int]) -> Image.Image:
    """Compare all 16 bits: of each sample Pillow keeps the upper byte; the lower one it reads as of the other order."""
    lower = Image.open(io.BytesIO(data), formats=("PNG",))
    lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
    differs = Image.new("L", opened.size)
    for image, shift in ((opened, 8), (lower, 0)):
        wanted = tuple(level >> shift & 255 for level in clear)
        for channel in ImageChops.difference(image, Image.new("RGB", image.size, wanted)).split():
            differs = ImageChops.lighter(differs, channel)
    return differs.point([0] + [255] * 255)
