"""Never larger: where a variant is the original once more, at its own pixels and in its own format, the original wins.

An original that is already well compressed grows when it is encoded again, and loses quality on top. Its own bytes are
then published, cleaned of everything but the pixels; those are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.colour import is_srgb, own_gamma
from lightpress.image.container import without_extras
from lightpress.image.lossless import compressed

if TYPE_CHECKING:
    from lightpress.image.formats import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Pixels

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


def upload(data: bytes, picture: Picture) -> Upload:
    """What is to be known of the file `data`, which was just decoded as `picture`."""
    return Upload(data, picture.format, picture.original, _obstacle(picture), picture.exif)


def untouched(original: Upload) -> bytes | None:
    """The variant's bytes without loss, given it is the original once more; None where that may not be published."""
    kept = _cleaned(original)
    return None if kept is None else compressed(kept, original.pixels.width * original.pixels.height)


def smaller(encoded: bytes, original: Upload) -> tuple[bytes, str | None, bool]:
    """The variant's bytes, a sentence where that was worth a decision, and whether they are the original's own."""
    kept = _cleaned(original)
    if kept is not None and len(kept) < len(encoded):
        return kept, f"The original's own bytes, pixels untouched: encoded again it takes {len(encoded)} bytes.", True
    if len(encoded) <= len(original.data):
        return encoded, None, False
    why = original.obstacle or "its container cannot be cleaned"
    note = f"Larger than the original's {len(original.data)} bytes, which cannot be published as it is: {why}."
    return encoded, note, False


def _cleaned(original: Upload) -> bytes | None:
    return None if original.obstacle else without_extras(original.data, original.format, original.exif)


def _obstacle(picture: Picture) -> str | None:
    if picture.orientation != 1:
        return "it is stored turned"
    if picture.is_poster:
        return "it is animated"
    if picture.image.mode not in _COLOURS_BROWSERS_AGREE_ON:
        return f"its colours are {picture.image.mode}"
    if not is_srgb(picture.profile) or (picture.profile is None and own_gamma(picture.image)):
        return "it is in another colour space"
    return None
