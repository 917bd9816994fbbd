"""Events on a bus: rules receive them, and one that is not accepted is an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import ANY, Stubber

from lightpress.aws.notifications import EventBridgeNotifications, NotificationError
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient
    from types_boto3_sqs import SQSClient

REGION = "eu-west-1"
SOURCE, GONE = Source("uploads", "a.jpg"), Manifest("a.jpg", Status.DELETED, 2)


@pytest.fixture
def events() -> EventBridgeClient:
    return boto3.client("events", region_name=REGION)


def announcements(events: EventBridgeClient, bus: str = "default") -> EventBridgeNotifications:
    return EventBridgeNotifications(lambda: events, bus, "lightpress-dev", "https://cdn.test")


def test_a_rule_receives_the_event_of_what_became_of_a_picture(events: EventBridgeClient, sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="news", EventPattern=json.dumps({"source": ["lightpress"], "detail-type": ["ImageRemoved"]}))
    events.put_targets(Rule="news", Targets=[{"Id": "queue", "Arn": arn}])
    announcements(events).tell(SOURCE, GONE)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    heard = json.loads(message["Body"])
    assert (heard["source"], heard["detail-type"]) == ("lightpress", "ImageRemoved")
    assert (heard["detail"]["key"], heard["detail"]["revision"]) == ("a.jpg", 2)


def test_an_event_that_is_not_taken_is_an_error_though_the_answer_is_a_success(events: EventBridgeClient) -> None:
    with Stubber(events) as stubber:
        stubber.add_response(
            "put_events",
            {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "Try again."}]},
            {"Entries": ANY},
        )
        with pytest.raises(NotificationError, match="InternalFailure: Try again"):
            announcements(events).tell(SOURCE, GONE)


def test_no_client_is_made_before_there_is_something_to_tell() -> None:
    def never() -> EventBridgeClient:
        raise AssertionError

    assert EventBridgeNotifications(never, "default", "lightpress-dev", "https://cdn.test")
