"""The results: a table for docs/performance.md, a chart, and JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import platform
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tools.benchmarks.engines import FORMATS, OURS, SHARP, THOROUGH
from tools.markdown import replace_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.benchmarks.figures import CorrectionError, Row, Sample

_EXTENSIONS = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}
_BEGIN, _END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 696, 56, 356
_LETTER = 7  # upper bound of a letter's mean width, in pixels
_LINE = 18  # height of a line of text
_RADIUS = 6
_GREY = "#495057"
_LIGHTPRESS = {OURS, THOROUGH}


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    titles = (
        "",
        "CPU ms",
        "CPU",
        "bytes at equal score",
        "of held-out photos",
        "bytes",
        "kB AVIF / WebP / JPEG",
        "SSIMULACRA2",
        "MB, one photo",
        "MB, all",
    )
    head = f"| {' | '.join(titles).strip()} |\n|---|{'--:|' * (len(titles) - 1)}"
    lines = []
    for row in rows:
        kilobytes = " / ".join(f"{row.bytes[_EXTENSIONS[name]] / 1000:.0f}" for name in FORMATS)
        scores = " / ".join(f"{row.scores[_EXTENSIONS[name]]:.1f}" for name in FORMATS)
        name = f"**{row.engine}**" if row.engine in _LIGHTPRESS else row.engine
        lines.append(
            f"| {name} | {row.cpu_ms:.0f} | {row.cpu_ratio:.2f} | {row.equal_ratio:.2f} | {row.held_out_ratio:.2f} | "
            f"{row.bytes_ratio:.2f} | {kilobytes} | {scores} | {row.fresh_mb:.0f} | {row.peak_mb:.0f} |"
        )
    return "\n".join([head, *lines])


def chart(rows: Sequence[Row]) -> str:
    """A scatter chart of CPU time and bytes at equal score, as SVG: less of both, down and to the left, is better.

    Both axes begin at 0.
    """
    cpu = _ticks(0, max(row.cpu_ratio for row in rows), 0.2)
    size = _ticks(0, max(row.equal_ratio for row in rows), 0.2)

    def x(ratio: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (ratio - cpu[0]) / (cpu[-1] - cpu[0])

    def y(ratio: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (ratio - size[0]) / (size[-1] - size[0])

    lines = [f'<path d="M{_LEFT} {y(tick):.1f}H{_RIGHT}" stroke="#e9ecef"/>' for tick in size]
    across = [_text(x(tick), _BOTTOM + 20, "middle", f"{tick:.1f}") for tick in cpu]
    up = [_text(_LEFT - 8, y(tick) + 4, "end", f"{tick:.1f}") for tick in size]
    points = _points([(x(row.cpu_ratio), y(row.equal_ratio), row) for row in rows])
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">
<title>CPU time and bytes for the same originals at equal SSIMULACRA2</title>
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>
{"".join(lines)}
{_text(_LEFT - 40, _TOP - 24, "start", f"Bytes at equal SSIMULACRA2, relative to {SHARP}")}
{_text(_RIGHT, _BOTTOM + 44, "end", "CPU time, relative to the same; down and to the left is better")}
{"".join(across)}
{"".join(up)}
{"".join(points)}
</svg>
"""


def _ticks(least: float, most: float, step: float) -> list[float]:
    """Multiples of `step` that enclose both numbers."""
    return [number * step for number in range(math.floor(least / step), math.ceil(most / step) + 1)]


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle of the chart, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def _points(places: Sequence[tuple[float, float, Row]]) -> list[str]:
    """A dot for each engine, and its name where it covers no dot and no other name: beside it, or led to by a line.

    Ours come first, so that no line leads to them where there is room.
    """
    taken = [_Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y, _ in places]
    drawn = []
    for x, y, row in sorted(places, key=lambda place: (place[2].engine not in _LIGHTPRESS, place[1])):
        color = "#d6336c" if row.engine in _LIGHTPRESS else _GREY
        name = f"{row.engine}: {row.cpu_ratio:.2f}, {row.equal_ratio:.2f}"
        fits = x + 2 * _RADIUS + _LETTER * len(name) < _WIDTH
        at = x + 2 * _RADIUS if fits else x - 2 * _RADIUS
        left, right = (at, at + _LETTER * len(name)) if fits else (at - _LETTER * len(name), at)
        boxes = (_Box(left, y + step - _LINE / 2, right, y + step + _LINE / 2) for step in _steps())
        box = next(box for box in boxes if not any(box.overlaps(other) for other in taken))
        taken.append(box)
        middle = (box.top + box.bottom) / 2
        line = (
            ""
            if middle == y
            else f'<path d="M{x:.1f} {y:.1f}L{at - 3 if fits else at + 3:.1f} {middle:.1f}" stroke="{color}"/>'
        )
        dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{color}"/>'
        drawn.append(line + dot + _text(at, middle + 4, "start" if fits else "end", name, color))
    return drawn


def _steps() -> Iterator[int]:
    """How far a name may be from its dot: the nearest first, below before above."""
    return (sign * step for step in count(0, 6) for sign in (1, -1))


def _text(x: float, y: float, anchor: str, words: str, color: str = _GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{words}</text>\n'


def as_json(rows: Sequence[Row], samples: Sequence[Sample], versions: Mapping[str, str]) -> str:
    """Rows, samples, versions and machine, for other programs."""
    return json.dumps(
        {
            "machine": machine(),
            "versions": dict(versions),
            "rows": [asdict(row) for row in rows],
            "samples": [asdict(sample) for sample in samples],
        },
        indent=1,
    )


def machine() -> str:
    """Processor, number of CPUs and Python version, in one line."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    return f"{model}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def with_figures(page: str, figures: str) -> str:
    """The page with these figures between its marks. Raises ValueError where it has no marks."""
    return replace_between(page, _BEGIN, _END, f"\n\n{figures}\n\n")


def figures(  # noqa: PLR0913, PLR0917
    rows: Sequence[Row], command: str, originals: int, held_out: int, turns: int, error: CorrectionError
) -> str:
    """The text between the marks: command, date and machine, the error of the correction, then the table."""
    today = dt.datetime.now(tz=dt.UTC).date()
    quick = " A quick run: the ratios are rough." if turns == 1 else ""
    off = f"off by {error.absolute:.1%} for one file, and by {error.mean:+.1%} on average"
    return (
        f"`{command}` on {today}: {originals} photos, {held_out} of them held out; {turns} turn(s). {machine()}."
        f"{quick} Moving bytes to an equal score is {off}.\n\n{table(rows)}"
    )
