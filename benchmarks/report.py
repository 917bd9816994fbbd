"""What was found, as a table for docs/performance.md, a chart, and JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.engines import FORMATS, OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.figures import Row, Sample

_EXTENSIONS = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}
_BEGIN, _END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
_WIDTH, _HEIGHT, _MARGIN = 720, 420, 64


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = "| | CPU ms | CPU | bytes | kB AVIF / WebP / JPEG | SSIMULACRA2 | peak MB |\n|---|--:|--:|--:|--:|--:|--:|"
    lines = []
    for row in rows:
        kilobytes = " / ".join(f"{row.bytes[_EXTENSIONS[name]] / 1000:.0f}" for name in FORMATS)
        scores = " / ".join(f"{row.scores[_EXTENSIONS[name]]:.1f}" for name in FORMATS)
        name = f"**{row.engine}**" if row.engine == OURS else row.engine
        lines.append(
            f"| {name} | {row.cpu_ms:.0f} | {row.cpu_ratio:.2f} | {row.bytes_ratio:.2f} | {kilobytes} | {scores} | "
            f"{row.peak_mb:.0f} |"
        )
    return "\n".join([head, *lines])


def chart(rows: Sequence[Row]) -> str:
    """CPU against bytes, as SVG: what is further down and to the left is better."""
    most_cpu = max(row.cpu_ratio for row in rows) * 1.15
    most_bytes = max(row.bytes_ratio for row in rows) * 1.05
    least_bytes = min(row.bytes_ratio for row in rows) * 0.95
    across, up = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    points = []
    for row in rows:
        x = _MARGIN + across * row.cpu_ratio / most_cpu
        y = _HEIGHT - _MARGIN - up * (row.bytes_ratio - least_bytes) / (most_bytes - least_bytes)
        colour = "#d6336c" if row.engine == OURS else "#495057"
        anchor, shift = ("end", -10) if x > _WIDTH * 0.6 else ("start", 10)
        points.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>'
            f'<text x="{x + shift:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}" fill="{colour}">{row.engine}</text>\n'
        )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">
<title>CPU time and bytes for the same pictures at similar quality</title>
<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>
<path d="M{_MARGIN} {_MARGIN}V{_HEIGHT - _MARGIN}H{_WIDTH - _MARGIN}" fill="none" stroke="#adb5bd"/>
<text x="{_WIDTH - _MARGIN}" y="{_HEIGHT - _MARGIN + 36}" text-anchor="end" fill="#495057">\
CPU, against sharp at AVIF effort 2 (0 to {most_cpu:.1f})</text>
<text x="{_MARGIN}" y="{_MARGIN - 20}" fill="#495057">\
bytes, against the same ({least_bytes:.2f} to {most_bytes:.2f})</text>
{"".join(points)}
</svg>
"""


def as_json(rows: Sequence[Row], samples: Sequence[Sample], versions: Mapping[str, str]) -> str:
    """Everything, for other programs."""
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
    """What this was measured on, in one line."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    return f"{model}, {os.cpu_count()} CPUs, Python {platform.python_version()}"


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def written(page: str, figures: str) -> str:
    """The page with these figures between its marks."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"the page lacks {_BEGIN} or {_END}")
    return f"{before}{_BEGIN}\n\n{figures}\n\n{_END}{after}"


def figures(rows: Sequence[Row], command: str, pictures: int, turns: int) -> str:
    """What stands between the marks: the table, and where it comes from."""
    today = dt.datetime.now(tz=dt.UTC).date()
    quick = " A quick run: the ratios are rough." if turns == 1 else ""
    return f"`{command}` on {today}: {pictures} photos, {turns} turn(s). {machine()}.{quick}\n\n{table(rows)}"
