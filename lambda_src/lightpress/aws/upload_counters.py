"""What each owner has begun to upload in a day, in DynamoDB: a row for each, which expires after the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.uploads.quota import Usage

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import UniversalAttributeValueTypeDef

OWNER_DAY, EXPIRY = "owner_day", "expires_at"
_FILES, _BYTES = "files", "bytes"
_NAMES = {"#files": _FILES, "#bytes": _BYTES, "#expiry": EXPIRY}
_ADD = "ADD #files :files, #bytes :bytes SET #expiry = :end"
_UNLIMITED = 10**15


@dataclass(frozen=True, slots=True)
class DynamoUploadCounters:
    """Adds to a row on the condition that the sum is within the limits: requests at the same time cannot exceed them.

    botocore repeats a request that got no answer, and may so count it twice: too much, never too little.
    """

    dynamodb: DynamoDBClient
    table: str

    def reserve(self, owner_day: str, more: Usage, limits: Usage, until: int) -> Usage | None:
        """UpdateItem with a condition: two requests at once cannot exceed the limits together. See `UploadCounters`."""
        files, size = (limits.files or _UNLIMITED) - more.files, (limits.bytes or _UNLIMITED) - more.bytes
        if files < 0 or size < 0:
            return None
        values = _values(more, until) | {":most_files": {"N": str(files)}, ":most_bytes": {"N": str(size)}}
        try:
            answer = self.dynamodb.update_item(
                TableName=self.table,
                Key={OWNER_DAY: {"S": owner_day}},
                UpdateExpression=_ADD,
                ConditionExpression="attribute_not_exists(#files) OR (#files <= :most_files AND #bytes <= :most_bytes)",
                ExpressionAttributeNames=_NAMES,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return None
        return Usage(int(answer["Attributes"][_FILES]["N"]), int(answer["Attributes"][_BYTES]["N"]))

    def add(self, owner_day: str, more: Usage, until: int) -> None:
        """UpdateItem without a condition. See `UploadCounters`."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key={OWNER_DAY: {"S": owner_day}},
            UpdateExpression=_ADD,
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues=_values(more, until),
        )


def _values(more: Usage, until: int) -> dict[str, UniversalAttributeValueTypeDef]:
    return {":files": {"N": str(more.files)}, ":bytes": {"N": str(more.bytes)}, ":end": {"N": str(until)}}
