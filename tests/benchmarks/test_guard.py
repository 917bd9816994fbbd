"""The guard reports CPU time and bytes that grew beyond their limits, and nothing else."""

from __future__ import annotations

from tools.benchmarks.engines import OURS
from tools.benchmarks.figures import Sample
from tools.benchmarks.guard import LAST_RELEASE, ratios, regressions


def sample(engine: str, cpu_ms: float, size: int) -> Sample:
    return Sample(engine, "a.jpg", 0, cpu_ms, cpu_ms, 100.0, {"320.avif": size})


def test_unchanged_ratios_pass() -> None:
    assert regressions(ratios([sample(OURS, 100, 5000), sample(LAST_RELEASE, 100, 5000)])) == []


def test_a_ratio_above_its_limit_is_named_with_the_limit() -> None:
    (slower,) = regressions(ratios([sample(OURS, 120, 5000), sample(LAST_RELEASE, 100, 5000)]))
    assert slower == f"CPU is 1.20 times that of {LAST_RELEASE}; the limit is 1.05."
    (larger,) = regressions(ratios([sample(OURS, 90, 5500), sample(LAST_RELEASE, 100, 5000)]))
    assert larger.startswith("bytes is 1.10 times")
