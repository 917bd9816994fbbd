"""What a run may still spend, as its children take from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.backfill.ports import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.backfill.ports import Hints, Runs
    from lightpress.backfill.results import Result
    from lightpress.backfill.run import Run
    from lightpress.pipeline.source import Source


@dataclass(frozen=True, slots=True)
class Purse:
    """Takes from the row of a run before anything is spent.

    Attributes:
        runs: The rows of runs.
        clock: Seconds since 1970.
    """

    runs: Runs
    clock: Callable[[], float]

    def pay(self, run: Run, nanos: int) -> Run:
        """Pay for reads; raises Refused where a cap does not allow them, or the run is stopped."""
        return self.runs.spend(run, 0, nanos, self.clock())

    def reserve(self, run: Run, costs: Sequence[int]) -> tuple[Run, int]:
        """Take as many of these objects as may be sent, in order; returns the run as it stands then, and how many.

        costs: Of each, in billionths of a dollar.
        """
        objects = len(costs)
        while objects:
            try:
                return self.runs.spend(run, objects, sum(costs[:objects]), self.clock()), objects
            except Refused as refused:
                run = refused.run
                objects = min(objects, run.affordable(costs))
        return run, 0

    @staticmethod
    def send(hints: Hints, sources: list[Source], *, late: bool = False, retry: bool = False) -> int:
        """Send hints that were paid for; how many were sent.

        The price of those that the queue refuses is not given back: a request that botocore repeats would do so twice,
        and the limit would not hold. The next pass pays for them again.

        late, retry: See `Hints.send`.
        """
        return len(sources) - (hints.send(sources, late=late, retry=retry) if sources else 0)

    def end(self, run: Run, result: Result) -> tuple[Run, Result]:
        """End, and have all others end: what is left is not enough for more.

        Where somebody has stopped the run, they know already. Who said so once more, late, would stop it again for
        whoever has resumed it meanwhile.
        """
        if not run.stopped:
            self.runs.exhaust(run)
        return run, replace(result, ended=run.exhausted)
