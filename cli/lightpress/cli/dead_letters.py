"""Dead-letter queues that nobody but the command line takes messages from: counting them, and sending them again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

    from lightpress.client.deployment import Deployment

_AT_ONCE = 10  # SQS's most
_HIDDEN_SECONDS = 60
_COUNTED: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Consumer:
    """Whom messages are for.

    Attributes:
        name: The URL of a receiver of webhooks; or of a function that asks a service, such as "DetectLabels".
        waiting: Messages that are on their way, those between two attempts too.
        dead_letters: Messages that are not tried any more.
    """

    name: str
    waiting: int
    dead_letters: int


@dataclass(frozen=True)
class Consumers:
    """Consumers with a dead-letter queue each.

    Attributes:
        sqs: The client.
        rows: The name of each, the URL of its queue, and that of its dead-letter queue.
    """

    sqs: SQSClient
    rows: Sequence[tuple[str, str, str]]

    def all(self) -> list[Consumer]:
        """Every one, with how many messages are there for it."""
        return [
            Consumer(name, _count(self.sqs, self._local(queue)), _count(self.sqs, self._local(dead_letters)))
            for name, queue, dead_letters in self.rows
        ]

    def send_again(self, name: str | None, progressed: Callable[[int], None]) -> int:
        """Send dead letters to their queues again, of one consumer or of all; returns how many.

        What comes back meanwhile is not sent twice: there are as many as there were in the beginning. An event of which
        nobody knows any more whether a receiver took it may be sent once more; its id is the same. A service is not
        asked about a picture that was overwritten, or that somebody else has answered.
        """
        return sum(
            _move(self.sqs, self._local(dead_letters), self._local(queue), progressed)
            for one, queue, dead_letters in self.rows
            if name in {None, one}
        )

    def _local(self, url: str) -> str:
        """The URL at which this machine reaches a queue, which differs on the local cloud."""
        return self.sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]


def receivers_of(deployment: Deployment) -> Consumers:
    """The receivers of webhooks, by URL."""
    return _consumers(deployment, deployment.webhooks, "url")


def services_of(deployment: Deployment) -> Consumers:
    """The functions that ask services about pictures."""
    return _consumers(deployment, deployment.asked, "name")


def _consumers(deployment: Deployment, output: str | None, named: str) -> Consumers:
    """Those of an output of the stack, which has an object for each."""
    rows = json.loads(output or "[]")
    return Consumers(deployment.sqs(), [(row[named], row["queue_url"], row["dead_letters_url"]) for row in rows])


def _count(sqs: SQSClient, queue_url: str) -> int:
    """How many messages a queue has, hidden and delayed ones too."""
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTED)
    return sum(int(answer["Attributes"][name]) for name in _COUNTED)


def _move(sqs: SQSClient, source: str, target: str, progressed: Callable[[int], None]) -> int:
    """Send what is in a queue to another, word for word, each once; returns how many."""
    moved, most = 0, _count(sqs, source)
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
