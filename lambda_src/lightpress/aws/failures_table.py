"""The failures table on DynamoDB.

A row begins with its first trial, and is a failure from when it has a reason. Nothing is read before it is written:
each write is one request that may come twice.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.image.errors import REJECTIONS
from lightpress.pipeline.failures import Failure, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import UpdateItemOutputTypeDef

    from lightpress.pipeline.failures import Trial

SUBJECT, IDENTITY, EXPIRY = "subject", "identity", "expires_at"
_TEXTS = ("reason", "detail", "bucket", "key", "digest", "quarantine", "url", "correlation_id")
_NUMBERS = ("attempts", "last_at", EXPIRY)
_ROWS_OF_A_PAGE = 200
_REQUESTS, _REVISIONS, _ORDERED_AGAIN = "request_ids", "revisions", "ordered_again"


@dataclass(frozen=True, slots=True)
class DynamoFailures:
    """The failures table: a row for each subject and identity.

    Attributes:
        dynamodb: The client.
        table: The table's name.
        now: The time, in seconds since 1970.
        retention_seconds: How long a row is kept that has trials and no failure yet.
    """

    dynamodb: DynamoDBClient
    table: str
    now: Callable[[], int]
    retention_seconds: int

    def begin_trial(self, trial: Trial) -> int:
        """UpdateItem: add 1 to the trials that have begun and not ended; returns their number, this one included."""
        counter = _counter(trial)
        answer = self.dynamodb.update_item(
            TableName=self.table,
            Key=_key(trial.subject, trial.identity),
            UpdateExpression="ADD #trials :one SET #expiry = if_not_exists(#expiry, :expiry)",
            ExpressionAttributeNames={"#trials": counter, "#expiry": EXPIRY},
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":expiry": {"N": str(self.now() + self.retention_seconds)},
            },
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"][counter]["N"])

    def end_trial(self, trial: Trial) -> None:
        """UpdateItem: subtract 1 from the trials that have begun and not ended."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key=_key(trial.subject, trial.identity),
            UpdateExpression="ADD #trials :less",
            ExpressionAttributeNames={"#trials": _counter(trial)},
            ExpressionAttributeValues={":less": {"N": "-1"}},
        )

    def record(self, failure: Failure, revision: int | None = None) -> str | None:
        """UPDATE: set what is known now; of the first sight the older stays, request ids and revisions are collected.

        An order that was taken since the failure before is answered by this one.

        revision: Of the manifest that will tell of it; None where none will.

        Returns the copy in quarantine that the row named before, where it names another now. Where the client library
        has sent the request twice, that one is not known: it expires.
        """
        texts = {name: {"S": value} for name in _TEXTS if (value := getattr(failure, name)) is not None}
        numbers = {name: {"N": str(getattr(failure, name))} for name in _NUMBERS}
        values: dict[str, Any] = texts | numbers
        changes = [f"#{name} = :{name}" for name in values]
        names = {f"#{name}": name for name in (*values, "first_at", _ORDERED_AGAIN)}
        expression = f"SET {', '.join(changes)}, #first_at = if_not_exists(#first_at, :first_at)"
        expression += f" REMOVE #{_ORDERED_AGAIN}"
        arguments = {f":{name}": value for name, value in values.items()} | {":first_at": {"N": str(failure.first_at)}}
        sets = {_REQUESTS: sorted(set(failure.request_ids)), _REVISIONS: [] if revision is None else [str(revision)]}
        if added := {name: values for name, values in sets.items() if values}:
            expression += " ADD " + ", ".join(f"#{name} :{name}" for name in added)
            names |= {f"#{name}": name for name in added}
            arguments |= {f":{name}": {"SS": values} for name, values in added.items()}
        answer = self.dynamodb.update_item(
            TableName=self.table,
            Key=_key(failure.subject, failure.identity),
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=arguments,
            ReturnValues="ALL_OLD",
        )
        before = _copy_of(answer)
        return before if failure.quarantine not in {None, before} else None

    def order_again(self, subject: str, identity: str, *, ordered: bool) -> None:
        """UpdateItem: mark a failure as one whose URL was ordered since, or not; nothing where there is no failure."""
        names = {"#reason": "reason", "#ordered": _ORDERED_AGAIN}
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(subject, identity),
                UpdateExpression="SET #ordered = :ordered",
                ConditionExpression="attribute_exists(#reason)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":ordered": {"BOOL": ordered}},
            )

    def rejection(self, subject: str, identity: str) -> frozenset[int] | None:
        """GetItem: the revisions of manifests that a rejection was recorded for; None if none is recorded now."""
        answer = self.dynamodb.get_item(TableName=self.table, Key=_key(subject, identity), ConsistentRead=True)
        item = answer.get("Item", {})
        if item.get("reason", {}).get("S") not in REJECTIONS:
            return None
        return frozenset(map(int, item.get(_REVISIONS, {}).get("SS", ())))

    def lift_rejection(self, subject: str, identity: str, revisions: frozenset[int]) -> str | None:
        """UpdateItem: remove what makes a failure of the row, if the revisions are those; its trials stay, and expire.

        Releases that kept no revisions wrote rows without. Returns the copy in quarantine that the row named.
        """
        names = {f"#{name}": name for name in ("reason", "detail", "quarantine", _REVISIONS)}
        unchanged = f"#{_REVISIONS} = :{_REVISIONS}" if revisions else f"attribute_not_exists(#{_REVISIONS})"
        values: dict[str, Any] = {":none": {"S": ""}}
        if revisions:
            values[f":{_REVISIONS}"] = {"SS": sorted(map(str, revisions))}
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):
            answer = self.dynamodb.update_item(
                TableName=self.table,
                Key=_key(subject, identity),
                UpdateExpression=f"REMOVE {', '.join(names)}",
                ConditionExpression=f"#reason > :none AND {unchanged}",  # nothing is smaller than a reason that is none
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_OLD",
            )
            return _copy_of(answer)
        return None

    def all(self) -> Iterator[Failure]:
        """SCAN: every failure; for operators."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table):
            for item in page["Items"]:
                if "reason" in item:
                    yield _failure(item)

    def page(self, segment: int, segments: int, after: str) -> tuple[list[Failure], str]:
        """SCAN: some failures of a segment after a place, and the place after them; "" where these are the last."""
        begin: dict[str, Any] = {"ExclusiveStartKey": _key(*json.loads(after))} if after else {}
        found = self.dynamodb.scan(
            TableName=self.table, Segment=segment, TotalSegments=segments, Limit=_ROWS_OF_A_PAGE, **begin
        )
        last = found.get("LastEvaluatedKey")
        place = json.dumps([last[SUBJECT]["S"], last[IDENTITY]["S"]]) if last else ""
        return [_failure(item) for item in found["Items"] if "reason" in item], place

    def of(self, subject: str) -> list[Failure]:
        """QUERY: the failures of one subject, the last one last."""
        found = [_failure(item) for item in self._rows_of(subject) if "reason" in item]
        return sorted(found, key=lambda failure: failure.last_at)

    def subjects(self) -> Iterator[str]:
        """SCAN: the subject of every row, once for each of its rows, whether it is a failure already or not."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ProjectionExpression=SUBJECT):
            for item in page["Items"]:
                yield item[SUBJECT]["S"]

    def erase(self, subject: str) -> int:
        """QUERY and DELETE: every row of a subject, trials as well as failures; returns how many."""
        keys = [_key(subject, item[IDENTITY]["S"]) for item in self._rows_of(subject)]
        for key in keys:
            self.dynamodb.delete_item(TableName=self.table, Key=key)
        return len(keys)

    def forget(self, failure: Failure) -> bool:
        """DELETE; returns False, and deletes nothing, if it was recorded anew since it was read.

        Then the row names another copy: within one second, that alone tells it.
        """
        unchanged, values = "#last_at = :last_at", {":last_at": {"N": str(failure.last_at)}}
        if failure.quarantine is None:
            unchanged += " AND attribute_not_exists(#quarantine)"
        else:
            unchanged += " AND #quarantine = :quarantine"
            values[":quarantine"] = {"S": failure.quarantine}
        try:
            self.dynamodb.delete_item(
                TableName=self.table,
                Key=_key(failure.subject, failure.identity),
                ConditionExpression=f"attribute_not_exists(#last_at) OR {unchanged}",
                ExpressionAttributeNames={"#last_at": "last_at", "#quarantine": "quarantine"},
                ExpressionAttributeValues=values,
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _rows_of(self, subject: str) -> Iterator[Mapping[str, Any]]:
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#subject = :subject",
            ExpressionAttributeNames={"#subject": SUBJECT},
            ExpressionAttributeValues={":subject": {"S": subject}},
            ConsistentRead=True,
        )
        return (item for page in pages for item in page["Items"])


