"""What `formats = "auto"` saves against a list of three formats: files, bytes, CPU time and dollars."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

from lightpress.cli.demo.pictures import draw_demo_set
from lightpress.costs.estimate import Assumptions, estimate
from lightpress.costs.prices import prices_of
from lightpress.image.outputs import OUTPUTS
from tools.benchmarks.engines import AUTO, OURS, EngineError, lightpress, lightpress_auto, running
from tools.benchmarks.figures import Sample, format_of
from tools.benchmarks.measure import sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tools.peers.install import Environment

_LABELS = {row.extension: row.label for row in OUTPUTS.values()}


class Row(NamedTuple):
    """What pictures of one kind take, on average; each pair is (the list of three formats, auto).

    Attributes:
        formats: In which auto publishes them.
        pictures: Their number.
        files: Files that are written for one.
        kilobytes: Of all its files.
        cpu_ms: CPU time.
        cpu_ratio: Median of auto's CPU time over that of the list in the same turn.
    """

    formats: str
    pictures: int
    files: tuple[float, float]
    kilobytes: tuple[float, float]
    cpu_ms: tuple[float, float]
    cpu_ratio: float

    def dollars(self) -> tuple[float, float]:
        """Of a million such pictures, paid once, in us-east-1 (`lightpress estimate`)."""
        before, after = (
            replace(
                Assumptions(),
                cpu_ms=cpu_ms,
                writes=files + 1,
                variant_bytes=kilobytes * 1000,
            )
            for cpu_ms, files, kilobytes in zip(self.cpu_ms, self.files, self.kilobytes, strict=True)
        )
        return estimate(before, prices_of("us-east-1")).once, estimate(after, prices_of("us-east-1")).once


def demo_pictures(folder: Path) -> list[Path]:
    """The pictures of `make demo`, as files: a phone's photo, a logo, a screen, an animation and others."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for drawn in draw_demo_set():
        path = folder / drawn.key.replace("/", " ")
        path.write_bytes(drawn.data)
        made.append(path)
    return made


def compare(  # noqa: PLR0913, PLR0917
    originals: Sequence[Path],
    widths: tuple[int, ...],
    turns: int,
    home: Path,
    environment: Environment,
    say: Callable[[str], None],
) -> list[Sample]:
    """Render each original with both, in turns; one that is rejected is left out."""
    found: list[Sample] = []
    with ExitStack() as stack:
        engines = {
            one.name: stack.enter_context(running(one, environment)) for one in (lightpress(), lightpress_auto())
        }
        for turn in range(turns):
            for original in originals:
                say(f"turn {turn + 1} of {turns}: {original.name}")
                names = sorted(engines, reverse=bool(turn % 2))
                try:
                    found += [sample(name, engines[name], original, turn, home, widths) for name in names]
                except EngineError as error:
                    say(str(error))
    return found


def rows(samples: Iterable[Sample]) -> list[Row]:
    """A row for each set of formats that auto publishes, the most frequent first."""
    pairs: dict[tuple[str, int], dict[str, Sample]] = {}
    for one in samples:
        pairs.setdefault((one.original, one.turn), {})[one.engine] = one
    by_formats: dict[str, list[Mapping[str, Sample]]] = {}
    for pair in pairs.values():
        by_formats.setdefault(_formats(pair[AUTO]), []).append(pair)
    return sorted((_row(name, held) for name, held in by_formats.items()), key=lambda row: -row.pictures)


def _row(formats: str, pairs: Sequence[Mapping[str, Sample]]) -> Row:
    def means(of: Callable[[Sample], float]) -> tuple[float, float]:
        return fmean(of(pair[OURS]) for pair in pairs), fmean(of(pair[AUTO]) for pair in pairs)

    return Row(
        formats,
        len({pair[AUTO].original for pair in pairs}),
        means(lambda one: len(one.bytes)),
        means(lambda one: sum(one.bytes.values()) / 1000),
        means(lambda one: one.cpu_ms),
        median(pair[AUTO].cpu_ms / pair[OURS].cpu_ms for pair in pairs),
    )


def _formats(one: Sample) -> str:
    present = {format_of(name) for name in one.bytes}
    return " and ".join(label for extension, label in _LABELS.items() if extension in present)


def table(found: Iterable[Row]) -> str:
    """The rows as Markdown; two numbers are before and after."""
    lines = [
        "| published as | pictures | files | kB | CPU ms | CPU ratio | dollars a million |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in found:
        numbers = (_two(row.files, 1), _two(row.kilobytes), _two(row.cpu_ms), f"{row.cpu_ratio:.2f}")
        lines.append(f"| {row.formats} | {row.pictures} | {' | '.join(numbers)} | {_two(row.dollars(), 2)} |")
    return "\n".join(lines)


def _two(pair: tuple[float, float], digits: int = 0) -> str:
    return " / ".join(f"{one:,.{digits}f}" for one in pair)
