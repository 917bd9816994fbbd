"""The ways to write one variant. Each returns None where it does not apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image.check import checked
from lightpress.image.encode import is_lossless
from lightpress.image.job import EncodedVariant
from lightpress.image.original import never_larger, repack

if TYPE_CHECKING:
    from lightpress.image.job import Job, Target


def write_packed_original(target: Target, job: Job) -> EncodedVariant | None:
    """Pack the original's own pixels, where the spec asks for that and the variant is the original once more."""
    if not (job.spec.lossless and _is_original(target, job)):
        return None
    packed = repack(job.original)
    return (
        None if packed is None else encoded_variant(target, packed, "The original's own pixels, packed without loss.")
    )


def write_never_larger(target: Target, job: Job) -> EncodedVariant | None:
    """Encode what is the original once more, or publish the original's own bytes where they are fewer."""
    if not _is_original(target, job):
        return None
    output, spec, exif = target.output, job.spec, job.original.exif

    def encode_at(quality: int) -> bytes:
        return job.encode(target.image, output, spec.at_quality(output, quality), exif)

    chosen = never_larger(encode_at, spec.quality_of(output, target.rung.result), job.original, lossy=output.lossy)
    return encoded_variant(target, chosen.data, chosen.note, chosen.quality)


def write_encoded(target: Target, job: Job) -> EncodedVariant:
    """Encode the picture."""
    data = job.encode(target.image, target.output, job.spec, job.original.exif)
    return encoded_variant(target, data, quality=job.spec.quality_of(target.output, target.rung.result))


def encoded_variant(target: Target, data: bytes, note: str | None = None, quality: int | None = None) -> EncodedVariant:
    """The variant that `data` is; raises EncoderMismatch where it is not what was asked for."""
    rung, output = target.rung, target.output
    data = checked(data, output, rung.result)
    asked = quality if output.lossy and not is_lossless(data) else None
    return EncodedVariant(rung.names, output.name, *rung.result, data, note, asked)


def _is_original(target: Target, job: Job) -> bool:
    return (target.rung.result, target.output.name) == (job.original.pixels, job.original.format)
