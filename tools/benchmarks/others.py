"""Screenshots, logos, HEIC and very large originals with every engine: what photos of 12 megapixels do not show."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tools.benchmarks.engines import FAST_SHARP, OURS, EngineError, running
from tools.benchmarks.measure import order, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tools.benchmarks.engines import Engine
    from tools.benchmarks.figures import Sample
    from tools.peers.install import Environment


@dataclass(frozen=True, slots=True)
class Result:
    """What an engine took for an original, and made of it.

    Attributes:
        cpu_ms: CPU time of the whole process tree, in milliseconds, in each turn.
        peak_mb: Peak memory after the first turn, in MB.
        size: Bytes of all variants together.
    """

    cpu_ms: tuple[float, ...]
    peak_mb: float
    size: int


Results = dict[tuple[str, str], Result | None]
"""By the names of original and engine; None where the engine cannot render the original."""


def measure(  # noqa: PLR0913, PLR0917
    originals: Mapping[str, Path],
    engines: Sequence[Engine],
    turns: int,
    first: Path,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
) -> Results:
    """Render every original with every engine, each in a process of its own, so that peaks are the original's.

    Args:
        originals: By name.
        engines: The engines to compare.
        turns: How often each renders an original, one engine after the other.
        first: Rendered before each original, and not measured: the cost of loading libraries is left out.
        home: The folder for the variants.
        environment: Where the peers are installed.
        say: Hears about progress.
    """
    results: Results = {}
    for name, original in originals.items():
        say(name)
        found = _results(original, engines, turns, first, home, environment)
        results |= {(name, engine): result for engine, result in found.items()}
    return results


def table(results: Results, against: str = FAST_SHARP) -> str:
    """A row for each original: CPU seconds, kB and peak MB of each engine, and our CPU beside that of another."""
    originals, engines = (list(dict.fromkeys(pair[at] for pair in results)) for at in (0, 1))
    lines = [f"| CPU s / kB / peak MB | {' | '.join(engines)} | CPU beside {against} |"]
    lines.append("|---|" + "---|" * len(engines) + "--:|")
    for original in originals:
        cells = (_cell(results[original, engine]) for engine in engines)
        ratio = _ratio(results[original, OURS], results[original, against])
        lines.append(f"| {original} | {' | '.join(cells)} | {ratio} |")
    return "\n".join(lines)


def _results(  # noqa: PLR0913, PLR0917
    original: Path, engines: Sequence[Engine], turns: int, first: Path, home: Path, environment: Environment
) -> dict[str, Result | None]:
    cannot: set[str] = set()
    with ExitStack() as stack:
        ready = {engine.name: stack.enter_context(running(engine, environment)) for engine in engines}
        samples = {name: [sample(name, engine, first, -1, home)] for name, engine in ready.items()}
        for turn in range(turns):
            for name in order(ready, turn, original):
                try:
                    samples[name].append(sample(name, ready[name], original, turn, home))
                except EngineError:
                    cannot.add(name)
    return {name: None if name in cannot else _of_all(samples[name][1:]) for name in ready}


def _of_all(turns: Sequence[Sample]) -> Result:
    first = turns[0]
    return Result(tuple(one.cpu_ms for one in turns), first.peak_mb, sum(first.bytes.values()))


def _cell(result: Result | None) -> str:
    if result is None:
        return "cannot"
    return f"{median(result.cpu_ms) / 1000:.2f} / {result.size / 1000:.0f} / {result.peak_mb:.0f}"


def _ratio(ours: Result | None, other: Result | None) -> str:
    """The median over the turns, so that other load on the machine affects both alike."""
    if ours is None or other is None:
        return ""
    return f"{median(one / two for one, two in zip(ours.cpu_ms, other.cpu_ms, strict=True)):.2f}"
