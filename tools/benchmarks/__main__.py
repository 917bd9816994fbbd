"""Measure CPU time, bytes, quality and memory of Lightpress, alone and against sharp, libvips and plain Pillow."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from rich.console import Console

from tools.benchmarks import (
    assumed,
    backfills,
    billed,
    bills,
    browsers,
    catalogs,
    cold_start,
    delivery,
    fetching,
    flat,
    formats,
    guard,
    limit,
    looping,
    memory,
    native,
    others,
    overhead,
    partitions,
    purges,
    report,
    scale,
    screens,
    sharpening,
    steps,
    sweep,
)
from tools.benchmarks.engines import (
    ENGINES,
    FAST_SHARP,
    OURS,
    SHARP,
    THOROUGH,
    EngineError,
    named,
    running_scorer,
    with_allocator,
)
from tools.benchmarks.fetch_photos import HELD_OUT, TUNED, FetchError, fetch, fetch_jemalloc
from tools.benchmarks.figures import Scored, correction_error, cpu_ratio, equal_score_ratio, rows
from tools.benchmarks.measure import fresh_mb, measure, scores, slopes, versions
from tools.benchmarks.originals import WIDTHS, large, photos, tuned_photos
from tools.peers.install import InstallError, install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.benchmarks.engines import Engine
    from tools.peers.install import Environment

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".local" / "bench"
PAGE, CHART = PROJECT / "docs" / "performance.md", PROJECT / "docs" / "performance.svg"
_QUICK_PHOTOS, _QUICK_TURNS, _TURNS = 3, 1, 3
_QUICK_SCORED, _SCORED = (640,), (640, 1280)  # SSIMULACRA2 is slow: 1.3 s for each megapixel
_FRESH_PHOTOS = 3
_MAKE = {True: "make bench-quick", False: "make bench"}
_MEMORY_LIMITS_MB = (512, 1024)
_OVERHEAD_PHOTOS = 6

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

_Turns = Annotated[int, typer.Option(help="How often each photo is rendered.")]
_Effort = Annotated[Literal["normal", "high"], typer.Option(help="Of Lightpress, as in recipes.")]


@app.command("delivery")
def _delivery(
    keys: Annotated[int, typer.Option(help="How many pictures are viewed.")] = delivery.MILLION,
    views: Annotated[int, typer.Option(help="How many views there are in a month.")] = 100 * delivery.MILLION,
) -> None:
    """Compare ways to answer permalinks by a model: dollars a month, and how long viewers wait."""
    site, prices = delivery.Site(keys, views), delivery.Prices()
    _print(delivery.table(site, prices))
    worth = delivery.overwrites_worth_a_purge(site, prices)
    _print(f"A week with purges costs less than a minute without up to {worth:,.0f} overwrites a month.")


@app.command("catalogs")
def _catalogs() -> None:
    """Tell what three catalogs cost in a month, by how delivery was and by how it is."""
    _print(catalogs.table())


@app.command("flat")
def _flat() -> None:
    """Tell what drawings, text and screenshots take at each width, and what viewers are given."""
    _print(flat.table())


@app.command("purges")
def _purges(
    all_from: Annotated[int, typer.Option(help="As the option invalidate_all_from.")] = purges.ALL_FROM,
) -> None:
    """Tell how long deleted pictures are served, and what purging them costs, in a virtual time."""
    _print(purges.table(all_from))
    _print(f"\n{purges.seen(all_from)}")


@app.command("run")
def _run(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Three photos, one turn, scored at 640 pixels only.")] = False,
    count: Annotated[int, typer.Option(help="How many photos; 0: three of a quick run, else all.")] = 0,
    write: Annotated[bool, typer.Option(help="Write the table in docs/performance.md, and the chart.")] = True,
) -> None:
    """Compare CPU time, bytes, quality and memory with the peers; write table, chart and JSON."""
    with _errors_shown():
        originals, environment = _photos(), _peers()
        originals = originals[: count or (_QUICK_PHOTOS if quick else len(originals))]
        turns = _QUICK_TURNS if quick else _TURNS
        engines = [*ENGINES, *_jemalloc()]
        samples = measure(originals, turns, HOME / "made", environment, _say, engines)
        scored = _scored(originals, _QUICK_SCORED if quick else _SCORED, environment, engines)
        measured = rows(samples, scored, against=SHARP)
        (HOME / "figures.json").write_text(report.as_json(measured, samples, versions(environment)))
    command = f"python -m tools.benchmarks run{' --quick' * quick} --count {count}" if count else _MAKE[quick]
    error = correction_error(scored.slopes, scored.files)
    figures = report.figures(measured, command, len(originals), len(scored.held_out), turns, error)
    _print(figures)
    for ours, peer in product((OURS, THOROUGH), (SHARP, FAST_SHARP)):
        cpu, size = cpu_ratio(samples, ours, peer), _bytes_against(ours, peer, originals, scored)
        _print(f"{ours} against {peer}: CPU {cpu:.2f}, bytes at equal score {size:.2f}")
    if write:
        PAGE.write_text(report.with_figures(PAGE.read_text(), figures))
        CHART.write_text(report.chart(measured))


def _bytes_against(ours: str, peer: str, originals: list[Path], scored: Scored) -> float:
    return equal_score_ratio(scored.files, scored.slopes, ours, peer, [original.name for original in originals])


def _scored(originals: list[Path], widths: tuple[int, ...], environment: Environment, engines: list[Engine]) -> Scored:
    """Scores, slopes and the memory of fresh processes; another allocator changes no file, so it is not scored."""
    _say("scoring")
    files = scores(originals, widths, HOME / "made", environment)
    around = slopes(originals, widths[:1], HOME / "around", environment, _say)
    for engine in engines[len(ENGINES) :]:
        files |= {(engine.name, photo, name): file for (of, photo, name), file in files.items() if of == FAST_SHARP}
        around |= {(engine.name, photo, name): one for (of, photo, name), one in around.items() if of == FAST_SHARP}
    held_out = {original.name for original in originals} & {name for each in HELD_OUT for name in each.photos}
    fresh = fresh_mb(originals[:_FRESH_PHOTOS], HOME / "fresh", environment, engines)
    return Scored(files, around, held_out, fresh)


def _jemalloc() -> list[Engine]:
    library = fetch_jemalloc(HOME / "jemalloc", _say)
    return [with_allocator(library)] if library else []


@app.command("cold-start")
def _cold_start() -> None:
    """CPU time of a new function instance before its first original, against `boto3.client("s3")` alone."""
    _print(cold_start.table(cold_start.measure()))


@app.command("fetching")
def _fetching() -> None:
    """URLs fetched per second, by number of threads, against a plain urllib3 pool."""
    _print(fetching.table(fetching.measure()))


@app.command("steps")
def _steps(
    turns: Annotated[int, typer.Option(help="How often each step is done.")] = 7,
    write: Annotated[bool, typer.Option(help="Write the table in docs/performance.md.")] = True,  # noqa: FBT002
) -> None:
    """CPU of each step of recipes, beside that of the plain picture in the same run; write the table."""
    said = steps.said(turns, *steps.measure(turns))
    _print(said)
    if write:
        PAGE.write_text(steps.with_table(PAGE.read_text(), said))


@app.command("sharpen")
def _sharpen(
    count: Annotated[int, typer.Option(help="How many photos.")] = 12,
    thumbor: Annotated[Path | None, typer.Option(help="A Python that has thumbor; it excludes our Pillow.")] = None,
) -> None:
    """SSIMULACRA2 of photos that are reduced and sharpened: ours, sharp's default, thumbor's."""
    with _errors_shown():
        found = sharpening.measure(_photos()[:count], HOME / "sharpened", _peers(), thumbor, _say)
    _print(sharpening.table(found))


@app.command("backfills")
def _backfills() -> None:
    """Forecast how long backfills of one to a hundred million originals take, in virtual time (minutes)."""
    _print(backfills.table())


@app.command("looping")
def _looping() -> None:
    """Measure the loop of backfills against a server that answers as slowly as S3 (three minutes)."""
    _print(looping.HEAD)
    for setting in looping.SETTINGS:
        _print(looping.measured(*setting).shown)


@app.command("tasks")
def _tasks() -> None:
    """Forecast how long sweeps and plans take on the state machine, and what they cost (docs/how-to/scale.md)."""
    _print(backfills.task_table())


@app.command("bills")
def _bills() -> None:
    """A year's bill beside that of four other services, by list prices (docs/faq.md)."""
    _print(bills.table())


