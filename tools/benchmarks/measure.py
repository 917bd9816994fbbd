"""Renders every original with every engine, in turns, so that other load on the machine affects all engines alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from queue import SimpleQueue
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from tools.benchmarks.engines import ENGINES, Engine, RunningEngine, Scorer, running, running_scorer
from tools.benchmarks.figures import Encoded, Sample, Slope
from tools.benchmarks.originals import WIDTHS
from tools.peers.engines import SSIMULACRA2

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from tools.benchmarks.figures import Key
    from tools.peers.install import Environment

_SCORERS = 2
_STEP = 5  # of quality: some three points of score


def measure(  # noqa: PLR0913, PLR0917
    originals: Sequence[Path],
    turns: int,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
    engines: Sequence[Engine] = ENGINES,
) -> list[Sample]:
    """What each original took, with each engine in each turn, grouped by engine.

    Args:
        originals: The files to render.
        turns: How often each is rendered.
        home: The folder for the variants, which stay there: see `output_folder`.
        environment: Where the peers are installed.
        say: Hears about progress.
        engines: The engines to compare.
    """
    samples: dict[str, list[Sample]] = {engine.name: [] for engine in engines}
    with ExitStack() as stack:
        ready = {engine.name: stack.enter_context(running(engine, environment)) for engine in engines}
        for name, each in ready.items():  # the cost of loading libraries is left out
            sample(name, each, originals[0], -1, home)
        for turn in range(turns):
            for original in originals:
                say(f"turn {turn + 1} of {turns}: {original.name}")
                for name in order(ready, turn, original):
                    samples[name].append(sample(name, ready[name], original, turn, home))
    return list(chain.from_iterable(samples.values()))


def order(names: Iterable[str], turn: int, original: Path) -> list[str]:
    """Shuffled, the same in each run: no engine always follows one that leaves the CPU's caches warm or cold."""
    shuffled = list(names)
    Random(f"{turn} {original.name}").shuffle(shuffled)  # noqa: S311  not for security
    return shuffled


def output_folder(home: Path, engine: str, original: str) -> Path:
    """The folder of the variants that an engine made of an original."""
    return home / "".join(letter if letter.isalnum() else "-" for letter in engine.lower()) / original


def scores(
    originals: Sequence[Path],
    widths: Collection[int],
    home: Path,
    environment: Environment,
    engines: Sequence[Engine] = ENGINES,
) -> dict[Key, Encoded]:
    """Size and SSIMULACRA2 of the variants of these widths that are in the engines' output folders."""
    wanted = {str(width) for width in widths}
    jobs = []
    for original in originals:
        files = [
            (engine.name, original.name, file)
            for engine in engines
            for file in sorted(output_folder(home, engine.name, original.name).iterdir())
            if file.stem in wanted
        ]
        jobs.append((original, files))
    found: dict[Key, Encoded] = {}
    with ExitStack() as stack, ThreadPoolExecutor(_SCORERS) as pool:
        idle: SimpleQueue[Scorer] = SimpleQueue()
        for _ in range(_SCORERS):
            idle.put(stack.enter_context(running_scorer(environment)))

        def score(original: Path, files: list[tuple[str, str, Path]]) -> dict[Key, Encoded]:
            one = idle.get()
            answer = one.scores(original, [file for *_, file in files])
            idle.put(one)
            return {
                (engine, name, file.name): Encoded(file.stat().st_size, answer[file]) for engine, name, file in files
            }

        for answer in pool.map(lambda job: score(*job), jobs):
            found |= answer
    return found


def slopes(  # noqa: PLR0913, PLR0917
    originals: Sequence[Path],
    widths: Sequence[int],
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
    engines: Sequence[Engine] = ENGINES,
) -> dict[Key, Slope]:
    """How bytes grow with SSIMULACRA2: every file of these widths at a lower and at a higher quality."""
    around = []
    for step in (-_STEP, _STEP):
        folder = home / f"{step:+}"
        say(f"rendering at qualities of {step:+}")
        for engine in engines:
            with running(engine, environment) as ready:
                for original in originals:
                    out = emptied(output_folder(folder, engine.name, original.name))
                    ready.render(original, widths, out, engine.stepped(step))
        around.append(scores(originals, widths, folder, environment, engines))
    lower, higher = around
    return {key: Slope(lower[key], higher[key]) for key in lower}


def fresh_mb(
    originals: Sequence[Path], home: Path, environment: Environment, engines: Sequence[Engine] = ENGINES
) -> dict[str, float]:
    """Peak memory of processes that render a single original, by engine: the median over the originals, in MB."""
    found = {}
    for engine in engines:
        peaks = []
        for original in originals:
            with running(engine, environment) as ready:
                peaks.append(sample(engine.name, ready, original, 0, home).peak_mb)
        found[engine.name] = median(peaks)
    return found


def emptied(folder: Path) -> Path:
    """The folder, without files."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return folder


def sample(  # noqa: PLR0913, PLR0917
    name: str, engine: RunningEngine, original: Path, turn: int, home: Path, widths: tuple[int, ...] = WIDTHS
) -> Sample:
    """What an original takes, rendered once into its `output_folder`. Raises EngineError where the engine fails."""
    out = emptied(output_folder(home, name, original.name))
    cost = engine.render(original, widths, out)
    sizes = {file.name: file.stat().st_size for file in sorted(out.iterdir())}
    return Sample(name, original.name, turn, cost.cpu_ms, cost.wall_ms, cost.peak_mb, sizes)


def versions(environment: Environment) -> dict[str, str]:
    """What each engine, and SSIMULACRA2, says of its libraries and their versions."""
    found = {}
    for engine in ENGINES:
        with running(engine, environment) as one:
            found[engine.name] = one.versions
    with running_scorer(environment) as scorer:
        return {**found, SSIMULACRA2.name: scorer.versions}
