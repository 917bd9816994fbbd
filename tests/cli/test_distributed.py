"""`lightpress backfill` on the state machine: who begins, joins, resumes and stops a run, and what is said of it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.run_files import S3Files
from lightpress.aws.runs_table import PROGRESS, RUN, DynamoRuns
from lightpress.backfill.results import Folder, Pass, Report
from lightpress.backfill.run import (
    FINISHED,
    LEFT,
    MAX_OBJECTS,
    NANOS,
    NO_LIMIT,
    PLAN,
    RETRY,
    STOPPED,
    SWEEP,
    Job,
    Run,
    job_from_json,
)
from lightpress.cli.backfill import BackfillError
from lightpress.cli.backfilling import job_for
from lightpress.cli.commands.machine import follow
from lightpress.cli.console import Terminal
from lightpress.cli.distributed import Caps, Distributed, MachineFailedError, NothingRunsError, Progress, name_of
from lightpress.cli.failures import Filters
from lightpress.cli.outline import FOR_MACHINE
from lightpress.cli.project import RECIPES
from lightpress.cli.tables import print_report
from lightpress.cli.tasks import NotForMachineError, Task, backfill_of, plan_of, retry_of, sweep_of
from lightpress.costs.prices import prices_of
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.recipe_file import load_recipes
from tests.aws.tables import make_table
from tests.cli.deployed import IMAGES, UPLOADS, Rig

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.client.deployment import Deployment

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:M"
JOB = Job((Selection(UPLOADS),), nanos_sent=1_000, nanos_read=1)
NOW = 1_800_000_000.0


class _DoesNotExist(Exception):
    """As Step Functions says it."""


class _Exceptions:
    ExecutionDoesNotExist = _DoesNotExist


@dataclass
class FakeStates:
    """Step Functions: executions by ARN with their status. counts: of the newest map."""

    executions: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    cause: str = ""
    run: str = "r"
    exceptions: type[_Exceptions] = _Exceptions

    def start_execution(self, **told: str) -> None:
        arn = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{told['name']}"
        assert told["stateMachineArn"] == MACHINE
        assert arn not in self.executions, "names of executions are used once"
        assert json.loads(told["input"]) == {"run": self.run}
        self.executions[arn] = "RUNNING"

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803  as boto3 has it
        if executionArn not in self.executions:
            raise _DoesNotExist
        return {"status": self.executions[executionArn], "cause": self.cause}

    def list_map_runs(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.executions:
            raise _DoesNotExist
        return {"mapRuns": [{"mapRunArn": "m", "startDate": 1}] if self.counts else []}

    def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
        assert mapRunArn == "m"
        return {"itemCounts": self.counts}

    def end(self, status: str = "SUCCEEDED") -> None:
        """All that run end."""
        self.executions = dict.fromkeys(self.executions, status)


@dataclass
class Operator:
    """Somebody with a command line, and the account that it speaks to."""

    deployment: Deployment
    states: FakeStates

    @property
    def machine(self) -> Distributed:
        return Distributed(self.deployment, lambda: NOW, lambda _: None)

    @property
    def runs(self) -> DynamoRuns:
        return DynamoRuns(self.deployment.dynamodb(), self.deployment.runs_table)

    def end(self, why: str) -> None:
        """The state machine comes to an end of the run."""
        run = self.found("r")
        self.runs.advance(run, run.number, why)
        self.states.end()

    def found(self, name: str) -> Run:
        run = self.runs.find(name)
        assert run is not None
        return run


@pytest.fixture
def operator(rig: Rig) -> Operator:
    make_table(rig.deployment.dynamodb(), "runs", RUN)
    states = FakeStates()
    deployment = replace(rig.deployment, backfill_machine=MACHINE, runs_table="runs", states=lambda: states)
    return Operator(deployment, states)


def test_a_run_is_begun_with_its_caps_and_one_execution(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps(rate=7, max_objects=10, max_dollars=0.5))
    assert (run.attempts, run.round, run.rate, run.objects_left, run.nanos_left) == (1, 1, 7, 10, NANOS // 2)
    assert (run.job, run.most_waiting, run.sent) == (JOB, 5_000, 0)
    assert list(operator.states.executions) == [run.execution]


def test_who_repeats_the_command_joins_the_run_at_work_and_may_change_its_pace_and_limits(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps())
    operator.runs.spend(run, 5, 5_000, NOW)
    limited = operator.machine.start("r", JOB, Caps(max_objects=8, max_dollars=0.00002))
    assert (limited.objects_left, limited.nanos_left) == (3, 15_000)
    joined = operator.machine.start("r", JOB, Caps())
    assert (joined.objects_left, joined.nanos_left) == (3, 15_000), "who says nothing changes nothing"
    run = operator.machine.start("r", JOB, Caps(rate=200, most_waiting=9))
    assert (run.attempts, run.rate, run.most_waiting) == (1, 200, 9)
    assert operator.machine.start("r", JOB, Caps()).rate == 200, "who says nothing changes nothing"
    assert len(operator.states.executions) == 1


def test_a_resumed_run_keeps_what_it_has_sent_and_its_caps_count_that(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps(max_objects=5))
    operator.runs.spend(run, 5, 5_000, NOW)
    operator.runs.stop("r", MAX_OBJECTS)
    operator.end(MAX_OBJECTS)
    assert operator.machine.goes_on("r")
    run = operator.machine.start("r", JOB, Caps(max_objects=8))
    assert (run.attempts, run.round, run.sent, run.spent, run.objects_left) == (2, 1, 5, 5_000, 3)
    assert (run.stopped, run.ended) == (None, None)
    assert len(operator.states.executions) == 2
    operator.end(MAX_OBJECTS)
    assert operator.machine.start("r", JOB, Caps()).objects_left == NO_LIMIT - 5


def deployed(operator: Operator, mark: str) -> Operator:
    """The same operator, after somebody has deployed."""
    return replace(operator, deployment=replace(operator.deployment, deployed=mark))


@pytest.mark.parametrize("ends", [True, False])
def test_after_a_deployment_a_run_looks_at_everything_again_and_its_limits_go_on(
    operator: Operator, ends: bool
) -> None:
    run = operator.machine.start("r", replace(JOB, before=1.0), Caps(max_objects=5))
    operator.runs.spend(run, 3, 3_000, NOW)
    operator.runs.advance(run, 2)
    if ends:
        operator.runs.stop("r", STOPPED)
        operator.end(STOPPED)
    later = deployed(operator, "2026-11-29T20:00:00+00:00 UPDATE_COMPLETE")
    assert (operator.machine.begins_anew("r"), later.machine.begins_anew("r")) == (False, True)
    run = later.machine.start("r", replace(JOB, before=2.0), Caps(max_objects=5))
    assert (run.round, run.number, run.attempts, run.sent, run.objects_left) == (2, 1, 2, 3, 2)
    assert (run.job.before, run.deployed, run.stopped, run.ended) == (2.0, later.deployment.deployed, None, None)
    assert not later.machine.begins_anew("r")
    assert later.machine.start("r", JOB, Caps()).attempts == 2, "the next one joins"


def test_after_a_deployment_a_retry_of_failures_goes_on_where_it_was(operator: Operator) -> None:
    retry = replace(JOB, task=RETRY, before=NOW)
    operator.machine.start("r", retry, Caps())
    operator.end(STOPPED)
    run = deployed(operator, "later").machine.start("r", retry, Caps())
    assert (run.round, run.attempts) == (1, 2)


@pytest.mark.parametrize("why", [FINISHED, LEFT])
def test_after_its_end_the_same_command_begins_the_run_anew(operator: Operator, why: str) -> None:
    operator.runs.spend(operator.machine.start("r", JOB, Caps()), 5, 5_000, NOW)
    operator.runs.advance(operator.found("r"), 3)
    operator.end(why)
    assert not operator.machine.goes_on("r")
    run = operator.machine.start("r", JOB, Caps())
    assert (run.attempts, run.round, run.number, run.sent, run.spent) == (2, 2, 1, 0, 0)


def test_a_run_is_stopped_by_whoever_has_its_name_and_only_while_it_is_at_work(operator: Operator) -> None:
    with pytest.raises(NothingRunsError):
        operator.machine.stop("r")
    operator.machine.start("r", JOB, Caps())
    operator.machine.stop("r")
    now = operator.runs.find("r")
    assert now is not None
    assert now.stopped == STOPPED
    operator.end(STOPPED)
    with pytest.raises(NothingRunsError):
        operator.machine.stop("r")


def test_an_execution_that_failed_is_told_with_its_cause_and_can_be_resumed(operator: Operator) -> None:
    operator.machine.start("r", JOB, Caps())
    operator.states.end("FAILED")
    operator.states.cause = "AccessDenied:\n not today"
    with pytest.raises(MachineFailedError, match=r"FAILED \(AccessDenied: not today\).*the same command resumes"):
        operator.machine.follow("r", lambda _: None, 1)
    assert operator.machine.start("r", JOB, Caps()).attempts == 2


class Resuming:
    """Another operator, who resumes a run that was stopped: first its row, a look later its execution, then its end."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.steps: list[Callable[[], None]] = [self.write, self.begin, lambda: operator.end(FINISHED)]

    def step(self) -> None:
        if self.steps:
            self.steps.pop(0)()

    def write(self) -> None:
        before = self.operator.found("r")
        execution = before.execution.removesuffix("-1") + "-2"
        run = replace(before, attempts=2, execution=execution, stopped=None, ended=None)
        assert self.operator.runs.resume(run, keep=PROGRESS)

    def begin(self) -> None:
        told = {"stateMachineArn": MACHINE, "name": "r-2", "input": json.dumps({"run": "r"})}
        self.operator.states.start_execution(**told)