@app.command("partitions")
def _partitions() -> None:
    """Workers that write to a bucket whose partition S3 has not split yet, and who backs off how (five minutes)."""
    _print(partitions.table())


@app.command("scale")
def _scale() -> None:
    """Simulate how long originals wait under heavy loads, and which settings keep the wait short."""
    _print(scale.parameters())
    _print(f"\n{scale.table()}\n")
    for load in scale.LOADS:
        for max_wait in scale.MAX_WAITS:
            found = scale.choice(load, max_wait)
            _print(f"{load.name}: 99 of 100 within {max_wait:.0f} s: {found[0].name if found else 'none of these'}")
    _print(f"\n{scale.limits()}")


@app.command("memory")
def _memory() -> None:
    """Peak memory of large originals, and whether they are published with less memory."""
    with _errors_shown():
        _print(memory.table(_large(), _MEMORY_LIMITS_MB))


@app.command("others")
def _others(turns: _Turns = 3) -> None:
    """Compare screenshots, logos, HEIC and very large originals with the peers."""
    with _errors_shown():
        environment, first = _peers(), _tuned()[0]
        engines = [engine for engine in ENGINES if engine.name != THOROUGH]
        _print(others.table(others.measure(_large(), engines, turns, first, HOME / "others", environment, _say)))


