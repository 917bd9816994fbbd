"""The command that estimates costs, and the options on prices that plan and backfill share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lightpress.cli.commands.options import JsonOutput
from lightpress.cli.commands.terminal import out, print_json, stop

if TYPE_CHECKING:
    from lightpress.costs.estimate import Assumptions
    from lightpress.costs.prices import Prices

PriceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--price", metavar="NAME=DOLLARS", help="Replace a list price; names: cli/lightpress/costs/prices.py."
    ),
]
AssumeOption = Annotated[
    list[str] | None,
    typer.Option("--assume", metavar="NAME=NUMBER", help="Replace an assumption; lightpress estimate lists them."),
]
RegionOption = Annotated[str, typer.Option(help="The AWS region whose prices apply.")]
ArchitectureOption = Annotated[Literal["arm64", "x86_64"], typer.Option(help="The processor of the functions.")]


def estimate(  # noqa: PLR0913, PLR0917  the command's options
    pictures: Annotated[int, typer.Option(min=1, help="The number of originals.")] = 1_000_000,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Compress in place instead of publishing variants.")
    ] = False,
    lazy: Annotated[
        bool, typer.Option("--lazy", help="The recipe leaves its smaller sizes for their first view.")
    ] = False,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Estimate the AWS cost of a number of originals, and list every assumption."""
    from lightpress.cli.facts import facts_of_estimate
    from lightpress.cli.tables import print_estimate
    from lightpress.costs.estimate import estimate as estimated

    prices, assumed = prices_of(region, price), assumptions_of(assume, in_place=in_place, lazy=lazy)
    bill = estimated(assumed, prices, pictures=pictures, architecture=architecture)
    if as_json:
        print_json(facts_of_estimate(bill, assumed, prices))
    else:
        print_estimate(out, bill, assumed, prices)


def prices_of(region: str, changes: list[str] | None) -> Prices:
    """The list prices of a region with `--price` applied; ends the command where a name or value is not allowed."""
    from lightpress.costs import prices

    try:
        return prices.prices_of(region, changes or ())
    except prices.UnknownPriceError as error:
        stop(str(error))


def assumptions_of(changes: list[str] | None, *, in_place: bool = False, lazy: bool = False) -> Assumptions:
    """The assumptions with `--assume` applied; ends the command where a name or value is not allowed."""
    from lightpress.costs.estimate import IN_PLACE, LAZY, Assumptions, UnknownAssumptionError, assume

    if in_place and lazy:
        stop("--in-place excludes --lazy: what is compressed in place has no variants.")
    differing = IN_PLACE if in_place else LAZY if lazy else {}
    try:
        return assume(changes or (), replace(Assumptions(), **differing))
    except UnknownAssumptionError as error:
        stop(str(error))
