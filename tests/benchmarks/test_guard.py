"""The guard speaks where something grew, and only there."""

from __future__ import annotations

from tools.benchmarks.engines import OURS
from tools.benchmarks.figures import Sample
from tools.benchmarks.guard import LAST, grown, ratios


def sample(engine: str, cpu_ms: float, size: int) -> Sample:
    return Sample(engine, "a.jpg", 0, cpu_ms, cpu_ms, 100.0, {"320.avif": size})


def test_what_is_as_it_was_passes() -> None:
    assert grown(ratios([sample(OURS, 100, 5000), sample(LAST, 100, 5000)])) == []


def test_what_grew_is_named_with_its_limit() -> None:
    (slower,) = grown(ratios([sample(OURS, 120, 5000), sample(LAST, 100, 5000)]))
    assert slower == f"CPU is 1.20 times that of {LAST}; at most 1.05 may be."
    (larger,) = grown(ratios([sample(OURS, 90, 5500), sample(LAST, 100, 5000)]))
    assert larger.startswith("bytes is 1.10 times")