@app.command("sweep")
def _sweep(
    score: Annotated[float, typer.Option(help="The SSIMULACRA2 to reach.")] = 70.0,
    count: Annotated[int, typer.Option(help="How many photos.")] = 14,
    engine: Annotated[str, typer.Option(help="Lightpress, or a peer by its name in the table.")] = OURS,
    widest: Annotated[int, typer.Option(help="The widest of the widths.")] = max(WIDTHS),
    effort: _Effort = "normal",
) -> None:
    """Find the quality that gives a score, by format and width (about 20 minutes)."""
    widths = [width for width in WIDTHS if width <= widest]
    with _errors_shown():
        peer = None if engine == OURS else named(engine)
        curves = sweep.sweep(_tuned()[:count], widths, HOME / "swept", _peers(), _say, peer, effort)
    _print(sweep.table(curves, score))


@app.command("browsers")
def _browsers() -> None:
    """How many browsers show AVIF, WebP alone, or neither, from caniuse; exit code 1 where one shows AVIF alone."""
    with _errors_shown():
        found, versions_of_data = browsers.browsers(_peers())
    _print(browsers.table(found, versions_of_data))
    _end_with([f"{one.name} {one.version} shows AVIF and not WebP." for one in browsers.unforeseen(found)])


@app.command("formats")
def _formats(
    turns: _Turns = 3,
    folder: Annotated[Path | None, typer.Option(help="Pictures to render instead of photos and the demo's.")] = None,
) -> None:
    """Compare `formats = "auto"` with AVIF, WebP and JPEG: files, bytes, CPU time and dollars by what is published."""
    with _errors_shown():
        if folder is None:
            originals = [*_tuned(), *formats.demo_pictures(HOME / "demo")]
        else:
            originals = sorted(path for path in folder.rglob("*") if path.is_file())
        found = formats.compare(originals, WIDTHS, turns, HOME / "formats", _peers(), _say)
    _print(formats.table(formats.rows(found)))


@app.command("limit")
def _limit(turns: _Turns = 3) -> None:
    """How far the whole is from its limit: decoding at a fraction of the size, and encoding, and nothing else."""
    with _errors_shown():
        _print(limit.table(limit.measure(_tuned(), turns)))


@app.command("billed")
def _billed(
    turns: _Turns = 3,
    count: Annotated[int, typer.Option(help="How many photos.")] = 5,
    against: Annotated[Path | None, typer.Option(help="The lambda_src of another checkout, measured in turns.")] = None,
) -> None:
    """Wall time against CPU of an invocation, on a store that answers 15 to 30 ms late, for batches of 1 and of 10."""
    codes = {"this checkout": billed.CODE} | ({"the other": against} if against else {})
    with _errors_shown():
        _print(billed.table(billed.measure(_tuned()[:count], turns, codes)))