@dataclass
class AskedBefore(FakeStates):
    """Step Functions that says how an execution ended, and somebody resumes its run before that is heard."""

    heard: Callable[[], None] = lambda: None

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803  as boto3 has it
        told = super().describe_execution(executionArn=executionArn)
        self.heard()
        return told


def test_who_follows_a_run_goes_on_with_it_while_somebody_else_resumes_it(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps())
    Folder(S3Files(operator.deployment.s3, IMAGES), run).keep_report(Report("r", ended=FINISHED))
    operator.end(STOPPED)
    other = Resuming(operator)
    other.write()
    del other.steps[0]
    follower = replace(operator.machine, pause=lambda _: other.step())
    assert follower.follow("r", lambda _: None, 1).ended == FINISHED


def test_of_a_run_that_is_resumed_between_two_requests_the_newest_execution_is_told(operator: Operator) -> None:
    operator.machine.start("r", JOB, Caps())
    operator.end(STOPPED)
    other = Resuming(operator)

    def resume() -> None:
        if len(other.steps) > 1:
            other.step()
            other.step()

    states = AskedBefore(operator.states.executions, heard=resume)
    operator.states = states
    machine = replace(operator.machine, deployment=replace(operator.deployment, states=lambda: states))
    now = machine.progress("r")
    assert (now.run.attempts, now.status) == (2, "RUNNING")


