"""Peak memory of the child process for large originals, with every variant made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image import Limits, PictureRejected, Size, Spec, render
from lightpress.pipeline.sandbox import Child, ChildLost, SandboxLimits
from tools.benchmarks.originals import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMATS = ("avif", "webp", "jpeg")
# A recipe's limits that reject none of the originals: memory alone decides.
_NO_LIMITS = Limits(max_bytes=512 << 20, max_pixels=200_000_000, max_decoded_bytes=4 << 30)
_SPEC = Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), _FORMATS, limits=_NO_LIMITS)


def table(originals: Mapping[str, Path], limits_mib: tuple[int, ...]) -> str:
    """The peak of each original in MB (10^6 bytes), and its result under each limit of address space, in MiB."""
    head = "| | peak MB | CPU s |" + "".join(f" within {limit} |" for limit in limits_mib)
    lines = [head, "|---|--:|--:|" + "---|" * len(limits_mib)]
    for name, path in originals.items():
        data = path.read_bytes()
        with Child(data, _SPEC, SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=8_192), render) as child:
            list(child.result().variants)
        results = "".join(f" {_result(data, limit)} |" for limit in limits_mib)
        lines.append(f"| {name} | {child.cost.peak_rss_mb} | {child.cost.cpu_ms / 1000:.1f} |{results}")
    return "\n".join(lines)


def _result(data: bytes, limit_mib: int) -> str:
    try:
        with Child(data, _SPEC, SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=limit_mib), render) as child:
            list(child.result().variants)
    except PictureRejected as rejected:
        return str(rejected.reason)
    except ChildLost:
        return "lost"
    return "published"
