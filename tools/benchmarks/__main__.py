"""`python -m benchmarks`: what a picture costs here and elsewhere, at similar quality."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tools.benchmarks import cold_start as starting
from tools.benchmarks import fetching as fetches
from tools.benchmarks import guard as guarding
from tools.benchmarks import memory as remembering
from tools.benchmarks import others as different
from tools.benchmarks import overhead as around
from tools.benchmarks import report
from tools.benchmarks import scale as scaling
from tools.benchmarks import sweep as sweeping
from tools.benchmarks.engines import ENGINES, FAST_SHARP, OURS, SHARP, EngineError
from tools.benchmarks.fetch_photos import FetchError, fetch
from tools.benchmarks.figures import bytes_ratio, cpu_ratio, rows
from tools.benchmarks.measure import measure, scores, versions
from tools.benchmarks.pictures import WIDTHS, large, photos
from tools.peers.install import InstallError, install

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".local" / "bench"
PAGE, CHART = PROJECT / "docs" / "performance.md", PROJECT / "docs" / "performance.svg"
_QUICK_PHOTOS, _QUICK_TURNS, _TURNS = 3, 1, 3
_QUICK_SCORED, _SCORED = (640,), (640, 1280)  # the judge is slow: 1.3 s for each megapixel
_ROOMS_MB = (512, 1024)
_OVERHEAD_PHOTOS = 6

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.command()
def run(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Three photos, one turn: under two minutes.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/performance.md's table and the chart.")] = True,
) -> None:
    """Measure, and write table, chart and JSON."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
        environment = install(HOME / "peers", _say)
        chosen = photos(HOME / "fetched", HOME / "photos")
        if quick:
            chosen = chosen[:_QUICK_PHOTOS]
        turns = _QUICK_TURNS if quick else _TURNS
        samples = measure(chosen, turns, HOME / "made", environment, _say)
        _say("scoring")
        judged = scores(chosen, _QUICK_SCORED if quick else _SCORED, HOME / "made", environment)
    found = rows(samples, judged, against=SHARP)
    (HOME / "figures.json").write_text(report.as_json(found, samples, versions(environment)))
    command = "make bench-quick" if quick else "make bench"
    figures = report.figures(found, command, len(chosen), turns)
    out.print(figures, markup=False, soft_wrap=True)
    for peer in (SHARP, FAST_SHARP):
        out.print(
            f"{OURS} against {peer}: CPU {cpu_ratio(samples, OURS, peer):.2f}, "
            f"bytes {bytes_ratio(samples, OURS, peer):.2f}",
            markup=False,
        )
    if write:
        PAGE.write_text(report.with_figures(PAGE.read_text(), figures))
        CHART.write_text(report.chart(found))


@app.command()
def cold_start() -> None:
    """What a new instance pays before its first picture, against `boto3.client("s3")` alone."""
    out.print(starting.table(starting.measure()), markup=False)


@app.command()
def fetching() -> None:
    """How many URLs are fetched in a second, by how many threads, against a plain pool of them."""
    out.print(fetches.table(fetches.measure()), markup=False)


@app.command()
def scale() -> None:
    """How long pictures wait under heavy loads, by simulation, and what to set."""
    out.print(scaling.parameters(), markup=False, soft_wrap=True)
    out.print(f"\n{scaling.table()}\n", markup=False, soft_wrap=True)
    for load in scaling.LOADS:
        for patience in scaling.PATIENCE:
            found = scaling.choice(load, patience)
            named = found[0].name if found else "none of these"
            out.print(f"{load.name}: 99 of 100 within {patience:.0f} s: {named}", markup=False)


@app.command()
def memory() -> None:
    """What large pictures take, and whether they fit where there is less."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
    out.print(remembering.table(_large(), _ROOMS_MB), markup=False, soft_wrap=True)


@app.command()
def others() -> None:
    """Screenshots, logos, HEIC and very large pictures, here and elsewhere."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
        environment = install(HOME / "peers", _say)
        first = photos(HOME / "fetched", HOME / "photos")[0]
        found = different.measure(_large(), ENGINES, first, HOME / "others", environment, _say)
    out.print(different.table(found), markup=False, soft_wrap=True)


def _large() -> dict[str, Path]:
    _say("drawing the large pictures")
    with ProcessPoolExecutor(1) as elsewhere:  # what is measured would inherit what drawing leaves behind
        return elsewhere.submit(large, HOME / "fetched", HOME / "large").result()


@app.command()
def sweep(
    score: Annotated[float, typer.Option(help="The SSIMULACRA2 to reach.")] = 70.0,
    count: Annotated[int, typer.Option(help="How many photos.")] = 14,
) -> None:
    """Which quality gives which score, by format and width (some 20 minutes)."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
        environment = install(HOME / "peers", _say)
        chosen = photos(HOME / "fetched", HOME / "photos")[:count]
        curves = sweeping.sweep(chosen, WIDTHS, HOME / "swept", environment, _say)
    out.print(sweeping.table(curves, score), markup=False, soft_wrap=True)


@app.command()
def overhead(turns: Annotated[int, typer.Option(help="How often each picture is done.")] = 5) -> None:
    """What everything around the picture core costs beside it: events, manifest, child process, log."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
    chosen = photos(HOME / "fetched", HOME / "photos")[:_OVERHEAD_PHOTOS]
    out.print(around.table([around.measure(photo, turns) for photo in chosen]), markup=False, soft_wrap=True)


@app.command()
def guard(turns: Annotated[int, typer.Option(help="How often each picture is done.")] = 5) -> None:
    """Fail where this checkout takes more CPU or bytes than the last release, beyond what noise explains."""
    with _lacks_told():
        fetch(HOME / "fetched", _say)
        environment = install(HOME / "peers", _say)
        chosen = photos(HOME / "fetched", HOME / "photos")
        found = guarding.ratios(guarding.compare(chosen, turns, HOME / "guard", environment, _say))
    out.print(", ".join(f"{what} {ratio:.3f}" for what, ratio in found.items()) + f" of {guarding.LAST}", markup=False)
    for sentence in guarding.grown(found):
        err.print(sentence, style="red", markup=False)
    raise typer.Exit(1 if guarding.grown(found) else 0)


@contextmanager
def _lacks_told() -> Iterator[None]:
    """What this machine does not get or run ends the command with a sentence. Exit code 1."""
    try:
        yield
    except (FetchError, InstallError, EngineError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


def _say(text: str) -> None:
    err.print(text, style="dim", markup=False)


if __name__ == "__main__":
    app()
