"""Dead-letter queues that nobody but the command line takes messages from: counting them, and sending them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

_AT_ONCE = 10  # SQS's most
_HIDDEN_SECONDS = 60
_COUNTED: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def queue_of(sqs: SQSClient, url: str) -> str:
    """The URL at which this machine reaches a queue, which differs on the local cloud."""
    return sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]


def count(sqs: SQSClient, queue_url: str) -> int:
    """How many messages a queue has, hidden and delayed ones too."""
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTED)
    return sum(int(answer["Attributes"][name]) for name in _COUNTED)


def move(sqs: SQSClient, source: str, target: str, progressed: Callable[[int], None]) -> int:
    """Send what is in a queue to another, word for word, each once; returns how many.

    What comes back meanwhile is not sent twice: there are as many as there were in the beginning.
    """
    moved, most = 0, count(sqs, source)
    while moved < most:
        received = sqs.receive_message(
            QueueUrl=source, MaxNumberOfMessages=_AT_ONCE, WaitTimeSeconds=1, VisibilityTimeout=_HIDDEN_SECONDS
        ).get("Messages", [])
        if not received:
            break
        for message in received:
            sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            progressed(1)
        moved += len(received)
    return moved
