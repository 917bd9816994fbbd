"""Whether this checkout takes more CPU time or bytes than the last release, on the same machine, in turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.benchmarks import release
from tools.benchmarks.engines import OURS, lightpress
from tools.benchmarks.figures import bytes_ratio, cpu_ratio
from tools.benchmarks.measure import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tools.benchmarks.figures import Sample
    from tools.peers.install import Environment

LAST_RELEASE = f"release {release.VERSION}"
LIMITS = {"CPU": 1.05, "bytes": 1.02}
"""Ratios of this checkout over the release beyond which the nightly run fails."""


def compare(
    originals: Sequence[Path], turns: int, home: Path, environment: Environment, say: Callable[[str], None]
) -> list[Sample]:
    """Render every original with this checkout and with the last release, in turns."""
    release.unpack(home / "release")
    engines = [lightpress(), lightpress(LAST_RELEASE, home / "release" / "lambda_src")]
    return measure(originals, turns, home / "made", environment, say, engines)


def ratios(samples: Iterable[Sample]) -> dict[str, float]:
    """CPU time and bytes of this checkout over those of the release."""
    held = list(samples)
    return {"CPU": cpu_ratio(held, OURS, LAST_RELEASE), "bytes": bytes_ratio(held, OURS, LAST_RELEASE)}


def regressions(found: dict[str, float]) -> list[str]:
    """A sentence for each ratio above its limit."""
    return [
        f"{what} is {ratio:.2f} times that of {LAST_RELEASE}; the limit is {LIMITS[what]}."
        for what, ratio in found.items()
        if ratio > LIMITS[what]
    ]
