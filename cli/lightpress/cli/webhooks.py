"""`lightpress webhooks`: what receivers of events did not take, and sending it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

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
class Receiver:
    """A receiver of events, and how many it has not taken.

    Attributes:
        url: Its URL.
        waiting: Events that are on their way, those between two attempts too.
        dead_letters: Events that are not tried any more.
    """

    url: str
    waiting: int
    dead_letters: int

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return {"url": self.url, "waiting": self.waiting, "dead_letters": self.dead_letters}


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of a deployment."""

    deployment: Deployment

    def receivers(self) -> list[Receiver]:
        """Every receiver."""
        sqs = self.deployment.sqs()
        return [
            Receiver(url, _count(sqs, _queue(sqs, queue)), _count(sqs, _queue(sqs, dead_letters)))
            for url, queue, dead_letters in self._rows()
        ]

    def replay(self, url: str | None, progressed: Callable[[int], None]) -> int:
        """Send dead letters to their queues again, of one receiver or of all; returns how many.

        What comes back meanwhile is not sent twice: there are as many as there were in the beginning. An event of which
        nobody knows any more whether it was sent may be sent once more; its id is the same.
        """
        sqs = self.deployment.sqs()
        chosen = [row for row in self._rows() if url in {None, row[0]}]
        return sum(
            _move(sqs, _queue(sqs, dead_letters), _queue(sqs, queue), progressed) for _, queue, dead_letters in chosen
        )

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = json.loads(self.deployment.webhooks or "[]")
        return [(row["url"], row["queue_url"], row["dead_letters_url"]) for row in rows]


def _queue(sqs: SQSClient, url: str) -> str:
    """The URL at which this machine reaches a queue, which differs on the local cloud."""
    return sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]


def _count(sqs: SQSClient, queue_url: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTED)
    return sum(int(answer["Attributes"][name]) for name in _COUNTED)


def _move(sqs: SQSClient, source: str, target: str, progressed: Callable[[int], None]) -> int:
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
