"""The ways to write one variant. Each returns None where it does not apply."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.image.check import checked
from lightpress.image.encode import is_lossless
from lightpress.image.job import EncodedVariant, no_packing
from lightpress.image.original import Chosen, never_larger, repack

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.job import Job, Target


def write_packed_original(target: Target, job: Job) -> EncodedVariant | None:
    """Pack the original's own pixels, where the spec asks for that and the variant is the original once more."""
    if not (job.spec.lossless and _is_original(target, job)):
        return None
    packed = repack(job.original, job.pack, job.profile)
    if packed is None:
        return None
    chosen = _with_gain_map(Chosen(packed, "The original's own pixels, packed without loss."), target, job)
    return encoded_variant(target, chosen.data, chosen.note)


def write_encoded(target: Target, job: Job) -> EncodedVariant:
    """Encode the picture; where it is the original once more, in no more bytes than the original has."""
    asked = job.spec.quality_of(target.output, target.pixels)
    chosen = _with_gain_map(chosen_for(target, job, _encoding(target, job), asked), target, job)
    return encoded_variant(target, chosen.data, chosen.note, chosen.quality)


def encoder_of(target: Target, job: Job) -> Callable[[int], Chosen]:
    """What encodes a still variant at a quality, with its gain map, whatever the original's bytes."""
    encode_at = _encoding(target, job)
    return lambda quality: _with_gain_map(Chosen(encode_at(quality), None, quality), target, job)


def _encoding(target: Target, job: Job) -> Callable[[int], bytes]:
    output, spec, embedded = target.output, job.spec, job.embedded
    pack = job.pack if spec.packs(target.rung) else no_packing
    area = target.pixels.width * target.pixels.height
    return lambda quality: pack(job.encode(target.image, output, spec.at_quality(output, quality), embedded), area)


def chosen_for(target: Target, job: Job, encode_at: Callable[[int], bytes], quality: int) -> Chosen:
    """The bytes of a variant that `encode_at` encodes at a quality: the original's own where those are fewer."""
    if _is_original(target, job):
        pack = None if target.output.lossy else job.pack
        return never_larger(encode_at, quality, job.original, pack, job.profile)
    return Chosen(encode_at(quality), None, quality)


def _with_gain_map(chosen: Chosen, target: Target, job: Job) -> Chosen:
    """Join the gain map to what was chosen, where there is one and the format can hold it; still never larger."""
    if job.gain_map is None or not target.output.gain_map:
        return chosen
    from lightpress.image.keep_gain_map import with_gain_map  # noqa: PLC0415  few pictures have one

    both, note = with_gain_map(chosen.data, target.rung, job.gain_map), "With the gain map of its original."
    if _is_original(target, job) and len(both) > job.original.uploaded_bytes:
        both, note = chosen.data, "Without the gain map of its original: with it, the file would be the larger one."
    return replace(chosen, data=both, note=f"{chosen.note} {note}" if chosen.note else note)


def encoded_variant(target: Target, data: bytes, note: str | None = None, quality: int | None = None) -> EncodedVariant:
    """The variant that `data` is; raises EncoderMismatch where it is not what was asked for."""
    rung, output = target.rung, target.output
    data = checked(data, output, target.pixels)
    asked = quality if output.lossy and not is_lossless(data) else None
    return EncodedVariant(rung.names, output.name, *target.pixels, data, note, asked, look=rung.look)


def _is_original(target: Target, job: Job) -> bool:
    if target.rung.steps:
        return False
    return (target.rung.result, target.output.name) == (job.original.pixels, job.original.format)
