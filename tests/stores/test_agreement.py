"""The stores of the simulation answer as moto does, and both as AWS: what is proven over one holds over the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from tests.stores.cases import CASES, KEY_SCHEMA, MOTO, SIMULATION, Case, Place
from tests.stores.places import make_place
from tools.fakes.dynamodb import SimulatedDynamoDb, Table
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

REGION = "us-east-1"


@pytest.fixture(scope="module")
def clients() -> tuple[S3Client, DynamoDBClient]:
    return boto3.client("s3", region_name=REGION), boto3.client("dynamodb", region_name=REGION)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_the_simulation_answers_as_aws(case: Case) -> None:
    buckets = {"versioned": Bucket(versioned=True), "plain": Bucket()}
    s3: Any = SimulatedS3(buckets)
    dynamodb: Any = SimulatedDynamoDb({"failures": Table(KEY_SCHEMA)})
    case.check(Place(s3, dynamodb, "versioned", "plain", "failures"), SIMULATION)


@pytest.mark.sampled(24)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_moto_answers_as_aws(case: Case, clients: tuple[S3Client, DynamoDBClient]) -> None:
    with mock_aws():
        case.check(make_place(*clients, name="case"), MOTO)


def test_no_case_makes_an_exception_for_the_simulation() -> None:
    assert not [case.says for case in CASES if SIMULATION in case.differs]


def test_every_exception_has_a_source() -> None:
    sources = [source for case in CASES for _, source in case.differs.values()]
    assert all(source.startswith("https://docs.aws.amazon.com/") for source in sources)
