"""Medians and ratios of the benchmark: load on the machine that affects both engines changes no ratio."""

from __future__ import annotations

import pytest

from tools.benchmarks.figures import (
    Encoded,
    Sample,
    Scored,
    Slope,
    bytes_ratio,
    correction_error,
    cpu_ratio,
    equal_score_ratio,
    rows,
)

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
    files = {
        (OURS, "a.jpg", "320.avif"): Encoded(500, 60.0),
        (OURS, "a.jpg", "320.jpg"): Encoded(1000, 80.0),
        (THEIRS, "a.jpg", "320.avif"): Encoded(1000, 60.0),
        (THEIRS, "a.jpg", "320.jpg"): Encoded(2000, 80.0),
    }
    slopes = {key: Slope(Encoded(one.size / 2, 50), Encoded(one.size * 2, 90)) for key, one in files.items()}
    ours, theirs = rows(samples, Scored(files, slopes, {"a.jpg"}, {OURS: 33, THEIRS: 44}), against=THEIRS)
    assert (ours.engine, ours.cpu_ms, ours.wall_ms, ours.peak_mb, ours.fresh_mb) == (OURS, 40, 80, 50, 33)
    assert ours.cpu_ratio == pytest.approx(0.4)
    assert (ours.bytes_ratio, ours.equal_ratio, ours.held_out_ratio) == pytest.approx((0.5, 0.5, 0.5))
    assert (ours.bytes, ours.scores) == ({"avif": 500, "jpg": 1000}, {"avif": 60, "jpg": 80})
    assert (theirs.cpu_ratio, theirs.bytes_ratio) == (1, 1)


# An encoder whose bytes double with each 10 points of score.
def doubling(score: float, size_at_70: float = 1000) -> Encoded:
    return Encoded(size_at_70 * 2 ** ((score - 70) / 10), score)


def around(score: float, size_at_70: float = 1000) -> Slope:
    return Slope(doubling(score - 4, size_at_70), doubling(score + 3, size_at_70))


def test_bytes_are_moved_along_the_slope_to_an_equal_score() -> None:
    """5 points better at 1.27 of the bytes: at equal score, 0.9 of them."""
    own, base = (OURS, "a.jpg", "640.avif"), (THEIRS, "a.jpg", "640.avif")
    files = {own: doubling(75, 900), base: doubling(70)}
    slopes = {own: around(75, 900), base: around(70)}
    assert files[own].size == pytest.approx(1273, abs=1)
    assert equal_score_ratio(files, slopes, OURS, THEIRS, ["a.jpg"]) == pytest.approx(0.9)
    assert equal_score_ratio(files, slopes, THEIRS, OURS, ["a.jpg"]) == pytest.approx(1 / 0.9)


def test_a_width_without_a_slope_of_its_own_is_moved_by_that_of_its_format_at_the_next_one() -> None:
    names = ("1280.avif", "1280.jpg")
    files = {(OURS, "a.jpg", name): doubling(75) for name in names}
    files |= {(THEIRS, "a.jpg", name): doubling(70) for name in names}
    flat = Slope(Encoded(1000, 66), Encoded(1001, 74))
    slopes = {(OURS, "a.jpg", "640.avif"): around(70), (OURS, "a.jpg", "640.jpg"): flat}
    moved, unmoved = 1.0, 2**0.5
    found = equal_score_ratio(files, slopes, OURS, THEIRS, ["a.jpg"])
    assert found == pytest.approx((moved + unmoved) / 2, rel=1e-3)


def test_the_error_is_that_of_telling_a_file_from_its_neighbors() -> None:
    key, other = (OURS, "a.jpg", "640.avif"), (OURS, "b.jpg", "640.avif")
    slopes = {key: around(70), other: around(70)}
    exact = correction_error(slopes, {key: doubling(70), other: doubling(71)})
    assert (exact.mean, exact.absolute) == pytest.approx((0, 0))
    off = correction_error(slopes, {key: Encoded(1000 / 1.04, 70), other: Encoded(1000 / 0.98, 70)})
    assert (off.mean, off.absolute) == pytest.approx((0.01, 0.03))


def test_a_quality_that_changes_no_score_moves_no_bytes() -> None:
    assert Slope(Encoded(900, 100), Encoded(1000, 100)).moved(Encoded(950, 100), 90) == 950
