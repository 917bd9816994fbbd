"""Renders one file in the sandbox, and compares the variants with the reference."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lightpress.image import PictureRejected, Size, Spec, render
from lightpress.image.formats import READABLE
from lightpress.pipeline.sandbox import Child, ChildLost, SandboxLimits
from tools.conformance.confined import LostError, confined
from tools.conformance.measure import measure
from tools.conformance.record import Made, Measured, Record, Reference, measured_from
from tools.conformance.reference import opened

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.image import EncodedVariant

SPEC = Spec(
    sizes=(Size("small", width=320), Size("large", width=1920)),
    formats=("avif", "webp", "jpeg", "png"),
    accept=READABLE,
    damaged="refuse",
)
"""The ends of the `web` recipe's ladder, and every format. PNG has no loss, so it shows what the conversion does.

Formats that recipes do not accept by default are judged like all others, for those who accept them. Files that are cut
short are refused, as the reference refuses them.
"""

BOUNDS = SandboxLimits(cpu_seconds=20, wall_seconds=60.0, memory_mb=1_700)
"""The wall-clock limit is three times the CPU limit, so that other load on the machine fails no file."""

_REFERENCE_MB = 4_000
_REFERENCE_SECONDS = 90.0


def observe(path: Path, name: str) -> Record:
    """The record of a file. name: its name in the report."""
    data = path.read_bytes()
    started = time.monotonic()
    made: list[EncodedVariant] = []
    facts: dict[str, Any] = {"format": "", "width": 0, "height": 0, "notes": ()}
    verdict = {"outcome": "ready", "reason": "", "detail": ""}
    with Child(data, SPEC, BOUNDS, render) as child:
        try:
            rendering = child.result()
            facts = {one: getattr(rendering.original, one) for one in facts}
            made.extend(rendering.variants)
        except PictureRejected as rejected:
            verdict = {"outcome": "rejected", "reason": str(rejected.reason), "detail": rejected.detail}
        except ChildLost as lost:
            verdict = {"outcome": "lost", "reason": "", "detail": str(lost)}
    wall_ms = round((time.monotonic() - started) * 1000)
    reference, measured = _compared(data, made if verdict["outcome"] == "ready" else [])
    return Record(
        file=name,
        bytes=len(data),
        **verdict,  # type: ignore[arg-type]
        **facts,
        variants=tuple(Made(one.format, one.width, one.height, len(one.data)) for one in made),
        cpu_ms=child.cost.cpu_ms,
        peak_rss_mb=child.cost.peak_rss_mb,
        wall_ms=wall_ms,
        reference=reference,
        measured=measured,
    )


def _compared(data: bytes, made: list[EncodedVariant]) -> tuple[Reference, Measured]:
    def work() -> dict[str, Any]:
        reference, stored = opened(data)
        measured = measure(stored, reference, made) if stored is not None and made else Measured()
        return {"reference": asdict(reference), "measured": asdict(measured)}

    try:
        answer = confined(work, memory_mb=_REFERENCE_MB, seconds=_REFERENCE_SECONDS)
    except LostError as lost:
        return Reference("unknown", str(lost)), Measured()
    return Reference(**answer["reference"]), measured_from(answer["measured"])
