"""The queues that operators send to: what failed goes to its queue again, and reviews to theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsRetries:
    """Sends to the queue of uploads, or to that of URLs.

    Attributes:
        sqs: The client.
        queue_url: The queue of uploads.
        url_queue_url: The URL queue; None if the stack fetches none.
    """

    sqs: SQSClient
    queue_url: str
    url_queue_url: str | None

    def send(self, body: str, *, url: bool) -> bool:
        """SEND; False, and nothing is sent, if there is no such queue."""
        queue_url = self.url_queue_url if url else self.queue_url
        if queue_url is None:
            return False
        self.sqs.send_message(QueueUrl=queue_url, MessageBody=body)
        return True


@dataclass(frozen=True, slots=True)
class SqsReviews:
    """Sends to the review queue.

    Attributes:
        sqs: The client.
        queue_url: The review queue; None where no recipe has a gate.
    """

    sqs: SQSClient
    queue_url: str | None

    def send(self, body: str) -> bool:
        """SEND; False, and nothing is sent, if there is no such queue."""
        if self.queue_url is None:
            return False
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
        return True
