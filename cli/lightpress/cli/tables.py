"""The tables and texts that the commands print."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table

from lightpress.backfill.run import FINISHED, LEFT, NANOS
from lightpress.backfill.sweep import SOURCELESS, UNFINISHED
from lightpress.cli.console import styled
from lightpress.cli.progress import duration
from lightpress.costs.estimate import why
from lightpress.costs.prices import MILLION, SOURCE
from lightpress.image.errors import MESSAGES, Reason
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.recipe import DROP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightpress.backfill.plan import Plan
    from lightpress.backfill.results import Report
    from lightpress.backfill.run import Run
    from lightpress.backfill.sweep import Found
    from lightpress.cli.backfill import Checkpoint
    from lightpress.cli.backfilling import Forecast
    from lightpress.cli.console import Terminal
    from lightpress.cli.dead_letters import Consumer
    from lightpress.cli.outline import Outline
    from lightpress.cli.reviews import Held
    from lightpress.costs.bill import Bill, Use
    from lightpress.costs.estimate import Assumptions, Estimate
    from lightpress.costs.prices import Prices
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.manifest import Manifest, Variant


_SWEPT = {
    "dead": "variants of past generations",
    "stranded": "variants of generations that were never published",
    "previous": "variants that were replaced, and kept for as long as previous_days says",
    "ownerless": "variants without a manifest",
    "astray": "copies of variants that no manifest names",
}
"""What the kinds of a sweep are called in its report."""

_SECONDS_OF_AN_HOUR = 3_600

_NARROW = 34
"""Characters of a key on one line of a terminal."""


def amount(count: int) -> str:
    """A number of bytes with a decimal unit, such as 1.2 kB."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004  the next unit
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def saved(variant_bytes: int, original_bytes: int) -> str:
    """How much smaller than its original a variant is, as a percentage."""
    return f"{(original_bytes - variant_bytes) / original_bytes:.0%}" if original_bytes else "-"


def message_for(manifest: Manifest) -> str:
    """The sentence of a failed manifest's reason, and its detail."""
    known = {reason.value: words for reason, words in MESSAGES.items()}
    words = known.get(Reason(manifest.reason)) if manifest.reason in known else manifest.reason
    return f"{words} {manifest.detail or ''}".strip()


def print_manifests(
    console: Terminal,
    manifests: list[Manifest],
    *,
    link: Callable[[Variant], str] | None = None,
    times: dict[str, float] | None = None,
) -> None:
    """Print a table of the variants of originals that are ready, and a line for each other original.

    Args:
        console: Where to print.
        manifests: Of the originals.
        link: Gives the address of a variant: its last part gets a column, and the rest, which all variants of an
            original share, a line. None for no addresses.
        times: Seconds until an original was ready, by key, for another column; None for no such column.
    """
    ready = [manifest for manifest in manifests if manifest.status is Status.READY]
    if ready:
        console.print(_table(ready, link, times, _NARROW if console.is_terminal else None))
    for manifest in ready:
        folder = link(manifest.variants[0]).rpartition("/")[0] if link and manifest.variants else ""
        if folder:
            console.print(styled((manifest.key, "bold"), f": {folder}/"))
    for manifest in manifests:
        if manifest.status is not Status.READY:
            console.print(styled((manifest.key, "bold"), ": ", *_not_ready(manifest)))
        for note in manifest.notes:
            console.print(styled((manifest.key, "bold"), f": {note}"))
        for names, note in _noted_variants(manifest):
            console.print(styled((manifest.key, "bold"), f", {names}: {note}"))
        for names, note in _owed(manifest):
            console.print(styled((manifest.key, "bold"), f", {names}: {note}"))


def _not_ready(manifest: Manifest) -> tuple[tuple[str, str], str]:
    """What is said of an original that is not published: that it waits and for whom, or why it failed."""
    if manifest.status is Status.HELD:
        return (manifest.status, "yellow"), f" until it is reviewed ({', '.join(manifest.gate)})"
    return (manifest.status, "red"), f". {message_for(manifest)}"


