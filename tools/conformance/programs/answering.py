"""What every program in Python does around its work: read a job, do it, say how it went. Standard library only.

The first line says who it is: {"versions"}. A job is a line {"picture", "made"}, two paths. The answer is a line
{"peak_mb"}, once the PNG is written to `made`, or {"peak_mb", "error"}. peak_mb: of the process so far, in 10^6 bytes.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_STATUS = Path("/proc/self/status")
_UNIT = 1 if sys.platform == "darwin" else 1024


def answer_all(versions: str, render: Callable[[bytes], bytes]) -> None:
    """Answer until there are no more jobs."""
    _say({"versions": versions})
    for line in sys.stdin:
        job = json.loads(line)
        answer: dict[str, object] = {}
        try:
            Path(job["made"]).write_bytes(render(Path(job["picture"]).read_bytes()))
        except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        _say(answer | {"peak_mb": _peak_mb()})


def _peak_mb() -> float:
    """Where the system tells, without what the process that started this one had in memory: rusage counts that, too."""
    if _STATUS.exists():
        (kilobytes,) = (line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kilobytes) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 1e6


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201  this is the answer
