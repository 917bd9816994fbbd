"""How much memory large pictures take: the child's peak, with every variant made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image import Limits, PictureRejected, Size, Spec
from lightpress.pipeline.sandbox import Child, ChildLost, SandboxLimits
from tools.benchmarks.pictures import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMATS = ("avif", "webp", "jpeg")
# The limits of a recipe that takes them all; the memory is what it is.
_OPEN = Limits(max_bytes=512 << 20, max_pixels=200_000_000, max_decoded_bytes=4 << 30)


def table(pictures: Mapping[str, Path], rooms_mb: tuple[int, ...]) -> str:
    """For each picture its peak in MB (10^6 bytes), and what becomes of it with so much room (MiB of address space)."""
    head = "| | peak MB | CPU s |" + "".join(f" within {room} |" for room in rooms_mb)
    lines = [head, "|---|--:|--:|" + "---|" * len(rooms_mb)]
    for name, path in pictures.items():
        data = path.read_bytes()
        with Child(data, _spec(_OPEN), SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=8_192)) as child:
            list(child.rendering().renditions)
        became = "".join(f" {_within(data, room)} |" for room in rooms_mb)
        lines.append(f"| {name} | {child.cost.peak_rss_mb} | {child.cost.cpu_ms / 1000:.1f} |{became}")
    return "\n".join(lines)


def _spec(limits: Limits) -> Spec:
    return Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), _FORMATS, limits=limits)


def _within(data: bytes, room_mb: int) -> str:
    try:
        with Child(data, _spec(_OPEN), SandboxLimits(cpu_seconds=60, wall_seconds=300, memory_mb=room_mb)) as child:
            list(child.rendering().renditions)
    except PictureRejected as rejected:
        return str(rejected.reason)
    except ChildLost:
        return "lost"
    return "published"
