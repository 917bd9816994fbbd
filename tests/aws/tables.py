"""Tables of DynamoDB, as the stack makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def make_table(dynamodb: DynamoDBClient, name: str, *key: str) -> None:
    """Create a table. key: the attribute by which its rows are found, or two; both are texts."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": attribute, "KeyType": "RANGE" if number else "HASH"}
            for number, attribute in enumerate(key)
        ],
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in key],
    )
