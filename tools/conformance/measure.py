"""Distances between variants and reference: color, orientation, transparency."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from tools.conformance.delta_e import mean_delta_e
from tools.conformance.orientation import turned
from tools.conformance.record import Measured
from tools.conformance.reference import Seen, UnclearError, as_seen, on_white

if TYPE_CHECKING:
    from lightpress.image.job import EncodedVariant
    from tools.conformance.record import Reference

_SAMPLE = 96
"""Images are compared at no more pixels per side: enough for a mean."""
_BLOCK = 8
"""Lossy formats are compared by the means of blocks of 8 x 8: that shows wrong colors, and not grain."""
_SMALL = (32, 32)
_WITH_ALPHA = {"avif", "webp", "png"}
_LOSSLESS = "png"


def measure(stored: Image.Image, reference: Reference, made: list[EncodedVariant]) -> Measured:
    """Compare the largest variant of each format with the pixels of the original, as stored, by the reference."""
    variants, found = opened_variants(made)
    return _with(distances(stored, reference, variants), found)


def judged(seen: Seen, made: list[EncodedVariant]) -> Measured:
    """Compare the largest variant of each format with what an independent judge shows of the original."""
    variants, found = opened_variants(made)
    return _with(distances_from(seen, seen, 1, variants), found)


def largest_of_each_format(made: list[EncodedVariant]) -> dict[str, EncodedVariant]:
    """The variants with the most pixels, by format."""
    largest = max((one.width, one.height) for one in made)
    return {one.format: one for one in made if (one.width, one.height) == largest}


def opened_variants(made: list[EncodedVariant]) -> tuple[dict[str, Seen], Measured]:
    """The largest variant of each format as seen, by format; frames, and what cannot be opened."""
    variants, unreadable, frames = {}, [], {}
    for name, one in largest_of_each_format(made).items():
        try:
            image = Image.open(io.BytesIO(one.data))
            frames[name] = getattr(image, "n_frames", 1)
            image.seek(0)
            variants[name] = _seen(image)
        except Exception as error:  # noqa: BLE001  a viewer cannot read it either
            unreadable.append(f"{name}: {error}")
    return variants, Measured(frames=frames, unreadable=tuple(unreadable))


def _with(measured: Measured, found: Measured) -> Measured:
    return replace(measured, frames=found.frames, unreadable=found.unreadable)


def distances(stored: Image.Image, reference: Reference, variants: dict[str, Seen]) -> Measured:
    """Distances of variants, by format, from the original as it should be seen. stored: its pixels as stored."""
    try:
        seen = as_seen(stored, reference.orientation or 1)
        plain = as_seen(stored, 1)
    except UnclearError as unclear:
        return Measured(why=dict.fromkeys(("color", "orientation", "alpha"), str(unclear)))
    return distances_from(seen, plain, reference.orientation, variants)


def distances_from(seen: Seen, plain: Seen, orientation: int | None, variants: dict[str, Seen]) -> Measured:
    """Distances of variants from the original as seen. plain, orientation: as stored, and what makes it upright."""
    return Measured(
        orientation=_misfit(plain, orientation, variants),
        color={name: round(_color_distance(seen, one, name), 2) for name, one in variants.items()},
        alpha=_alpha_distances(seen, variants),
    )


def _seen(variant: Image.Image) -> Seen:
    """A variant as a viewer shows it that knows only sRGB."""
    if "A" not in variant.getbands() and "transparency" not in variant.info:
        return Seen(variant.convert("RGB"), None)
    full = variant.convert("RGBA")
    alpha = full.getchannel("A")
    return Seen(on_white(full.convert("RGB"), alpha), alpha)


def _color_distance(first: Seen, second: Seen, name: str) -> float:
    size = _sample_size(second.colors.size, 1 if name == _LOSSLESS else _BLOCK)
    one, other = (seen.colors.resize(size, Image.Resampling.BOX).tobytes() for seen in (first, second))
    return mean_delta_e(one, other)


def _sample_size(size: tuple[int, int], block: int = 1) -> tuple[int, int]:
    factor = min(1 / block, _SAMPLE / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _misfit(plain: Seen, orientation: int | None, variants: dict[str, Seen]) -> float | None:
    """How much better another orientation fits than the declared one, in levels of 255; None where it is not known."""
    variant = variants.get(_LOSSLESS) or next(iter(variants.values()), None)
    if orientation is None or variant is None:
        return None
    small = plain.colors.resize(_SMALL, Image.Resampling.BOX)
    made = variant.colors.resize(_SMALL, Image.Resampling.BOX).tobytes()
    distances = {one: _levels(turned(small, one).tobytes(), made) for one in range(1, 9)}
    return round(distances[orientation] - min(distances.values()), 2)


def _levels(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / max(1, len(one))


def _alpha_distances(seen: Seen, variants: dict[str, Seen]) -> dict[str, float]:
    """Mean differences of alpha in levels of 255, by format; empty where the original and all variants are opaque."""
    distances = {}
    for name in variants.keys() & _WITH_ALPHA:
        made = variants[name]
        if _is_opaque(seen) and _is_opaque(made):
            continue
        size = _sample_size(made.colors.size)
        wanted, mask = (
            Image.new("L", size, 255) if one.alpha is None else one.alpha.resize(size, Image.Resampling.BOX)
            for one in (seen, made)
        )
        distances[name] = round(_levels(wanted.tobytes(), mask.tobytes()), 2)
    return distances


def _is_opaque(one: Seen) -> bool:
    return one.alpha is None or one.alpha.getextrema() == (255, 255)
