"""Fitted to its size: reduced, never enlarged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.pixel_library import pixel_library
from lightpress.image.planar import Planar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightpress.image.job import Job
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Cut, Pixels, Rung


def shrink(picture: Picture, job: Job) -> Picture:
    """Reduce to the largest rung, so that later steps touch fewer pixels."""
    size = picture.as_stored(job.rungs[0].whole)
    return replace(picture, image=_reduced(picture.image, size, native=job.spec.native))


def descend(image: Image.Image, rungs: Iterable[Rung], *, native: bool) -> Iterator[tuple[Rung, Image.Image]]:
    """Give the picture for each rung, largest first, each reduced from the one before.

    That is as good as reducing each from the original (docs/decisions/0010) for a fraction of the CPU. native: whether
    the pixel library is used where it can.
    """
    for rung in rungs:
        image = _reduced(image, rung.whole, native=native)
        yield rung, _cut(image, rung.cut)


def _reduced(image: Image.Image, size: Pixels, *, native: bool) -> Image.Image:
    # Lanczos is sharper and costs a third more CPU; at equal bytes photos score the same (docs/performance.md).
    # Pillow premultiplies transparent pictures by itself while it resizes, so edges show no halo.
    if image.size == size:
        return image
    if isinstance(image, Planar):
        return image.resized(size)
    library = pixel_library() if native else None
    made = library.resized(image, size) if library else None
    return made or image.resize(size, Image.Resampling.BICUBIC)


def _cut(image: Image.Image, cut: Cut) -> Image.Image:
    left, top, size = cut
    if (left, top) == (0, 0) and image.size == size:
        return image
    if min(left, top) < 0:
        image = image.convert("RGBA")  # what a crop adds is then see-through, for the encoder to put on a background
    return image.crop((left, top, left + size.width, top + size.height))
