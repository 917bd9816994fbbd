"""Rules receive what becomes of pictures: the documented queue, on the local cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_pipeline import eventually
from tests.pages import blocks
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.local import Outputs
    from tests.e2e.conftest import Fetch

    Heard = Callable[[str, str], dict[str, Any]]

STACK, KEY = "image-events", "events/hill.jpg"


@pytest.fixture
def heard(cloud: Outputs, cloudformation: CloudFormationClient, sqs: SQSClient) -> Heard:
    """Waits for an event of a kind about a key, and gives its detail."""
    assert cloud
    (template,) = blocks("events.md", "yaml")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=template,
        Parameters=[{"ParameterKey": "Deployment", "ParameterValue": "lightpress-local"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    (output,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    events: list[dict[str, Any]] = []

    def hear(kind: str, key: str) -> dict[str, Any] | None:
        received = sqs.receive_message(QueueUrl=output["OutputValue"], MaxNumberOfMessages=10).get("Messages", [])
        events.extend(json.loads(message["Body"]) for message in received)
        found = [one for one in events if (one["detail-type"], one["detail"]["key"]) == (kind, key)]
        return found[-1] if found else None

    def wait(kind: str, key: str) -> dict[str, Any]:
        event: dict[str, Any] = eventually(lambda: hear(kind, key))
        assert event["source"] == "lightpress"
        detail: dict[str, Any] = event["detail"]
        return detail

    return wait


def test_a_picture_that_is_ready_then_broken_then_deleted_causes_three_events(
    cloud: Outputs, s3: S3Client, heard: Heard, fetch: Fetch
) -> None:
    good = file_of(ramp((300, 200)), "JPEG")
    s3.put_object(Bucket=cloud.uploads_bucket, Key=KEY, Body=good)
    ready = heard("ImageReady", KEY)
    assert (ready["deployment"], ready["width"], ready["height"]) == ("lightpress-local", 300, 200)
    for address in (ready["permalink"], *(variant["url"] for variant in ready["variants"])):
        answer = fetch(address.removeprefix(cloud.cdn_base_url))
        assert answer.status in {200, 302}, address

    s3.put_object(Bucket=cloud.uploads_bucket, Key=KEY, Body=good[:200])
    failed = heard("ImageFailed", KEY)
    assert (failed["reason"], failed["title"]) == ("corrupt", "The picture is damaged or cut short.")

    s3.delete_object(Bucket=cloud.uploads_bucket, Key=KEY)
    removed = heard("ImageRemoved", KEY)
    revisions = [event["revision"] for event in (ready, failed, removed)]
    assert revisions == sorted(set(revisions))
    assert len({event["id"] for event in (ready, failed, removed)}) == 3
