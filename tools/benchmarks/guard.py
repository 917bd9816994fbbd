"""Whether this checkout became slower or its files larger than the last release, on the same machine, turn by turn."""

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

LAST = f"release {release.VERSION}"
MOST = {"CPU": 1.05, "bytes": 1.02}
"""Ratios of this checkout over the release beyond which the nightly run fails."""


def compare(
    pictures: Sequence[Path], turns: int, home: Path, environment: Environment, say: Callable[[str], None]
) -> list[Sample]:
    """Both, in turns."""
    release.unpack(home / "release")
    engines = [lightpress(), lightpress(LAST, home / "release" / "lambda_src")]
    return measure(pictures, turns, home / "made", environment, say, engines)


def ratios(samples: Iterable[Sample]) -> dict[str, float]:
    """What became of CPU and bytes since the release."""
    held = list(samples)
    return {"CPU": cpu_ratio(held, OURS, LAST), "bytes": bytes_ratio(held, OURS, LAST)}


def grown(found: dict[str, float]) -> list[str]:
    """A sentence for each ratio that is beyond what may be."""
    return [
        f"{what} is {ratio:.2f} times that of {LAST}; at most {MOST[what]} may be."
        for what, ratio in found.items()
        if ratio > MOST[what]
    ]
