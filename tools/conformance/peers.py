"""Renders every file with every engine, and measures the PNG files as Lightpress's variants are measured.

The judges are those of `make conformance`, but for what is compared itself. A PNG is decoded as the original is: a
color profile that it keeps is applied, as browsers apply it.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from tools.conformance.confined import LostError, confined
from tools.conformance.judges import Picture
from tools.conformance.measure import distances, distances_from
from tools.conformance.record import Made, Measured, Record, Reference, measured_from
from tools.conformance.reference import UnclearError, as_seen, opened, still
from tools.conformance.run import files_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PIL import Image

    from tools.conformance.engines import Answer, Engine
    from tools.conformance.judges import Judges
    from tools.conformance.reference import Seen

Records = dict[str, list[Record]]
"""By the engine's name, in the order of the table's columns; each engine has the same files in the same order."""

_PNG = "png"
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|>)\s*[2-8]")
_MEMORY_MB = 4_000
_SECONDS = 180.0


def compare(
    engines: Sequence[Engine],
    fixtures: Path,
    done: Callable[[int, int], None] = lambda *_: None,
    judges: Judges | None = None,
) -> Records:
    """A record of each file and engine.

    One file and engine at a time, so that memory and time do not depend on other engines.

    Args:
        engines: The engines to compare.
        fixtures: The folder with the test files.
        done: Called with the number of files that are done, and of all files.
        judges: Who judges; without, the reference alone.
    """
    files = files_in(fixtures)
    found: Records = {engine.name: [] for engine in engines}
    for number, path in enumerate(files, 1):
        rendered = [_rendered(engine, path, path.relative_to(fixtures).as_posix()) for engine in engines]
        picture = judges.picture(path) if judges else Picture()
        if picture.shown.judge in found:
            picture = Picture()  # nobody judges themselves
        if picture.shows_no_pixel and any(record.outcome != "ready" for record, _ in rendered):
            picture = Picture()  # an error is more than an area where nothing is painted
        for engine, record in zip(engines, _judged(path.read_bytes(), rendered, picture), strict=True):
            found[engine.name].append(record)
        done(number, len(files))
    return found


def _rendered(engine: Engine, path: Path, file: str) -> tuple[Record, bytes]:
    """The record of a file without the reference, and the PNG that was made of it."""
    started = time.monotonic()
    answer: Answer = engine.render(path)
    record = Record(
        file=file,
        bytes=path.stat().st_size,
        outcome=answer.outcome,
        reason=answer.reason,
        detail=answer.detail,
        format="",
        width=0,
        height=0,
        notes=(),
        variants=(),
        cpu_ms=0,
        peak_rss_mb=answer.peak_mb,
        wall_ms=round((time.monotonic() - started) * 1000),
    )
    return record, answer.png


def _judged(data: bytes, rendered: list[tuple[Record, bytes]], picture: Picture) -> list[Record]:
    """The records with what is shown of the file, and the distances of each PNG from it."""

    def work() -> dict[str, Any]:
        reference, stored = opened(data)
        alone = still(data)
        shown = ([] if picture.seen else [stored]) + ([] if alone == data else [opened(alone).stored])
        is_unclear = picture.seen is None and oriented_by_xmp_alone(data, reference)
        found = []
        for _, png in rendered:
            size, measured = (0, 0), Measured()
            if png:
                size, measured = _measured(png, reference, picture.seen, shown)
                if is_unclear:
                    measured = Measured(why=dict.fromkeys(("color", "alpha"), "viewers differ over XMP's orientation"))
            found.append({"size": size, "measured": asdict(measured)})
        return {"reference": asdict(reference), "found": found}

    try:
        answer = confined(work, memory_mb=_MEMORY_MB, seconds=_SECONDS)
    except LostError as lost:
        return [replace(record, reference=Reference("unknown", str(lost))) for record, _ in rendered]
    reference = Reference(**answer["reference"])
    return [
        replace(
            record,
            reference=reference,
            shown=picture.shown,
            width=one["size"][0],
            height=one["size"][1],
            variants=(Made(_PNG, one["size"][0], one["size"][1], len(png)),) if png else (),
            measured=measured_from(one["measured"]),
        )
        for (record, png), one in zip(rendered, answer["found"], strict=True)
    ]


def _measured(
    png: bytes, reference: Reference, judged: Seen | None, shown: list[Image.Image | None]
) -> tuple[tuple[int, int], Measured]:
    """Width and height of a PNG as seen, and its distances from the nearest of what may be shown.

    judged: what a judge shows. shown: what the reference decodes, as stored, that may be shown as well.
    """
    again, pixels = opened(png)
    if pixels is None:
        return (0, 0), Measured(unreadable=(f"{_PNG}: {again.says or again.state}",))
    size = (again.width, again.height)
    try:
        made = {_PNG: as_seen(pixels, again.orientation or 1)}
    except UnclearError as unclear:
        return size, Measured(unreadable=(f"{_PNG}: {unclear}",))
    measured = [distances(stored, reference, made) for stored in shown if stored is not None]
    if judged is not None:
        measured.append(distances_from(judged, judged, 1, made))
    return size, min(measured, key=lambda one: one.color.get(_PNG, 0.0), default=Measured())


def oriented_by_xmp_alone(data: bytes, reference: Reference) -> bool:
    """Whether only XMP data has an orientation, which browsers ignore, and some viewers and libraries apply."""
    return reference.orientation in {None, 1} and _XMP_ORIENTATION.search(data) is not None


def save(records: Records, path: Path) -> None:
    """Write one line of JSON for each file and engine."""
    lines = [{"engine": name} | record.as_json() for name, each in records.items() for record in each]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def load(path: Path) -> Records:
    """Read what `save` wrote."""
    records: Records = {}
    for line in path.read_text().splitlines():
        fields = json.loads(line)
        records.setdefault(fields.pop("engine"), []).append(Record.from_json(fields))
    return records
