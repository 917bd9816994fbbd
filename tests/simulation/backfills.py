"""Runs of the state machine of backfills in the simulated cloud: operators, executions, and the function they invoke.

The function does what the deployed one does, over the stores; operators run the code of `lightpress backfill`; what
lies between them, Step Functions, goes through the states of the deployed definition (`states`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.aws.hints import SqsHints
from lightpress.aws.run_files import S3Files, S3Lister
from lightpress.backfill.run import Job
from lightpress.cli.distributed import Caps
from lightpress.pipeline.buckets import Publishing, Selection
from tests.simulation.deployed import (
    CLOCK,
    DEAD_LETTERS,
    HINTS,
    IMAGES,
    NANOS_READ,
    NANOS_SENT,
    RUNS,
    UPLOADS,
)
from tests.simulation.invocation import BACKFILL, OPERATING, Containers, Invocation, ask
from tests.simulation.ledger import Ledger
from tests.simulation.states import ABORTED, MACHINE, RUNNING, SimulatedStates
from tools.fakes.dynamodb import SimulatedDynamoDb
from tools.fakes.s3 import SimulatedS3
from tools.fakes.sqs import Message, Queue, SimulatedSqs

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.simulation.cloud import Cloud
    from tests.simulation.deployed import Release
    from tests.simulation.states import Execution, Thread
    from tests.simulation.worker import Worker
    from tools.fakes.wire import Wire

RESPOND = "Respond"
"""The answer of the function on its way to Step Functions."""
STEP_FUNCTIONS, SQS = "Step Functions", "SQS"

_PAGE = 2
_LIVES = "lives"
_MOST_AT_ONCE = 4
_MOST_RUNS_OF_CALM = 20


@dataclass(frozen=True)
class Stack:
    """What operators know of the deployment, as `lightpress.client.deployment` has it."""

    wire: Wire
    stores: Any
    executions: dict[str, Execution]
    backfill_machine: str = MACHINE
    runs_table: str = RUNS
    images_bucket: str = IMAGES
    deployed: str = ""

    def dynamodb(self) -> SimulatedDynamoDb:
        return SimulatedDynamoDb(self.stores.tables, self.wire)

    def states(self) -> SimulatedStates:
        return SimulatedStates(self.executions, self.wire)


@dataclass
class Backfills:
    """The executions of a cloud, and who began them.

    Attributes:
        cloud: The cloud.
        executions: By ARN.
        answers: Of the function, by the number of the invocation.
        ledger: What runs may spend, and have said of themselves.
    """

    cloud: Cloud
    executions: dict[str, Execution] = field(default_factory=dict)
    answers: dict[int, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.cloud)
        self._containers = Containers()
        self._runs_of_calm = 0

    # What operators do.

    def operate(self, chance: random.Random) -> None:
        """Somebody begins a backfill, resumes, joins or limits one, or stops it; others may be about to do the same."""
        if chance.random() < 0.25:
            self.stop()
            return
        caps = {
            "max_objects": chance.choice((None, None, 0, 1, 2, 3, 5)),
            "max_dollars": chance.choice((None, None, None, 2e-6, 3.5e-6)),
            "rate": chance.choice((None, None, 0.5)),
            "most_waiting": chance.choice((None, None, 1)),
        }
        self._command({"do": "start", "caps": caps, "of_a_shard": chance.choice((1, 1, 2, 3))})

    def stop(self) -> None:
        """Somebody stops the run for the newest recipes."""
        self._command({"do": "stop"})

    def begin_in_peace(self, of_a_shard: int = 2) -> None:
        """Somebody has everything brought up to date, without a limit."""
        self._runs_of_calm += 1
        if self._runs_of_calm > _MOST_RUNS_OF_CALM:
            self.cloud.promises.broken.append("no run comes to its end")
        self._command({"do": "start", "caps": {}, "of_a_shard": of_a_shard})

    def _command(self, told: dict[str, Any]) -> None:
        release = self.cloud.releases[-1]
        self._start(Queue(OPERATING), json.dumps({"run": f"r{release.revision}", **told}), release)
        self.cloud.happened[str(told["do"])] += 1

    # What Step Functions does.

    def go_on(self, chance: random.Random) -> None:
        """One execution, or a child of it, goes on: its task is invoked, its map begins, its wait is over."""
        threads = [(one, thread) for one in self.executions.values() for thread in one.threads()]
        if able := [(one, thread) for one, thread in threads if thread.asked is None]:
            self._go_on(*chance.choice(able), chance.choice(self.cloud.releases))

    def go_on_in_peace(self, chance: random.Random, *, idle: bool) -> bool:
        """The same, but that nobody waits in vain: a wait is over once everybody else is idle. Whether anything did."""
        threads = [(one, thread) for one in self.executions.values() for thread in one.threads()]
        able = [
            (one, thread) for one, thread in threads if thread.asked is None and (idle or thread.now["Type"] != "Wait")
        ]
        if able:
            self._go_on(*chance.choice(able), self.cloud.releases[-1])
        return bool(able)

    def _go_on(self, execution: Execution, thread: Thread, release: Release) -> None:
        kind = thread.now["Type"]
        if kind == "Wait":
            seconds = execution.waited(thread)
            self.cloud.stores.clock[CLOCK] += seconds
        elif kind == "Map":
            execution.begin_map(lambda path: self.cloud.images.data(path) or b"")
        elif len(self.at_work) < _MOST_AT_ONCE:
            payload = json.dumps(execution.payload_of(thread))
            thread.asked = self._start(Queue(BACKFILL), payload, release)
            self.cloud.happened["task"] += 1

    def lose_an_answer(self, chance: random.Random) -> None:
        """Step Functions does not hear of an invocation, and tries again while that one goes on."""
        threads = [(one, thread) for one in self.executions.values() for thread in one.threads()]
        if asking := [(one, thread) for one, thread in threads if thread.asked is not None]:
            execution, thread = chance.choice(asking)
            self.cloud.timeline.add(STEP_FUNCTIONS, f"hears nothing of {thread.asked}", execution.name)
            execution.failed(thread, "Lambda.Unknown")
            self.cloud.happened["doubled task"] += 1

    def abort(self, chance: random.Random) -> None:
        """Somebody ends an execution in the console; what it has invoked goes on."""
        if running := [one for one in self.executions.values() if one.status == RUNNING]:
            execution = chance.choice(running)
            execution.aborted = True
            self.cloud.timeline.add("console", f"aborts {execution.name}", ABORTED)
            self.cloud.happened["aborted"] += 1

    def refuse_hints(self, chance: random.Random) -> None:
        """SQS is about to refuse some of a batch."""
        self.cloud.stores.queues[HINTS].refusing = chance.choice((1, 2))

    def lose_a_hint(self, chance: random.Random) -> None:
        """A hint that nobody has received is lost: the next pass finds it."""
        queue = self.cloud.stores.queues[HINTS]
        if waiting := [message for message in queue.messages if message.received == 0]:
            message = chance.choice(waiting)
            queue.delete(message.number)
            self.cloud.timeline.add(SQS, f"forgets {message.id} of {HINTS}")
            self.cloud.happened["lost hint"] += 1

    def has_done_some(self, passes: int) -> bool:
        """Whether any run has a result of a pass."""
        return any(key.split("/")[3:5] == [str(passes), "results"] for key in self.cloud.images.keys)

    # What becomes of invocations.

    @property
    def at_work(self) -> list[Worker]:
        """Those of the function."""
        return [worker for worker in self.cloud.workers if worker.queue == BACKFILL]

    @property
    def go_on_still(self) -> bool:
        """Whether any execution runs, or operator is at work."""
        operators = any(worker.queue == OPERATING for worker in self.cloud.workers)
        return operators or bool(self.at_work) or any(one.status == RUNNING for one in self.executions.values())

    def ended(self, worker: Worker) -> None:
        """An invocation is over: Step Functions hears of it, if it still waits for it."""
        if worker.queue != BACKFILL:
            return
        (message,) = worker.batch
        for execution in self.executions.values():
            for thread in execution.threads():
                if thread.asked == message.number:
                    self._heard(execution, thread, message.number, worker)

    def _heard(self, execution: Execution, thread: Thread, number: int, worker: Worker) -> None:
        if number in self.answers:
            execution.answered(thread, self.answers[number])
            return
        failed = getattr(worker.mind, "failed", ())
        execution.failed(thread, failed[0][1] if failed else "Lambda.Unknown")

    def _start(self, queue: Queue, body: str, release: Release) -> int:
        self.cloud.asked_for += 1
        number = self.cloud.asked_for
        batch = (Message(number, body, received=1, in_flight=True),)
        if queue.name == BACKFILL:
            mind = self._containers.begin(partial(self._function, release), release, queue, batch)
        else:
            mind = Invocation(self._operator(release, ask), queue, batch)
        self.cloud.start(queue, batch, release, mind)
        self.cloud.timeline.add(self.cloud.workers[-1].name, "is told", body)
        self.ledger.begins(self.cloud.workers[-1])
        return number

    # What runs.

    def _function(self, release: Release, wire: Wire) -> Callable[[Message], None]:
        """The function `backfill`, as `lightpress.composition.backfill` builds it."""
        stores, code = release.stores, release.code
        s3: Any = SimulatedS3(stores.buckets, wire, _PAGE)
        sqs: Any = SimulatedSqs(stores.queues, wire)
        dynamodb: Any = SimulatedDynamoDb(stores.tables, wire)
        runs, lister = code.runs.DynamoRuns(dynamodb, RUNS), S3Lister(s3)
        hints = SqsHints(sqs, HINTS, DEAD_LETTERS)
        looking = code.look.Looking(
            code.images.S3Images(s3, IMAGES),
            code.originals.S3Originals(s3),
            release.recipes,
            now=lambda: stores.clock[CLOCK],
        )
        clock = lambda: stores.clock[CLOCK]  # noqa: E731  a clock
        child = code.child.Child(lister, looking, Publishing(UPLOADS).find_source, hints, runs, clock, at_once=map)
        machine = code.machine.Machine(runs, S3Files(s3, IMAGES), lister, hints, child, {})

        def handle(message: Message) -> None:
            event = json.loads(message.body)
            task, state = event["task"], event["state"]
            if task == "begin":
                answer = machine.begin(state, event["execution"])
            elif task == "plan":
                answer = machine.plan(state, lambda: False)
            else:
                answer = getattr(machine, task)(state)
            told = json.loads(json.dumps(answer))
            wire(RESPOND, task, partial(self.answers.__setitem__, message.number, told), changes=True)

        return handle

    def _operator(self, release: Release, wire: Wire) -> Callable[[Message], None]:
        """The command `lightpress backfill`, up to where it would show the run."""
        stack: Any = Stack(wire, release.stores, self.executions, deployed=str(self.cloud.deployments))
        clock = lambda: release.stores.clock[CLOCK]  # noqa: E731  a clock
        machine = release.code.distributed.Distributed(stack, clock, lambda _: None)

        def handle(message: Message) -> None:
            told = json.loads(message.body)
            if told["do"] == "stop":
                machine.stop(told["run"])
                return
            job = Job(
                (Selection(UPLOADS),),
                nanos_sent=NANOS_SENT,
                nanos_read=NANOS_READ,
                originals_of_a_shard=told["of_a_shard"],
            )
            machine.start(told["run"], job, Caps(**told["caps"]))

        return handle
