"""In-place compression keeps its promises under every interleaving of two workers and people who write meanwhile.

People upload (P, Q: large pictures; S: a small one), delete (D), and synchronise (Y: the large P again, under whatever
metadata is there).
"""

from __future__ import annotations

import inspect
import os
import random
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from lightpress.in_place import compress as module
from lightpress.in_place.compress import compress
from tests.in_place.model import Bucket, Consumer, Fault, large, settle, small
from tests.simulation.syntax import Change, changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.in_place.compress import CompressionOutcome

    Workflow = Callable[..., CompressionOutcome]

SCHEDULES = int(os.environ.get("LIGHTPRESS_SCHEDULES", "2000"))
AT_ONCE = 2

PEOPLE: dict[str, Callable[[Bucket], None]] = {
    "P": lambda bucket: bucket.put(large("P")),
    "Q": lambda bucket: bucket.put(large("Q")),
    "S": lambda bucket: bucket.put(small("S")),
    "Y": lambda bucket: bucket.put(large("P"), like=bucket.now),
    "D": lambda bucket: bucket.delete(),
}


@dataclass(frozen=True)
class Found:
    violations: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    states: int = 0


class Run:
    """One replay of a schedule from the start."""

    def __init__(self, script: str, faults: int, workflow: Workflow, *, versioned: bool) -> None:
        self.bucket = Bucket(versioned=versioned)
        self.script, self.faults, self.workflow = script, faults, workflow
        self.done = 0
        self.consumers: list[Consumer] = []

    def choices(self) -> list[str]:
        choices = ["people"] if self.done < len(self.script) else []
        if self.bucket.queue and len(self.consumers) < AT_ONCE:
            choices.append("start")
        for number in range(len(self.consumers)):
            choices.append(f"step {number}")
            if self.faults:
                choices += [f"{fault.name} {number}" for fault in Fault]
        return choices

    def take(self, choice: str) -> None:
        verb, _, number = choice.partition(" ")
        if verb == "people":
            PEOPLE[self.script[self.done]](self.bucket)
            self.done += 1
        elif verb == "start":
            self.bucket.queue -= 1
            self.consumers.append(Consumer(self.bucket, self.workflow))
        elif verb == "step":
            self.consumers[int(number)].step()
        else:
            self.faults -= 1
            self.consumers[int(number)].step(Fault[verb])
        self.consumers = [consumer for consumer in self.consumers if not consumer.over]

    def state(self) -> int:
        """Equal states have equal futures: a consumer's next move depends only on the answers it got."""
        histories = sorted(tuple(consumer.history) for consumer in self.consumers)
        return hash((self.bucket.state(), self.done, self.faults, tuple(histories)))


def explore(script: str, *, faults: int = 0, versioned: bool = True, workflow: Workflow = compress) -> Found:
    """Try every interleaving of a script of people's actions with two workers and up to `faults` faults."""
    seen: set[int] = set()
    stack: list[tuple[str, ...]] = [()]
    while stack:
        schedule = stack.pop()
        run = Run(script, faults, workflow, versioned=versioned)
        for choice in schedule:
            run.take(choice)
        state = run.state()
        if state in seen:
            continue
        seen.add(state)
        choices = run.choices()
        if not choices:
            run.bucket.check_settled()
        if run.bucket.violations or len(schedule) > 200:
            return Found(tuple(run.bucket.violations) or ("it never ends",), schedule, len(seen))
        stack.extend((*schedule, choice) for choice in choices)
    return Found(states=len(seen))


