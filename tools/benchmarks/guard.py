"""Whether this checkout takes more CPU time or bytes than it did: beside the last release, and beside sharp.

All three render the same photos in turns, in one run on one machine. The last release tells of changes since then.
sharp tells of those since the ratios below were written down: the release may be slower than yesterday's checkout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.benchmarks import release
from tools.benchmarks.engines import ENGINES, FAST_SHARP, OURS, lightpress
from tools.benchmarks.figures import bytes_ratio, cpu_ratio
from tools.benchmarks.measure import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tools.benchmarks.figures import Sample
    from tools.peers.install import Environment

LAST_RELEASE = f"release {release.VERSION}"
LIMITS = {"CPU": 1.05, "bytes": 1.02}
"""Ratios of this checkout over the release beyond which the nightly run fails."""
WRITTEN_DOWN = {"CPU": 0.65, "bytes": 0.976}
"""Ratios of this checkout over sharp's fastest sensible settings, as measured by `guard` on 2026-12-01: five turns,
on a quiet machine. Whoever makes the checkout quicker writes the new ones down."""
WORSE = 1.05
"""What becomes of them at which the nightly run fails."""


def compare(
    originals: Sequence[Path], turns: int, home: Path, environment: Environment, say: Callable[[str], None]
) -> list[Sample]:
    """Render every original with this checkout, with the last release and with sharp, in turns."""
    release.unpack(home / "release")
    sharp = next(engine for engine in ENGINES if engine.name == FAST_SHARP)
    engines = [lightpress(), lightpress(LAST_RELEASE, home / "release" / "lambda_src"), sharp]
    return measure(originals, turns, home / "made", environment, say, engines)


def ratios(samples: Iterable[Sample], against: str) -> dict[str, float]:
    """CPU time and bytes of this checkout over those of an engine."""
    held = list(samples)
    return {"CPU": cpu_ratio(held, OURS, against), "bytes": bytes_ratio(held, OURS, against)}


def regressions(found: Mapping[str, float]) -> list[str]:
    """A sentence for each ratio over the release that is above its limit."""
    return [
        f"{what} is {ratio:.2f} times that of {LAST_RELEASE}; the limit is {LIMITS[what]}."
        for what, ratio in found.items()
        if ratio > LIMITS[what]
    ]


def worse(found: Mapping[str, float]) -> list[str]:
    """A sentence for each ratio over sharp that is worse than it was by more than 5 %."""
    return [
        f"{what} is {ratio:.3f} of {FAST_SHARP}, and was {WRITTEN_DOWN[what]}: worse by more than 5 %."
        for what, ratio in found.items()
        if ratio > WORSE * WRITTEN_DOWN[what]
    ]
