"""Read this first: how a file becomes its variants, as a list of steps.

Bytes in, bytes out; Pillow only. No AWS, no clock, no environment, no log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.image.animate import encode_film, moves
from lightpress.image.check import checked
from lightpress.image.color import to_srgb
from lightpress.image.decode import decode
from lightpress.image.depth import to_eight_bits
from lightpress.image.encode import bare, encode, is_lossless
from lightpress.image.flatten import without_idle_alpha
from lightpress.image.orient import upright
from lightpress.image.original import Chosen, smaller, untouched, upload
from lightpress.image.placeholder import dominant_colour, reduced, thumbhash
from lightpress.image.resize import descend, shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from PIL import Image

    from lightpress.image.film import Film
    from lightpress.image.formats import Output
    from lightpress.image.original import Upload
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Rung, Spec

REVISION = 4
"""Raised by hand when the same spec makes other pixels: published variants made by an older core are then stale."""


@dataclass(frozen=True, slots=True)
class OriginalInfo:
    """What was learned of the file: its format, its pixels as seen upright, and notes of one sentence each.

    colour: the `#rrggbb` that most of it has. thumbhash: a blurred likeness, in base64. frames, duration_ms: of the
    animation that some variants show, once through; 1 and 0 where all of them are still.
    """

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()
    colour: str | None = None
    thumbhash: str | None = None
    frames: int = 1
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class EncodedVariant:
    """One encoded variant: the sizes (by name) that it serves, its format (by name), its pixels and its bytes.

    note: a sentence where its bytes are not simply the picture encoded. quality: what it was encoded with, if it was.
    animated: whether it moves.
    """

    names: tuple[str, ...]
    format: str
    width: int
    height: int
    data: bytes
    note: str | None = None
    quality: int | None = None
    animated: bool = False


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The facts of a file and its variants, which are encoded one by one as they are asked for."""

    facts: OriginalInfo
    renditions: Generator[EncodedVariant]


def render(data: bytes, spec: Spec, encode: Callable[..., bytes] = encode) -> RenderResult:
    """Make every variant of the file `data` that `spec` asks for, the largest size first.

    Raises PictureRejected, before this returns, where the file is at fault; EncoderMismatch, as the variants are asked
    for, where one would not be what it says. encode: for still variants; tests put another in its place.
    """
    decoded = decode(data, spec)
    original = upload(data, decoded)
    rungs = spec.rungs(decoded.original)
    picture = _ready(decoded, rungs[0])
    moving = decoded if decoded.film else None  # else what was decoded need not stay in memory
    return RenderResult(_facts(picture, spec), _renditions(picture, moving, rungs, spec, original, encode))


def _ready(picture: Picture, rung: Rung) -> Picture:
    picture = to_eight_bits(picture)
    picture = shrink(picture, rung.whole)
    picture = to_srgb(picture)
    picture = upright(picture)
    picture = without_idle_alpha(picture)
    return replace(picture, image=bare(picture.image))  # once, and not for each variant


def _facts(picture: Picture, spec: Spec) -> OriginalInfo:
    small = reduced(picture.image)
    shown = picture.film.milliseconds if picture.film else (0,)
    return OriginalInfo(
        format=picture.format,
        width=picture.original.width,
        height=picture.original.height,
        notes=picture.notes,
        colour=dominant_colour(small, spec.background),
        thumbhash=thumbhash(small),
        frames=len(shown),
        duration_ms=sum(shown),
    )


def _renditions(  # noqa: PLR0913, PLR0917  everything that variants are made of
    picture: Picture,
    moving: Picture | None,
    rungs: tuple[Rung, ...],
    spec: Spec,
    original: Upload,
    encode: Callable[..., bytes],
) -> Generator[EncodedVariant]:
    for rung, image in descend(picture.image, rungs):
        for output in spec.outputs():
            if moving and moving.film and output.motion is not None:
                yield _moving(moving, moving.film, rung, output, spec)
            elif original.is_same(rung.result, output):
                yield _as_uploaded(image, rung, output, spec, original, encode)
            else:
                data = encode(image, output, spec, original.exif)
                yield _rendition(rung, output, Chosen(data, quality=spec.quality_of(output, rung.result)))


def _moving(decoded: Picture, film: Film, rung: Rung, output: Output, spec: Spec) -> EncodedVariant:
    """Every frame goes through the steps of a still picture."""
    ready = (_ready(replace(decoded, image=frame.image), rung).image for frame in film.frames())
    cut = (image for whole in ready for _, image in descend(whole, (rung,)))
    quality = spec.quality_of(output, rung.result)
    data = encode_film(cut, film, output, quality, decoded.exif)
    return replace(_rendition(rung, output, Chosen(data, quality=quality)), animated=moves(data))


def _as_uploaded(  # noqa: PLR0913, PLR0917  everything that a variant is made of
    image: Image.Image, rung: Rung, output: Output, spec: Spec, original: Upload, encode: Callable[..., bytes]
) -> EncodedVariant:
    """The variant that is the original once more."""
    if spec.lossless and (kept := untouched(original)) is not None:
        return _rendition(rung, output, Chosen(kept, "The original's own pixels, packed without loss."))

    def encode_at(quality: int) -> bytes:
        return encode(image, output, spec.at_quality(output, quality), original.exif)

    chosen = smaller(encode_at, spec.quality_of(output, rung.result), original, lossy=output.lossy)
    return _rendition(rung, output, chosen)


def _rendition(rung: Rung, output: Output, chosen: Chosen) -> EncodedVariant:
    data = checked(chosen.data, output, rung.result)
    quality = chosen.quality if output.lossy and not is_lossless(data) else None
    return EncodedVariant(rung.names, output.name, *rung.result, data, chosen.note, quality)