def _failure(item: Mapping[str, Any]) -> Failure:
    """The row as it was recorded: of DynamoDB's one-word wrappers (`{"S": "text"}`), the contents."""
    plain = {name: next(iter(value.values())) for name, value in item.items()}
    return Failure(
        subject=plain[SUBJECT],
        identity=plain[IDENTITY],
        reason=plain["reason"],
        detail=plain["detail"],
        attempts=int(plain["attempts"]),
        first_at=int(plain["first_at"]),
        last_at=int(plain["last_at"]),
        expires_at=int(plain[EXPIRY]),
        bucket=plain.get("bucket"),
        key=plain.get("key"),
        digest=plain.get("digest"),
        request_ids=tuple(sorted(plain.get("request_ids", ()))),
        quarantine=plain.get("quarantine"),
        url=plain.get("url"),
        correlation_id=plain.get("correlation_id"),
        ordered_again=plain.get(_ORDERED_AGAIN, False),
    )


def _copy_of(answer: UpdateItemOutputTypeDef) -> str | None:
    """The copy in quarantine that a row named before it was updated."""
    return answer.get("Attributes", {}).get("quarantine", {}).get("S")


def _key(subject: str, identity: str) -> dict[str, Any]:
    return {SUBJECT: {"S": subject}, IDENTITY: {"S": identity}}


def _counter(trial: Trial) -> str:
    """The attribute that counts a letter's trials; they go with the row."""
    return f"trials_{fingerprint(f'{trial.digest} {trial.message_id}')}"
