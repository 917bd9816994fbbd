"""Medians and ratios of the benchmark: load on the machine that affects both engines changes no ratio."""

from __future__ import annotations

import pytest

from tools.benchmarks.figures import Sample, bytes_ratio, cpu_ratio, rows

OURS, THEIRS = "ours", "theirs"


def sample(engine: str, original: str = "a.jpg", *, turn: int = 0, cpu: float = 100, size: int = 1000) -> Sample:
    return Sample(engine, original, turn, cpu, cpu * 2, 50, {"320.avif": size, "320.jpg": 2 * size})


def test_each_original_is_compared_with_itself_in_the_same_turn() -> None:
    samples = [
        sample(OURS, turn=0, cpu=50),
        sample(THEIRS, turn=0, cpu=100),
        sample(OURS, turn=1, cpu=500),  # the machine was slow for both
        sample(THEIRS, turn=1, cpu=1000),
        sample(OURS, "b.jpg", cpu=5),
        sample(THEIRS, "b.jpg", cpu=10),
    ]
    assert cpu_ratio(samples, OURS, THEIRS) == pytest.approx(0.5)
    assert cpu_ratio(samples, THEIRS, OURS) == pytest.approx(2)


def test_one_disturbed_turn_does_not_move_the_ratio() -> None:
    samples = [one for turn in range(3) for one in (sample(OURS, turn=turn, cpu=50), sample(THEIRS, turn=turn))]
    samples += [sample(OURS, "b.jpg", cpu=5000), sample(THEIRS, "b.jpg")]
    assert cpu_ratio(samples, OURS, THEIRS) == pytest.approx(0.5)


def test_bytes_are_those_of_all_variants() -> None:
    assert bytes_ratio([sample(OURS, size=900), sample(THEIRS, size=1000)], OURS, THEIRS) == pytest.approx(0.9)


def test_a_row_has_cost_bytes_and_scores_of_an_engine() -> None:
    samples = [sample(OURS, cpu=40, turn=turn, size=500) for turn in range(3)]
    samples += [sample(THEIRS, turn=turn) for turn in range(3)]
    scores = {
        (OURS, "a.jpg", "320.avif"): 60.0,
        (OURS, "a.jpg", "640.avif"): 70.0,
        (OURS, "a.jpg", "320.jpg"): 80.0,
        (THEIRS, "a.jpg", "320.jpg"): 1.0,
    }
    ours, theirs = rows(samples, scores, against=THEIRS)
    assert (ours.engine, ours.cpu_ms, ours.wall_ms, ours.peak_mb) == (OURS, 40, 80, 50)
    assert ours.cpu_ratio == pytest.approx(0.4)
    assert ours.bytes_ratio == pytest.approx(0.5)
    assert (ours.bytes, ours.scores) == ({"avif": 500, "jpg": 1000}, {"avif": 65, "jpg": 80})
    assert (theirs.cpu_ratio, theirs.bytes_ratio) == (1, 1)
