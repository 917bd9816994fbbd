"""The guard reports CPU time and bytes that grew beyond their limits, and nothing else."""

from __future__ import annotations

from tools.benchmarks.engines import FAST_SHARP, OURS
from tools.benchmarks.figures import Sample
from tools.benchmarks.guard import LAST_RELEASE, WRITTEN_DOWN, ratios, regressions, worse


def sample(engine: str, cpu_ms: float, size: int) -> Sample:
    return Sample(engine, "a.jpg", 0, cpu_ms, cpu_ms, 100.0, {"320.avif": size})


def test_unchanged_ratios_pass() -> None:
    assert regressions(ratios([sample(OURS, 100, 5000), sample(LAST_RELEASE, 100, 5000)], LAST_RELEASE)) == []


def test_a_ratio_above_its_limit_is_named_with_the_limit() -> None:
    (slower,) = regressions(ratios([sample(OURS, 120, 5000), sample(LAST_RELEASE, 100, 5000)], LAST_RELEASE))
    assert slower == f"CPU is 1.20 times that of {LAST_RELEASE}; the limit is 1.05."
    (larger,) = regressions(ratios([sample(OURS, 90, 5500), sample(LAST_RELEASE, 100, 5000)], LAST_RELEASE))
    assert larger.startswith("bytes is 1.10 times")


def test_what_is_worse_beside_sharp_than_it_was_is_named_and_the_release_does_not_hide_it() -> None:
    cpu, size = 1000 * WRITTEN_DOWN["CPU"], round(5000 * WRITTEN_DOWN["bytes"])
    sharp, slow_release = sample(FAST_SHARP, 1000, 5000), sample(LAST_RELEASE, 3000, 9000)
    assert worse(ratios([sample(OURS, 1.04 * cpu, round(1.04 * size)), sharp, slow_release], FAST_SHARP)) == []
    worsened = [sample(OURS, 1.06 * cpu, size), sharp, slow_release]
    assert regressions(ratios(worsened, LAST_RELEASE)) == []
    (slower,) = worse(ratios(worsened, FAST_SHARP))
    assert slower.startswith("CPU is")
    (larger,) = worse(ratios([sample(OURS, cpu, round(1.06 * size)), sharp, slow_release], FAST_SHARP))
    assert larger.startswith("bytes is")