def explore_randomly(seed: int, workflow: Workflow = compress) -> Found:
    """People and four workers in any order, duplicates, faults at any request; then calm."""
    chance = random.Random(seed)  # noqa: S311  it decides schedules
    bucket = Bucket(versioned=seed % 2 == 0)
    consumers: list[Consumer] = []
    for _ in range(chance.randint(10, 120)):
        action = chance.random()
        if action < 0.12:
            PEOPLE[chance.choice("PQSYD")](bucket)
        elif action < 0.16:
            bucket.queue += 1  # the queue delivers twice
        elif action < 0.35 and bucket.queue and len(consumers) < 4:
            bucket.queue -= 1
            consumers.append(Consumer(bucket, workflow))
        elif consumers:
            fault = chance.choice(list(Fault)) if chance.random() < 0.08 else None
            chance.choice(consumers).step(fault)
        consumers[:] = [consumer for consumer in consumers if not consumer.over]
    while consumers:
        chance.choice(consumers).step()
        consumers[:] = [consumer for consumer in consumers if not consumer.over]
    settle(bucket, workflow)
    bucket.check_settled()
    return Found(tuple(bucket.violations))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("versioned", [True, False], ids=["versioned", "unversioned"])
@pytest.mark.parametrize("script", ["P", "S", "PQ", "PD", "PS", "PY", "PP", "DP"])
def test_every_interleaving_of_two_workers_ends_as_promised(script: str, versioned: bool) -> None:
    found = explore(script, versioned=versioned)
    assert not found.violations, found
    assert found.states > len(script) * 5


@pytest.mark.sampled(1)
@pytest.mark.parametrize("script", ["P", "S", "PQ", "PY"])
def test_one_failure_at_any_request_changes_nothing(script: str) -> None:
    found = explore(script, faults=1)
    assert not found.violations, found
    assert found.states > 15


def test_random_schedules_with_many_faults_end_as_promised() -> None:
    for seed in range(SCHEDULES):
        found = explore_randomly(seed)
        assert not found.violations, (seed, found)


def mutant(present: str, instead: str, function: str) -> Workflow:
    """The workflow with one change to the syntax tree of a function."""
    text = changed(inspect.getsource(module), Change(present, instead, function))
    mutated = ModuleType(module.__name__)
    exec(compile(text, "mutated compress.py", "exec"), mutated.__dict__)  # noqa: S102  our own text, changed by us
    workflow: Workflow = mutated.compress
    return workflow


NOT_SEALED = mutant("S.mark is not None and _is_final(S.mark, T)", "False", "_outcome_by_state")
REPLACES_ANYTHING = mutant("D.objects.head(S) != E", "(E := D.objects.head(S)) is None", "_replace")
LEDGER_OF_OTHERS = mutant("E.is_conclusive_for(S, T)", "E.times == 0", "_outcome_by_ledger")
NEVER_TIRED = mutant("E.times >= MOST_TIMES", "False", "_outcome_by_ledger")


@pytest.mark.parametrize(
    ("workflow", "script"),
    [(REPLACES_ANYTHING, "PQ"), (LEDGER_OF_OTHERS, "SP")],
    ids=["whatever is there is replaced", "another picture's entry counts"],
)
def test_a_workflow_with_a_broken_step_is_found_out(workflow: Workflow, script: str) -> None:
    assert explore(script, workflow=workflow).violations


def test_without_the_seal_each_write_would_cause_another_compression() -> None:
    """Not another write: what is small already is not made smaller. So the work is what tells."""
    compressed = {}
    for name, workflow in (("real", compress), ("mutant", NOT_SEALED)):
        bucket = Bucket()
        bucket.put(large("P"))
        settle(bucket, workflow)
        compressed[name] = sum(bucket.compressed.values())
    assert compressed == {"real": 1, "mutant": 2}


def test_against_a_program_that_puts_the_large_file_back_it_gives_up() -> None:
    """The loop of two programs that each undo the other's work ends after three rounds; without that, never."""
    written = {}
    for name, workflow in (("real", compress), ("mutant", NEVER_TIRED)):
        bucket = Bucket()
        bucket.put(large("P"))
        for _ in range(50):
            settle(bucket, workflow)
            if bucket.now and bucket.now.data != large("P"):
                bucket.put(large("P"), like=bucket.now)
        written[name] = sum(1 for thing in bucket.things if thing and thing.by == "workflow")
    assert written == {"real": 3, "mutant": 50}
