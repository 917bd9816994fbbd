"""The URL queue on SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.aws.hints import waiting_in
from lightpress.ingest.orders import body_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_sqs import SQSClient

    from lightpress.ingest.orders import Order

BATCH = 10
"""Messages that SQS takes at once."""


@dataclass(frozen=True, slots=True)
class SqsOrders:
    """Sends orders, ten to a request."""

    sqs: SQSClient
    queue_url: str

    def send(self, orders: Sequence[Order]) -> list[int]:
        """SEND BATCH, as often as it takes; returns which of them, by their places, SQS did not take."""
        refused = []
        for start in range(0, len(orders), BATCH):
            answer = self.sqs.send_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": body_of(order)}
                    for number, order in enumerate(orders[start : start + BATCH])
                ],
            )
            refused += [start + int(entry["Id"]) for entry in answer.get("Failed", [])]
        return refused

    def waiting(self) -> int:
        """GetQueueAttributes: how many orders wait or are worked on, about."""
        return waiting_in(self.sqs, self.queue_url)
