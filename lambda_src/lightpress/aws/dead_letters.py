"""The dead-letter queue on SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_LONGEST_ATTRIBUTE = 1_000


@dataclass(frozen=True, slots=True)
class SqsDeadLetters:
    """Sends messages that no retry can help, unchanged, with the reason as attributes."""

    sqs: SQSClient
    queue_url: str

    def send(self, body: str, *, message_id: str, reason: str, detail: str) -> None:
        """SEND. The body stays as it was, so that a redrive works."""
        attributes = {"reason": reason, "detail": _printable(detail), "message_id": message_id}
        self.sqs.send_message(
            QueueUrl=self.queue_url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )


def _printable(text: str) -> str:
    """SQS refuses control characters in attributes."""
    return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST_ATTRIBUTE]