def _noted_variants(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The notes on single variants: the variants that share a note, and the note."""
    noted: dict[str, dict[str, None]] = {}
    for variant in manifest.variants:
        if variant.note:
            noted.setdefault(variant.note, {})[f"{variant.name} {variant.format}"] = None
    for note, files in noted.items():
        yield ", ".join(files), note


def _owed(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What is left for its first view, and what cannot be made, with the reason."""
    told: dict[str, list[str]] = {}
    for variant in manifest.lazy:
        note = f"cannot be made ({variant.reason}). {variant.detail}" if variant.reason else "made at its first view."
        told.setdefault(note, []).append(f"{variant.name} {variant.format}")
    for note, names in told.items():
        yield ", ".join(names), note


def print_failures(console: Terminal, failures: list[Failure]) -> None:
    """Print a table of failures, one a row."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("original or message", overflow="fold", style="bold")
    table.add_column("reason", no_wrap=True, style="red")
    table.add_column("detail", overflow="fold")
    table.add_column("tries", justify="right", no_wrap=True)
    table.add_column("last", no_wrap=True)
    for failure in failures:
        name = failure.subject if failure.key is None else failure.key
        last = time_of(failure.last_at)
        table.add_row(name, failure.reason, failure.detail, str(failure.attempts), last)
    console.print(table)


def print_held(console: Terminal, held: list[Held]) -> None:
    """Print a table of what waits for a reviewer, one a row, and below it where each can be looked at."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("original", overflow="fold", style="bold")
    table.add_column("waits for", no_wrap=True)
    table.add_column("since", no_wrap=True)
    table.add_column("until", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for one in held:
        until = f"{one.until:%Y-%m-%d %H:%M}" if one.until else "ever"
        table.add_row(one.key, ", ".join(one.missing), f"{one.since:%Y-%m-%d %H:%M}", until, amount(one.bytes))
    console.print(table)
    for one in held:
        console.print(f"{one.key}: {one.link}")


def print_consumers(console: Terminal, consumers: list[Consumer], name: str, dead_letters: str) -> None:
    """Print a table of consumers of messages, one a row, under these heads."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(name, overflow="fold", style="bold")
    table.add_column("on their way", justify="right", no_wrap=True)
    table.add_column(dead_letters, justify="right", no_wrap=True)
    for one in consumers:
        table.add_row(one.name, str(one.waiting), str(one.dead_letters))
    console.print(table)


def print_failure(console: Terminal, failure: Failure, *, copy: str | None, still_true: bool) -> None:
    """Print all details of one failure."""
    rows = {
        "reason": f"{failure.reason}: {failure.detail}",
        "now": "still failed" if still_true else "past: the original was replaced, deleted or published since",
        "first": time_of(failure.first_at),
        "last": time_of(failure.last_at),
        "tries": str(failure.attempts),
        "identity": failure.identity,
        "recipe": failure.digest,
        "correlation id": failure.correlation_id,
        "requests": ", ".join(failure.request_ids),
        "copy": _copy(failure, copy),
        "url": failure.url,
        "kept until": time_of(failure.expires_at),
    }
    console.print(failure.key or failure.subject, style="bold")
    for name, value in rows.items():
        if value:
            console.print(f"  {name:<11}{value}")


def _copy(failure: Failure, copy: str | None) -> str:
    if copy:
        return f"aws s3 cp {shlex.quote(copy)} ."  # a key may hold what a shell acts on
    return "none: nothing was fetched" if failure.url else "none: the original is too large to be copied"


def print_sweep(console: Terminal, found: Found, *, removing: bool) -> None:
    """Print what a sweep found, and what it removed."""
    console.print(f"{found.manifests} manifests")
    for kind, words in _SWEPT.items():
        console.print(f"{found.files[kind]} {words}, {amount(found.bytes[kind])}")
    console.print(f"{found.keys[SOURCELESS]} manifests without an original")
    for key in found.sourceless:
        console.print(f"  {key}")
    for key in found.uncopied:
        console.print(f"{key}: its copies are not all there")
    if unfinished := found.keys[UNFINISHED]:
        console.print(f"{unfinished} deleted, rejected or held pictures with variants that the queue is to remove")
    if unnamed := found.keys.total() - len(found.named):
        console.print(f"{unnamed:,} more keys are not named")
    if removing:
        console.print(f"{found.removed} variants removed, {found.handed_over} keys sent to the queue")
    if found.refused:
        console.print(f"{found.refused} keys were not accepted by the queue: run the same command again")


def time_of(seconds: int) -> str:
    """A Unix time in the local time zone, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _table(
    manifests: list[Manifest],
    link: Callable[[Variant], str] | None,
    times: dict[str, float] | None,
    key_width: int | None,
) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("original", overflow="fold", max_width=key_width)
    if times is not None:
        table.add_column("ready after", justify="right", no_wrap=True)
    table.add_column("variant", overflow="fold")
    for heading in ("pixels", "bytes", "saved"):
        table.add_column(heading, justify="right", no_wrap=True)
    if link is not None:
        table.add_column("file", no_wrap=True, style="dim")
    for manifest in manifests:
        seconds = [f"{times[manifest.key]:.1f} s"] if times is not None else []
        for number, row in enumerate(_rows(manifest, link)):
            head = [styled((manifest.key, "bold")), *seconds] if number == 0 else ["", *("" for _ in seconds)]
            table.add_row(*head, *row)
    return table


def _rows(manifest: Manifest, link: Callable[[Variant], str] | None) -> Iterator[tuple[str, ...]]:
    """One row for each file; several sizes of a small original may share a file."""
    original = manifest.source.bytes if manifest.source else 0
    files: dict[str, list[Variant]] = {}
    for variant in manifest.variants:
        files.setdefault(variant.path, []).append(variant)
    for variant, *others in files.values():
        names = ", ".join((variant.name, *(other.name for other in others)))
        pixels = f"{variant.width} x {variant.height}"
        yield (
            f"{names} {variant.format}",
            pixels,
            amount(variant.bytes),
            saved(variant.bytes, original),
            *([link(variant).rpartition("/")[2]] if link else []),
        )


def print_estimate(console: Terminal, bill: Estimate, assumed: Assumptions, prices: Prices) -> None:
    """Print an estimate line by line, then all its assumptions."""
    table = Table("", f"$ for {bill.pictures:,} originals", "how", box=None, pad_edge=False)
    for line in bill.lines:
        table.add_row(line.name, f"{line.dollars:,.2f}{' a month' if line.monthly else ''}", line.how)
    table.add_row("together", f"{bill.once:,.2f} once", f"{bill.monthly:,.2f} a month")
    console.print(table)
    _print_assumptions(console, "Assumptions for one original", prices, assumed)


def print_bill(  # noqa: PLR0913, PLR0917  what it rests on
    console: Terminal, bill: Bill, kept: float | None, assumed: Assumptions, use: Use, prices: Prices
) -> None:
    """Print a bill over months line by line, then all its assumptions.

    kept: The sum where originals are kept as they are; None if they are.
    """
    months = f"{bill.keeping.months} months" if bill.keeping.months > 1 else "a month"
    table = Table("", f"$ over {months}", "for", box=None, pad_edge=False)
    for item in bill.items:
        table.add_row(item.name, f"{item.dollars:,.2f}", item.how)
    table.add_row("together", f"{bill.dollars:,.2f}", f"{bill.arrival.originals:,} originals ({bill.arrival.scenario})")
    console.print(table)
    if kept is not None:
        console.print(f'With originals = "keep": ${kept:,.2f}, which is ${kept - bill.dollars:,.2f} more.')
    _print_assumptions(console, "Assumptions", prices, assumed, use)


def _print_assumptions(console: Terminal, heading: str, prices: Prices, *bases: Assumptions | Use) -> None:
    console.print()
    console.print(f"Prices: {SOURCE}, {prices.region}. {heading} (--assume NAME=NUMBER):")
    assumptions = Table("name", "is", "because", box=None, pad_edge=False)
    for base in bases:
        for row in fields(base):
            assumptions.add_row(row.name, f"{getattr(base, row.name):g}", why(row.name, type(base)))
    console.print(assumptions)


def print_plan(console: Terminal, plan: Plan, dollars: Callable[[int], float]) -> None:
    """Print what would become of originals, and of the variants of those that change."""
    pictures = Table("originals", "", "such as", box=None, pad_edge=False)
    for state, count in sorted(plan.pictures.items()):
        pictures.add_row(state, f"{count:,}", ", ".join(plan.examples.get(state, ())), style=None)
    console.print(pictures)
    if plan.variants:
        variants = Table("their variants", "", "", box=None, pad_edge=False)
        for what, count in sorted(plan.variants.items()):
            names = ", ".join(name for name, _ in plan.names.get(what, Counter()).most_common())
            variants.add_row(what, f"{count:,}", names)
        console.print(variants)
    console.print(
        f"Deploying this and running a backfill renders {plan.to_render:,} originals: about "
        f"${dollars(plan.to_render):,.2f} (lightpress estimate shows how)."
    )
    if plan.not_rendered:
        console.print(
            f"It sends {plan.not_rendered:,} others through the queue and renders none of them: copies move, or other "
            "enrichers are asked."
        )
    print_refused(console, plan.without_original)


def print_refused(console: Terminal, count: int, about: str = "") -> None:
    """Print how many pictures cannot be made anew, if any. about: what stands before the number."""
    if count:
        console.print(
            f"{about}{count:,} are refused: the recipes would make them anew, and their originals have left "
            f'(originals = "{DROP}"). They stay published as they are, until they are uploaded again.'
        )


def print_forecast(
    console: Terminal,
    found: Forecast,
    dollars: Callable[[int, int], float],
    rate: float,
    checks_a_second: float = math.inf,
) -> None:
    """Print what a backfill would do and cost. checks_a_second: the pace of its engine, where it is known."""
    console.print(
        f"{found.objects:,} objects, {amount(found.bytes)}; of {found.sampled:,} checked, "
        f"{found.todo_of_sample:,} are to be processed, {_listed(found.endings)}"
    )
    console.print(
        f"Expected: {found.todo:,} originals through the queue, ${dollars(found.todo, 0):,.2f} for these and "
        f"${dollars(0, found.reads):,.2f} for checking"
    )
    hours = found.hours(rate, checks_a_second)
    by_rate = hours <= found.hours(rate)
    bound = f"--rate {rate:g}" if by_rate else f"the pace of the sample, {checks_a_second:,.0f} checks a second"
    console.print(f"At least {duration(3_600 * hours)}, by {bound}; longer if the functions publish more slowly")
    if found.retrieval_of_todo:
        console.print(f"Reading those in classes that charge for it: ${found.retrieval_of_todo:,.2f} more")
    print_refused(console, found.without_original)


def print_outline(
    console: Terminal, found: Outline, dollars: Callable[[int, int], float], rate: float, prices: Prices
) -> None:
    """Print what a backfill on the state machine would do and cost at most, as far as that is known."""
    count = f"{found.wanted:,} objects" if found.complete else f"More than {found.listed:,} keys"
    console.print(
        f"{count}; of {found.sampled:,} checked{'' if found.complete else ' of these first ones'}, "
        f"{found.todo_of_sample:,} are to be processed, {_listed(found.endings)}"
    )
    if found.metered:
        size = amount(sum(found.metered.bytes.values()))
        console.print(
            f"S3 counted {found.metered.objects:,} objects, {size}, in the whole bucket on {found.metered.day}, former "
            "versions included"
        )
    if found.at_most is None:
        console.print(f"How many there are is not known. {found.unmetered} --dry-run lists and counts them.")
    _print_at_most(console, found, dollars, rate, prices)


def _print_at_most(
    console: Terminal, found: Outline, dollars: Callable[[int, int], float], rate: float, prices: Prices
) -> None:
    count = MILLION if found.at_most is None else found.at_most
    console.print(
        f"{'Of each million' if found.at_most is None else 'At most'}: {count:,} originals through the queue, "
        f"${dollars(count, 0):,.2f} for these and ${dollars(0, found.checks(count)):,.2f} for checking, "
        f"{count / rate / _SECONDS_OF_AN_HOUR:,.2f} hours at {rate:g} a second"
    )
    if found.sampled and found.todo_of_sample < found.sampled:
        console.print(
            f"If all are as those checked: {count * found.share:,.0f} originals, "
            f"${dollars(round(count * found.share), found.checks(count)):,.2f}"
        )
    retrieval = found.metered.retrieval(prices) if found.metered else 0.0
    if retrieval:
        console.print(f"Reading those in classes that charge for it: ${retrieval:,.2f} more at most")


def print_backfill(console: Terminal, checkpoint: Checkpoint, ended: str, dollars: Callable[[int, int], float]) -> None:
    """Print what a backfill did, in this run and those that it continues."""
    console.print(
        f"{ended}: {checkpoint.settled:,} done ({_listed(checkpoint.endings)}), {checkpoint.sent:,} sent, "
        f"{checkpoint.reads:,} reads, about ${dollars(checkpoint.sent, checkpoint.reads) + checkpoint.retrieval:,.2f}"
    )
    for key in checkpoint.late:
        console.print(f"{key}: not finished in time", style="red")


def print_report(console: Terminal, run: Run, report: Report) -> None:
    """Print what came of a run on the state machine, and name what stayed as it was."""
    endings, reads = dict[str, int](), 0
    for one in report.passes:
        endings = one.endings if one.number == 1 else endings
        reads += one.reads
    looked = report.passes[0].looked if report.passes else 0
    console.print(
        f"{report.ended}: {looked:,} looked at ({_listed(endings)}), {run.sent:,} sent in {len(report.passes)} passes, "
        f"{reads:,} reads, about ${run.spent / NANOS:,.2f}"
    )
    if report.ended == FINISHED:
        return
    for bucket, key, reason in report.left if report.ended == LEFT else ():
        console.print(styled((f"{bucket}/{key}", "bold"), f": {reason}, after {len(report.passes)} passes"))
    for bucket, after, until in report.unfinished:
        keys = f"{after or 'the first key'} to {until or 'the last key'}"
        console.print(styled((bucket, "bold"), f": {keys} is not done"))


def print_retries(console: Terminal, run: Run, report: Report) -> None:
    """Print what came of failures that the state machine has sent again, and name those that failed again."""
    last = report.passes[-1] if report.passes else None
    endings = _listed(last.endings) if last and last.endings else "none failed again"
    waiting = sum(last.stale.values()) if last else 0
    console.print(
        f"{report.ended}: {run.sent:,} sent in {len(report.passes)} passes, about ${run.spent / NANOS:,.2f}; "
        f"{endings}, {waiting:,} not finished"
    )
    for bucket, key, state in report.left:
        console.print(styled((f"{bucket}/{key}", "bold"), f": {state}"))


def _listed(endings: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {ending}" for ending, count in sorted(endings.items())) or "none up to date"
