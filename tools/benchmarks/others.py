"""Screenshots, logos, HEIC and very large originals with every engine: what photos of 12 megapixels do not show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.benchmarks.engines import Cost, EngineError, running
from tools.benchmarks.originals import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tools.benchmarks.engines import Engine
    from tools.peers.install import Environment


@dataclass(frozen=True, slots=True)
class Result:
    """What an engine made of an original. size: bytes of all variants together."""

    cost: Cost
    size: int


Results = dict[tuple[str, str], Result | None]
"""By the names of original and engine; None where the engine cannot render the original."""


def measure(  # noqa: PLR0913, PLR0917
    originals: Mapping[str, Path],
    engines: Sequence[Engine],
    first: Path,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
) -> Results:
    """Render every original with every engine, each in a process of its own, so that peaks are the original's.

    Args:
        originals: By name.
        engines: The engines to compare.
        first: Rendered before each original, and not measured: the cost of loading libraries is left out.
        home: The folder for the variants.
        environment: Where the peers are installed.
        say: Hears about progress.
    """
    results: Results = {}
    for name, original in originals.items():
        for engine in engines:
            say(f"{name}: {engine.name}")
            results[name, engine.name] = _result(engine, first, original, home, environment)
    return results


def _result(engine: Engine, first: Path, original: Path, home: Path, environment: Environment) -> Result | None:
    home.mkdir(parents=True, exist_ok=True)
    try:
        with running(engine, environment) as ready:
            ready.render(first, WIDTHS, home)
            for file in home.iterdir():
                file.unlink()
            cost = ready.render(original, WIDTHS, home)
    except EngineError:
        return None
    return Result(cost, sum(file.stat().st_size for file in home.iterdir()))


def table(results: Results) -> str:
    """A row for each original: CPU seconds, kB and peak MB of each engine."""
    originals, engines = (list(dict.fromkeys(pair[at] for pair in results)) for at in (0, 1))
    lines = [f"| CPU s / kB / peak MB | {' | '.join(engines)} |", "|---|" + "---|" * len(engines)]
    for original in originals:
        cells = (_cell(results[original, engine]) for engine in engines)
        lines.append(f"| {original} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(result: Result | None) -> str:
    if result is None:
        return "cannot"
    return f"{result.cost.cpu_ms / 1000:.2f} / {result.size / 1000:.0f} / {result.cost.peak_mb:.0f}"
