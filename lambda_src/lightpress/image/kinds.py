"""What kind of picture it is, and which formats suit that kind: what `formats = "auto"` writes.

A browser is served the smallest file that it can show (`delivery.choice`). So one small format and one that every
browser can show are enough, and which these are depends on what the picture is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image.candidates import CANDIDATES, Kind
from lightpress.image.few_colors import has_few_colors
from lightpress.image.outputs import FALLBACKS, OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.image.job import EncodedVariant, Job
    from lightpress.image.outputs import Output
    from lightpress.image.picture import Picture


_MOVING = {Kind.ANIMATION, Kind.TRANSPARENT_ANIMATION}
"""Whose small formats are those that the spec has them move in."""


def kind_of(picture: Picture, job: Job) -> Kind:
    """The kind of a prepared picture: of its pixels in the largest size."""
    see_through = picture.image.mode == "RGBA"
    if job.animated is not None:
        return Kind.TRANSPARENT_ANIMATION if see_through else Kind.ANIMATION
    if job.gain_map is not None:
        return Kind.HIGH_RANGE
    if see_through:
        return Kind.TRANSPARENT
    return Kind.GRAPHIC if has_few_colors(picture.image) else Kind.PHOTO


def outputs_for(picture: Picture, job: Job) -> tuple[Output, ...]:
    """The rows of the formats that the largest size of a prepared picture is encoded in."""
    if not job.spec.auto:
        return job.spec.outputs()
    kind = kind_of(picture, job)
    found = CANDIDATES[kind]
    small = job.spec.moving if kind in _MOVING else found.small
    fallback = _lossless_fallback(kind, job) or found.fallback
    return tuple(OUTPUTS[name] for name in (*small, *fallback))


def _lossless_fallback(kind: Kind, job: Job) -> tuple[str, ...]:
    """The original's own format, where the spec wants its exact pixels and the format can hold the picture."""
    own = job.original.format
    wanted = job.spec.lossless and own in FALLBACKS and kind in {Kind.PHOTO, Kind.GRAPHIC}
    return (own,) if wanted else ()


def best(made: Sequence[EncodedVariant]) -> list[EncodedVariant]:
    """Of the largest size in every candidate, the files that are published: their formats are those of all sizes.

    There is the smallest of the fallbacks, and the smallest of the others if that is smaller. Of what moves, there are
    the oldest format, which most viewers can show, and each that is smaller.
    """
    fallback = min((one for one in made if one.format in FALLBACKS), key=_bytes)
    moving = [one for one in made if one.animated]
    if moving:
        return [*(one for one in moving[:-1] if _bytes(one) < _bytes(moving[-1])), moving[-1], fallback]
    small = min((one for one in made if one.format not in FALLBACKS), key=_bytes, default=fallback)
    return [small, fallback] if _bytes(small) < _bytes(fallback) else [fallback]


def _bytes(variant: EncodedVariant) -> int:
    return len(variant.data)
