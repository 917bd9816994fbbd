"""Never larger: where a variant is the original once more, at its own pixels and in its own format, the original wins.

An original that is already well compressed grows when it is encoded again, and loses quality on top. Its own bytes are
then published, cleaned of everything but the pixels; those are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.color import profile_of_numbers
from lightpress.image.compare import same_pixels
from lightpress.image.container import without_extras
from lightpress.image.job import OriginalFile
from lightpress.image.outputs import MOVING_BY_DEFAULT
from lightpress.image.rare_png import READ_DIFFERENTLY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from lightpress.image.job import Pack
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Colors

# Tried one after the other; what is not enough at the last is not the encoder's to save.
_LOWER_QUALITIES = (0.85, 0.7, 0.55, 0.4)

_COLORS_BROWSERS_AGREE_ON = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The file that was chosen for a variant of the original's own pixels and format.

    Attributes:
        data: Its bytes.
        note: How it differs from a file encoded as the recipe asks, in a sentence; None if it does not.
        quality: What it was encoded with; None if these are the original's own pixels.
    """

    data: bytes
    note: str | None = None
    quality: int | None = None


def inspect_original(
    uploaded_bytes: int,
    picture: Picture,
    colors: Colors = "srgb",
    moving: Collection[str] = MOVING_BY_DEFAULT,
) -> OriginalFile:
    """What is to be known of a file of so many bytes, which was just decoded as `picture`.

    colors: the color space that variants may have; moving: the formats, by name, in which animations move.
    """
    return OriginalFile(
        uploaded_bytes,
        picture.data,
        picture.format,
        picture.original,
        next(_obstacles(picture, moving), None),
        picture.exif,
        profile_of_numbers(picture, colors),
    )


def repack(original: OriginalFile, pack: Pack, profile: bytes = b"") -> bytes | None:
    """The original's own pixels, without its metadata and in as few bytes as possible.

    profile: that of the variants, which it then has, too. None where the pixels may not be published as they are.
    """
    kept = _cleaned(original, profile)
    if kept is None:
        return None
    packed = pack(kept, original.pixels.width * original.pixels.height)
    return next((one for one in (packed, kept) if _shows_the_same(original, one)), None)


def never_larger(
    encode_at: Callable[[int], bytes], quality: int, original: OriginalFile, pack: Pack | None, profile: bytes = b""
) -> Chosen:
    """The variant's bytes, no more than the original's wherever there is a way.

    Args:
        encode_at: Encodes the variant at a quality.
        quality: The quality that the spec asks for.
        original: The file that the variant repeats.
        pack: Saves bytes of a format without loss; None for others, where a lower quality does.
        profile: The ICC profile of the variant; empty for sRGB.
    """
    encoded, kept = encode_at(quality), _cleaned(original, profile)
    if kept is not None and len(kept) < len(encoded) and _shows_the_same(original, kept):
        return Chosen(kept, f"The original's own bytes, pixels untouched: encoded again it takes {len(encoded)} bytes.")
    if len(encoded) <= original.uploaded_bytes:
        return Chosen(encoded, None, quality)
    why = original.obstacle_beside(profile) or "its container cannot be cleaned"
    if pack is None:
        return _at_lower_quality(encode_at, quality, original, why)
    return _packed(pack, encoded, quality, original, why)


def _shows_the_same(original: OriginalFile, copy: bytes) -> bool:
    """Decode what is published without being encoded anew in full, and compare it: a header is no proof."""
    return same_pixels(original.data, copy, {original.format})


def _at_lower_quality(encode_at: Callable[[int], bytes], quality: int, original: OriginalFile, why: str) -> Chosen:
    """What the original's own bytes cannot be spent on cannot be seen: it was encoded at no better quality itself."""
    most = original.uploaded_bytes
    for lower in (round(quality * part) for part in _LOWER_QUALITIES):
        encoded = encode_at(lower)
        if len(encoded) <= most:
            note = f"Encoded at quality {lower}, so as not to exceed the original, which is not publishable: {why}."
            return Chosen(encoded, note, lower)
    return Chosen(encoded, _larger(most, why), lower)


def _packed(pack: Pack, encoded: bytes, quality: int, original: OriginalFile, why: str) -> Chosen:
    packed = pack(encoded, original.pixels.width * original.pixels.height)
    return Chosen(
        packed, None if len(packed) <= original.uploaded_bytes else _larger(original.uploaded_bytes, why), quality
    )


def _larger(most: int, why: str) -> str:
    return f"Larger than the original's {most} bytes, which cannot be published as it is: {why}."


def _cleaned(original: OriginalFile, profile: bytes) -> bytes | None:
    if original.obstacle_beside(profile):
        return None
    return without_extras(original.data, original.format, original.exif, profile)


def _obstacles(picture: Picture, moving: Collection[str]) -> Iterator[str]:
    if picture.is_damaged:
        yield "parts of it are missing"
    if picture.image.info.get(READ_DIFFERENTLY):
        yield "programs disagree on its palette or on what of it is see-through"
    if picture.orientation != 1:
        yield "it is stored turned"
    if picture.is_poster and (picture.animation is None or picture.format not in moving):
        yield "it is animated"
    if picture.image.mode not in _COLORS_BROWSERS_AGREE_ON:
        yield f"its colors are {picture.image.mode}"