@app.command("overhead")
def _overhead(turns: _Turns = 5) -> None:
    """CPU time of everything around the image core: events, manifest, child process, log."""
    with _errors_shown():
        originals = _tuned()[:_OVERHEAD_PHOTOS]
    _print(overhead.table([overhead.measure(original, turns) for original in originals]))


@app.command("assumed")
def _assumed(turns: _Turns = 5, effort: _Effort = "normal") -> None:
    """CPU and bytes that `lightpress estimate` assumes of a photo of 12 megapixels, lazy variants among them."""
    with _errors_shown():
        originals = assumed.of_twelve_megapixels(_photos())
    _print(assumed.table(assumed.measure(originals, PROJECT / "lambda_src" / "recipes.toml", turns, effort)))


@app.command("guard")
def _guard(turns: _Turns = 5) -> None:
    """Compare with the last release and with sharp; exit code 1 where CPU time or bytes grew beyond noise."""
    with _errors_shown():
        samples = guard.compare(_tuned(), turns, HOME / "guard", _peers(), _say)
    of_release, of_sharp = (guard.ratios(samples, engine) for engine in (guard.LAST_RELEASE, FAST_SHARP))
    for engine, found in ((guard.LAST_RELEASE, of_release), (FAST_SHARP, of_sharp)):
        _print(", ".join(f"{what} {ratio:.3f}" for what, ratio in found.items()) + f" of {engine}")
    _end_with([*guard.regressions(of_release), *guard.worse(of_sharp)])


@app.command("native")
def _native(
    count: Annotated[int, typer.Option(help="How many photos; 0: all.")] = 0,
) -> None:
    """What photos lose by the pixel library, beside Pillow alone; exit code 1 where that is more than rounding."""
    with _errors_shown():
        originals = _photos()
        with running_scorer(_peers()) as scorer:
            found = native.measure(originals[: count or len(originals)], HOME / "native", scorer.scores, _say)
    _print(native.table(found))
    _end_with(native.beyond(found))


@app.command("screens")
def _screens(
    folder: Annotated[Path, typer.Argument(help="Pictures, such as .local/conformance/fixtures.")],
    count: Annotated[int, typer.Option(help="How many screens.")] = 100,
) -> None:
    """AVIF of screens and text beside that of photos; exit code 1 where it is not smaller and nearer."""
    with _errors_shown(), running_scorer(_peers()) as scorer:
        found = screens.measure(folder, count, HOME / "screens", scorer.scores, _say)
    _print(screens.table(found))
    _end_with(screens.beyond(found))


def _photos() -> list[Path]:
    fetch(HOME / "fetched", _say)
    return photos(HOME / "fetched", HOME / "photos")


def _tuned() -> list[Path]:
    fetch(HOME / "fetched", _say, TUNED)
    return tuned_photos(HOME / "fetched", HOME / "photos")


def _large() -> dict[str, Path]:
    fetch(HOME / "fetched", _say, TUNED)
    _say("drawing the large originals")
    with ProcessPoolExecutor(1) as elsewhere:  # what is measured would inherit the memory that drawing leaves behind
        return elsewhere.submit(large, HOME / "fetched", HOME / "large").result()


def _peers() -> Environment:
    return install(HOME / "peers", _say)


@contextmanager
def _errors_shown() -> Iterator[None]:
    """An error of the network, of the installation or of an engine is shown in a sentence. Exit code 1."""
    try:
        yield
    except (FetchError, InstallError, EngineError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


def _end_with(faults: list[str]) -> NoReturn:
    """Show each fault in its sentence. Exit code 1 where there is one."""
    for sentence in faults:
        err.print(sentence, style="red", markup=False)
    raise typer.Exit(1 if faults else 0)


def _print(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _say(text: str) -> None:
    err.print(text, style="dim", markup=False)


if __name__ == "__main__":
    app(prog_name="python -m tools.benchmarks")
