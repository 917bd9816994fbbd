"""Hints to look at a key: one to the queue of uploads, or many to that of the backfill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.pipeline.events import reconcile_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

    from lightpress.pipeline.source import Source

_AT_ONCE = 10
_COUNTED: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class SqsLooks:
    """Has single keys looked at, through the queue of uploads."""

    sqs: SQSClient
    queue_url: str

    def request_look(self, source: Source) -> None:
        """SEND."""
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=reconcile_message(source))


@dataclass(frozen=True, slots=True)
class SqsHints:
    """Sends hints to a queue, ten in a request.

    Attributes:
        sqs: The client.
        queue_url: Of the queue.
        dead_letters_url: Of the queue of those who record failures; "" for who only sends.
    """

    sqs: SQSClient
    queue_url: str
    dead_letters_url: str = ""

    def send(self, sources: Sequence[Source], *, late: bool = False, retry: bool = False) -> int:
        """SendMessageBatch; returns how many SQS refused."""
        refused = 0
        for start in range(0, len(sources), _AT_ONCE):
            answer = self.sqs.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": reconcile_message(source, late=late, retry=retry)}
                    for number, source in enumerate(sources[start : start + _AT_ONCE])
                ],
            )
            refused += len(answer.get("Failed", []))
        return refused

    def waiting(self) -> int:
        """GetQueueAttributes."""
        return waiting_in(self.sqs, self.queue_url)

    def unsettled(self) -> int:
        """GetQueueAttributes of both queues. Rejections of uploads that came meanwhile are among them."""
        return self.waiting() or waiting_in(self.sqs, self.dead_letters_url)


def waiting_in(sqs: SQSClient, queue_url: str) -> int:
    """How many messages wait in a queue, are worked on, or come back after a pause; SQS counts up to a minute late."""
    found = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(_COUNTED))
    return sum(int(found["Attributes"][name]) for name in _COUNTED)
