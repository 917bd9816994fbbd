"""`python -m tests.simulation`: look for a schedule that breaks a promise (`make simulate`)."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pool
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from lightpress.cli.console import Terminal
from lightpress.cli.progress import progress_on
from lightpress.pipeline.recipe import Unanswered
from tests.simulation import cases, mixed, mutants, randomly
from tests.simulation.exhaustive import explore
from tests.simulation.invocation import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_MOST_STATES = 500_000
_SAYS_EVERY = 10_000
"""So that a run that is stopped has said something."""
_OBJECTS_BEFORE_A_COLLECTION = 50_000
_FAULTS = [fault.name for fault in Fault]

T = TypeVar("T")
R = TypeVar("R")
Processes = Annotated[int, typer.Option(help="How many processes share the work.")]
_ALL = os.cpu_count() or 1

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False, add_completion=False)
out = Terminal()
bar = Terminal(stderr=True)


@app.command()
def schedules(  # noqa: PLR0913, PLR0917  options of a command
    count: Annotated[int, typer.Argument(help="How many random schedules.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The number of the first.")] = 0,
    minutes: Annotated[float, typer.Option(help="Stop after so long, whatever the count.")] = 1e9,
    lossy: Annotated[bool, typer.Option("--lossy", help="Messages are lost, and nights find it.")] = False,  # noqa: FBT002
    lazy: Annotated[bool, typer.Option("--lazy", help="Some variants are made at their first view.")] = False,  # noqa: FBT002
    corrected: Annotated[bool, typer.Option("--corrected", help="Focuses are corrected.")] = False,  # noqa: FBT002
    erasing: Annotated[bool, typer.Option("--erasing", help="Operators erase keys.")] = False,  # noqa: FBT002
    gated: Annotated[bool, typer.Option("--gated", help="Pictures wait for reviews.")] = False,  # noqa: FBT002
    enriched: Annotated[bool, typer.Option("--enriched", help="Enrichers are asked for facts.")] = False,  # noqa: FBT002
    dropping: Annotated[bool, typer.Option("--dropping", help="Originals leave once they are published.")] = False,  # noqa: FBT002
    copying: Annotated[bool, typer.Option("--copying", help="There are copies of variants elsewhere.")] = False,  # noqa: FBT002
    sweeping: Annotated[bool, typer.Option("--sweeping", help="Operators sweep.")] = False,  # noqa: FBT002
    discarding: Annotated[bool, typer.Option("--discarding", help="Operators discard failures.")] = False,  # noqa: FBT002
    backfilling: Annotated[bool, typer.Option("--backfilling", help="Backfills run on the state machine.")] = False,  # noqa: FBT002
    unanswered: Annotated[Unanswered, typer.Option(help="What becomes of what nobody reviews.")] = Unanswered.HOLD,
    all_mixed: Annotated[bool, typer.Option("--mixed", help="Each schedule draws its kinds by its number.")] = False,  # noqa: FBT002
    without_backfills: Annotated[  # noqa: FBT002
        bool, typer.Option("--without-backfills", help="With --mixed: pass over those with one, which take long.")
    ] = False,
    processes: Processes = _ALL,
) -> None:
    """Run random schedules; the first that breaks a promise is told and ends it."""
    if dropping and (lazy or gated):
        raise typer.BadParameter(
            "recipes that drop originals have neither lazy variants nor a gate", param_hint="--dropping"
        )
    if without_backfills and not all_mixed:
        raise typer.BadParameter("is for schedules that draw their kinds, --mixed", param_hint="--without-backfills")
    happened: Counter[str] = Counter()
    ran, left = 0, 0
    end = time.monotonic() + 60 * minutes
    of_these_kinds = partial(
        randomly.run,
        lossy=lossy,
        lazy=lazy,
        corrected=corrected,
        erasing=erasing,
        gated=gated,
        enriched=enriched,
        dropping=dropping,
        copying=copying,
        sweeping=sweeping,
        discarding=discarding,
        backfilling=backfilling,
        unanswered=unanswered,
    )
    run: Callable[..., randomly.Told] = mixed.run if all_mixed else of_these_kinds
    numbers = mixed.without_backfills(seed, count) if without_backfills else range(seed, seed + count)
    with _shared(processes, run, numbers, at_once=50) as all_told:
        for told in all_told:
            ran += 1
            happened.update(told.happened)
            left += told.leftovers
            if ran % _SAYS_EVERY == 0 and not told.broken:
                out.print(f"{ran:,} of {count:,} schedules, none breaks a promise so far")
            if told.broken:
                out.print_lines(told.story)
                kinds = f" ({mixed.named(told.number)})" if all_mixed else ""
                out.print(f"Schedule {told.number}{kinds} breaks: {'; '.join(told.broken)}")
                out.print(f"To see it again: make simulate SCHEDULES=1{' MIXED=1' * all_mixed} SEED={told.number}")
                raise typer.Exit(1)
            if time.monotonic() > end:
                break
    if count == 1:
        out.print_lines(run(seed, tell=True).story)
    faults = {name: happened[name] for name in _FAULTS}
    out.print(f"{ran:,} schedules, none breaks a promise: {happened['request']:,} requests of")
    out.print(f"{happened['invocation']:,} invocations, {sum(faults.values()):,} faults ({_listed(faults)})")
    out.print(_listed({name: n for name, n in happened.items() if name not in {*_FAULTS, "request", "invocation"}}))
    out.print(f"{left:,} generations were left over by workers whose message another one acknowledged")


@app.command()
def exhaustive(
    script: Annotated[str, typer.Option(help="Only the cases whose script begins so.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Only the smallest cases.")] = False,  # noqa: FBT002
    states: Annotated[int, typer.Option(help="Leave a case after so many.")] = _MOST_STATES,
    processes: Processes = _ALL,
) -> None:
    """Explore every schedule of every small case."""
    wanted = [case for case in (cases.QUICK if quick else cases.ALL) if case.script.startswith(script)]
    seen, complete = 0, 0
    with _shared(processes, partial(explore, most_states=states), wanted) as all_explored:
        for explored in all_explored:
            seen, complete = seen + explored.states, complete + explored.complete
            more = "" if explored.complete else ", and more: not complete"
            out.print(f"{explored.case}: {explored.states:,} states{more}")
            if explored.broken:
                out.print_lines(explored.story)
                out.print(f"{explored.case} breaks: {'; '.join(explored.broken)}")
                raise typer.Exit(1)
    out.print(f"{len(wanted)} cases, {complete} of them complete, {seen:,} states: none breaks a promise")


@app.command()
def mutated() -> None:
    """Break the code in every known way, and say how soon each is found."""

    def found(mutant: mutants.Mutant) -> str:
        after = mutant.found_after()
        return f"{after} of {mutant.limit}" if after else f"NOT within {mutant.limit}"

    out.print_lines(mutants.as_table(found))


@contextmanager
def _shared(processes: int, run: Callable[[T], R], wanted: Sequence[T], at_once: int = 1) -> Iterator[Iterable[R]]:
    """What becomes of each, in order, with a progress bar; what still runs at the end is stopped."""
    with Pool(processes, _collect_seldom) as pool, progress_on(bar) as progress:
        yield progress.track(pool.imap(run, wanted, at_once), total=len(wanted), description="simulating")


def _collect_seldom() -> None:
    """What a schedule leaves is freed without a collection, but for little; what was imported is never garbage."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_COLLECTION, 20, 20)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(app())
