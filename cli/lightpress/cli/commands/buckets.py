"""Commands that look at whole buckets: sweep, plan, connect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

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
)
from lightpress.cli.commands.options import Environment, JsonOutput, RecipesOption, deployment_of, recipes_of
from lightpress.cli.commands.terminal import err, out, print_json, progress_bars, stop
from lightpress.cli.project import RECIPES

if TYPE_CHECKING:
    from lightpress.backfill.plan import Plan
    from lightpress.backfill.sweep import Found
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import Task
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.recipe import RecipeBook


def sweep(  # noqa: PLR0913, PLR0917  the command's options
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove and repair what is found; safe while the functions run.")
    ] = False,
    engine: EngineOption = "auto",
    halt: StopOption = False,
    max_dollars: MaxDollarsOption = None,
    rate: RateOption = None,
    region: RegionOption = "us-east-1",
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Find variants that no manifest refers to and manifests without an original. Changes nothing without --remove.

    Variants that were replaced count once they have been kept for previous_days of the deployment.

    From 10,000 manifests on, the state machine of the stack does it: the sweep goes on without this program, and
    whoever repeats the command sees or resumes it. --max-dollars and --rate are for the machine. Exit code: 0 if
    everything was looked at, 1 if some was not after several passes, 3 if a limit, a stop or the queue left something
    to do.
    """
    from lightpress.cli.backfill import BackfillError
    from lightpress.cli.distributed import Caps
    from lightpress.cli.facts import facts_of_sweep
    from lightpress.cli.tables import print_sweep
    from lightpress.cli.tasks import found_of, sweep_of

    try:
        task = sweep_of(deployment_of(environment), remove=remove).priced(prices_of(region, None))
        if halt:
            halt_run(task, as_json=as_json)
            return
        if task.is_for_machine(engine):
            _, report = follow(task, Caps(rate=rate, max_dollars=max_dollars))
            found, exit_code = found_of(report), exit_code_of(report)
        else:
            found = _swept_here(task.deployment, remove=remove)
            exit_code = LEFT_TO_DO if found.refused else 0
    except BackfillError as error:
        stop(str(error))
    if as_json:
        print_json(facts_of_sweep(found))
    else:
        print_sweep(out, found, removing=remove)
    raise typer.Exit(exit_code)


def _swept_here(deployment: Deployment, *, remove: bool) -> Found:
    from lightpress.cli.sweep import Sweep

    with progress_bars() as progress:
        looking = progress.add_task("reading manifests", total=None)
        return Sweep(deployment, remove)(lambda count: progress.update(looking, completed=count))


def plan(  # noqa: PLR0913, PLR0917  the command's options
    recipes: RecipesOption = RECIPES,
    environment: Environment = "local",
    sample: Annotated[int, typer.Option(min=0, help="Read only this many manifests, chosen at random; 0: all.")] = 0,
    engine: EngineOption = "auto",
    halt: StopOption = False,
    max_dollars: MaxDollarsOption = None,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Show what a changed recipes file would render, keep and remove, and its cost. Changes nothing.

    From 10,000 manifests on, the state machine of the stack reads them. Exit code 1 if it would render pictures anew
    whose originals have left: those stay published as they are; 3 if a limit or a stop left manifests to read.
    """
    from lightpress.cli.backfill import BackfillError
    from lightpress.cli.distributed import Caps
    from lightpress.cli.facts import facts_of_plan
    from lightpress.cli.tables import print_plan
    from lightpress.cli.tasks import plan_of
    from lightpress.costs.estimate import cost_of

    deployment, book, prices = deployment_of(environment), recipes_of(recipes), prices_of(region, price)
    dollars = cost_of(assumptions_again(assume, book), prices, architecture)
    try:
        task = plan_of(deployment, recipes, book).priced(prices)
        if halt:
            halt_run(task, as_json=as_json)
            return
        if not sample and task.is_for_machine(engine):
            found = _planned_on_machine(task, Caps(max_dollars=max_dollars))
            total = found.seen
        else:
            found, total = _planned_here(deployment, book, sample)
    except BackfillError as error:
        stop(str(error))
    sampled = bool(found.seen) and found.seen < total
    if sampled:
        found = found.scaled(total / found.seen)
    if as_json:
        print_json(facts_of_plan(found, total, dollars))
    else:
        if sampled:
            out.print(f"{found.seen} of {total} manifests, chosen at random; the numbers are scaled up.")
        print_plan(out, found, dollars)
    raise typer.Exit(bool(found.without_original))


def _planned_here(deployment: Deployment, book: RecipeBook, sample: int) -> tuple[Plan, int]:
    """What comes of all manifests, or of a sample; and how many there are."""
    from lightpress.backfill.plan import plan as planned
    from lightpress.cli.plan import manifest_paths, read_manifests
    from lightpress.cli.plan import sample as chosen

    with progress_bars() as progress:
        reading = progress.add_task("reading manifests", total=None)
        paths: Iterable[str] = manifest_paths(deployment)
        total = 0
        if sample:
            paths, total = chosen(paths, sample)
            progress.update(reading, total=len(paths))
        found = planned(read_manifests(deployment, paths, lambda count: progress.advance(reading, count)), book)
    return found, total or found.seen


def _planned_on_machine(task: Task, caps: Caps) -> Plan:
    """What the state machine found; a limit or a stop that left something to do ends the command."""
    from lightpress.cli.tasks import planned_of

    _, report = follow(task, caps)
    if exit_code := exit_code_of(report):
        err.print(f"{report.ended}: not all manifests were read. The same command goes on.")
        raise typer.Exit(exit_code)
    return planned_of(report)


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
