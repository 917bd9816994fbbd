"""Renders one file in the sandbox, and compares the variants with what judges show."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.image.errors import PictureRejected
from lightpress.image.inputs import USUAL
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, render_and_pack
from tools.conformance.bounds import BOUNDS
from tools.conformance.confined import LostError, confined
from tools.conformance.judges import Picture
from tools.conformance.measure import judged, largest_of_each_format, measure
from tools.conformance.record import Made, Measured, Record, Reference, measured_from
from tools.conformance.reference import opened
from tools.conformance.rules import POLICY

if TYPE_CHECKING:
    from lightpress.image.job import EncodedVariant
    from tools.conformance.judges import Judges
    from tools.conformance.openers import Openers

SPEC = Spec(
    sizes=(Size("small", width=320), Size("large", width=1920)),
    formats=("avif", "webp", "jpeg", "png"),
    accept=USUAL,
)
"""The ends of the `web` recipe's ladder, and every format. PNG has no loss, so it shows what the conversion does.

Formats that recipes do not accept by default are judged like all others, for those who accept them.
"""

_REFERENCE_MB = 4_000
_REFERENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Bench:
    """What a process needs that observes files; without judges and openers, the reference alone judges."""

    judges: Judges | None = None
    openers: Openers | None = None


def observe(path: Path, name: str, bench: Bench = Bench()) -> Record:
    """The record of a file. name: its name in the report."""
    data = path.read_bytes()
    started = time.monotonic()
    made: list[EncodedVariant] = []
    facts: dict[str, Any] = {"format": "", "width": 0, "height": 0, "notes": ()}
    verdict = {"outcome": "ready", "reason": "", "detail": ""}
    with Child(data, SPEC, BOUNDS, render_and_pack) as child:
        try:
            rendering = child.result()
            facts = {one: getattr(rendering.original, one) for one in facts}
            made.extend(rendering.variants)
        except PictureRejected as rejected:
            verdict = {"outcome": "rejected", "reason": str(rejected.reason), "detail": rejected.detail}
        except ChildLost as lost:
            verdict = {"outcome": "lost", "reason": "", "detail": str(lost)}
    wall_ms = round((time.monotonic() - started) * 1000)
    picture = bench.judges.picture(path) if bench.judges and verdict["reason"] not in POLICY else Picture()
    if verdict["outcome"] == "rejected" and picture.shows_no_pixel:
        picture = Picture()  # a reason is more than an area where nothing is painted
    reference, measured = _compared(data, made, picture)
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
        shown=picture.shown,
        measured=_opened(measured, made, bench.openers),
    )


def _compared(data: bytes, made: list[EncodedVariant], picture: Picture) -> tuple[Reference, Measured]:
    def work() -> dict[str, Any]:
        reference, stored = opened(data)
        measured = Measured()
        if made and picture.seen is not None:
            measured = judged(picture.seen, made)
        elif made and stored is not None:
            measured = measure(stored, reference, made)
        return {"reference": asdict(reference), "measured": asdict(measured)}

    try:
        answer = confined(work, memory_mb=_REFERENCE_MB, seconds=_REFERENCE_SECONDS)
    except LostError as lost:
        return Reference("unknown", str(lost)), Measured()
    return Reference(**answer["reference"]), measured_from(answer["measured"])


def _opened(measured: Measured, made: list[EncodedVariant], openers: Openers | None) -> Measured:
    if openers is None or not made:
        return measured
    with tempfile.TemporaryDirectory() as folder:
        found = openers.open(list(largest_of_each_format(made).values()), Path(folder))
    return replace(measured, unreadable=(*measured.unreadable, *found.problems), moves=dict(found.moves))
