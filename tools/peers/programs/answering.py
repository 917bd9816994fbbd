"""The protocol between `tools.peers.process` and the programs in this folder. Standard library only.

Both sides write JSON, one object per line. The program first writes {"versions"}: the libraries it uses. Then it
answers each job with one line. There are two kinds of job:

- {"picture", "out"}: decode the picture and write all of it to the file `out` as PNG, upright, in sRGB.
- {"picture", "out", "widths", "formats"}: write every width in every format into the folder `out`, as `640.avif`.
  `formats` maps each format to the encoder options of that library; an option that is an object has a value for
  each width.

The answer is {"cpu_ms", "wall_ms", "peak_mb"}, or {"error", "peak_mb"} where the job failed. CPU time is that of all
threads, and of children that have ended; files are written after the clock has stopped. peak_mb: peak memory of the
process so far, in MB (2^20 bytes).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    ToPng = Callable[[bytes], bytes]
    ToVariants = Callable[[bytes, Sequence[int], Mapping[str, Any]], dict[str, bytes]]

_STATUS = Path("/proc/self/status")
_MB = 1 << 20
_UNIT = 1 if sys.platform == "darwin" else 1024
_SELF_AND_CHILDREN = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def serve(versions: str, to_png: ToPng, to_variants: ToVariants) -> None:
    """Answer both kinds of job until there are no more.

    Args:
        versions: The libraries, with their versions.
        to_png: Gives the whole picture as PNG.
        to_variants: Gives the files by name, from the picture, the widths, and the encoder options by format.
    """

    def work(job: dict[str, Any]) -> dict[str, Any]:
        picture, out = Path(job["picture"]).read_bytes(), Path(job["out"])
        cpu, wall = _cpu_ms(), time.perf_counter()
        if "widths" in job:
            files = {out / name: data for name, data in to_variants(picture, job["widths"], job["formats"]).items()}
        else:
            files = {out: to_png(picture)}
        cost = {"cpu_ms": _cpu_ms() - cpu, "wall_ms": (time.perf_counter() - wall) * 1000}
        for path, data in files.items():
            path.write_bytes(data)
        return cost

    answer_all(versions, work)


def at_width(options: Mapping[str, Any], width: int) -> dict[str, Any]:
    """The encoder options for one width."""
    return {name: value[str(width)] if isinstance(value, dict) else value for name, value in options.items()}


def answer_all(versions: str, work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer each job with what `work` returns, and with the peak memory. An exception becomes "error"."""
    _write({"versions": versions})
    for line in sys.stdin:
        try:
            answer = work(json.loads(line))
        except Exception as error:  # noqa: BLE001  any failure of a library is an answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        _write(answer | {"peak_mb": _peak_mb()})


def _write(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201  this is the answer


def _cpu_ms() -> float:
    used = [resource.getrusage(who) for who in _SELF_AND_CHILDREN]
    return sum(usage.ru_utime + usage.ru_stime for usage in used) * 1000


def _peak_mb() -> float:
    """Of this process and its largest child together: at least the true peak, because shared pages count twice."""
    return _own_peak_mb() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT / _MB


def _own_peak_mb() -> float:
    """From /proc where there is one: rusage also counts what the process that started this one had in memory."""
    if _STATUS.exists():
        (kilobytes,) = (line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kilobytes) * 1024 / _MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / _MB
