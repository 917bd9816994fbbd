"""Judge the image core on other projects' test files. Without a command: fetch, run and score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.conformance import comparison, peers, report, run, who
from tools.conformance.corpora import CORPORA
from tools.conformance.engines import Engines, Lightpress, others
from tools.conformance.fetch import FetchError, fetch
from tools.conformance.reference import with_every_plugin
from tools.markdown import between, replace_between
from tools.peers.install import InstallError, install
from tools.peers.process import PeerError

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".local" / "conformance"
FIXTURES, RECORDS, SCORE = HOME / "fixtures", HOME / "records.jsonl", HOME / "score.json"
VERSIONS = HOME / "judges.json"
COMPARED, COMPARISON = HOME / "peers.jsonl", HOME / "peers.json"
PEERS_HOME = PROJECT / ".local" / "bench" / "peers"
PAGE = PROJECT / "docs" / "conformance.md"
README = PAGE.parent.parent / "README.md"

app = typer.Typer(pretty_exceptions_enable=False)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@app.callback(invoke_without_command=True, help=__doc__)
def _all_steps(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _fetch()
        _run()
        _score()


@app.command("fetch")
def _fetch() -> None:
    """Download the test files, once."""
    try:
        fetch(CORPORA, FIXTURES, lambda text: err.print(text, style="dim"))
    except FetchError as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


@app.command("run")
def _run() -> None:
    """Render every test file with the image core and save the results."""
    if not FIXTURES.exists():
        err.print("There are no test files yet: python -m tools.conformance fetch", style="red")
        raise typer.Exit(1)
    judging = _independent()
    for name in judging.missing:
        err.print(f"Not installed: {name}. The page is not written without it.", style="yellow", markup=False)
    with Progress(
        TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    ) as progress:
        task = progress.add_task("rendering", total=None)
        records = run.run(
            FIXTURES, lambda done, total: progress.update(task, completed=done, total=total), judging.independent
        )
    run.save(records, RECORDS)
    VERSIONS.write_text(json.dumps({"judges": judging.versions, "missing": judging.missing}))


def _independent() -> who.Who:
    try:
        return who.installed(PEERS_HOME, HOME / "judged", lambda text: err.print(text, style="dim"))
    except (InstallError, PeerError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


@app.command("score")
def _score(
    page: Annotated[Path, typer.Option(dir_okay=False, help="The page to write.")] = PAGE,
) -> None:
    """Judge the saved results and write the page. Exit code 1 where a rule fails that must pass for every file."""
    if not RECORDS.exists():
        err.print("There are no results yet: python -m tools.conformance run", style="red")
        raise typer.Exit(1)
    records = run.load(RECORDS)
    results = report.scores(records)
    SCORE.write_text(report.as_json(results, records))
    told = json.loads(VERSIONS.read_text())
    if told["missing"] and page == PAGE:
        err.print(f"The page is not written without {', '.join(told['missing'])}.", style="yellow", markup=False)
    else:
        section = between(PAGE.read_text(), *report.PEERS).strip("\n") if PAGE.exists() else ""
        page.write_text(report.as_markdown(results, records, section, told["judges"]))
        if page == PAGE:
            README.write_text(report.with_scores(README.read_text(), records))
    out.print(report.table(results))
    out.print(f"Failures by file: {page}")
    raise typer.Exit(0 if report.acceptable(results) else 1)


@app.command("peers")
def _peers() -> None:
    """Compare with sharp, libvips and plain Pillow on the same test files."""
    _fetch()
    with_every_plugin()
    # Without auto_refresh, which is a thread: this process is forked, and a fork of a process with threads may hang.
    columns = (TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        engines = [Lightpress(), *others(install(PEERS_HOME, lambda text: err.print(text, style="dim")))]
        judges = _independent().independent.judging()
        with judges, Engines(engines), Progress(*columns, console=err, auto_refresh=False) as progress:
            task = progress.add_task("comparing", total=None)
            versions = {engine.name: engine.versions() for engine in engines}
            records = peers.compare(
                engines,
                FIXTURES,
                lambda done, total: progress.update(task, completed=done, total=total, refresh=True),
                judges,
            )
    except (InstallError, PeerError) as error:
        err.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error
    peers.save(records, COMPARED)
    COMPARISON.write_text(comparison.as_json(records, versions))
    section = f"\n{comparison.as_markdown(records, versions)}\n\n"
    PAGE.write_text(replace_between(PAGE.read_text(), *report.PEERS, section))
    out.print(comparison.table(records))
    out.print(f"Failures by file: {PAGE}")


if __name__ == "__main__":
    app(prog_name="python -m tools.conformance")
