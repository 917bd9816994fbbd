"""Read this first: how a file becomes its variants, as a list of steps.

Bytes in, bytes out; Pillow only. No AWS, no clock, no environment, no log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.image.animate import encode_film, moves
from lightpress.image.colour import to_srgb
from lightpress.image.decode import decode
from lightpress.image.depth import to_eight_bits
from lightpress.image.encode import encode
from lightpress.image.flatten import without_idle_alpha
from lightpress.image.orient import upright
from lightpress.image.resize import descend, shrink

if TYPE_CHECKING:
    from collections.abc import Generator

    from PIL import Image

    from lightpress.image.animate import Film
    from lightpress.image.formats import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Rung, Spec

REVISION = 1
"""Raised by hand when the same spec makes other pixels: published variants made by an older core are then stale."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was learned of the file: its format, its pixels as seen upright, and notes of one sentence each.

    frames, duration_ms: of the animation that some variants show, once through; 1 and 0 where all of them are still.
    """

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()
    frames: int = 1
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoded variant: the sizes (by name) that it serves, its format (by name), its pixels and its bytes."""

    names: tuple[str, ...]
    format: str
    width: int
    height: int
    data: bytes
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Rendering:
    """The facts of a file and its variants, which are encoded one by one as they are asked for."""

    facts: Facts
    renditions: Generator[Rendition]


def render(data: bytes, spec: Spec) -> Rendering:
    """Make every variant of the file `data` that `spec` asks for, the largest size first.

    Raises PictureRejected, before this returns, where the file is at fault.
    """
    decoded = decode(data, spec)
    rungs = spec.rungs(decoded.original)
    picture = _ready(decoded, rungs[0])
    return Rendering(_facts(picture), _renditions(picture, decoded, rungs, spec))


def _ready(picture: Picture, rung: Rung) -> Picture:
    picture = to_eight_bits(picture)
    picture = shrink(picture, rung.whole)
    picture = to_srgb(picture)
    picture = upright(picture)
    return without_idle_alpha(picture)


def _facts(picture: Picture) -> Facts:
    shown = picture.film.milliseconds if picture.film else (0,)
    return Facts(picture.format, picture.original.width, picture.original.height, picture.notes, len(shown), sum(shown))


def _renditions(picture: Picture, decoded: Picture, rungs: tuple[Rung, ...], spec: Spec) -> Generator[Rendition]:
    for rung, image in descend(picture.image, rungs):
        for output in spec.outputs():
            if decoded.film and output.motion is not None:
                yield _moving(decoded, decoded.film, rung, output, spec)
            else:
                yield _rendition(image, rung, output, spec)


def _moving(decoded: Picture, film: Film, rung: Rung, output: Output, spec: Spec) -> Rendition:
    """Every frame goes through the steps of a still picture."""
    ready = (_ready(replace(decoded, image=frame.image), rung).image for frame in film.frames())
    cut = (image for whole in ready for _, image in descend(whole, (rung,)))
    data = encode_film(cut, film, output, spec)
    return Rendition(rung.names, output.name, rung.result.width, rung.result.height, data, moves(data))


def _rendition(image: Image.Image, rung: Rung, output: Output, spec: Spec) -> Rendition:
    return Rendition(rung.names, output.name, image.width, image.height, encode(image, output, spec))
