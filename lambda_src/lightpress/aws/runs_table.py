"""The rows of backfills in DynamoDB: what a run may still spend is taken from its row under a condition.

DynamoDB's conditions know no arithmetic, so a row holds what is left, and not what was spent and the most: then "enough
is left" is a comparison, and workers at the same time cannot exceed a cap together.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.backfill.ports import Refused
from lightpress.backfill.run import Run, job_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

RUN, EXPIRY = "run", "expires_at"

_KEPT_SECONDS = 90 * 24 * 60 * 60
_TRIES = 20
# A rate that was not used up is not caught up with, beyond this.
_LATEST_PACE_MS = 1_000
_TAKE = (
    "SET #objects_left = #objects_left - :objects, #nanos_left = #nanos_left - :nanos, #paced_ms = #paced_ms + :pace "
    "ADD #sent :objects, #spent :nanos"
)
_MAY_TAKE = (
    "attribute_not_exists(#stopped) AND #objects_left >= :objects AND #nanos_left >= :nanos AND #paced_ms >= :latest"
)
_MAY_EXHAUST = (
    "attribute_not_exists(#stopped) AND #round = :round AND #attempts = :attempts AND #objects_left <= :objects AND "
    "#nanos_left <= :nanos"
)
_NUMBERS = ("round", "number", "sent", "spent", "objects_left", "nanos_left", "most_waiting", "attempts")
_TEXTS = ("stopped", "ended", "execution", "deployed")
_NAME = re.compile(r"#\w+")
"""A placeholder of a name in an expression: several names of attributes are words of DynamoDB's own."""

COUNTS = ("sent", "spent")
"""What a run has used of its limits."""
PROGRESS = ("number", *COUNTS)
"""The same, and the pass that it is in."""


