"""What is promised of runs of the state machine, checked after each request of theirs.

It counts what goes into the queue and what is read, and what operators have allowed; of the row of a run it believes
only what is reserved, stopped and ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightpress.aws.run_files import S3Files
from lightpress.aws.runs_table import DynamoRuns
from lightpress.backfill.results import Folder
from lightpress.backfill.run import FINISHED, LEFT, MAX_DOLLARS, MAX_OBJECTS, NANOS
from tests.simulation.deployed import HINTS, IMAGES, NANOS_SENT, RUNS, UPLOADS
from tests.simulation.invocation import BACKFILL, OPERATING, Fault
from tools.fakes.dynamodb import SimulatedDynamoDb
from tools.fakes.s3 import SimulatedS3

if TYPE_CHECKING:
    from lightpress.backfill.run import Run
    from tests.simulation.cloud import Cloud
    from tests.simulation.invocation import Request
    from tests.simulation.worker import Worker

_NO_LIMIT = 10**15


@dataclass(slots=True)
class Round:
    """One round of a run, from its beginning on.

    Attributes:
        objects: What may be sent by now.
        nanos: What that may cost by now, in billionths of a dollar.
        sent: What was accepted by the queue.
        began: What each key held when it began; None where older code was still at work, or was to come.
        deployments: How many there had been when somebody began or resumed it.
    """

    objects: int = 0
    nanos: int = 0
    sent: int = 0
    began: dict[str, object] | None = None
    deployments: int = 0


@dataclass(slots=True)
class Account:
    """What a worker has reserved and not sent yet, and of which round. done: its shard was when it began."""

    reserved: int = 0
    of: tuple[str, int] = ("", 0)
    done: tuple[int, int] | None = None


@dataclass
class Ledger:
    """The accounts of runs, rounds and workers."""

    cloud: Cloud
    rounds: dict[tuple[str, int], Round] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    rows: dict[str, Run] = field(default_factory=dict)
    items: dict[str, object] = field(default_factory=dict)
    in_queue: int = 0
    backfilled: int = 0
    """How many deployments there had been of the newest recipes that a run has come to its end of."""

    @property
    def is_up_to_date(self) -> bool:
        """Whether a run has come to its end since recipes were rolled out last."""
        return self.backfilled == self.cloud.deployments

    def begins(self, worker: Worker) -> None:
        """A worker is about to make its first request."""
        account = self.accounts[worker.name] = Account()
        told = json.loads(worker.batch[0].body)
        if worker.queue != BACKFILL or told["task"] != "step":
            return
        run = self._row(told["state"]["run"])
        result = self._result(run, told["state"]["row"]) if run else None
        if run and result and result["done"]:
            account.done = (run.round, run.number)

    def after(self, worker: Worker, request: Request, fault: Fault | None) -> None:
        """A worker has made a request, whatever it hears of it."""
        account = self.accounts.get(worker.name)
        if account is None:
            return
        self._check_done_is_done(worker, account, request)
        if request.operation == "SendMessageBatch":
            self._sent(account, twice=fault is Fault.SENT_TWICE)
        if request.what.startswith(RUNS):
            self._note_rows(worker, account)

    def _note_rows(self, worker: Worker, account: Account) -> None:
        """Whatever rows have changed, this worker has changed them."""
        for (name,), item in self.cloud.stores.tables[RUNS].items.items():
            if self.items.get(name) is not item:
                self.items[name] = item
                now, before = self._row(name), self.rows.get(name)
                assert now is not None
                self.rows[name] = now
                self._changed(worker, account, before, now)

    def _changed(self, worker: Worker, account: Account, before: Run | None, now: Run) -> None:
        key = (now.name, now.round)
        if worker.queue == OPERATING:
            self._allowed(worker, before, now)
        elif before is not None and now.sent > before.sent:
            account.reserved += now.sent - before.sent
            account.of = key
            if before.stopped:
                self._break(now, "more was taken after it was stopped")
        if worker.queue == BACKFILL and before is not None and now.stopped and not before.stopped:
            self._check_stopped(now)
        if before is not None and now.ended and not before.ended:
            self._check_ended(now)

    def _allowed(self, worker: Worker, before: Run | None, now: Run) -> None:
        """An operator has begun a round, resumed or limited one, or stopped it."""
        told = json.loads(worker.batch[0].body)
        if told["do"] == "stop":
            return
        key = (now.name, now.round)
        goes_on = before is not None and before.ended not in {FINISHED, LEFT}  # and what it has sent counts
        one = self.rounds[now.name, before.round] if before and goes_on else Round()
        joined = before is not None and before.attempts == now.attempts
        if before is None or before.round != now.round:
            self.cloud.happened["outdated run"] += goes_on
            self.rounds[key] = one
            one.began = self._held()
        if not joined:
            one.deployments = self.cloud.deployments
            one.began = one.began if self.cloud.is_of_one_release else None
        objects, dollars = told["caps"].get("max_objects"), told["caps"].get("max_dollars")
        if objects is not None:
            one.objects = max(objects, now.sent)
        elif not joined:
            one.objects = _NO_LIMIT
        if dollars is not None:
            one.nanos = max(round(dollars * NANOS), now.spent)
        elif not joined:
            one.nanos = _NO_LIMIT

    def _sent(self, account: Account, *, twice: bool) -> None:
        """Hints have come into the queue; the same request again is none of the run's."""
        sent = self.cloud.stores.queues[HINTS].sent - self.in_queue
        self.in_queue += sent
        sent = sent // 2 if twice else sent
        account.reserved -= sent
        self.cloud.happened["hint"] += sent
        one = self.rounds[account.of] if account.of in self.rounds else Round()
        one.sent += sent
        if account.reserved < 0:
            self.cloud.promises.broken.append(f"{account.of}: something was sent that was not reserved")
        if one.sent > one.objects:
            self.cloud.promises.broken.append(f"{account.of}: {one.sent} were sent, of {one.objects} that were allowed")
        if one.sent * NANOS_SENT > one.nanos:
            self.cloud.promises.broken.append(f"{account.of}: {one.sent} cost more than {one.nanos} billionths")

    def _check_done_is_done(self, worker: Worker, account: Account, request: Request) -> None:
        """Nobody looks at a shard that was done, in the pass in which it was, when they began."""
        if account.done is None:
            return
        state = json.loads(worker.batch[0].body)["state"]
        run = self._row(state["run"])
        works = request.what.startswith((f"{UPLOADS}/", f"{IMAGES}/m/", HINTS))
        is_done = run and (self._result(run, state["row"]) or {}).get("done")  # another one at work on it may say less
        if works and run and is_done and (run.round, run.number) == account.done:
            self._break(run, "a shard that was done was done again")

    def _check_stopped(self, run: Run) -> None:
        """The function stops a run for a limit that it has come to: not for one that was raised, nor a resumed run."""
        more = {MAX_OBJECTS: run.objects_left > 0, MAX_DOLLARS: run.nanos_left >= NANOS_SENT}
        if more.get(str(run.stopped), True):
            self._break(run, f"it says {run.stopped}, though somebody has it go on")

    def _check_ended(self, run: Run) -> None:
        """A run that has come to its end leaves nothing stale of what has been the same since it began, or names it."""
        one = self.rounds[run.name, run.round]
        self.cloud.happened[f"run {run.ended}"] += 1
        if run.ended not in {FINISHED, LEFT} or one.began is None or one.deployments != self.cloud.deployments:
            return
        self.backfilled = self.cloud.deployments
        held = self._held()
        stale = {key for key, was in one.began.items() if held.get(key) == was and self.cloud.promises.is_stale(key)}
        if unnamed := stale - (self._named(run) if run.ended == LEFT else set()):
            self._break(run, f"it says {run.ended}, and {min(unnamed)} is stale")

    def _named(self, run: Run) -> set[str]:
        s3: Any = SimulatedS3(self.cloud.stores.buckets)
        report = Folder(S3Files(s3, IMAGES), run).report()
        within = {
            key
            for key in self.cloud.keys
            for _, after, until in report.unfinished
            if key > after and (not until or key <= until)
        }
        return within | {key for _, key, _ in report.left}

    def _held(self) -> dict[str, object]:
        """What each key holds, and how often clients have changed that, or operators who can read it."""
        promises, closings, uploads = self.cloud.promises, self.cloud.closings, self.cloud.uploads
        return {key: (promises.changes(key), closings[key], repr(uploads.keys.get(key))) for key in self.cloud.keys}

    def _row(self, name: str) -> Run | None:
        dynamodb: Any = SimulatedDynamoDb(self.cloud.stores.tables)
        return DynamoRuns(dynamodb, RUNS).find(name)

    def _result(self, run: Run, row: dict[str, str]) -> dict[str, Any] | None:
        path = f"b/{run.name}/{run.round}/{run.number}/results/{row['shard']}.json"
        data = self.cloud.images.data(path)
        found: dict[str, Any] | None = json.loads(data) if data else None
        return found

    def _break(self, run: Run, what: str) -> None:
        self.cloud.promises.broken.append(f"{run.name}, round {run.round}, pass {run.number}: {what}")
        self.cloud.timeline.add("PROMISE", f"broken for {run.name}", what)
