"""Random schedules of every kind at once: which kinds one is of is decided by its number."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.recipe import Unanswered
from tests.simulation import randomly

if TYPE_CHECKING:
    from tests.simulation.randomly import Told

KINDS = ("lossy", "lazy", "corrected", "erasing", "gated", "enriched", "dropping", "copying", "sweeping", "backfilling")
_NOT_WHERE_ORIGINALS_LEAVE = ("lazy", "gated")
_NOT_BESIDE_RUNS = ("enriched", "gated", "copying")
"""What they wait for comes at any time, also after a run has looked; only recipes decide what is stale to its judge."""
_PART = 0.3


def kinds_of(number: int) -> dict[str, Any]:
    """The arguments of `randomly.run` for a number; each kind is there three times in ten, where it may be."""
    chance = random.Random(f"kinds {number}")  # noqa: S311  it decides schedules
    drawn = {kind: chance.random() < _PART for kind in KINDS}
    unanswered = chance.choice(list(Unanswered))
    drawn["discarding"] = chance.random() < _PART
    if drawn["dropping"]:
        drawn |= dict.fromkeys(_NOT_WHERE_ORIGINALS_LEAVE, False)
    if drawn["backfilling"]:
        drawn |= dict.fromkeys(_NOT_BESIDE_RUNS, False)
    return drawn | {"unanswered": unanswered if drawn["gated"] else Unanswered.HOLD}


def without_backfills(first: int, count: int) -> list[int]:
    """So many numbers that draw none, from the first one on."""
    wanted = (number for number in itertools.count(first) if not kinds_of(number)["backfilling"])
    return list(itertools.islice(wanted, count))


def run(number: int, *, tell: bool = False) -> Told:
    """Run the schedule of a number."""
    return randomly.run(number, tell=tell, **kinds_of(number))


def named(number: int) -> str:
    """Its kinds, in words."""
    kinds = kinds_of(number)
    unanswered = kinds.pop("unanswered")
    names = [kind for kind, is_drawn in kinds.items() if is_drawn]
    return ", ".join([*names, *([f"unanswered {unanswered}"] if kinds["gated"] else [])]) or "plain"
