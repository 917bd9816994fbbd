"""`lightpress backfill` on the state machine: begins, resumes, follows and stops a run, and may end at any time.

A run is found by what it is for, so whoever repeats a command, on any machine, finds the run that goes on, or the one
that ended before its end.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightpress.aws.run_files import S3Files
from lightpress.aws.runs_table import COUNTS, PROGRESS, DynamoRuns
from lightpress.backfill.results import Folder
from lightpress.backfill.run import FINISHED, LEFT, NANOS, NO_LIMIT, RETRY, STOPPED, Job, OtherReleaseError, Run
from lightpress.cli.backfill import BackfillError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.backfill.results import Report
    from lightpress.client.deployment import Deployment

RATE, MOST_WAITING = 50.0, 5_000
"""Where the operator says nothing: hints each second, and hints in the queue beyond which none is sent."""

_LONGEST_BUCKET_IN_NAME = 40
_RUNNING = "RUNNING"
_A_DAY = 24 * 60 * 60
_LONGEST_UNKNOWN_SECONDS = 60


class NothingRunsError(BackfillError):
    """There is no run to stop."""


class MachineFailedError(BackfillError):
    """The state machine ended with an error; the message says which, and that the run can be resumed."""


@dataclass(frozen=True)
class Caps:
    """What the operator allows. None: as it is, or `RATE` and `MOST_WAITING` of a new run, and no limit.

    Attributes:
        rate: Hints each second.
        most_waiting: Hints in the queue.
        max_objects: Hints in all, those of earlier attempts included.
        max_dollars: Dollars in all.
    """

    rate: float | None = None
    most_waiting: int | None = None
    max_objects: int | None = None
    max_dollars: float | None = None

    @property
    def max_nanos(self) -> int | None:
        """The same, in billionths."""
        return None if self.max_dollars is None else round(self.max_dollars * NANOS)

    def on(self, run: Run) -> Run:
        """The run with these caps; what it has sent and spent before counts."""
        nanos = NO_LIMIT if self.max_nanos is None else self.max_nanos
        objects = NO_LIMIT if self.max_objects is None else self.max_objects
        return replace(
            run,
            rate=self.rate or run.rate,
            most_waiting=self.most_waiting or run.most_waiting,
            objects_left=max(0, objects - run.sent),
            nanos_left=max(0, nanos - run.spent),
        )


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        run: As it stands.
        shards: Of the map that runs, or ran last; 0 before the first.
        done: Shards that are done.
        status: Of the execution: RUNNING, SUCCEEDED, FAILED, or another; "" where it is not known, or not yet.
        cause: Why it failed; "" where it did not.
    """

    run: Run
    shards: int
    done: int
    status: str
    cause: str = ""

    @property
    def over(self) -> bool:
        """Whether the execution has ended."""
        return self.status != _RUNNING

    @property
    def unknown(self) -> bool:
        """Whether the execution is not known, or not yet, of a run that has not ended."""
        return not self.status and not self.run.ended


def name_of(bucket: str, options: dict[str, str]) -> str:
    """The name of the run for these options: the same for every operator. Short enough to name executions."""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:12]
    return f"{bucket[:_LONGEST_BUCKET_IN_NAME].replace('.', '-')}-{digest}"


