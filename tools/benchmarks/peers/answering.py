"""What every engine in Python does around its work: read a job, do it, say what it cost. Standard library only.

A job is a line {"picture", "widths", "out"}; the answer a line {"cpu_ms", "wall_ms", "peak_mb"}. CPU is that of all
threads and of children that have ended; the files are written after the clock has stopped.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Render = Callable[[bytes, Sequence[int]], dict[str, bytes]]

_OURS_AND_CHILDRENS = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def answer_all(render: Render) -> None:
    """Answer until there are no more jobs. `render` gives the files by name, such as `640.avif`."""
    for line in sys.stdin:
        job = json.loads(line)
        data = Path(job["picture"]).read_bytes()
        cpu, wall = _cpu_ms(), time.perf_counter()
        made = render(data, job["widths"])
        cost = {
            "cpu_ms": _cpu_ms() - cpu,
            "wall_ms": (time.perf_counter() - wall) * 1000,
            "peak_mb": sum(_peak_mb(who) for who in _OURS_AND_CHILDRENS),
        }
        for name, content in made.items():
            Path(job["out"], name).write_bytes(content)
        print(json.dumps(cost), flush=True)  # noqa: T201  this is the answer


def _cpu_ms() -> float:
    used = [resource.getrusage(who) for who in _OURS_AND_CHILDRENS]
    return sum(usage.ru_utime + usage.ru_stime for usage in used) * 1000


def _peak_mb(who: int) -> float:
    """Of the process, or of the largest child. The sum of both is at least the peak: pages they share count twice."""
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
