"""Commands that look at whole buckets: sweep, plan, connect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

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
from lightpress.cli.commands.terminal import out, print_json, progress_bars
from lightpress.cli.project import RECIPES

_RATE, _MAX_IN_FLIGHT = 50.0, 1_000
_SECONDS_BETWEEN_LOOKS = 2.0
_LEFT_TO_DO = 3  # the exit code


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
    """Show what a changed recipes file would render, keep and remove, and its cost. Changes nothing.

    Exit code 1 if it would render pictures anew whose originals have left: those stay published as they are.
    """
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
        paths: Iterable[str] = manifest_paths(deployment)
        total = 0
        if sample:
            paths, total = chosen(paths, sample)
            progress.update(reading, total=len(paths))
        found = planned(read_manifests(deployment, paths, lambda count: progress.advance(reading, count)), book)
        total = total or found.seen
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
