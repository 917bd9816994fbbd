"""Step Functions in memory: executions of the deployed definition of the machine of backfills.

Of the language of states only what that definition uses, and of time nothing: whoever holds the world says when a wait
is over, and how an invocation ends.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cdk.backfill_machine import Names, definition
from tools.fakes.wire import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tools.fakes.wire import Wire

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:backfills"
RUNNING, SUCCEEDED, FAILED, ABORTED = "RUNNING", "SUCCEEDED", "FAILED", "ABORTED"
CHILDREN = 2
"""Shards that are worked on at once."""

_STATES: dict[str, Any] = json.loads(definition(Names("backfill", "images", "aws"), CHILDREN))
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "NumericGreaterThan": lambda left, right: left > right,
    "BooleanEquals": lambda left, right: left == right,
    "StringEquals": lambda left, right: left == right,
}


@dataclass(slots=True, eq=False)
class Thread:
    """Where an execution stands, or a child of its map.

    Attributes:
        states: Those that it goes through.
        state: The name of the one it is in.
        data: What it hands on.
        tries: How often the task of this state has failed.
        asked: The number of the invocation that it waits for; None for none.
        children: Of a map; None before it has begun.
        over: Whether it has come to its end.
        failed: Whether that is an error.
    """

    states: Mapping[str, Any]
    state: str
    data: dict[str, Any]
    tries: int = 0
    asked: int | None = None
    children: list[Thread] | None = None
    over: bool = False
    failed: bool = False

    @property
    def now(self) -> Mapping[str, Any]:
        """The state that it is in."""
        found: Mapping[str, Any] = self.states[self.state]
        return found

    def go_to(self, name: str) -> None:
        """Enter a state, and pass those that take no time."""
        self.state, self.tries, self.asked = name, 0, None
        kind = self.now["Type"]
        if kind == "Choice":
            self.go_to(_chosen(self.now, self.data))
        elif kind in {"Pass", "Succeed"}:
            self.over = True


@dataclass(slots=True, eq=False)
class Execution:
    """One execution of the machine. aborted: somebody has ended it in the console."""

    name: str
    main: Thread
    aborted: bool = False

    @property
    def status(self) -> str:
        """As Step Functions tells it."""
        if self.aborted:
            return ABORTED
        if not self.main.over:
            return RUNNING
        return FAILED if self.main.failed else SUCCEEDED

    def threads(self) -> Iterator[Thread]:
        """All that may go on: the execution itself, or the children that may be at work."""
        if self.status != RUNNING:
            return
        if self.main.now["Type"] != "Map":
            yield self.main
            return
        if self.main.children is None:
            yield self.main
        yield from [child for child in self.main.children or () if not child.over][:CHILDREN]

    def begin_map(self, rows_at: Callable[[str], bytes]) -> None:
        """Begin the map that it has come to: a child for each row. rows_at: the contents of a path."""
        state, data = self.main.now, self.main.data
        path = _told(state["ItemReader"]["Parameters"], data, {})["Key"]
        rows = csv.DictReader(io.StringIO(rows_at(path).decode()))
        states = state["ItemProcessor"]["States"]
        self.main.children = []
        for row in rows:
            child = Thread(states, "", _told(state["ItemSelector"], data, {"Map": {"Item": {"Value": row}}}))
            child.go_to(state["ItemProcessor"]["StartAt"])
            self.main.children.append(child)
        self._end_map()

    def _end_map(self) -> None:
        """Go on, if every child has come to its end: how is all the same."""
        if self.main.children is not None and all(child.over for child in self.main.children):
            self.main.children = None
            self.main.go_to(self.main.now["Next"])

    def payload_of(self, thread: Thread) -> dict[str, Any]:
        """What the function is invoked with by the task that a thread is at."""
        told = _told(thread.now["Parameters"], thread.data, {"Execution": {"Name": self.name}})
        payload: dict[str, Any] = json.loads(json.dumps(told["Payload"]))
        return payload

    def answered(self, thread: Thread, answer: object) -> None:
        """The function has answered a task."""
        state, result = thread.now, {"Payload": answer}
        if "ResultSelector" in state:
            result = _told(state["ResultSelector"], result, {})
        whole = thread.data | {state["ResultPath"].removeprefix("$."): result} if "ResultPath" in state else result
        thread.data = _at(state["OutputPath"], whole, {})
        thread.go_to(state["Next"])
        self._end_map()

    def failed(self, thread: Thread, error: str) -> None:
        """An invocation has failed, or nobody knows: it is tried again, or the thread fails."""
        thread.asked = None
        thread.tries += 1
        retry = next(one for one in thread.now["Retry"] if {error, "States.ALL"} & {*one["ErrorEquals"]})
        if thread.tries > retry["MaxAttempts"]:
            thread.over = thread.failed = True
            self._end_map()

    def waited(self, thread: Thread) -> int:
        """A wait is over; returns its seconds."""
        seconds: int = _at(thread.now["SecondsPath"], thread.data, {})
        thread.go_to(thread.now["Next"])
        return seconds


class _DoesNotExist(Exception):
    """As boto3 raises it."""


class _Exceptions:
    ExecutionDoesNotExist = _DoesNotExist


@dataclass(slots=True)
class SimulatedStates:
    """Stands where a boto3 client does. executions: by their ARN."""

    executions: dict[str, Execution]
    wire: Wire = at_once

    @property
    def exceptions(self) -> type[_Exceptions]:
        return _Exceptions

    def start_execution(  # the names of arguments are those of boto3
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        name: str,
        input: str,  # noqa: A002
    ) -> dict[str, Any]:
        """What is sent twice starts once, as long as it is the same."""
        arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"

        def effect() -> dict[str, Any]:
            if arn not in self.executions:
                main = Thread(_STATES["States"], "", json.loads(input))
                main.go_to(_STATES["StartAt"])
                self.executions[arn] = Execution(name, main)
            return {"executionArn": arn}

        return self.wire("StartExecution", name, effect, changes=True)

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        def effect() -> dict[str, Any]:
            if executionArn not in self.executions:
                raise _DoesNotExist
            return {"status": self.executions[executionArn].status}

        return self.wire("DescribeExecution", executionArn.rpartition(":")[2], effect)


def _chosen(state: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    for choice in state["Choices"]:
        (compared,) = choice.keys() & _COMPARED.keys()
        if _COMPARED[compared](_at(choice["Variable"], data, {}), choice[compared]):
            found: str = choice["Next"]
            return found
    default: str = state["Default"]
    return default


def _told(template: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401  JSON
    """A template with what its paths point to."""
    found: dict[str, Any] = {}
    for name, value in template.items():
        if name.endswith(".$"):
            found[name.removesuffix(".$")] = _at(value, data, context)
        else:
            found[name] = _told(value, data, context) if isinstance(value, dict) else value
    return found


def _at(path: str, data: Any, context: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
    """What a path points to, in the data or, with "$$", in what the machine tells of itself."""
    root, *names = path.split(".")
    found = context if root == "$$" else data
    for name in names:
        found = found[name]
    return found
