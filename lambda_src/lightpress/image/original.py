"""Never larger: where a variant is the original once more, at its own pixels and in its own format, the original wins.

An original that is already well compressed grows when it is encoded again, and loses quality on top. Its own bytes are
then published, cleaned of everything but the pixels; those are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.color import shown_as_srgb
from lightpress.image.container import without_extras
from lightpress.image.depth import RARE_CLEAR_COLOR
from lightpress.image.lossless import compressed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.formats import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Pixels

# Tried one after the other; what is not enough at the last is not the encoder's to save.
_LOWER_QUALITIES = (0.85, 0.7, 0.55, 0.4)

_COLOURS_BROWSERS_AGREE_ON = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


@dataclass(frozen=True, slots=True)
class Upload:
    """The file as it was uploaded, and the EXIF data that is kept of it.

    obstacle: why its bytes may not be published as they are; None where they may.
    """

    data: bytes
    format: str
    pixels: Pixels
    obstacle: str | None
    exif: bytes = b""

    def is_same(self, pixels: Pixels, output: Output) -> bool:
        """Whether a variant would be the original once more."""
        return (pixels, output.name) == (self.pixels, self.format)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The bytes of a variant that is the original once more. quality: what they were encoded with, if they were."""

    data: bytes
    note: str | None = None
    quality: int | None = None


def upload(data: bytes, picture: Picture) -> Upload:
    """What is to be known of the file `data`, which was just decoded as `picture`."""
    return Upload(data, picture.format, picture.original, _obstacle(picture), picture.exif)


def untouched(original: Upload) -> bytes | None:
    """The variant's bytes without loss, given it is the original once more; None where that may not be published."""
    kept = _cleaned(original)
    return None if kept is None else compressed(kept, original.pixels.width * original.pixels.height)


def smaller(encode_at: Callable[[int], bytes], quality: int, original: Upload, *, lossy: bool) -> Chosen:
    """The variant's bytes, no more than the original's wherever there is a way.

    encode_at: encodes it at a quality. quality: the recipe's.
    """
    encoded, kept = encode_at(quality), _cleaned(original)
    if kept is not None and len(kept) < len(encoded):
        return Chosen(kept, f"The original's own bytes, pixels untouched: encoded again it takes {len(encoded)} bytes.")
    if len(encoded) <= len(original.data):
        return Chosen(encoded, None, quality)
    why = original.obstacle or "its container cannot be cleaned"
    return _squeezed(encode_at, quality, original, why) if lossy else _packed(encoded, quality, original, why)


def _squeezed(encode_at: Callable[[int], bytes], quality: int, original: Upload, why: str) -> Chosen:
    """What the original's own bytes cannot be spent on cannot be seen: it was encoded at no better quality itself."""
    most = len(original.data)
    for lower in (round(quality * part) for part in _LOWER_QUALITIES):
        encoded = encode_at(lower)
        if len(encoded) <= most:
            note = f"Encoded at quality {lower}, so as not to exceed the original, which is not publishable: {why}."
            return Chosen(encoded, note, lower)
    return Chosen(encoded, _larger(most, why), lower)


def _packed(encoded: bytes, quality: int, original: Upload, why: str) -> Chosen:
    packed = compressed(encoded, original.pixels.width * original.pixels.height)
    return Chosen(packed, None if len(packed) <= len(original.data) else _larger(len(original.data), why), quality)


def _larger(most: int, why: str) -> str:
    return f"Larger than the original's {most} bytes, which cannot be published as it is: {why}."


def _cleaned(original: Upload) -> bytes | None:
    return None if original.obstacle else without_extras(original.data, original.format, original.exif)


def _obstacle(picture: Picture) -> str | None:
    if picture.orientation != 1:
        return "it is stored turned"
    if picture.is_poster:
        return "it is animated"
    if picture.image.mode not in _COLOURS_BROWSERS_AGREE_ON:
        return f"its colours are {picture.image.mode}"
    if picture.image.info.get(RARE_CLEAR_COLOR):
        return "programs disagree on what of it is see-through"
    if not shown_as_srgb(picture):
        return "it is in another colour space"
    return None
