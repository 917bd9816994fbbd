"""`python -m tests.simulation`: look for a schedule that breaks a promise (`make simulate`)."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.progress import progress_on
from tests.simulation import cases, mutants, randomly
from tests.simulation.exhaustive import explore
from tests.simulation.invocation import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_STATES = 500_000
_FAULTS = [fault.name for fault in Fault]

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False, add_completion=False)
out = Console(highlight=False, soft_wrap=True)
bar = Console(stderr=True)


@app.command()
def schedules(
    count: Annotated[int, typer.Argument(help="How many random schedules.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The number of the first.")] = 0,
    minutes: Annotated[float, typer.Option(help="Stop after so long, whatever the count.")] = 1e9,
) -> None:
    """Run random schedules; the first that breaks a promise is told and ends it."""
    happened: Counter[str] = Counter()
    ran, left = 0, 0
    for told in _random(seed, count, minutes):
        ran += 1
        happened.update(told.happened)
        left += told.leftovers
        if told.broken:
            out.print(told.story, markup=False)
            out.print(f"Schedule {told.number} breaks: {'; '.join(told.broken)}", markup=False)
            out.print(f"To see it again: make simulate SCHEDULES=1 SEED={told.number}")
            raise typer.Exit(1)
    if count == 1:
        out.print(randomly.run(seed, tell=True).story, markup=False)
    faults = {name: happened[name] for name in _FAULTS}
    out.print(f"{ran:,} schedules, none breaks a promise: {happened['request']:,} requests of")
    out.print(f"{happened['invocation']:,} invocations, {sum(faults.values()):,} faults ({_listed(faults)})")
    out.print(_listed({name: n for name, n in happened.items() if name not in {*_FAULTS, "request", "invocation"}}))
    out.print(f"{left:,} generations were left over by workers that died, for the next change or a sweep to remove")


@app.command()
def exhaustive(
    script: Annotated[str, typer.Option(help="Only the cases whose script begins so.")] = "",
) -> None:
    """Explore every schedule of every small case."""
    wanted = [case for case in cases.ALL if case.script.startswith(script)]
    states, complete = 0, 0
    with progress_on(bar) as progress:
        for case in progress.track(wanted, description="exploring"):
            explored = explore(case, most_states=_MOST_STATES)
            states, complete = states + explored.states, complete + explored.complete
            out.print(f"{case}: {explored.states:,} states" + ("" if explored.complete else ", and more: not complete"))
            if explored.broken:
                out.print(explored.story, markup=False)
                out.print(f"{case} breaks: {'; '.join(explored.broken)}")
                raise typer.Exit(1)
    out.print(f"{len(wanted)} cases, {complete} of them complete, {states:,} states: none breaks a promise")


@app.command()
def mutated() -> None:
    """Break the code in every known way, and say how soon each is found."""

    def found(mutant: mutants.Mutant) -> str:
        after = mutant.found_after()
        return f"{after} of {mutant.limit}" if after else f"NOT within {mutant.limit}"

    out.print(mutants.as_table(found), markup=False)


def _random(seed: int, count: int, minutes: float) -> Iterator[randomly.Told]:
    end = time.monotonic() + 60 * minutes
    with progress_on(bar) as progress:
        for number in progress.track(range(seed, seed + count), description="simulating"):
            if time.monotonic() > end:
                return
            yield randomly.run(number)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(app())