@pytest.mark.parametrize(
    ("why", "caps", "attempts", "ended"),
    [
        (STOPPED, Caps(), 2, FINISHED),
        (MAX_OBJECTS, Caps(max_objects=9), 2, FINISHED),
        (MAX_OBJECTS, Caps(), 1, MAX_OBJECTS),
    ],
)
def test_who_has_a_run_go_on_that_is_about_to_stop_resumes_it_then_and_who_only_looks_lets_it_spend_no_more(  # noqa: PLR0913, PLR0917
    operator: Operator, monkeypatch: pytest.MonkeyPatch, why: str, caps: Caps, attempts: int, ended: str
) -> None:
    operator.machine.start("r", JOB, Caps())
    operator.runs.stop("r", why)

    def end() -> None:
        """A look later, the attempt that was stopped has ended; so has the one after it, and nothing is left."""
        run = operator.found("r")
        why = run.stopped or FINISHED
        Folder(S3Files(operator.deployment.s3, IMAGES), run).keep_report(Report("r", ended=why))
        operator.runs.advance(run, run.number, why)
        states.executions = dict.fromkeys(states.executions, "SUCCEEDED")

    states = operator.states
    monkeypatch.setattr("time.sleep", lambda _: end())
    run, report = follow(Task(operator.deployment, "r", JOB, lambda: iter(())), caps)
    assert (run.attempts, run.ended, report.ended) == (attempts, ended, ended)


def test_an_execution_that_nobody_has_begun_is_waited_for_a_while_and_the_run_can_be_resumed(
    operator: Operator,
) -> None:
    run = operator.machine.start("r", JOB, Caps())
    operator.states.executions.clear()
    waited: list[float] = []
    follower = replace(operator.machine, pause=waited.append)
    with pytest.raises(MachineFailedError, match=r"was not begun.*the same command resumes") as failed:
        follower.follow("r", lambda _: None, 2)
    assert sum(waited) == 60
    assert run.execution in str(failed.value)


def test_a_run_of_a_newer_release_is_told_from_a_failure(operator: Operator) -> None:
    operator.machine.start("r", JOB, Caps())
    job = {"S": json.dumps({**json.loads(JOB.to_json()), "color": "blue", "age": 3})}
    operator.deployment.dynamodb().update_item(
        TableName="runs",
        Key={RUN: {"S": "r"}},
        UpdateExpression="SET job = :job",
        ExpressionAttributeValues={":job": job},
    )
    with pytest.raises(BackfillError, match=r"newer release.* unknown here: age, color\. Use the same release for"):
        operator.machine.start("r", JOB, Caps())


