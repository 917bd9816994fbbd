"""A byte budget: a variant that exceeds it is encoded anew, at the highest quality that fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.image.spec import MOST_TRIES
from lightpress.image.writers import encoded_variant, encoder_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.job import EncodedVariant, Job, Target
    from lightpress.image.original import Chosen

LOWEST_QUALITY = 10
"""Below it, a picture is no picture any more; its bytes hardly fall."""
_MOST_QUALITIES = 2**MOST_TRIES - 1


def within(variant: EncodedVariant, target: Target, job: Job) -> EncodedVariant:
    """The variant in as many bytes as its rung allows, if there is a way; else at the lowest quality, with a note.

    It is encoded at most `MOST_TRIES` times more. What has no quality stays as it is: PNG, and animations, whose every
    frame would be encoded as often.
    """
    most = target.rung.max_bytes
    if most is None or len(variant.data) <= most:
        return variant
    if variant.animated or not target.output.lossy:
        why = "An animation is encoded once" if variant.animated else f"{target.output.name} has no quality to lower"
        return _noted(variant, f"{why}: larger than the {_kb(most)} of its size.")
    encode_at = encoder_of(target, job)
    asked = job.spec.quality_of(target.output, target.pixels)
    qualities = _qualities_below(asked)
    fitting = _best(encode_at, qualities, most)
    note = f"Encoded at quality {fitting.quality}, the highest that fits its {_kb(most)}."
    if len(fitting.data) > most:
        note = f"Larger than the {_kb(most)} of its size, even at the lowest quality that is tried ({qualities[-1]})."
    both = f"{fitting.note} {note}" if fitting.note else note
    return encoded_variant(target, fitting.data, both, fitting.quality)


def _qualities_below(asked: int) -> list[int]:
    """Descending, and no more of them than `MOST_TRIES` tries can choose among."""
    step = 1 + max(0, asked - 1 - LOWEST_QUALITY) // _MOST_QUALITIES
    return [*range(asked - 1, LOWEST_QUALITY, -step), min(asked, LOWEST_QUALITY)]


def _best(encode_at: Callable[[int], Chosen], qualities: list[int], most: int) -> Chosen:
    """Of the highest quality that fits, by halving; of the lowest, if none does."""
    low, high = 0, len(qualities) - 1
    tried: dict[int, Chosen] = {}
    while low < high:
        middle = (low + high) // 2
        tried[middle] = encode_at(qualities[middle])
        low, high = (low, middle) if len(tried[middle].data) <= most else (middle + 1, high)
    return tried.get(low) or encode_at(qualities[low])


def _noted(variant: EncodedVariant, note: str) -> EncodedVariant:
    return replace(variant, note=f"{variant.note} {note}" if variant.note else note)


def _kb(size: int) -> str:
    return f"{size >> 10} KB"
