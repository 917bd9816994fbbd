"""`python -m conformance`: fetch the pictures, run them, score them. Each step can be taken alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance import report
from conformance import run as running
from conformance.corpora import CORPORA
from conformance.fetch import FetchError
from conformance.fetch import fetch as fetch_pictures

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".local" / "conformance"
FIXTURES, RECORDS, SCORE = HOME / "fixtures", HOME / "records.jsonl", HOME / "score.json"
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
    page.write_text(report.as_markdown(results, records))
    if page == PAGE:
        README.write_text(report.with_scores(README.read_text(), results))
    out.print(report.table(results))
    out.print(f"Which files, and why: {page}")
    raise typer.Exit(0 if report.acceptable(results) else 1)


if __name__ == "__main__":
    app()
