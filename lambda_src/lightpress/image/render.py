"""Read this first: how a file becomes its variants, as a list of steps.

Bytes in, bytes out; Pillow only. No AWS, no clock, no environment, no log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.colour import to_srgb
from lightpress.image.decode import decode
from lightpress.image.depth import to_eight_bits
from lightpress.image.encode import encode
from lightpress.image.flatten import without_idle_alpha
from lightpress.image.keep import smaller, untouched, upload
from lightpress.image.metadata import with_metadata
from lightpress.image.orient import upright
from lightpress.image.resize import descend, shrink

if TYPE_CHECKING:
    from collections.abc import Generator

    from PIL import Image

    from lightpress.image.formats import Output
    from lightpress.image.keep import Upload
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Rung, Spec

REVISION = 2
"""Raised by hand when the same spec makes other pixels: published variants made by an older core are then stale."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was learned of the file: its format, its pixels as seen upright, and notes of one sentence each."""

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded variant: the sizes (by name) that it serves, its format (by name), its pixels and its bytes.

    note: a sentence where its bytes are not simply the picture encoded.
    """

    names: tuple[str, ...]
    format: str
    width: int
    height: int
    data: bytes
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rendering:
    """The facts of a file and its variants, which are encoded one by one as they are asked for."""

    facts: Facts
    renditions: Generator[Rendition]


def render(data: bytes, spec: Spec) -> Rendering:
    """Make every variant of the file `data` that `spec` asks for, the largest size first.

    Raises PictureRejected, before this returns, where the file is at fault.
    """
    picture = decode(data, spec)
    picture = with_metadata(picture, spec.metadata)
    original = upload(data, picture)
    rungs = spec.rungs(picture.original)
    picture = to_eight_bits(picture)
    picture = shrink(picture, rungs[0].whole)
    picture = to_srgb(picture)
    picture = upright(picture)
    picture = without_idle_alpha(picture)
    return Rendering(_facts(picture), _renditions(picture, rungs, spec, original))


def _facts(picture: Picture) -> Facts:
    return Facts(picture.format, picture.original.width, picture.original.height, picture.notes)


def _renditions(picture: Picture, rungs: tuple[Rung, ...], spec: Spec, original: Upload) -> Generator[Rendition]:
    for rung, image in descend(picture.image, rungs):
        for output in spec.outputs():
            yield _rendition(image, rung, output, spec, original)


def _rendition(image: Image.Image, rung: Rung, output: Output, spec: Spec, original: Upload) -> Rendition:
    data, note = _bytes(image, rung, output, spec, original)
    return Rendition(rung.names, output.name, image.width, image.height, data, note)


def _bytes(image: Image.Image, rung: Rung, output: Output, spec: Spec, original: Upload) -> tuple[bytes, str | None]:
    is_same = original.is_same(rung.result, output)
    if is_same and spec.lossless and (kept := untouched(original)) is not None:
        return kept, "The original's own pixels, packed without loss."
    encoded = encode(image, output, spec, original.exif)
    return smaller(encoded, original) if is_same else (encoded, None)