def test_progress_is_that_of_the_newest_map_and_the_report_that_of_the_run(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps())
    operator.states.counts = {"total": 12, "succeeded": 5, "running": 3}
    seen: list[Progress] = []

    def show(now: Progress) -> None:
        seen.append(now)
        Folder(S3Files(operator.deployment.s3, IMAGES), run).keep_report(Report("r", ended=FINISHED))
        operator.end(FINISHED)

    assert operator.machine.follow("r", show, 1) == Report("r", ended=FINISHED)
    assert [(now.shards, now.done, now.over) for now in seen] == [(12, 5, False), (12, 5, True)]


def test_the_name_of_a_run_is_that_of_its_options_and_short_enough_for_executions() -> None:
    options = {"bucket": "b", "prefix": "a/"}
    assert name_of("b", options) == name_of("b", dict(reversed(options.items())))
    assert name_of("b", options) != name_of("b", options | {"prefix": "b/"})
    # 80 characters: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    assert len(f"{name_of('x.' * 31, options)}-1000000") <= 80
    assert "." not in name_of("x.y", options)


def backfill(operator: Operator, **more: Any) -> Task:  # noqa: ANN401
    job = job_for(
        operator.deployment,
        **{"bucket": None, "prefix": "", "mode": "variants", "since": None, "inventory": None} | more,
        recipes=load_recipes(RECIPES),
    )
    return backfill_of(job, lambda sent, reads: sent * 1e-4 + reads * 4e-7, prices_of("us-east-1"))


def test_small_buckets_inventories_and_old_stacks_are_left_to_the_loop(operator: Operator, rig: Rig) -> None:
    rig.upload("a.jpg")
    told = {engine: backfill(operator).is_for_machine(engine) for engine in ("auto", "machine", "loop")}
    assert told == {"auto": False, "machine": True, "loop": False}
    inventory = backfill(operator, inventory="s3://reports/manifest.json")
    assert not inventory.is_for_machine("auto", 1)
    with pytest.raises(NotForMachineError, match="it lists buckets, and reads no inventory"):
        inventory.is_for_machine("machine")
    operator.deployment = replace(operator.deployment, backfill_machine=None)
    assert not backfill(operator).is_for_machine("auto", 1)
    with pytest.raises(NotForMachineError, match="deploy it anew"):
        backfill(operator).is_for_machine("machine")


def test_from_ten_thousand_objects_on_it_is_the_machine(operator: Operator, rig: Rig) -> None:
    assert FOR_MACHINE == 10_000
    for number in range(2):
        rig.upload(f"{number}.jpg")
    assert not backfill(operator).is_for_machine("auto", 3)
    rig.upload("2.jpg")
    assert backfill(operator).is_for_machine("auto", 3)


def test_a_run_that_was_begun_on_the_machine_goes_on_there_however_small(operator: Operator) -> None:
    task = backfill(operator)
    operator.states.run = task.name
    task.machine.start(task.name, task.job, Caps())
    assert task.is_for_machine("auto")
    run = operator.runs.find(task.name)
    assert run is not None
    assert (run.job.nanos_sent, run.job.nanos_read, run.job.outdated) == (100_000, 400, True)
    assert ("GLACIER_IR", 30_000_000, 9_600) in run.job.retrieval
    assert job_from_json(run.job.to_json()) == run.job


def printed(operator: Operator, report: Report) -> str:
    run = operator.runs.find("r")
    assert run is not None
    stream = io.StringIO()
    print_report(Terminal(file=stream, width=200), run, report)
    return stream.getvalue()


def test_the_report_says_what_was_done_and_names_what_stays(operator: Operator) -> None:
    run = operator.machine.start("r", JOB, Caps())
    operator.runs.spend(run, 3, 2_500_000_000, NOW)
    passes = (Pass(1, looked=1_000, sent=3, reads=2_000, endings={"ready": 997}), Pass(2, looked=10, reads=20))
    assert printed(operator, Report("r", FINISHED, passes)) == (
        "finished: 1,000 looked at (997 ready), 3 sent in 2 passes, 2,020 reads, about $2.50\n"
    )
    left = printed(operator, Report("r", LEFT, passes, left=((UPLOADS, "a\x1b.jpg", "missing"),)))
    assert left.splitlines()[1] == r"uploads/a\x1b.jpg: missing, after 2 passes"
    stopped = printed(operator, Report("r", STOPPED, passes, unfinished=((UPLOADS, "", "m"), (UPLOADS, "x", ""))))
    assert "uploads: the first key to m is not done" in stopped
    assert "uploads: x to the last key is not done" in stopped


