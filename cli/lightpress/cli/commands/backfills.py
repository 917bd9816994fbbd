"""The command that reprocesses whole buckets: backfill."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lightpress.cli.commands.costs import (
    ArchitectureOption,
    AssumeOption,
    PriceOption,
    RegionOption,
    assumptions_again,
    prices_of,
)
from lightpress.cli.commands.machine import (
    LEFT_TO_DO,
    EngineOption,
    MaxDollarsOption,
    RateOption,
    StopOption,
    exit_code_of,
    follow,
    halt_run,
    tell,
)
from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightpress.cli.backfill import Checkpoint, Item, Limits
    from lightpress.cli.backfilling import Job
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import Task

Mode = Literal["variants", "in-place"]

BucketArgument = Annotated[
    str | None, typer.Argument(help="The uploads bucket (the default), an attached one, or one compressed in place.")
]
PrefixOption = Annotated[str, typer.Option(help="Only keys that begin with this.")]
SinceOption = Annotated[datetime | None, typer.Option(help="Only objects written since this time (UTC).")]
ModeOption = Annotated[Mode, typer.Option(help="Publish variants, or compress the objects in place.")]
InventoryOption = Annotated[
    str | None, typer.Option(metavar="S3-URL", help="Read this manifest.json of S3 Inventory instead of listing.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what it would do and cost, and send nothing.")]
MaxObjectsOption = Annotated[int | None, typer.Option(min=0, help="Send at most this many messages.")]
MaxInFlightOption = Annotated[
    int | None,
    typer.Option(
        min=10,
        max=100_000,
        help="Originals waiting in the queue at most; by default 1,000, and 5,000 on the state machine.",
    ),
]
TimeoutOption = Annotated[float, typer.Option(min=1, help="Seconds until an original counts as late.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not estimate first and do not ask.")]

_RATE, _MAX_IN_FLIGHT = 50.0, 1_000
_REFUSED = "without_original"
"""As in the JSON of a plan: pictures that cannot be made anew, estimated as those, or with --yes at least so many."""


def backfill(  # noqa: PLR0913, PLR0917  the command's options
    bucket: BucketArgument = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    mode: ModeOption = "variants",
    inventory: InventoryOption = None,
    dry_run: DryRunOption = False,
    max_objects: MaxObjectsOption = None,
    max_dollars: MaxDollarsOption = None,
    rate: RateOption = None,
    max_in_flight: MaxInFlightOption = None,
    engine: EngineOption = "auto",
    halt: StopOption = False,
    timeout: TimeoutOption = 900.0,
    yes: YesOption = False,
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Reprocess every original of a bucket through the queue and wait for completion; run it again to continue.

    On the state machine, the run goes on without this program, and whoever repeats the command sees or resumes it. The
    loop needs this program: Ctrl-C, or creating the file that it names, stops it after what is in the queue has
    finished. Exit code: 0 if all is done, 1 if originals stayed as they were, or have left and would be needed, or AWS
    did not answer, 3 if a limit or a stop left originals to do.
    """
    from lightpress.cli import backfilling
    from lightpress.cli.backfill import BackfillError, Limits
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import backfill_of

    try:
        job = backfilling.job_for(
            deployment_of(environment),
            bucket=bucket,
            prefix=prefix,
            mode=mode,
            since=since.replace(tzinfo=UTC) if since else None,
            inventory=inventory,
            recipes=recipes_of(recipes),
        )
        prices = prices_of(region, price)
        assumed = assumptions_again(assume, in_place=mode == backfilling.IN_PLACE_MODE)
        dollars = backfilling.dollars_of(prices, assumed, architecture)
        task = backfill_of(job, dollars, prices)
        if halt:
            halt_run(task, as_json=as_json)
            return
        retrieval = backfilling.retrieval_of(prices)
        on_machine = task.is_for_machine(engine)
        asks = not yes and (not on_machine or task.begins_anew)
        if dry_run or asks:
            refused = _estimate(job, dollars, retrieval, rate or _RATE, as_json=as_json and dry_run)
        else:
            refused = _tell_refused(job)
        if dry_run:
            raise typer.Exit(bool(refused))
        if asks:
            _ask()
        if on_machine:
            caps = Caps(rate, max_in_flight, max_objects, max_dollars)
            exit_code = _on_machine(task, caps, refused, as_json=as_json)
        else:
            limits = Limits(
                rate or _RATE, max_in_flight or _MAX_IN_FLIGHT, max_objects, max_dollars, timeout, dollars, retrieval
            )
            exit_code = _in_loop(job, limits, environment, refused, as_json=as_json)
    except BackfillError as error:
        stop(str(error))
    raise typer.Exit(exit_code or bool(refused))


