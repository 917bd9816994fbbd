"""The command that estimates costs, and the options on prices that plan and backfill share."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lightpress.cli.commands.options import JsonOutput
from lightpress.cli.commands.terminal import out, print_json, stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.costs.bill import Bill, Use
    from lightpress.costs.estimate import Assumptions, Estimate
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.recipe import RecipeBook

PriceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="NAME=DOLLARS",
        help="Replace a list price, such as s3_write=5.4; a wrong name lists all of them.",
    ),
]
AssumeOption = Annotated[
    list[str] | None,
    typer.Option("--assume", metavar="NAME=NUMBER", help="Replace an assumption; lightpress estimate lists them."),
]
RegionOption = Annotated[str, typer.Option(help="The AWS region whose prices apply.")]
ArchitectureOption = Annotated[Literal["arm64", "x86_64"], typer.Option(help="The processor of the functions.")]


Scenario = Literal["upload", "url", "attach", "in-place"]
Effort = Literal["normal", "high"]
Originals = Literal["keep", "infrequent", "drop_after_publish"]
Storage = Literal["standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval"]

_WORDS = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def _count(written: str | int) -> int:
    """A number such as 1000, 10k, 2.5M; typer asks for the defaults, too."""
    text = str(written)
    number, word = (text[:-1], text[-1]) if text[-1:] in _WORDS else (text, "")
    try:
        count = float(number) * _WORDS.get(word, 1)
    except ValueError:
        count = -1.0
    if not 0 <= count <= _WORDS["G"] * 1_000:
        raise typer.BadParameter(f"{text!r} is no number such as 1000, 10k or 2.5M")
    return round(count)


def _originals(written: str | int) -> int:
    """A number of originals."""
    if (count := _count(written)) < 1:
        raise typer.BadParameter("it is at least 1")
    return count


def estimate(  # noqa: PLR0913, PLR0917  the command's options
    pictures: Annotated[
        int, typer.Option(parser=_originals, metavar="NUMBER", help="The number of originals, such as 1000 or 2.5M.")
    ] = 1_000_000,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Compress in place instead of publishing variants.")
    ] = False,
    lazy: Annotated[
        bool, typer.Option("--lazy", help="The recipe leaves its smaller sizes for their first view.")
    ] = False,
    effort: Annotated[Effort, typer.Option(help="Of the recipe.")] = "normal",
    months: Annotated[
        int | None, typer.Option(min=1, max=120, help="The whole bill over so many months, of 30 days each.")
    ] = None,
    views: Annotated[
        int, typer.Option(parser=_count, metavar="NUMBER", help="With --months: pictures that are viewed each month.")
    ] = 0,
    deletes: Annotated[
        int, typer.Option(parser=_count, metavar="NUMBER", help="With --months: originals deleted each month.")
    ] = 0,
    scenario: Annotated[
        Scenario, typer.Option(help="With --months: how originals come. attach: from an existing bucket.")
    ] = "upload",
    originals_storage: Annotated[
        Storage, typer.Option(help="With --months: the option of this name, 30 days after the upload.")
    ] = "standard",
    variants_storage: Annotated[
        Storage, typer.Option(help="With --months: the option of this name, 30 days after the upload.")
    ] = "standard",
    replicas: Annotated[
        Storage | None, typer.Option(help="With --months: originals are replicated to another region, in this class.")
    ] = None,
    originals: Annotated[
        Originals, typer.Option(help="With --months: the recipe's key of this name; the bill without it is told, too.")
    ] = "keep",
    region: RegionOption = "us-east-1",
    architecture: ArchitectureOption = "arm64",
    price: PriceOption = None,
    assume: AssumeOption = None,
    as_json: JsonOutput = False,
) -> None:
    """Estimate the AWS cost of a number of originals, and list every assumption.

    Without --months: what processing them costs, line by line. With --months: the bill of uploading, keeping, showing
    and deleting them.
    """
    from lightpress.costs import bill
    from lightpress.costs.estimate import estimate as estimated
    from lightpress.costs.keeping import Moved

    prices, is_in_place = prices_of(region, price), in_place or scenario == "in-place"
    if in_place and scenario in {"url", "attach"}:
        stop(f"--in-place excludes --scenario {scenario}: what is compressed in place is in its bucket already.")
    base, usual = _base(in_place=is_in_place, lazy=lazy, effort=effort), bill.use_at(effort)
    assumed, use = _assumptions(assume or [], base, usual)
    of_originals = {
        "--originals-storage": originals_storage != "standard",
        "--originals": originals != "keep",
        "--replicas": replicas is not None,
    }
    over_months = {
        "--views": views > 0,
        "--deletes": deletes > 0,
        "--scenario": scenario in {"url", "attach"},
        "--variants-storage": variants_storage != "standard",
        **{f"--assume {row.name}": getattr(use, row.name) != getattr(usual, row.name) for row in fields(use)},
    }
    if months is None:
        _refuse(of_originals | over_months, "needs --months: without it, the estimate is of processing alone.")
        made = estimated(assumed, prices, pictures=pictures, architecture=architecture)
        _print_estimate(made, assumed, prices, as_json=as_json)
        return
    if is_in_place or scenario == "attach":
        _refuse(of_originals, "is for originals in the stack's own bucket: in an existing one, they stay as they are.")
    arrival = bill.Arrival("in-place" if is_in_place else scenario, pictures)
    if originals != "keep" and originals_storage != "standard":
        stop("--originals excludes --originals-storage: the recipe says what becomes of originals, or the option does.")
    if originals == "drop_after_publish" and replicas:
        stop("--originals drop_after_publish excludes --replicas: what leaves would stay there, so a stack refuses it.")
    keeping = bill.Keeping(
        months,
        views,
        deletes,
        Moved(originals_storage),
        Moved(variants_storage),
        originals,
        bill.LAZY_FILES if lazy else bill.FILES,
        replicas or "",
    )
    made_of = partial(bill.bill, arrival, assumed=assumed, use=use, prices=prices, architecture=architecture)
    kept = made_of(keeping=replace(keeping, originals_become="keep")).dollars if originals != "keep" else None
    _print_bill(made_of(keeping=keeping), kept, assumed, use, prices, as_json=as_json)


def _refuse(chosen: Mapping[str, bool], why: str) -> None:
    """End the command where one of these options was chosen, which would change nothing."""
    for option, is_chosen in chosen.items():
        if is_chosen:
            stop(f"{option} {why}")


def _print_estimate(made: Estimate, assumed: Assumptions, prices: Prices, *, as_json: bool) -> None:
    from lightpress.cli.facts import facts_of_estimate
    from lightpress.cli.tables import print_estimate

    if as_json:
        print_json(facts_of_estimate(made, assumed, prices))
    else:
        print_estimate(out, made, assumed, prices)


def _print_bill(  # noqa: PLR0913  what it rests on
    made: Bill, kept: float | None, assumed: Assumptions, use: Use, prices: Prices, *, as_json: bool
) -> None:
    from lightpress.cli.facts import facts_of_bill
    from lightpress.cli.tables import print_bill

    if as_json:
        print_json(facts_of_bill(made, kept, assumed, use, prices))
    else:
        print_bill(out, made, kept, assumed, use, prices)


def prices_of(region: str, changes: list[str] | None) -> Prices:
    """The list prices of a region with `--price` applied; ends the command where a name or value is not allowed."""
    from lightpress.costs import prices

    try:
        return prices.prices_of(region, changes or ())
    except prices.UnknownPriceError as error:
        stop(str(error))


def assumptions_again(changes: list[str] | None, book: RecipeBook, *, in_place: bool = False) -> Assumptions:
    """Those for originals that had a manifest before, with `--assume` applied; ends the command where that is wrong.

    book: What they are rendered by. Where some of its recipes have high effort, all originals are counted so.
    """
    from lightpress.costs.estimate import AGAIN

    effort: Effort = "high" if book.has_high_effort and not in_place else "normal"
    base = _base(in_place=in_place, lazy=False, effort=effort)
    assumed: Assumptions
    (assumed,) = _assumptions(changes or [], base if in_place else replace(base, **AGAIN))
    return assumed


def _base(*, in_place: bool, lazy: bool, effort: Effort) -> Assumptions:
    from lightpress.costs.estimate import HIGH_EFFORT, IN_PLACE, LAZY, Assumptions

    if in_place and (lazy or effort == "high"):
        stop(f"--in-place excludes {'--lazy' if lazy else '--effort'}: what is compressed in place has no variants.")
    differing: Mapping[str, float] = IN_PLACE if in_place else LAZY if lazy else {}
    if effort == "high":
        differing = HIGH_EFFORT[lazy]
    return replace(Assumptions(), **differing)


def _assumptions(changes: list[str], *bases: Any) -> list[Any]:  # noqa: ANN401  dataclasses of assumptions
    from lightpress.costs.estimate import UnknownAssumptionError, assume_each

    try:
        return list(assume_each(changes, *bases))
    except UnknownAssumptionError as error:
        stop(str(error))
