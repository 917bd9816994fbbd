"""Commands that work on whole buckets: sweep, plan, backfill, connect."""

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
    assumptions_of,
    prices_of,
)
from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightpress.cli.backfill import Checkpoint, Limits
    from lightpress.cli.backfilling import Job


def sweep(
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove and repair what is found; safe while the functions run.")
    ] = False,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Find variants that no manifest refers to and manifests without an original. Changes nothing without --remove."""
    from lightpress.cli.facts import facts_of_sweep
    from lightpress.cli.sweep import Sweep
    from lightpress.cli.tables import print_sweep

    with progress_bars() as progress:
        looking = progress.add_task("reading manifests", total=None)
        found = Sweep(deployment_of(environment), remove)(lambda count: progress.update(looking, completed=count))
    if as_json:
        print_json(facts_of_sweep(found))
    else:
        print_sweep(out, found, removing=remove)


def plan(  # noqa: PLR0913, PLR0917  the command's options
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    sample: Annotated[int, typer.Option(min=0, help="Read only this many manifests, chosen at random; 0: all.")] = 0,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Show what a changed recipes file would render, keep and remove, and its cost. Changes nothing."""
    from lightpress.cli.facts import facts_of_plan
    from lightpress.cli.plan import manifest_paths, read_manifests
    from lightpress.cli.plan import plan as planned
    from lightpress.cli.plan import sample as chosen
    from lightpress.cli.tables import print_plan
    from lightpress.costs.estimate import cost_of

    deployment, book = deployment_of(environment), recipes_of(recipes)
    dollars = cost_of(assumptions_of(assume), prices_of(region, price), architecture)
    with progress_bars() as progress:
        reading = progress.add_task("reading manifests", total=None)
        paths, total = chosen(manifest_paths(deployment), sample or sys.maxsize)
        progress.update(reading, total=len(paths))
        found = planned(read_manifests(deployment, paths, lambda count: progress.advance(reading, count)), book)
    sampled = bool(found.seen) and found.seen < total
    if sampled:
        found = found.scaled(total / found.seen)
    if as_json:
        print_json(facts_of_plan(found, total, dollars))
        return
    if sampled:
        out.print(f"{found.seen} of {total} manifests, chosen at random; the numbers are scaled up.")
    print_plan(out, found, dollars)


def backfill(  # noqa: PLR0913, PLR0917  the command's options
    bucket: Annotated[
        str | None,
        typer.Argument(help="The uploads bucket (the default), an attached one, or one compressed in place."),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin with this.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only objects written since this time (UTC).")] = None,
    mode: Annotated[
        Literal["variants", "in-place"], typer.Option(help="Publish variants, or compress the objects in place.")
    ] = "variants",
    inventory: Annotated[
        str | None, typer.Option(metavar="S3-URL", help="Read this manifest.json of S3 Inventory instead of listing.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do and cost, and send nothing.")
    ] = False,
    max_objects: Annotated[int | None, typer.Option(min=0, help="Send at most this many messages.")] = None,
    max_dollars: Annotated[
        float | None, typer.Option(min=0, help="Stop before the estimated cost exceeds this.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Originals sent each second.")] = 50.0,
    max_in_flight: Annotated[
        int, typer.Option(min=10, max=100_000, help="Originals waiting in the queue at most.")
    ] = 1000,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds until an original counts as late.")] = 900.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not estimate first and do not ask.")] = False,
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Reprocess every original of a bucket through the queue and wait for completion; run it again to continue.

    Ctrl-C, or creating the file that it names, stops it after what is in the queue has finished. Exit code: 0 if all is
    done, 1 if originals were late or AWS did not answer, 3 if a limit or a stop left originals to do.
    """
    from lightpress.cli import backfilling
    from lightpress.cli.backfill import BackfillError, Limits
    from lightpress.cli.facts import facts_of_backfill
    from lightpress.cli.tables import print_backfill

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
        dollars = backfilling.dollars_of(job, prices_of(region, price), assumptions_of(assume), architecture)
        if dry_run or not yes:
            _estimate(job, dollars, rate, as_json=as_json and dry_run)
        if dry_run:
            return
        if not yes:
            _ask()
        limits = Limits(rate, max_in_flight, max_objects, max_dollars, timeout, dollars)
        ended, checkpoint = _work_off(job, limits, LOCAL / "backfill" / environment)
    except BackfillError as error:
        stop(str(error))
    if as_json:
        print_json(facts_of_backfill(checkpoint, ended, dollars))
    else:
        print_backfill(out, checkpoint, ended, dollars)
    if checkpoint.late:
        raise typer.Exit(1)
    raise typer.Exit(0 if ended == "finished" else 3)


def _ask() -> None:
    if not sys.stdin.isatty():
        stop("Nothing was sent: this is no terminal to ask on. Add --yes to send without asking.")
    confirm("Continue?")


def _estimate(job: Job, dollars: Callable[[int, int], float], rate: float, *, as_json: bool) -> None:
    from lightpress.cli.backfilling import forecast
    from lightpress.cli.facts import facts_of_forecast
    from lightpress.cli.tables import print_forecast

    with progress_bars() as progress:
        listing = progress.add_task("listing", total=None)
        found = forecast(job, progress=lambda count: progress.update(listing, completed=count))
    if as_json:
        print_json(facts_of_forecast(found, dollars, rate))
    else:
        print_forecast(out, found, dollars, rate)


def _work_off(job: Job, limits: Limits, folder: Path) -> tuple[str, Checkpoint]:
    """Run the backfill, showing progress. Its checkpoint and the file that stops it are in `folder`."""
    from lightpress.cli import backfilling

    switch = backfilling.StopSwitch(folder / "stop")
    err.print(f"To stop: Ctrl-C, or: touch {switch.file}", style="dim")
    with switch, progress_bars() as progress:
        working = progress.add_task("working", total=None)

        def show(now: Checkpoint, under_way: int) -> None:
            spent = limits.dollars(now.sent, now.reads)
            told = f"{now.settled} done, {under_way} in the queue, ${spent:.2f}"
            progress.update(working, completed=now.settled, description=told)

        return backfilling.run(job, limits, folder, switch, show)


def connect(
    bucket: Annotated[str, typer.Argument(help="An existing bucket of your account.")],
    as_json: JsonOutput = False,
) -> None:
    """Turn on EventBridge notifications of an existing bucket; its other notifications are kept."""
    import boto3

    from lightpress.cli.connecting import connect as switch_on
    from lightpress.client.waiting import WAITING

    changed = switch_on(boto3.client("s3", config=WAITING), bucket)
    if as_json:
        print_json({"bucket": bucket, "changed": changed})
        return
    out.print(
        f"{bucket}: {'EventBridge notifications turned on' if changed else 'EventBridge notifications were on already'}"
    )
