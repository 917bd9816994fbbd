"""Whole buckets: looked through, made anew, mended, connected."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.costs import (
    ArchitectureOption,
    AssumeOption,
    PriceOption,
    RegionOption,
    assumptions_of,
    prices_of,
)
from lightpress.cli.commands.options import Environment, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import confirm, err, out, progress_bars, stop
from lightpress.cli.project import LOCAL, RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightpress.cli.backfill import Checkpoint, Limits
    from lightpress.cli.backfilling import Job


def sweep(
    remove: Annotated[bool, typer.Option("--remove", help="Mend what is found, beside running workers.")] = False,
    environment: Environment = "local",
) -> None:
    """Report variants that nothing points to and manifests whose source is gone; with --remove, be rid of them."""
    from lightpress.cli.sweep import Sweep
    from lightpress.cli.tables import print_sweep

    with progress_bars() as progress:
        looking = progress.add_task("looking", total=None)
        found = Sweep(deployment_of(environment), remove)(lambda count: progress.update(looking, completed=count))
    print_sweep(out, found, removing=remove)


def plan(  # noqa: PLR0913, PLR0917  the command's options
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    sample: Annotated[int, typer.Option(min=0, help="Look at so many manifests, chosen at random; 0: at all.")] = 0,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Show what a changed recipes file would make, keep and remove, and what that costs. Changes nothing."""
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
    if found.seen and found.seen < total:
        out.print(f"{found.seen} of {total} manifests, chosen at random; the numbers are scaled up.")
        found = found.scaled(total / found.seen)
    print_plan(out, found, dollars)


def backfill(  # noqa: PLR0913, PLR0917  the command's options
    bucket: Annotated[str | None, typer.Argument(help="The uploads bucket, an attached one, or one in place.")] = None,
    prefix: Annotated[str, typer.Option(help="Only keys that begin so.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only what was written since (UTC).")] = None,
    mode: Annotated[str, typer.Option(help="variants or in-place.")] = "variants",
    inventory: Annotated[
        str | None, typer.Option(metavar="S3-URL", help="The manifest.json of an S3 Inventory report, not a listing.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")] = False,
    max_objects: Annotated[int | None, typer.Option(min=0, help="Send at most so many.")] = None,
    max_dollars: Annotated[float | None, typer.Option(min=0, help="Spend at most so much.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Pictures sent in a second.")] = 50.0,
    at_once: Annotated[int, typer.Option(min=10, max=100_000, help="Pictures under way at most.")] = 1000,
    patience: Annotated[float, typer.Option(min=1, help="Seconds until a picture counts as late.")] = 900.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, and look at no sample first.")] = False,
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Have every picture of a bucket looked at, through the queue, and see it done. Repeat the command to go on.

    Ctrl-C, or a file named as it is told, stops it: what is under way is settled first. Exit code: 0 if it is finished,
    1 if some were not settled in time or AWS could not be asked, 3 if there is more to do.
    """
    from lightpress.cli import backfilling
    from lightpress.cli.backfill import Limits, OtherRunError
    from lightpress.cli.backfill_sources import BadInventoryError
    from lightpress.cli.tables import print_backfill

    if mode not in {backfilling.VARIANTS, backfilling.IN_PLACE_MODE}:
        raise typer.BadParameter(f"{mode!r} is no mode; there are: variants, in-place", param_hint="--mode")
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
            _foretell(job, dollars, rate)
            if dry_run:
                return
            if not sys.stdin.isatty():
                stop("Nothing was sent: say --yes where nobody can be asked.")
            confirm("Go on?")
        limits = Limits(rate, at_once, max_objects, max_dollars, patience, dollars)
        ended, checkpoint = _work_off(job, limits, LOCAL / "backfill" / environment)
    except (
        backfilling.UnknownBucketError,
        backfilling.NotDeployedRecipesError,
        backfilling.CutOffError,
        BadInventoryError,
        OtherRunError,
    ) as error:
        stop(str(error))
    print_backfill(out, checkpoint, ended, dollars)
    if checkpoint.late:
        raise typer.Exit(1)
    raise typer.Exit(0 if ended == "finished" else 3)


def _foretell(job: Job, dollars: Callable[[int, int], float], rate: float) -> None:
    from lightpress.cli.backfilling import forecast
    from lightpress.cli.tables import print_forecast

    with progress_bars() as progress:
        listing = progress.add_task("listing", total=None)
        found = forecast(job, progress=lambda count: progress.update(listing, completed=count))
    print_forecast(out, found, dollars, rate)


def _work_off(job: Job, limits: Limits, folder: Path) -> tuple[str, Checkpoint]:
    """How it ended, and how far it came; `folder` keeps that, and the file that stops it."""
    from lightpress.cli import backfilling

    switch = backfilling.StopSwitch(folder / "stop")
    err.print(f"Stop it with Ctrl-C, or: touch {switch.file}", style="dim")
    with switch, progress_bars() as progress:
        working = progress.add_task("working", total=None)

        def show(now: Checkpoint, under_way: int) -> None:
            spent = limits.dollars(now.sent, now.reads)
            told = f"{now.settled} settled, {under_way} under way, ${spent:.2f}"
            progress.update(working, completed=now.settled, description=told)

        return backfilling.run(job, limits, folder, switch, show)


def connect(
    bucket: Annotated[str, typer.Argument(help="A bucket that is there already.")],
) -> None:
    """Have a bucket of your account tell EventBridge of its changes. Its other notifications stay as they are."""
    import boto3

    from lightpress.cli.connecting import connect as switch_on

    changed = switch_on(boto3.client("s3"), bucket)
    out.print(f"{bucket}: {'tells EventBridge from now on' if changed else 'told EventBridge already'}")
