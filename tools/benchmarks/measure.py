"""Every picture through every engine, in turns, so that whatever else the machine does troubles all of them alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING

from tools.benchmarks.engines import ENGINES, Engine, RunningEngine, Scorer, running, running_scorer
from tools.benchmarks.figures import Sample
from tools.benchmarks.pictures import WIDTHS
from tools.peers.engines import SSIMULACRA2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tools.peers.install import Environment

_JUDGES = 2


def measure(  # noqa: PLR0913, PLR0917  who, what, how often and where
    pictures: Sequence[Path],
    turns: int,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
    engines: Sequence[Engine] = ENGINES,
) -> list[Sample]:
    """What each picture cost each engine, in each turn, by engine. What they make stays where `made` says."""
    samples: dict[str, list[Sample]] = {engine.name: [] for engine in engines}
    with ExitStack() as stack:
        ready = {engine.name: stack.enter_context(running(engine, environment)) for engine in engines}
        for name, each in ready.items():  # what a first picture pays for loading is no part of this
            _one(name, each, pictures[0], -1, home)
        for turn in range(turns):
            for picture in pictures:
                say(f"turn {turn + 1} of {turns}: {picture.name}")
                for name in _order(ready, turn, picture):
                    samples[name].append(_one(name, ready[name], picture, turn, home))
    return list(chain.from_iterable(samples.values()))


def _order(names: Iterable[str], turn: int, picture: Path) -> list[str]:
    """Another each time, and the same in each run: nobody always comes after whoever leaves the caches warm or cold."""
    drawn = list(names)
    Random(f"{turn} {picture.name}").shuffle(drawn)  # noqa: S311  nobody gains by guessing it
    return drawn


def made(home: Path, engine: str, picture: str) -> Path:
    """The folder of the files that an engine made of a picture."""
    return home / "".join(letter if letter.isalnum() else "-" for letter in engine.lower()) / picture


def scores(
    pictures: Sequence[Path],
    widths: Iterable[int],
    home: Path,
    environment: Environment,
) -> dict[tuple[str, str, str], float]:
    """SSIMULACRA2 by engine, picture and file name, for these widths."""
    wanted = {str(width) for width in widths}
    jobs = []
    for picture in pictures:
        files = [
            (engine.name, picture.name, file)
            for engine in ENGINES
            for file in sorted(made(home, engine.name, picture.name).iterdir())
            if file.stem in wanted
        ]
        jobs.append((picture, files))
    found: dict[tuple[str, str, str], float] = {}
    with ExitStack() as stack, ThreadPoolExecutor(_JUDGES) as pool:
        idle: SimpleQueue[Scorer] = SimpleQueue()
        for _ in range(_JUDGES):
            idle.put(stack.enter_context(running_scorer(environment)))

        def score(picture: Path, files: list[tuple[str, str, Path]]) -> dict[tuple[str, str, str], float]:
            one = idle.get()
            answer = one.scores(picture, [file for *_, file in files])
            idle.put(one)
            return {(engine, name, file.name): answer[file] for engine, name, file in files}

        for answer in pool.map(lambda job: score(*job), jobs):
            found |= answer
    return found


def _one(name: str, engine: RunningEngine, picture: Path, turn: int, home: Path) -> Sample:
    out = made(home, name, picture.name)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    cost = engine.render(picture, WIDTHS, out)
    sizes = {file.name: file.stat().st_size for file in sorted(out.iterdir())}
    return Sample(name, picture.name, turn, cost.cpu_ms, cost.wall_ms, cost.peak_mb, sizes)


def versions(environment: Environment) -> dict[str, str]:
    """What each engine, and SSIMULACRA2, says of its libraries and their versions."""
    found = {}
    for engine in ENGINES:
        with running(engine, environment) as one:
            found[engine.name] = one.versions
    with running_scorer(environment) as scorer:
        return {**found, SSIMULACRA2.name: scorer.versions}
