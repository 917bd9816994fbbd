"""Counters of uploads: a row for each owner and day, which never exceeds the limits and expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from lightpress.aws.upload_counters import EXPIRY, OWNER_DAY, DynamoUploadCounters
from lightpress.uploads.quota import Usage
from tests.aws.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient

TABLE, TODAY, MIDNIGHT = "counters", "alice 2026-11-28", 1_795_910_400
LIMITS = Usage(3, 1_000)


@pytest.fixture
def dynamodb() -> Iterator[DynamoDBClient]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(client, TABLE, OWNER_DAY)
        yield client


def test_a_counter_grows_up_to_its_limits_and_no_further(dynamodb: DynamoDBClient) -> None:
    counters = DynamoUploadCounters(dynamodb, TABLE)
    found = [counters.reserve(TODAY, Usage(1, size), LIMITS, MIDNIGHT) for size in (600, 401, 400, 0, 0)]
    assert found == [Usage(1, 600), None, Usage(2, 1_000), Usage(3, 1_000), None]
    (row,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert row == {
        OWNER_DAY: {"S": TODAY},
        EXPIRY: {"N": str(MIDNIGHT)},
        "files": {"N": "3"},
        "bytes": {"N": "1000"},
    }


def test_more_than_a_whole_day_allows_is_refused_on_the_first_request_too(dynamodb: DynamoDBClient) -> None:
    counters = DynamoUploadCounters(dynamodb, TABLE)
    assert counters.reserve(TODAY, Usage(4, 0), LIMITS, MIDNIGHT) is None
    assert counters.reserve(TODAY, Usage(1, 1_001), LIMITS, MIDNIGHT) is None
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_a_limit_of_zero_is_no_limit(dynamodb: DynamoDBClient) -> None:
    counters = DynamoUploadCounters(dynamodb, TABLE)
    assert counters.reserve(TODAY, Usage(1, 10**12), Usage(1, 0), MIDNIGHT) == Usage(1, 10**12)
    assert counters.reserve(TODAY, Usage(1, 0), Usage(1, 0), MIDNIGHT) is None
    assert counters.reserve("bob", Usage(50_000, 1), Usage(0, 1), MIDNIGHT) == Usage(50_000, 1)


def test_what_is_counted_afterwards_may_exceed_the_limits_and_then_nothing_more_is_reserved(
    dynamodb: DynamoDBClient,
) -> None:
    counters = DynamoUploadCounters(dynamodb, TABLE)
    counters.add(TODAY, Usage(0, 999), MIDNIGHT)
    assert counters.reserve(TODAY, Usage(1, 0), LIMITS, MIDNIGHT) == Usage(1, 999)
    counters.add(TODAY, Usage(0, 5_000), MIDNIGHT)
    assert counters.reserve(TODAY, Usage(1, 0), LIMITS, MIDNIGHT) is None
    (row,) = dynamodb.scan(TableName=TABLE)["Items"]
    assert (row["files"]["N"], row["bytes"]["N"], row[EXPIRY]["N"]) == ("1", "5999", str(MIDNIGHT))
