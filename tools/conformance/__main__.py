"""`python -m conformance`: fetch the pictures, run them, score them. Each step can be taken alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.conformance import comparison, report
from tools.conformance import peers as comparing
from tools.conformance import run as running
from tools.conformance.corpora import CORPORA
from tools.conformance.engines import Engines, Lightpress, others
from tools.conformance.fetch import FetchError
from tools.conformance.fetch import fetch as fetch_pictures
from tools.conformance.reference import with_every_plugin
from tools.markdown import between, replace_between
from tools.peers.install import InstallError, install
from tools.peers.process import PeerError

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".local" / "conformance"
FIXTURES, RECORDS, SCORE = HOME / "fixtures", HOME / "records.jsonl", HOME / "score.json"
COMPARED, COMPARISON = HOME / "peers.jsonl", HOME / "peers.json"
PEERS = PROJECT / ".local" / "bench" / "peers"
PAGE = PROJECT / "docs" / "conformance.md"
README = PAGE.parent.parent / "README.md"

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Fetch, run and score."""
    if context.invoked_subcommand is None:
        fetch()
        run()
        score()


@app.command()
def fetch() -> None:
    """Bring the pictures here, once."""
    try:
        fetch_pictures(CORPORA, FIXTURES, lambda text: err.print(text, style="dim"))
    except FetchError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


@app.command()
def run() -> None:
    """Put every picture through the core and note what became of it."""
    if not FIXTURES.exists():
        err.print("there are no pictures yet: python -m conformance fetch", style="red")
        raise typer.Exit(1)
    with Progress(
        TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    ) as progress:
        task = progress.add_task("rendering", total=None)
        records = running.run(FIXTURES, lambda done, total: progress.update(task, completed=done, total=total))
    running.save(records, RECORDS)


@app.command()
def score(
    page: Annotated[Path, typer.Option(dir_okay=False, help="Where the page goes.")] = PAGE,
) -> None:
    """Judge what was noted. Exit code 1 where something fails that must not."""
    if not RECORDS.exists():
        err.print("nothing was run yet: python -m conformance run", style="red")
        raise typer.Exit(1)
    records = running.load(RECORDS)
    results = report.scores(records)
    SCORE.write_text(report.as_json(results, records))
    peers = between(PAGE.read_text(), *report.PEERS).strip("\n") if PAGE.exists() else ""
    page.write_text(report.as_markdown(results, records, peers))
    if page == PAGE:
        README.write_text(report.with_scores(README.read_text(), results))
    out.print(report.table(results))
    out.print(f"Which files, and why: {page}")
    raise typer.Exit(0 if report.acceptable(results) else 1)


@app.command()
def peers() -> None:
    """Put every picture through sharp, libvips and plain Pillow as well, and write down who is right how often."""
    fetch()
    with_every_plugin()
    # Without a thread of its own: children are forked from this process, and a fork of one with threads may hang.
    columns = (TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        engines = [Lightpress(), *others(install(PEERS, lambda text: err.print(text, style="dim")))]
        with Engines(engines), Progress(*columns, console=err, auto_refresh=False) as progress:
            task = progress.add_task("comparing", total=None)
            versions = {engine.name: engine.versions() for engine in engines}
            records = comparing.compare(
                engines,
                FIXTURES,
                lambda done, total: progress.update(task, completed=done, total=total, refresh=True),
            )
    except (InstallError, PeerError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error
    comparing.save(records, COMPARED)
    COMPARISON.write_text(comparison.as_json(records, versions))
    section = f"\n{comparison.as_markdown(records, versions)}\n\n"
    PAGE.write_text(replace_between(PAGE.read_text(), *report.PEERS, section))
    out.print(comparison.table(records))
    out.print(f"Which files, and why: {PAGE}")


if __name__ == "__main__":
    app()
