"""What pictures cost; plan and backfill count with the same prices and assumptions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.terminal import out, stop

if TYPE_CHECKING:
    from lightpress.costs.estimate import Assumptions
    from lightpress.costs.prices import Prices

PriceOption = Annotated[
    list[str] | None, typer.Option("--price", metavar="NAME=DOLLARS", help="Another price; see cli/prices.py.")
]
AssumeOption = Annotated[
    list[str] | None, typer.Option("--assume", metavar="NAME=NUMBER", help="Another assumption; see estimate.")
]
RegionOption = Annotated[str, typer.Option(help="Whose prices.")]
ArchitectureOption = Annotated[str, typer.Option(help="Of the functions: arm64 or x86_64.")]


def estimate(  # noqa: PLR0913, PLR0917  the command's options
    pictures: Annotated[int, typer.Option(min=1, help="How many.")] = 1_000_000,
    in_place: Annotated[bool, typer.Option("--in-place", help="Of compression in place, not of variants.")] = False,
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
) -> None:
    """Tell what pictures cost, and everything that is taken for granted in it."""
    from lightpress.cli.tables import print_estimate
    from lightpress.costs.estimate import estimate as estimated

    prices, assumed = prices_of(region, price), assumptions_of(assume, in_place=in_place)
    bill = estimated(assumed, prices, pictures=pictures, architecture=architecture)
    print_estimate(out, bill, assumed, prices)


def prices_of(region: str, changes: list[str] | None) -> Prices:
    """The list prices of a region, with what was said of them."""
    from lightpress.costs import prices

    try:
        return prices.prices_of(region, changes or ())
    except prices.UnknownPriceError as error:
        stop(str(error))


def assumptions_of(changes: list[str] | None, *, in_place: bool = False) -> Assumptions:
    """What is taken for granted, with what was said of it."""
    from lightpress.costs.estimate import IN_PLACE, Assumptions, UnknownAssumptionError, assume

    try:
        return assume(changes or (), replace(Assumptions(), **IN_PLACE) if in_place else None)
    except UnknownAssumptionError as error:
        stop(str(error))