def _on_machine(task: Task, caps: Caps, refused: int, *, as_json: bool) -> int:
    """Start or join the run on the state machine, and follow it; returns the exit code. refused: for its JSON."""
    from lightpress.cli.tables import print_report

    run, report = follow(task, caps)
    tell(run, report, print_report, as_json=as_json, more={_REFUSED: refused})
    return exit_code_of(report)


def _in_loop(job: Job, limits: Limits, environment: str, refused: int, *, as_json: bool) -> int:
    """Run the loop of this program; returns the exit code. refused: for its JSON."""
    from lightpress.cli.facts import facts_of_backfill
    from lightpress.cli.tables import print_backfill

    ended, checkpoint = _work_off(job, limits, LOCAL / "backfill" / environment)
    if as_json:
        print_json(facts_of_backfill(checkpoint, ended, limits.dollars) | {_REFUSED: refused})
    else:
        print_backfill(out, checkpoint, ended, limits.dollars)
    if checkpoint.late:
        return 1
    return 0 if ended == "finished" else LEFT_TO_DO


def _ask() -> None:
    if not sys.stdin.isatty():
        stop("Nothing was sent: this is no terminal to ask on. Add --yes to send without asking.")
    confirm("Continue?")


def _estimate(
    job: Job, dollars: Callable[[int, int], float], retrieval: Callable[[Item], float], rate: float, *, as_json: bool
) -> int:
    """Print what it would do and cost; returns how many pictures cannot be made anew."""
    from lightpress.cli.backfilling import forecast
    from lightpress.cli.facts import facts_of_forecast
    from lightpress.cli.tables import print_forecast

    with progress_bars() as progress:
        listing = progress.add_task("listing", total=None)
        found = forecast(job, retrieval=retrieval, progress=lambda count: progress.update(listing, completed=count))
    if as_json:
        print_json(facts_of_forecast(found, dollars, rate))
    else:
        print_forecast(out, found, dollars, rate)
    return found.without_original


def _tell_refused(job: Job) -> int:
    """Say what cannot be made anew, to who asked for no estimate; returns how many pictures at least."""
    from lightpress.cli.backfilling import refused_at_least
    from lightpress.cli.tables import print_refused

    found = refused_at_least(job)
    print_refused(err, found, "At least ")
    return found


def _work_off(job: Job, limits: Limits, folder: Path) -> tuple[str, Checkpoint]:
    """Run the backfill, showing progress. Its checkpoint and the file that stops it are in `folder`."""
    from lightpress.cli import backfilling

    switch = backfilling.StopSwitch(folder / "stop")
    err.print(f"To stop: Ctrl-C, or: touch {switch.file}", style="dim")
    with switch, progress_bars() as progress:
        working = progress.add_task("working", total=None)

        def show(now: Checkpoint, under_way: int) -> None:
            spent = limits.dollars(now.sent, now.reads) + now.retrieval
            told = f"{now.settled} done, {under_way} in the queue, ${spent:.2f}"
            progress.update(working, completed=now.settled, description=told)

        return backfilling.run(job, limits, folder, switch, show)