@pytest.mark.parametrize("remove", [False, True])
def test_a_sweep_is_a_run_over_all_manifests_with_the_prices_of_its_requests(operator: Operator, remove: bool) -> None:
    task = sweep_of(operator.deployment, remove=remove).priced(prices_of("us-east-1", ()))
    assert (task.job.task, task.job.remove, task.job.sends) == (SWEEP, remove, remove)
    assert task.job.pictures == (Selection(IMAGES, "m/"),)
    assert task.job.nanos_read == 400, "$0.40 a million: https://aws.amazon.com/s3/pricing/"
    assert task.job.nanos_sent == 67_698, "$62.698 a million (docs/faq.md), and $5 for the LIST of their variants"
    assert task.name != sweep_of(operator.deployment, remove=not remove).name
    assert job_from_json(task.job.to_json()) == task.job


def test_small_buckets_and_stacks_with_copies_are_swept_by_the_loop(operator: Operator, rig: Rig) -> None:
    task = sweep_of(operator.deployment, remove=True)
    for number in range(2):
        rig.failed(f"{number}.jpg")
    assert [task.is_for_machine("auto", least) for least in (2, 3)] == [True, False]
    assert [task.is_for_machine(engine, least) for engine, least in (("machine", 3), ("loop", 1))] == [True, False]
    operator.states.run = task.name
    task.machine.start(task.name, task.job, Caps())
    assert task.is_for_machine("auto", 3), "what was begun on the machine goes on there"
    copied = sweep_of(replace(operator.deployment, copies_bucket="shop"), remove=True)
    assert not copied.is_for_machine("auto", 1)
    with pytest.raises(NotForMachineError, match="copies of variants"):
        copied.is_for_machine("machine")


def test_a_plan_is_a_run_over_all_manifests_by_recipes_that_its_children_find_among_its_files(
    operator: Operator, rig: Rig
) -> None:
    task = plan_of(operator.deployment, RECIPES, load_recipes(RECIPES))
    assert (task.job.task, task.job.sends, task.job.digest) == (PLAN, False, load_recipes(RECIPES).digest)
    task.write_files()
    written = rig.deployment.s3.get_object(Bucket=IMAGES, Key=task.job.recipes)["Body"].read()
    assert written == RECIPES.read_bytes()
    assert job_from_json(task.job.to_json()) == task.job


def test_a_retry_is_a_run_over_segments_of_the_failures_that_leaves_out_what_fails_meanwhile_also_when_resumed(
    operator: Operator, rig: Rig
) -> None:
    for number in range(3):
        rig.failed(f"a/{number}.jpg", last_at=int(NOW) - 10 * number)
    rig.failed("b.jpg", last_at=int(NOW))
    filters = Filters("corrupt", "a/", 15)
    task = retry_of(operator.deployment, rig.store.table, filters, NOW)
    assert (task.job.reason, task.job.under, task.job.since, task.job.before) == ("corrupt", "a/", NOW - 15, NOW)
    assert task.job.segments > 1
    assert [task.is_for_machine("auto", least) for least in (2, 3)] == [True, False]
    assert job_from_json(task.job.to_json()) == task.job
    operator.states.run = task.name
    task.machine.start(task.name, task.job, Caps())
    operator.runs.advance(operator.found(task.name), 1, MAX_OBJECTS)
    operator.states.end()
    a_day_later = replace(operator.machine, clock=lambda: NOW + 90_000)
    assert (operator.machine.goes_on(task.name), a_day_later.goes_on(task.name)) == (True, False)
    later = retry_of(operator.deployment, rig.store.table, filters, NOW + 900)
    assert later.name == task.name
    assert later.machine.start(later.name, later.job, Caps()).job.before == NOW
    operator.runs.advance(operator.found(task.name), 2, FINISHED)
    operator.states.end()
    assert later.machine.start(later.name, later.job, Caps()).job.before == NOW + 900, "of a new round, its own"


def test_jobs_of_before_there_were_other_tasks_are_still_read() -> None:
    values = json.loads(JOB.to_json())
    for name in ("task", "remove", "recipes", "digest", "segments", "reason", "under", "retrieval"):
        del values[name]
    assert job_from_json(json.dumps(values)) == JOB
