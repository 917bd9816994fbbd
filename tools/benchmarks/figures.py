"""Medians and ratios of what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Sample:
    """One original rendered once by one engine.

    Attributes:
        engine: Name of the engine.
        original: File name of the original.
        turn: In which turn, from 0.
        cpu_ms: CPU time in milliseconds.
        wall_ms: Wall-clock time in milliseconds.
        peak_mb: Peak memory of the process so far, in MB.
        bytes: Size of each variant, by file name (`640.avif`).
    """

    engine: str
    original: str
    turn: int
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """The row of one engine in the table.

    Attributes:
        engine: Name of the engine.
        cpu_ms: CPU time in milliseconds, median over originals and turns.
        wall_ms: Wall-clock time in milliseconds, median over originals and turns.
        peak_mb: Peak memory over all originals, in MB.
        cpu_ratio: CPU time over that of the reference engine in the same turn, median over originals and turns.
        bytes_ratio: Bytes of all variants over those of the reference engine, median over originals and turns.
        bytes: Mean size of a variant in bytes, by format.
        scores: Mean SSIMULACRA2, by format.
    """

    engine: str
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    cpu_ratio: float
    bytes_ratio: float
    bytes: Mapping[str, float]
    scores: Mapping[str, float]


def rows(samples: Iterable[Sample], scores: Mapping[tuple[str, str, str], float], against: str) -> list[Row]:
    """A row for each engine, in the order of their first samples.

    Args:
        samples: What was measured.
        scores: SSIMULACRA2 by engine, original and file name.
        against: Name of the reference engine.
    """
    by_engine: dict[str, list[Sample]] = {}
    for sample in samples:
        by_engine.setdefault(sample.engine, []).append(sample)
    base = {(sample.original, sample.turn): sample for sample in by_engine[against]}
    return [_row(engine, held, base, scores) for engine, held in by_engine.items()]


def cpu_ratio(samples: Iterable[Sample], engine: str, against: str) -> float:
    """CPU time of `engine` over that of `against` in the same turn, median over originals and turns."""
    held = list(samples)
    base = {(sample.original, sample.turn): sample for sample in held if sample.engine == against}
    return _median_ratio([sample for sample in held if sample.engine == engine], base, lambda sample: sample.cpu_ms)


def bytes_ratio(samples: Iterable[Sample], engine: str, against: str) -> float:
    """Bytes of all variants of `engine` over those of `against`, median over originals and turns."""
    held = list(samples)
    base = {(sample.original, sample.turn): sample for sample in held if sample.engine == against}
    return _median_ratio([sample for sample in held if sample.engine == engine], base, _all_bytes)


def _row(
    engine: str,
    held: list[Sample],
    base: Mapping[tuple[str, int], Sample],
    scores: Mapping[tuple[str, str, str], float],
) -> Row:
    once = {sample.original: sample for sample in held}.values()  # variants are the same in every turn
    return Row(
        engine=engine,
        cpu_ms=median(sample.cpu_ms for sample in held),
        wall_ms=median(sample.wall_ms for sample in held),
        peak_mb=max(sample.peak_mb for sample in held),
        cpu_ratio=_median_ratio(held, base, lambda sample: sample.cpu_ms),
        bytes_ratio=_median_ratio(held, base, _all_bytes),
        bytes=_mean_by_format((format_of(name), size) for sample in once for name, size in sample.bytes.items()),
        scores=_mean_by_format((format_of(name), score) for (of, _, name), score in scores.items() if of == engine),
    )


def _median_ratio(held: list[Sample], base: Mapping[tuple[str, int], Sample], of: Callable[[Sample], float]) -> float:
    return median(of(sample) / of(base[sample.original, sample.turn]) for sample in held)


def _all_bytes(sample: Sample) -> float:
    return float(sum(sample.bytes.values()))


def _mean_by_format(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    held: dict[str, list[float]] = {}
    for name, value in values:
        held.setdefault(name, []).append(value)
    return {name: fmean(each) for name, each in sorted(held.items())}


def format_of(name: str) -> str:
    """The format of a variant by its file name: `avif` for `640.avif`."""
    return name.rpartition(".")[2]
