"""How far the variants are from the reference."""

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
    from lightpress.image import EncodedVariant
    from tools.conformance.record import Reference

_SAMPLE = 96
"""Pictures are compared at this many pixels a side at most: it is enough for a mean."""
_BLOCK = 8
"""Formats with loss are compared by the means of such blocks: what is left is colour that went wrong, not grain."""
_SMALL = (32, 32)
_CAN_BE_SEE_THROUGH = {"avif", "webp", "png"}
_LOSSLESS = "png"


def measure(stored: Image.Image, reference: Reference, renditions: list[EncodedVariant]) -> Measured:
    """Compare the largest variant of each format with the stored pixels of the original."""
    largest = max((one.width, one.height) for one in renditions)
    of_interest = {one.format: one.data for one in renditions if (one.width, one.height) == largest}
    variants, unreadable, frames = {}, [], {}
    for name, data in of_interest.items():
        try:
            image = Image.open(io.BytesIO(data))
            frames[name] = getattr(image, "n_frames", 1)
            image.seek(0)
            variants[name] = _seen(image)
        except Exception as error:  # noqa: BLE001  whatever it is, a viewer cannot read it either
            unreadable.append(f"{name}: {error}")
    return replace(distances(stored, reference, variants), frames=frames, unreadable=tuple(unreadable))


def distances(stored: Image.Image, reference: Reference, variants: dict[str, Seen]) -> Measured:
    """How far pictures, by format, are from the stored pixels of the original as it ought to be seen."""
    try:
        seen = as_seen(stored, reference.orientation or 1)
        plain = as_seen(stored, 1)
    except UnclearError as unclear:
        return Measured(why=dict.fromkeys(("colour", "orientation", "alpha"), str(unclear)))
    return Measured(
        orientation=_misfit(plain, reference.orientation, variants),
        colour={name: round(_colour_distance(seen, one, name), 2) for name, one in variants.items()},
        alpha=_alpha_distances(seen, variants),
    )


def _seen(variant: Image.Image) -> Seen:
    """A variant must show right in a viewer that knows nothing but sRGB."""
    if "A" not in variant.getbands() and "transparency" not in variant.info:
        return Seen(variant.convert("RGB"), None)
    full = variant.convert("RGBA")
    alpha = full.getchannel("A")
    return Seen(on_white(full.convert("RGB"), alpha), alpha)


def _colour_distance(first: Seen, second: Seen, name: str) -> float:
    size = _sample_size(second.colours.size, 1 if name == _LOSSLESS else _BLOCK)
    one, other = (seen.colours.resize(size, Image.Resampling.BOX).tobytes() for seen in (first, second))
    return mean_delta_e(one, other)


def _sample_size(size: tuple[int, int], block: int = 1) -> tuple[int, int]:
    factor = min(1 / block, _SAMPLE / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _misfit(plain: Seen, orientation: int | None, variants: dict[str, Seen]) -> float | None:
    """By how many levels another orientation fits better than the declared one."""
    variant = variants.get(_LOSSLESS) or next(iter(variants.values()), None)
    if orientation is None or variant is None:
        return None
    small = plain.colours.resize(_SMALL, Image.Resampling.BOX)
    made = variant.colours.resize(_SMALL, Image.Resampling.BOX).tobytes()
    distances = {one: _levels(turned(small, one).tobytes(), made) for one in range(1, 9)}
    return round(distances[orientation] - min(distances.values()), 2)


def _levels(one: bytes, other: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / max(1, len(one))


def _alpha_distances(seen: Seen, variants: dict[str, Seen]) -> dict[str, float]:
    """Empty where the original is opaque."""
    if seen.alpha is None or seen.alpha.getextrema() == (255, 255):
        return {}
    distances = {}
    for name in variants.keys() & _CAN_BE_SEE_THROUGH:
        made = variants[name]
        size = _sample_size(made.colours.size)
        opaque = Image.new("L", size, 255)
        mask = opaque if made.alpha is None else made.alpha.resize(size, Image.Resampling.BOX)
        wanted = seen.alpha.resize(size, Image.Resampling.BOX)
        distances[name] = round(_levels(wanted.tobytes(), mask.tobytes()), 2)
    return distances
