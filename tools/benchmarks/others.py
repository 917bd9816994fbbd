"""What photos of 12 megapixels do not show: screenshots, logos, HEIC, and very large pictures, here and elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.benchmarks.engines import Cost, EngineError, running
from tools.benchmarks.pictures import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tools.benchmarks.engines import Engine
    from tools.peers.install import Environment


@dataclass(frozen=True, slots=True)
class Made:
    """What an engine made of a picture: its cost, and the bytes of all files."""

    cost: Cost
    size: int


Found = dict[tuple[str, str], Made | None]


def measure(  # noqa: PLR0913, PLR0917  who, what and where
    pictures: Mapping[str, Path],
    engines: Sequence[Engine],
    first: Path,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
) -> Found:
    """By picture and engine (names); None where an engine cannot do it.

    Each pair has a process of its own, so that peaks are the picture's; `first` is rendered before, for what loading
    costs is no part of this.
    """
    found: Found = {}
    for name, picture in pictures.items():
        for engine in engines:
            say(f"{name}: {engine.name}")
            found[name, engine.name] = _made(engine, first, picture, home, environment)
    return found


def _made(engine: Engine, first: Path, picture: Path, home: Path, environment: Environment) -> Made | None:
    home.mkdir(parents=True, exist_ok=True)
    try:
        with running(engine, environment) as ready:
            ready.render(first, WIDTHS, home)
            for file in home.iterdir():
                file.unlink()
            cost = ready.render(picture, WIDTHS, home)
    except EngineError:
        return None
    return Made(cost, sum(file.stat().st_size for file in home.iterdir()))


def table(found: Found) -> str:
    """A row for each picture: CPU seconds, kB and peak MB of each engine."""
    pictures, engines = (list(dict.fromkeys(pair[at] for pair in found)) for at in (0, 1))
    lines = [f"| CPU s / kB / peak MB | {' | '.join(engines)} |", "|---|" + "---|" * len(engines)]
    for picture in pictures:
        cells = (_cell(found[picture, engine]) for engine in engines)
        lines.append(f"| {picture} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(made: Made | None) -> str:
    if made is None:
        return "cannot"
    return f"{made.cost.cpu_ms / 1000:.2f} / {made.size / 1000:.0f} / {made.cost.peak_mb:.0f}"
