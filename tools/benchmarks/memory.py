"""Peak memory of the child process for large originals, with every variant made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image.errors import PictureRejected
from lightpress.image.limits import Limits
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, SandboxLimits
from lightpress.units import GB, MB
from tools.benchmarks.originals import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMATS = ("avif", "webp", "jpeg")
# A recipe's limits that reject none of the originals: memory alone decides.
_NO_LIMITS = Limits(max_bytes=512 * MB, max_pixels=200_000_000, max_decoded_bytes=4 * GB)
_SPEC = Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), _FORMATS, limits=_NO_LIMITS)


def table(originals: Mapping[str, Path], limits_mb: tuple[int, ...]) -> str:
    """The peak of each original, and its result under each limit of address space, all in MB."""
    head = "| | peak MB | CPU s |" + "".join(f" within {limit} |" for limit in limits_mb)
    lines = [head, "|---|--:|--:|" + "---|" * len(limits_mb)]
    for name, path in originals.items():
        data = path.read_bytes()
        with Child(data, _SPEC, SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=8_192), render) as child:
            list(child.result().variants)
        results = "".join(f" {_result(data, limit)} |" for limit in limits_mb)
        lines.append(f"| {name} | {child.cost.peak_rss_mb} | {child.cost.cpu_ms / 1000:.1f} |{results}")
    return "\n".join(lines)


def _result(data: bytes, limit_mb: int) -> str:
    try:
        with Child(data, _SPEC, SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=limit_mb), render) as child:
            list(child.result().variants)
    except PictureRejected as rejected:
        return str(rejected.reason)
    except ChildLost:
        return "lost"
    return "published"
