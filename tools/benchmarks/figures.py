"""Medians and ratios of what was measured.

**Bytes at equal score.** Engines aim at the same SSIMULACRA2 and miss it by some points, so that their bytes cannot be
compared as they are. Each file is also encoded at a quality a few steps lower and one a few steps higher. Between these
two, the logarithm of the bytes grows about evenly with the score; by that slope, the bytes of the file are moved to the
score that the reference engine has for the same photo, width and format. How good that is: the bytes of the file
itself, told from the other two and its score, against its true bytes (`CorrectionError`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


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
class Encoded:
    """One file. size: its bytes. score: its SSIMULACRA2."""

    size: float
    score: float


@dataclass(frozen=True, slots=True)
class Slope:
    """A file at a lower and at a higher quality."""

    lower: Encoded
    higher: Encoded

    @property
    def per_point(self) -> float:
        """By how much the logarithm of the bytes grows with each point of score; 0 where the score does not grow."""
        points = self.higher.score - self.lower.score
        return math.log(self.higher.size / self.lower.size) / points if points > _LEAST_POINTS else 0.0

    def moved(self, file: Encoded, score: float) -> float:
        """The bytes that a file would have at another score."""
        return file.size * math.exp(self.per_point * (score - file.score))

    def error(self, file: Encoded) -> float:
        """How far the bytes told from both neighbors are from the true ones: 0.01 is 1 % too many."""
        return self.moved(self.lower, file.score) / file.size - 1


_LEAST_POINTS = 0.5

Key = tuple[str, str, str]
"""Engine, original and file name."""


@dataclass(frozen=True, slots=True)
class CorrectionError:
    """The error of moving bytes by a slope: its mean, and the mean of its absolute value, over all files."""

    mean: float
    absolute: float


def correction_error(slopes: Mapping[Key, Slope], files: Mapping[Key, Encoded]) -> CorrectionError:
    """How far the approximation is off where the truth is known."""
    errors = [slope.error(files[key]) for key, slope in slopes.items()]
    return CorrectionError(fmean(errors), fmean(map(abs, errors)))


def equal_score_ratio(
    files: Mapping[Key, Encoded], slopes: Mapping[Key, Slope], engine: str, against: str, originals: Collection[str]
) -> float:
    """Bytes of `engine` at the scores of `against`, over those of `against`: the median over the originals.

    Args:
        files: All files that were scored.
        slopes: Of one width or more; a file of another width is moved by the slope of its format at the next one.
        engine: Whose bytes.
        against: Name of the reference engine.
        originals: File names of the originals.
    """
    ratios = []
    for original in originals:
        names = [name for of, photo, name in files if (of, photo) == (engine, original)]
        pairs = [(files[engine, original, name], files[against, original, name], name) for name in names]
        moved = sum(_slope_of(slopes, (engine, original, name)).moved(own, base.score) for own, base, name in pairs)
        ratios.append(moved / sum(base.size for _, base, _ in pairs))
    return median(ratios)


def _slope_of(slopes: Mapping[Key, Slope], key: Key) -> Slope:
    if key in slopes:
        return slopes[key]
    engine, original, name = key
    found = [one for one in slopes if one[:2] == (engine, original) and format_of(one[2]) == format_of(name)]
    return slopes[min(found, key=lambda one: abs(width_of(one[2]) - width_of(name)))]


@dataclass(frozen=True, slots=True)
class Row:
    """The row of one engine in the table.

    Attributes:
        engine: Name of the engine.
        cpu_ms: CPU time in milliseconds, median over originals and turns.
        wall_ms: Wall-clock time in milliseconds, median over originals and turns.
        peak_mb: Peak memory of one process that renders all originals, in MB.
        fresh_mb: Peak memory of a process that renders a single original, median, in MB.
        cpu_ratio: CPU time over that of the reference engine in the same turn, median over originals and turns.
        bytes_ratio: Bytes of all variants over those of the reference engine, median over originals and turns.
        equal_ratio: The same at equal score.
        held_out_ratio: The same over those originals that nothing was tuned by.
        bytes: Mean size of a variant in bytes, by format.
        scores: Mean SSIMULACRA2, by format.
    """

    engine: str
    cpu_ms: float
    wall_ms: float
    peak_mb: float
    fresh_mb: float
    cpu_ratio: float
    bytes_ratio: float
    equal_ratio: float
    held_out_ratio: float
    bytes: Mapping[str, float]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored.

    Attributes:
        files: By engine, original and file name.
        slopes: The same, for some widths.
        held_out: File names of the originals that nothing was tuned by.
        fresh_mb: By engine, peak memory of processes that rendered a single original.
    """

    files: Mapping[Key, Encoded]
    slopes: Mapping[Key, Slope]
    held_out: Collection[str]
    fresh_mb: Mapping[str, float]


def rows(samples: Iterable[Sample], scored: Scored, against: str) -> list[Row]:
    """A row for each engine, in the order of their first samples.

    Args:
        samples: What was measured.
        scored: What was scored.
        against: Name of the reference engine.
    """
    by_engine: dict[str, list[Sample]] = {}
    for sample in samples:
        by_engine.setdefault(sample.engine, []).append(sample)
    base = {(sample.original, sample.turn): sample for sample in by_engine[against]}
    return [_row(engine, held, base, scored) for engine, held in by_engine.items()]


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


def _row(engine: str, held: list[Sample], base: Mapping[tuple[str, int], Sample], scored: Scored) -> Row:
    once = {sample.original: sample for sample in held}  # variants are the same in every turn
    against = next(iter(base.values())).engine
    held_out = [original for original in once if original in scored.held_out]

    def equal(originals: Collection[str]) -> float:
        return equal_score_ratio(scored.files, scored.slopes, engine, against, originals)

    return Row(
        engine=engine,
        cpu_ms=median(sample.cpu_ms for sample in held),
        wall_ms=median(sample.wall_ms for sample in held),
        peak_mb=max(sample.peak_mb for sample in held),
        fresh_mb=scored.fresh_mb[engine],
        cpu_ratio=_median_ratio(held, base, lambda sample: sample.cpu_ms),
        bytes_ratio=_median_ratio(held, base, _all_bytes),
        equal_ratio=equal(once),
        held_out_ratio=equal(held_out) if held_out else math.nan,
        bytes=_mean_by_format((format_of(name), size) for one in once.values() for name, size in one.bytes.items()),
        scores=_mean_by_format(
            (format_of(name), file.score) for (of, _, name), file in scored.files.items() if of == engine
        ),
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


def width_of(name: str) -> int:
    """The width of a variant by its file name: 640 for `640.avif`."""
    return int(name.partition(".")[0])


def format_of(name: str) -> str:
    """The format of a variant by its file name: `avif` for `640.avif`."""
    return name.rpartition(".")[2]
