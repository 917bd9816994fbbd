"""The gain map of a picture, cut and reduced as its variants are, and joined to those in JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.container import without_extras
from lightpress.image.gain_map import with_announcement, with_scale
from lightpress.image.multi_picture import joined

if TYPE_CHECKING:
    from lightpress.image.gain_map import GainMap, Scale
    from lightpress.image.spec import Pixels, Rung

_SETTINGS = {"quality": 85, "optimize": True}
"""A gain map is soft: at this quality it has a tenth of the bytes of its picture, and no steps show."""


@dataclass(frozen=True, slots=True)
class UprightGainMap:
    """A gain map that lies as its picture is seen.

    Attributes:
        image: Its numbers (L or RGB).
        reduced_by: How many pixels of the picture one of its pixels covers, each way, in the original.
        scale: What its numbers mean.
        profile: The ICC profile of its color space, where that is not the picture's own.
        own: Its own file, without metadata, where it lies as the picture is seen and is not reduced.
    """

    image: Image.Image
    reduced_by: float
    scale: Scale
    profile: bytes = b""
    own: bytes | None = None


def upright_gain_map(
    found: GainMap, image: Image.Image, whole: Pixels, original: Pixels, *, is_turned: bool
) -> UprightGainMap:
    """The gain map for a picture of `original` pixels, as seen upright.

    Args:
        found: As it was found in the file.
        image: Its decoded numbers, turned as the picture is, and reduced where less of it is needed.
        whole: The pixels that it has in its file, turned in the same way.
        original: The pixels of its picture.
        is_turned: Whether `image` lies otherwise than in the file.
    """
    profile = b"" if found.scale.in_base_space else image.info.get("icc_profile") or b""
    numbers = image if image.mode in {"L", "RGB"} else image.convert("RGB")
    if found.table is not None:
        numbers = numbers.convert("L").point(found.table)
    as_stored = image.size == tuple(whole) and not is_turned
    own = without_extras(found.data, "jpeg", b"", profile) if as_stored and found.table is None else None
    return UprightGainMap(numbers, original.width / whole.width, found.scale, profile, own)


def with_gain_map(data: bytes, rung: Rung, gain_map: UprightGainMap) -> bytes:
    """The JPEG file of a rung, its pixels untouched, and the part of the gain map that belongs to it."""
    encoded = with_scale(_encoded(_part(rung, gain_map), gain_map, whole=rung.is_whole), gain_map.scale)
    return joined(with_announcement(data, len(encoded)), encoded)


def _part(rung: Rung, gain_map: UprightGainMap) -> Image.Image:
    """The numbers for what a rung shows: around it, such as change nothing."""
    factor = gain_map.reduced_by
    whole = rung.whole.times(1 / factor)
    if rung.is_whole:
        return _resized(gain_map.image, whole, (0, 0, *gain_map.image.size))
    left, top, shown = rung.cut
    across, down = gain_map.image.width / rung.whole.width, gain_map.image.height / rung.whole.height
    if min(left, top) >= 0:
        box = (left * across, top * down, (left + shown.width) * across, (top + shown.height) * down)
        return _resized(gain_map.image, shown.times(1 / factor), box)
    neutral = tuple(channel.neutral for channel in gain_map.scale.channels)
    color = neutral if len(neutral) == len(gain_map.image.getbands()) else neutral[:1] * len(gain_map.image.getbands())
    canvas = Image.new(gain_map.image.mode, shown.times(1 / factor), color)
    inner = _resized(gain_map.image, whole, (0, 0, *gain_map.image.size))
    canvas.paste(inner, (round(-left / factor), round(-top / factor)))
    return canvas


def _resized(image: Image.Image, size: Pixels, box: tuple[float, float, float, float]) -> Image.Image:
    if size == image.size and box == (0, 0, *image.size):
        return image
    return image.resize(size, Image.Resampling.BICUBIC, box)


def _encoded(image: Image.Image, gain_map: UprightGainMap, *, whole: bool) -> bytes:
    buffer = io.BytesIO()
    bare = image.copy()
    bare.info.clear()
    bare.save(buffer, "JPEG", **_SETTINGS, **({"icc_profile": gain_map.profile} if gain_map.profile else {}))
    encoded = buffer.getvalue()
    if gain_map.own is None or not whole or image.size != gain_map.image.size:
        return encoded
    return min(gain_map.own, encoded, key=len)
