"""Before functions are changed, they are done with what a deploy has sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from lightpress.local.idle import wait_until_idle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_sqs import SQSClient


@pytest.fixture
def sqs() -> Iterator[SQSClient]:
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-west-1")


def test_a_message_that_waits_and_one_that_is_worked_on_are_waited_for_in_every_queue(sqs: SQSClient) -> None:
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("idle", "busy")]
    assert wait_until_idle(sqs, patience_seconds=0)
    sqs.send_message(QueueUrl=urls[1], MessageBody="s3:TestEvent")
    assert not wait_until_idle(sqs, patience_seconds=0)
    (message,) = sqs.receive_message(QueueUrl=urls[1])["Messages"]
    assert not wait_until_idle(sqs, patience_seconds=0)
    with ThreadPoolExecutor(1) as background:
        waiting = background.submit(wait_until_idle, sqs)
        sqs.delete_message(QueueUrl=urls[1], ReceiptHandle=message["ReceiptHandle"])
        assert waiting.result()


def test_where_there_is_no_queue_there_is_nothing_to_wait_for(sqs: SQSClient) -> None:
    assert wait_until_idle(sqs, patience_seconds=0)
