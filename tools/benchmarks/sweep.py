"""Which quality gives which SSIMULACRA2 score, by format and width: the source of the qualities in `image.outputs`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from tools.benchmarks.engines import running, running_scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lightpress.image.spec import Effort
    from tools.benchmarks.engines import Engine, Scorer
    from tools.peers.install import Environment

    Write = Callable[[Path, Mapping[str, int], Sequence[int], Path], "Files"]

QUALITIES: Mapping[str, tuple[int, ...]] = {
    "avif": (38, 43, 48, 53, 58),
    "webp": (68, 72, 76, 80, 84),
    "jpeg": (46, 51, 56, 61, 66),
}
QUALITIES_OF_PEERS: Mapping[str, tuple[int, ...]] = {**QUALITIES, "jpeg": (50, 57, 64, 71, 78)}
"""JPEG on the scale of libjpeg, not on jpegli's."""


@dataclass(frozen=True, slots=True)
class Point:
    """Mean result of one quality.

    Attributes:
        quality: As the encoder is given it.
        size: Bytes of a variant.
        score: SSIMULACRA2.
    """

    quality: int
    size: float
    score: float


Curves = dict[tuple[str, int], list[Point]]
"""By format and width."""

Files = dict[Path, tuple[str, int]]
"""Format and width of each file."""


def sweep(  # noqa: PLR0913, PLR0917
    originals: Sequence[Path],
    widths: Sequence[int],
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
    peer: Engine | None = None,
    effort: Effort = "normal",
) -> Curves:
    """The curve of each format at each width, over all originals. Two processes score at once.

    peer: Whose curves; None for those of Lightpress. effort: of Lightpress.
    """
    found: dict[tuple[str, int, int], list[tuple[int, float]]] = {}
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        scorers = [stack.enter_context(running_scorer(environment)) for _ in range(2)]
        writers = [_writer(peer, effort, environment, stack) for _ in range(2)]
        qualities = QUALITIES_OF_PEERS if peer else QUALITIES
        jobs = [
            pool.submit(_curve_of, scorers[half], writers[half], qualities, originals[half::2], widths, home, say)
            for half in range(2)
        ]
        for job in jobs:
            for key, size, score in job.result():
                found.setdefault(key, []).append((size, score))
    curves: Curves = {}
    for (name, width, quality), tried in sorted(found.items()):
        sizes, scores = zip(*tried, strict=True)
        curves.setdefault((name, width), []).append(Point(quality, fmean(sizes), fmean(scores)))
    return curves


def _writer(peer: Engine | None, effort: Effort, environment: Environment, stack: ExitStack) -> Write:
    if peer is None:
        return partial(_rendered, effort)
    ready, engine = stack.enter_context(running(peer, environment)), peer

    def write(original: Path, qualities: Mapping[str, int], widths: Sequence[int], folder: Path) -> Files:
        folder.mkdir(parents=True, exist_ok=True)
        ready.render(original, widths, folder, engine.at(qualities))
        return {
            file: (name, width)
            for name in qualities
            for width in widths
            if (file := folder / f"{width}.{OUTPUTS[name].extension}").exists()
        }

    return write


def _curve_of(  # noqa: PLR0913, PLR0917
    scorer: Scorer,
    write: Write,
    tried: Mapping[str, Sequence[int]],
    originals: Iterable[Path],
    widths: Sequence[int],
    home: Path,
    say: Callable[[str], None],
) -> list[tuple[tuple[str, int, int], int, float]]:
    found = []
    for original in originals:
        say(f"sweeping: {original.name}")
        for qualities in zip(*tried.values(), strict=True):
            by_format = dict(zip(tried, qualities, strict=True))
            folder = home / original.name / "-".join(map(str, qualities))
            files = write(original, by_format, widths, folder)
            scores = scorer.scores(original, files)
            for file, (name, width) in files.items():
                found.append(((name, width, by_format[name]), file.stat().st_size, scores[file]))
    return found


def _rendered(
    effort: Effort, original: Path, qualities: Mapping[str, int], widths: Sequence[int], folder: Path
) -> Files:
    folder.mkdir(parents=True, exist_ok=True)
    spec = Spec(tuple(Size(str(width), width) for width in widths), tuple(qualities), quality=qualities, effort=effort)
    files = {}
    for variant in render(original.read_bytes(), spec).variants:
        file = folder / f"{variant.names[0]}.{OUTPUTS[variant.format].extension}"
        file.write_bytes(variant.data)
        files[file] = (variant.format, int(variant.names[0]))
    return files


def quality_for(curve: Sequence[Point], score: float) -> float | None:
    """The quality that reaches a score, interpolated; None outside the qualities that were measured."""
    for below, above in pairwise(curve):
        if below.score <= score <= above.score:
            share = (score - below.score) / (above.score - below.score)
            return below.quality + share * (above.quality - below.quality)
    return None


def table(curves: Curves, score: float) -> str:
    """A row for each format and width: size and score of each quality, and the quality that reaches `score`."""
    lines = [f"| | width | quality: kB, SSIMULACRA2 | quality for {score:g} |", "|---|--:|---|--:|"]
    for (name, width), curve in curves.items():
        points = ", ".join(f"{point.quality}: {point.size / 1000:.1f}, {point.score:.1f}" for point in curve)
        quality = quality_for(curve, score)
        lines.append(f"| {name} | {width} | {points} | {'beyond' if quality is None else f'{quality:.0f}'} |")
    return "\n".join(lines)
