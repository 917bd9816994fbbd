"""PNG with a palette, where a recipe allows few colors and nobody sees the difference: a third of the bytes."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageStat

_MOST_DIFFERENCE = 2.0  # mean, in levels of 255, over black or white: gradients and photos are above it
_NEARLY = 4
_BACKGROUNDS = (0, 0, 0, 255), (255, 255, 255, 255)


def with_palette(image: Image.Image, colors: int) -> Image.Image:
    """The picture with at most so many colors (2 to 256); as it was, where that would be seen. image: RGB or RGBA."""
    if image.mode not in {"RGB", "RGBA"}:
        return image
    # Of the two that Pillow always has, only the octree knows what is see-through; of the rest, median cut loses less.
    method = Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT
    few = image.quantize(colors, method, dither=Image.Dither.NONE)
    if image.mode == "RGBA":
        few.putpalette(_with_clear_alpha(few.getpalette("RGBA") or []), "RGBA")
    return few if _difference(image, few) <= _MOST_DIFFERENCE else image


def _with_clear_alpha(palette: list[int]) -> list[int]:
    """What is nearly opaque, or nearly nothing, all of it: the octree's means miss both by a level or two."""
    for at in range(3, len(palette), 4):
        if palette[at] <= _NEARLY or palette[at] >= 255 - _NEARLY:
            palette[at] = 255 * (palette[at] > _NEARLY)
    return palette


def _difference(one: Image.Image, other: Image.Image) -> float:
    """The mean of all channels' differences, in levels; over black and white, of which the larger counts."""
    if one.mode == "RGB":
        return _mean(one, other.convert("RGB"))
    return max(_mean(_over(color, one), _over(color, other.convert("RGBA"))) for color in _BACKGROUNDS)


def _over(color: tuple[int, int, int, int], image: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, color), image).convert("RGB")


def _mean(one: Image.Image, other: Image.Image) -> float:
    channels = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(channels) / len(channels)
