"""The state machine of backfills in Amazon States Language, from the names of what it invokes and reads.

What it may not exceed, by https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html:

- 25,000 events in the history of an execution: so a child ends after `child.MOST_WAITS` waits, and a run after
  `machine.MOST_PASSES` passes.
- 256 KiB for what goes from state to state, and for what all children of a map return together: so children return
  nothing, a part has `shards.SHARDS_OF_A_PART` rows, and results are objects in S3.
- Five minutes for an express execution: children wait longer for a queue, so they are standard ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MAP = "EachShard"

# What a task fails with may be a function that was killed, a throttle or an outage: some four minutes.
_TRY_AGAIN = [
    {"ErrorEquals": ["UnknownRunError", "OtherRecipesError"], "MaxAttempts": 0},
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 7, "BackoffRate": 2, "JitterStrategy": "FULL"},
]


@dataclass(frozen=True)
class Names:
    """What the machine invokes and reads.

    Attributes:
        function: ARN of the function that does all tasks.
        bucket: With the rows of shards.
        partition: Of the ARNs of AWS's own integrations, such as "aws".
    """

    function: str
    bucket: str
    partition: str


def definition(names: Names, children: int) -> str:
    """The definition as JSON. children: how many shards are worked on at once."""
    states = _States(names).all(children)
    return json.dumps({"StartAt": "Begin", "States": states}, separators=(",", ":"))


@dataclass(frozen=True)
class _States:
    """The states over some names."""

    names: Names

    def all(self, children: int) -> dict[str, Any]:
        return {
            "Begin": self._task("begin", "Plan"),
            "Plan": self._task("plan", "AreThereShards"),
            "AreThereShards": _choice("$.shards", {"NumericGreaterThan": 0}, MAP, otherwise="IsItThePlan"),
            MAP: self._map(children, "IsItThePlan"),
            "IsItThePlan": _choice("$.last", {"BooleanEquals": True}, "Settle", otherwise="Plan"),
            "Settle": self._task("settle", "HasItEnded"),
            "HasItEnded": _choice("$.ended", {"StringEquals": ""}, "Drain", otherwise="Ended"),
            "Drain": self._task("drain", "IsTheQueueEmpty"),
            "IsTheQueueEmpty": _choice("$.wait", {"NumericGreaterThan": 0}, "WaitForTheQueue", otherwise="Plan"),
            "WaitForTheQueue": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "Drain"},
            "Ended": {"Type": "Succeed"},
        }

    def _map(self, children: int, following: str) -> dict[str, Any]:
        """A child for each shard. One that fails fails no other: its shard has no result, and is in the next pass."""
        return {
            "Type": "Map",
            "Label": MAP,
            "MaxConcurrency": children,
            "ToleratedFailurePercentage": 100,
            "ItemReader": {
                "Resource": f"arn:{self.names.partition}:states:::s3:getObject",
                "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                "Parameters": {"Bucket": self.names.bucket, "Key.$": "$.csv"},
            },
            "ItemSelector": {"run.$": "$.run", "row.$": "$$.Map.Item.Value", "step": {"waits": 0}},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Step",
                "States": {
                    "Step": {
                        **self._task("step", "IsItDone"),
                        "Parameters": self._invoke(
                            "step", {"run.$": "$.run", "row.$": "$.row", "waits.$": "$.step.waits"}
                        ),
                        "ResultSelector": {
                            "done.$": "$.Payload.done",
                            "wait.$": "$.Payload.wait",
                            "waits.$": "$.Payload.waits",
                        },
                        "ResultPath": "$.step",
                        "OutputPath": "$",
                    },
                    "IsItDone": {
                        "Type": "Choice",
                        "Choices": [
                            {"Variable": "$.step.done", "BooleanEquals": True, "Next": "Done"},
                            {"Variable": "$.step.wait", "NumericGreaterThan": 0, "Next": "Wait"},
                        ],
                        "Default": "Step",
                    },
                    "Wait": {"Type": "Wait", "SecondsPath": "$.step.wait", "Next": "Step"},
                    "Done": {"Type": "Pass", "Result": {}, "End": True},
                },
            },
            "ResultPath": None,
            "Next": following,
        }

    def _task(self, task: str, following: str) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": f"arn:{self.names.partition}:states:::lambda:invoke",
            "Parameters": self._invoke(task, None),
            "OutputPath": "$.Payload",
            "Retry": _TRY_AGAIN,
            "Next": following,
        }

    def _invoke(self, task: str, state: dict[str, str] | None) -> dict[str, Any]:
        payload: dict[str, Any] = {"task": task, "execution.$": "$$.Execution.Name"}
        return {
            "FunctionName": self.names.function,
            "Payload": payload | ({"state": state} if state else {"state.$": "$"}),
        }


def _choice(variable: str, condition: dict[str, Any], following: str, *, otherwise: str) -> dict[str, Any]:
    return {
        "Type": "Choice",
        "Choices": [{"Variable": variable, **condition, "Next": following}],
        "Default": otherwise,
    }