@dataclass(frozen=True)
class Distributed:
    """The runs of a deployment.

    Attributes:
        deployment: Which; it has a state machine.
        clock: Seconds since 1970.
        pause: Waits for so many seconds.
    """

    deployment: Deployment
    clock: Callable[[], float]
    pause: Callable[[float], None]

    @property
    def _runs(self) -> DynamoRuns:
        return DynamoRuns(self.deployment.dynamodb(), self.deployment.runs_table)

    def find(self, name: str) -> Run | None:
        """The run of this name, if there ever was one."""
        try:
            return self._runs.find(name)
        except OtherReleaseError as error:
            raise BackfillError(str(error)) from error

    def goes_on(self, name: str) -> bool:
        """Whether there is a run that has not come to its end."""
        found = self.find(name)
        return found is not None and not self._is_over(found)

    def begins_anew(self, name: str) -> bool:
        """Whether to start it is to look at everything: there is no run, it has come to its end, or it is outdated."""
        found = self.find(name)
        return found is None or self._is_over(found) or self._is_outdated(found)

    def _is_over(self, run: Run) -> bool:
        """Whether the same command begins anew: what fails once a retry has begun is for another one."""
        began = run.job.before
        is_old = run.job.task == RETRY and began is not None and began < self.clock() - _A_DAY
        return run.ended in {FINISHED, LEFT} or (is_old and run.ended is not None)

    def start(self, name: str, job: Job, caps: Caps) -> Run:
        """Begin a run, resume the one that was stopped or capped, or join the one that is at work, with these caps.

        Where two operators do it at once, one starts it and the other joins. Where anything was deployed since the run
        began, it looks at everything again, within the limits it had: what it has done may not be as it left it.
        """
        while True:
            found = self.find(name)
            if found is not None and self._may_join(found):
                self._runs.change(
                    name,
                    rate=caps.rate,
                    most_waiting=caps.most_waiting,
                    objects=caps.max_objects,
                    nanos=caps.max_nanos,
                )
                return self._runs.find(name) or found
            attempt = (found.attempts if found else 0) + 1
            run, keep = self._following(name, job, found)
            run = replace(
                caps.on(run),
                attempts=attempt,
                execution=self._execution(name, attempt),
                paced=self.clock(),
                deployed=self.deployment.deployed,
            )
            started = self._runs.resume(run, keep=keep)
            if started is not None:
                self.deployment.states().start_execution(
                    stateMachineArn=self.deployment.backfill_machine,
                    name=f"{name}-{attempt}",
                    input=json.dumps({"run": name}),
                )
                return started
            self.pause(1)

    def _may_join(self, run: Run) -> bool:
        """Whether a run is at work on what is deployed now."""
        return not run.ended and not self._is_outdated(run) and self._status(run)[0] == _RUNNING

    def _is_outdated(self, run: Run) -> bool:
        """Whether what a run has done may have been undone by a deployment. What is sent is sent, of failures."""
        return run.job.task != RETRY and run.deployed != self.deployment.deployed

    def _following(self, name: str, job: Job, found: Run | None) -> tuple[Run, Sequence[str]]:
        """The row of the next attempt, and what it keeps of the one that is there by now.

        It is of the same round, or of a new one where the last has ended or is outdated.
        """
        if found is None or self._is_over(found):
            number = found.round + 1 if found else 1
            return Run(name, job, round=number, rate=RATE, most_waiting=MOST_WAITING), ()
        if self._is_outdated(found):
            return replace(found, job=job, round=found.round + 1, number=1, stopped=None, ended=None), COUNTS
        # What a run leaves out because it is newer than its beginning, it leaves out when it is resumed.
        return replace(found, job=replace(job, before=found.job.before), stopped=None, ended=None), PROGRESS

    def _execution(self, name: str, attempt: int) -> str:
        machine = self.deployment.backfill_machine or ""
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}-{attempt}"

    def stop(self, name: str) -> Run:
        """Have a run end after what it has sent; raises NothingRunsError where there is none at work."""
        found = self.find(name)
        if found is None or found.ended or self._status(found)[0] != _RUNNING:
            raise NothingRunsError(
                "Nothing with these options is at work on the state machine, so there is nothing to stop."
            )
        self._runs.stop(name, STOPPED)
        return found

    def progress(self, name: str) -> Progress:
        """How far a run is; raises NothingRunsError where there is no such run."""
        run = self.find(name)
        if run is None:
            raise NothingRunsError("There is no run with these options.")
        status, cause = self._status(run)
        if status != _RUNNING:  # it may have ended since its row was read, and somebody may have resumed it
            before, run = run, self.find(name) or run
            if run.execution != before.execution:
                return self.progress(name)
        counts = self._newest_map(run.execution)
        return Progress(run, counts.get("total", 0), counts.get("succeeded", 0), status, cause)

    def follow(self, name: str, show: Callable[[Progress], None], every: float) -> Report:
        """Show how far a run is until its execution ends; raises MachineFailedError where that failed.

        An execution that is not known yet is waited for: whoever resumes a run writes its row first.
        """
        unknown = 0.0
        while not (now := self.progress(name)).over or (now.unknown and unknown < _LONGEST_UNKNOWN_SECONDS):
            unknown = unknown + every if now.unknown else 0.0
            show(now)
            self.pause(every)
        show(now)
        if not now.run.ended:
            how = f"ended as {now.status} ({now.cause or 'no cause given'})" if now.status else "was not begun"
            raise MachineFailedError(
                f"The state machine {how}. Nothing is lost: the same command resumes the run. Its execution is "
                f"{now.run.execution}"
            )
        return self.report(now.run)

    def report(self, run: Run) -> Report:
        """What came of a run."""
        return Folder(S3Files(self.deployment.s3, self.deployment.images_bucket), run).report()

    def _status(self, run: Run) -> tuple[str, str]:
        """Of the newest execution, and why it failed; "" where there is none."""
        states = self.deployment.states()
        with suppress(states.exceptions.ExecutionDoesNotExist):
            told = states.describe_execution(executionArn=run.execution)
            return told["status"], " ".join(str(told.get("cause", "")).split())
        return "", ""

    def _newest_map(self, execution: str) -> dict[str, Any]:
        """The counts of the newest map of an execution: one for each part of each pass."""
        states = self.deployment.states()
        with suppress(states.exceptions.ExecutionDoesNotExist):
            maps = states.list_map_runs(executionArn=execution)["mapRuns"]
            if maps:
                newest = max(maps, key=lambda one: one["startDate"])
                counts: dict[str, Any] = states.describe_map_run(mapRunArn=newest["mapRunArn"])["itemCounts"]
                return counts
        return {}
