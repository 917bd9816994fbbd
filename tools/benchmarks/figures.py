"""The arithmetic: what was measured becomes medians and ratios."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture through one engine, once. bytes: by file name (`640.avif`)."""

    engine: str
    picture: str
    turn: int
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One engine's line of the table. Ratios: this engine's over those of the engine it is compared with.

    cpu_ms, wall_ms: median over the pictures. cpu_ratio, bytes_ratio: median over pictures and turns. bytes, scores:
    mean by format. peak_mb: over all pictures.
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
    """A row for each engine, in the order of their first samples. scores: by engine, picture and file name."""
    by_engine: dict[str, list[Sample]] = {}
    for sample in samples:
        by_engine.setdefault(sample.engine, []).append(sample)
    base = {(sample.picture, sample.turn): sample for sample in by_engine[against]}
    return [_row(engine, held, base, scores) for engine, held in by_engine.items()]


def cpu_ratio(samples: Iterable[Sample], engine: str, against: str) -> float:
    """Median over pictures and turns: what `engine` took over what `against` took in the same turn."""
    held = list(samples)
    base = {(sample.picture, sample.turn): sample for sample in held if sample.engine == against}
    return _median_ratio([sample for sample in held if sample.engine == engine], base, lambda sample: sample.cpu_ms)


def bytes_ratio(samples: Iterable[Sample], engine: str, against: str) -> float:
    """The same of all files together."""
    held = list(samples)
    base = {(sample.picture, sample.turn): sample for sample in held if sample.engine == against}
    return _median_ratio([sample for sample in held if sample.engine == engine], base, _all_bytes)


def _row(
    engine: str,
    held: list[Sample],
    base: Mapping[tuple[str, int], Sample],
    scores: Mapping[tuple[str, str, str], float],
) -> Row:
    once = {sample.picture: sample for sample in held}.values()  # what is made is the same in every turn
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
    return median(of(sample) / of(base[sample.picture, sample.turn]) for sample in held)


def _all_bytes(sample: Sample) -> float:
    return float(sum(sample.bytes.values()))


def _mean_by_format(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    held: dict[str, list[float]] = {}
    for name, value in values:
        held.setdefault(name, []).append(value)
    return {name: fmean(each) for name, each in sorted(held.items())}


def format_of(name: str) -> str:
    """`640.avif` is avif."""
    return name.rpartition(".")[2]