@dataclass(frozen=True, slots=True)
class DynamoRuns:
    """A row for each run.

    botocore repeats a request that got no answer, and may so take twice: too much, never too little.
    """

    dynamodb: DynamoDBClient
    table: str

    def find(self, name: str) -> Run | None:
        """GetItem, strongly consistent: a stop is seen by the next step of every child."""
        item = self.dynamodb.get_item(TableName=self.table, Key=_key(name), ConsistentRead=True).get("Item")
        return _run_of(item) if item else None

    def all(self) -> Iterator[Run]:
        """Scan: every run that has not expired; for operators."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table):
            yield from map(_run_of, page["Items"])

    def begin(self, run: Run) -> Run:
        """UpdateItem, unless there is a row."""
        values = _values_of(run)
        try:
            self._update(
                run.name,
                "SET " + ", ".join(f"#{name} = :{name}" for name in values),
                {f":{name}": value for name, value in values.items()},
                "attribute_not_exists(#run)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return self.find(run.name) or run
        return run

    def spend(self, run: Run, objects: int, nanos: int, now: float) -> Run:
        """UpdateItem with a condition. See `Runs.spend`."""
        now_ms = int(now * 1000)
        values = {
            ":objects": objects,
            ":nanos": nanos,
            ":pace": round(1000 * objects / run.rate),
            ":latest": now_ms - _LATEST_PACE_MS,
        }
        for _ in range(_TRIES):
            try:
                return _run_of(self._update(run.name, _TAKE, _numbers(values), _MAY_TAKE))
            except self.dynamodb.exceptions.ConditionalCheckFailedException:
                now_as_it_is = self.find(run.name)
            if now_as_it_is is None:
                break
            if now_as_it_is.stopped or now_as_it_is.objects_left < objects or now_as_it_is.nanos_left < nanos:
                raise Refused(now_as_it_is)
            self._set_pace(run.name, values[":latest"])
        raise RuntimeError(
            f"The row of the run {run.name} changed under {_TRIES} attempts to take from it, or is gone."
        )

    def stop(self, name: str, why: str) -> None:
        """UpdateItem, unless another reason is there."""
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self._update(name, "SET #stopped = :why", {":why": {"S": why}}, "attribute_not_exists(#stopped)")

    def exhaust(self, run: Run) -> None:
        """UpdateItem on the condition that the row is at this round and attempt, and that no more is left by now."""
        values = {
            ":round": run.round,
            ":attempts": run.attempts,
            ":objects": run.objects_left,
            ":nanos": run.nanos_left,
        }
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self._update(
                run.name,
                "SET #stopped = :why",
                {":why": {"S": run.exhausted}, **_numbers(values)},
                _MAY_EXHAUST,
            )

    def advance(self, run: Run, number: int, ended: str = "") -> None:
        """UpdateItem on the condition that the row is at this round and attempt, and at no later pass."""
        values = _numbers({":number": number, ":round": run.round, ":attempts": run.attempts})
        if ended:
            values[":ended"] = {"S": ended}
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self._update(
                run.name,
                "SET #number = :number" + ", #ended = :ended" * bool(ended),
                values,
                "#round = :round AND #attempts = :attempts AND #number <= :number",
            )

    def resume(self, run: Run, *, keep: Sequence[str]) -> Run | None:
        """Write the row of the next attempt; None if another operator has begun one since `run` was read.

        UpdateItem on the condition that the row is at the attempt before. Functions of that one may be at work still:
        what they have taken since is left in the row, and counts against the limits.

        Args:
            run: As it is to stand.
            keep: What stays as it is in the row by now: `PROGRESS` of a round that goes on, `COUNTS` of one that begins
                within the same limits, nothing of one that begins with limits of its own.
        """
        values = _values_of(run)
        changes = {name: f":{name}" for name in values}
        if keep:
            values["objects_left"] = {"N": str(run.objects_left + run.sent)}
            values["nanos_left"] = {"N": str(run.nanos_left + run.spent)}
            changes |= {"objects_left": ":objects_left - #sent", "nanos_left": ":nanos_left - #spent"}
            for name in keep:
                del values[name], changes[name]
        gone = [name for name in _TEXTS if name not in values]
        removed = " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        try:
            answer = self._update(
                run.name,
                "SET " + ", ".join(f"#{name} = {change}" for name, change in changes.items()) + removed,
                {f":{name}": value for name, value in values.items()} | _numbers({":before": run.attempts - 1}),
                "attribute_not_exists(#run) OR #attempts = :before",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return None
        return _run_of(answer)

    def change(
        self,
        name: str,
        *,
        rate: float | None = None,
        most_waiting: int | None = None,
        objects: int | None = None,
        nanos: int | None = None,
    ) -> None:
        """UpdateItem: another rate, depth of the queue or limit, from the next step of each child on. None: as it is.

        objects, nanos: Hints and billionths of a dollar in all; what is sent and spent when they are written is taken
        off by DynamoDB, for children go on meanwhile.
        """
        changes = {
            "#rate = :rate": rate,
            "#most_waiting = :most_waiting": most_waiting,
            "#objects_left = :objects - #sent": objects,
            "#nanos_left = :nanos - #spent": nanos,
        }
        wanted = {change: value for change, value in changes.items() if value is not None}
        if wanted:
            self._update(
                name,
                "SET " + ", ".join(wanted),
                {change.split()[2]: {"N": str(value)} for change, value in wanted.items()},
                "attribute_exists(#run)",
            )

    def _set_pace(self, name: str, latest_ms: int) -> None:
        """Nobody has sent for a while: what was not used of the rate is forfeit."""
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self._update(name, "SET #paced_ms = :latest", _numbers({":latest": latest_ms}), "#paced_ms < :latest")

    def _update(
        self, name: str, expression: str, values: Mapping[str, Any], condition: str | None = None
    ) -> Mapping[str, Any]:
        extra: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        names = {word: word.removeprefix("#") for word in _NAME.findall(f"{expression} {condition or ''}")}
        answer = self.dynamodb.update_item(
            TableName=self.table,
            Key=_key(name),
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=dict(values),
            ReturnValues="ALL_NEW",
            **extra,
        )
        return answer.get("Attributes", {})


def _key(name: str) -> dict[str, Any]:
    return {RUN: {"S": name}}


def _numbers(values: Mapping[str, int]) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in values.items()}


def _values_of(run: Run) -> dict[str, Any]:
    """The attributes of a row but its key; texts that are empty are left out."""
    texts = {name: {"S": text} for name in _TEXTS if (text := getattr(run, name))}
    return {
        **{name: {"N": str(getattr(run, name))} for name in _NUMBERS},
        **texts,
        "job": {"S": run.job.to_json()},
        "rate": {"N": str(run.rate)},
        "paced_ms": {"N": str(int(run.paced * 1000))},
        EXPIRY: {"N": str(int(run.paced) + _KEPT_SECONDS)},
    }


def _run_of(item: Mapping[str, Any]) -> Run:
    numbers: dict[str, Any] = {name: int(item[name]["N"]) for name in _NUMBERS}
    return Run(
        name=item[RUN]["S"],
        job=job_from_json(item["job"]["S"]),
        rate=float(item["rate"]["N"]),
        paced=int(item["paced_ms"]["N"]) / 1000,
        stopped=item["stopped"]["S"] if "stopped" in item else None,
        ended=item["ended"]["S"] if "ended" in item else None,
        execution=item["execution"]["S"] if "execution" in item else "",
        deployed=item["deployed"]["S"] if "deployed" in item else "",
        **numbers,
    )
