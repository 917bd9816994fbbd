"""A deployment as commands and programs find it: in a stack of its own, or as a construct in somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from lightpress.client.deployment import NotDeployedError, deployed_of, deployment_in_account

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    *("UploadsBucketName", "ImagesBucketName", "QuarantineBucketName", "FailuresTableName"),
    *("QueueUrl", "CdnBaseUrl", "RunsTableName"),
)


def answer(params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
    """CloudFormation with one stack, `Shop`, in which are two constructs: outputs begin with the id of each."""
    name = params["body"]["StackName"]
    if name != "Shop":
        error = {"Code": "ValidationError", "Message": f"Stack with id {name} does not exist"}
        return AWSResponse("https://cloudformation", 400, HTTPHeaders(), None), {"Error": error}
    outputs = [
        {"OutputKey": f"{id_}{name}", "OutputValue": f"{id_}/{name}"} for id_ in ("Images", "Avatars") for name in NAMES
    ]
    created = datetime(2026, 11, 29, 20, tzinfo=UTC)
    stack = {"StackStatus": "CREATE_COMPLETE", "Outputs": outputs, "CreationTime": created}
    return AWSResponse("https://cloudformation", 200, HTTPHeaders(), None), {"Stacks": [stack]}


@pytest.fixture(autouse=True)
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.DEFAULT_SESSION = boto3.Session()
    answering: Any = answer
    boto3.DEFAULT_SESSION.events.register("before-call.cloudformation.DescribeStacks", answering)
    yield
    boto3.DEFAULT_SESSION = None


def test_a_construct_is_found_by_its_stack_and_its_id() -> None:
    for id_ in ("Images", "Avatars"):
        found = deployment_in_account(f"Shop/{id_}")
        assert found.uploads_bucket == f"{id_}/UploadsBucketName"
        assert (found.queue_url, found.runs_table) == (f"{id_}/QueueUrl", f"{id_}/RunsTableName")
        assert found.deployed == "2026-11-29T20:00:00+00:00 CREATE_COMPLETE"


def test_an_update_of_a_stack_is_told_from_its_creation_and_its_end_from_its_beginning() -> None:
    created, updated = (datetime(2026, 11, day, tzinfo=UTC) for day in (28, 29))
    marks = [
        deployed_of({"StackName": "Shop", "CreationTime": created, "StackStatus": "CREATE_COMPLETE"}),
        *(
            deployed_of(
                {"StackName": "Shop", "CreationTime": created, "LastUpdatedTime": updated, "StackStatus": status}
            )
            for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
        ),
    ]
    assert len({*marks}) == 3


def test_a_construct_that_is_not_there_is_named() -> None:
    with pytest.raises(NotDeployedError, match=r"The stack Shop \(CREATE_COMPLETE\) has no construct Pictures"):
        deployment_in_account("Shop/Pictures")
    with pytest.raises(NotDeployedError, match=r"There is no stack Store .* deploy it: cdk deploy"):
        deployment_in_account("Store/Images")
    with pytest.raises(
        NotDeployedError,
        match=r"There is no stack Lightpress-prod .* npx aws-cdk@2 deploy -c env=prod, in a clone make",
    ):
        deployment_in_account("prod")
