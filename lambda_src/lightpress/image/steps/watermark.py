"""Watermark."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.decode import decode
from lightpress.image.depth import eight_bits
from lightpress.image.errors import PictureRejected
from lightpress.image.limits import Limits
from lightpress.image.orient import turned
from lightpress.image.spec import DecodeOptions, Pixels
from lightpress.image.step_drawing import PLACES, faded, marked, room_in
from lightpress.image.step_options import Length, NamedFile, OptionError, choice, file, length, number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_READ = ("png", "webp", "jpeg")
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True, slots=True)
class Watermark:
    """Put a picture, such as a logo, on this one. It is never enlarged, and fits in within the margins."""

    watermark: NamedFile = file("A PNG, WebP or JPEG in sRGB, of at most 4 megapixels")
    at: str = choice("Where it is put", *PLACES, default="south-east")
    width: Length = length("How wide it is", low=1, high=16_383, most_percent=100, default=Length(percent=20))
    opacity: float = number("How much it covers: 0 nothing, 1 all of what is below", low=0, high=1, default=1.0)
    margin: Length = length(
        "How far it is from the edges", low=0, high=2000, most_percent=45, default=Length(percent=2)
    )

    @property
    def REVISION(self) -> int:  # noqa: N802  the name that it has in any step
        """Higher for the few logos that were once put on as they are stored."""
        found = _decoded(self.watermark)
        return 2 if found.orientation != 1 or found.image.mode.startswith("I") else 1

    def __post_init__(self) -> None:
        """Decode it here, where recipes are read: whoever renders opens no more files."""
        _logo(self.watermark)


def watermark(picture: Picture, options: Watermark) -> Picture:
    """Put it there, at this picture's own scale."""
    width = options.width.of(picture.image.width)
    mark = _sized(options.watermark, width, room_in(picture, options.margin), options.opacity)
    return marked(picture, mark, options.at, options.margin)


@lru_cache(maxsize=8)
def _sized(name: NamedFile, width: int, room: Pixels, opacity: float) -> Image.Image:
    """The logo as it is put on a picture; frames of an animation share it."""
    logo = _logo(name)
    factor = min(1.0, max(1, width) / logo.width, room.width / logo.width, room.height / logo.height)
    size = Pixels(*logo.size).times(factor)
    return faded(logo if size == logo.size else logo.resize(size, Image.Resampling.BICUBIC), opacity)


@lru_cache(maxsize=8)
def _logo(name: NamedFile) -> Image.Image:
    found = _decoded(name)
    return turned(eight_bits(found.image), found.orientation).convert("RGBA")


@lru_cache(maxsize=8)
def _decoded(name: NamedFile) -> Picture:
    limits = Limits(max_pixels=_MOST_PIXELS)
    try:
        return decode(name.data, DecodeOptions(limits, "none", _READ, damaged="refuse"))
    except PictureRejected as rejected:
        raise OptionError(f"{name.name} cannot be used: {rejected.detail}") from rejected
