"""What the state machine asks for: plan a part, take a step of a shard, settle a pass, wait for the queue.

What it hands from one to the next is small: names and numbers. Everything else is in the run's row and its files, where
another execution, of another operator, finds it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightpress.backfill.plan import MOST_EXAMPLES
from lightpress.backfill.results import NAMED_OF_A_RUN, Folder, Report, some_of_each, summed
from lightpress.backfill.run import FINISHED, LEFT, LOOK, PLAN, RETRY, SWEEP
from lightpress.backfill.shards import Cursor, Part, cut, shard_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.backfill.child import Child
    from lightpress.backfill.ports import Files, Hints, Lister, Runs
    from lightpress.backfill.results import Pass, Result
    from lightpress.backfill.run import Run
    from lightpress.backfill.shards import Shard

MOST_PASSES = 5
"""What is stale after so many passes stays so: each was followed by all tries of its messages."""

_QUEUE_PAUSE_SECONDS = 60
# With the pauses, some two hours: longer than the last try of a message. Five passes have some 5,000 of the 25,000
# events of an execution: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_MOST_CHECKS = 100

_Results = list[tuple["Shard", "Result | None"]]


class UnknownRunError(Exception):
    """There is no row of this run; the message says what to do."""


class NotCutError(Exception):
    """A pass cannot be summed up yet: another execution, begun by whoever has resumed the run, still cuts it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Answers the tasks of the state machine.

    Attributes:
        runs: The rows of runs.
        files: Their files.
        lister: Lists buckets.
        hints: The queue of the backfill.
        child: Works on shards.
        scheduled: Makes a run from its name, by what its schedule says.
        check: Raises if a run cannot be done here.
    """

    runs: Runs
    files: Files
    lister: Lister
    hints: Hints
    child: Child
    scheduled: Mapping[str, Callable[[str], Run]]
    check: Callable[[Run], object] = lambda _: None

    def begin(self, state: Mapping[str, Any], execution: str) -> dict[str, Any]:
        """Find the run that an execution is for; a scheduled one gets a row of its own, named after the execution."""
        for schedule, run_of in self.scheduled.items():
            if state.get(schedule):
                return {"run": self.runs.begin(run_of(execution)).name, "part": 0}
        run = self._run(state["run"])
        self.check(run)
        return {"run": run.name, "part": 0}

    def plan(self, state: Mapping[str, Any], has_time: Callable[[], bool]) -> dict[str, Any]:
        """Cut the next part of the pass that the run is in, or find it cut before.

        Returns:
            The path of its rows, how many there are, whether it is the last, and the number of the part after it.
        """
        run, number = self._run(state["run"]), int(state["part"])
        folder = Folder(self.files, run)
        part = folder.part(number)
        if part is None and not run.stopped:
            part = folder.keep_part(number, cut(run.job, self.lister, number, self._begin(folder, number), has_time))
        if part is not None:
            folder.keep_rows(number, part)
        part = part or Part((), None)
        return {
            "run": run.name,
            "part": number + 1,
            "csv": folder.csv_path(number),
            "shards": len(part.shards),
            "last": part.next is None,
        }

    def step(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Take a step of a shard."""
        run = self._run(state["run"])
        step = self.child.step(run, Folder(self.files, run), shard_from(state["row"]), int(state["waits"]))
        return {"done": step.done, "wait": step.wait, "waits": step.waits}

    def settle(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Sum up a pass, report it, and plan the next: shards in which something was stale, or that are not done.

        Raises NotCutError where the run was stopped before this execution had cut it, and was resumed since.
        """
        run = self._run(state["run"])
        folder = Folder(self.files, run)
        if not run.stopped and not folder.is_cut():
            raise NotCutError(f"The run {run.name} was resumed: its pass {run.number} is cut by another execution.")
        results: _Results = list(folder.results(self.child.at_once))
        again = _again(run, results)
        ended = run.stopped or (FINISHED if not again else LEFT if run.number >= MOST_PASSES else "")
        folder.keep_report(_reported(run, folder.report(), summed(run.number, results), results, ended))
        if ended:
            self.runs.advance(run, run.number, ended)
        else:
            folder.plan_next_pass(again)
        return {"run": run.name, "pass": run.number, "ended": ended, "checks": 0}

    def drain(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """See whether all hints are worked off, so that another pass is worth its reads.

        The first look is too early: SQS counts what was just sent a minute late. To repeat it changes nothing.
        """
        checks, number = int(state["checks"]), int(state["pass"])
        run = self._run(state["run"])
        wait = not run.stopped and (checks == 0 or (self.hints.unsettled() > 0 and checks < _MOST_CHECKS))
        if not wait:
            self.runs.advance(run, number + 1)
        pause = _QUEUE_PAUSE_SECONDS if wait else 0
        return {"run": run.name, "pass": number, "part": 0, "checks": checks + 1, "wait": pause}

    def _run(self, name: str) -> Run:
        run = self.runs.find(name)
        if run is None:
            raise UnknownRunError(f"There is no run {name!r}: lightpress backfill begins one, and then starts this.")
        return run

    def _begin(self, folder: Folder, number: int) -> Cursor:
        before = folder.part(number - 1) if number else None
        return before.next if before and before.next else Cursor()


def _again(run: Run, results: _Results) -> list[Shard]:
    """What the next pass does: shards that are not done, or in which something was stale, to see whether it still is.

    What is neither looked at nor sent is done once. Of failures, all rows are looked at again, or none: each pass says
    what became of all that was sent.
    """
    open_ = [(shard, result) for shard, result in results if result is None or not result.done or result.stale]
    if run.job.task == RETRY:
        return [shard for shard, _ in results] if open_ else []
    if run.job.task == LOOK:
        return [shard for shard, _ in open_]
    return [replace(shard, after=result.after) if result else shard for shard, result in open_]


def _reported(run: Run, before: Report, now: Pass, results: _Results, ended: str) -> Report:
    """The report with this pass in it: a pass that was resumed replaces what was said of it before."""
    places = run.job.pictures
    named = tuple(row for _, result in results if result for row in result.named)
    if run.job.task in {SWEEP, PLAN}:  # whose passes do not look at the same again
        named = tuple(dict.fromkeys((*before.left, *named)))
    if run.job.task == PLAN:  # a few of each state, and not all of what is in the first shards
        named = some_of_each(named, MOST_EXAMPLES)
    unfinished = [
        (places[shard.place].bucket if places else "", result.after if result else shard.after, shard.until)
        for shard, result in results
        if result is None or not result.done
    ]
    return replace(
        before,
        ended=ended,
        passes=(*(one for one in before.passes if one.number < now.number), now),
        left=named[:NAMED_OF_A_RUN],
        unfinished=tuple(unfinished[:NAMED_OF_A_RUN]),
    )
