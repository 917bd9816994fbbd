"""The queues on SQS: letters to the dead-letter queue, and messages that are held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.image.errors import Reason
from lightpress.pipeline.failures import DeadLetter, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_sqs import SQSClient

_LONGEST_DETAIL = 1_000
_MOST_REQUEST_IDS = 10


@dataclass(frozen=True, slots=True)
class SqsDeadLetters:
    """Sends what no retry can help, word for word, with everything that is known about it as attributes."""

    sqs: SQSClient
    queue_url: str

    def send(self, dead_letter: DeadLetter) -> None:
        """SEND. The body can be read by itself, so that a redrive into the queue works."""
        attributes = {
            "message_id": dead_letter.message_id,
            "reason": dead_letter.reason,
            "detail": dead_letter.detail and _printable(dead_letter.detail),
            "identity": dead_letter.verdict and dead_letter.verdict.identity,
            "digest": dead_letter.verdict and dead_letter.verdict.digest,
            "attempts": str(dead_letter.attempts),
            "first_at": str(dead_letter.first_at),
            "request_ids": " ".join(dead_letter.request_ids[-_MOST_REQUEST_IDS:]),
        }
        self.sqs.send_message(
            QueueUrl=self.queue_url,
            MessageBody=dead_letter.body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        )


@dataclass(frozen=True, slots=True)
class SqsQueue:
    """A queue that a function takes its messages from."""

    sqs: SQSClient
    queue_url: str

    def hold_back(self, receipt: str, seconds: int) -> None:
        """ChangeMessageVisibility: SQS delivers the message again after so many seconds."""
        self.sqs.change_message_visibility(QueueUrl=self.queue_url, ReceiptHandle=receipt, VisibilityTimeout=seconds)


def dead_letter_of(record: Mapping[str, Any], request_id: str) -> DeadLetter:
    """Read a message of the dead-letter queue, as Lambda hands it over.

    It was sent by `SqsDeadLetters`, or moved by SQS and then says nothing of itself but its body.
    """
    said = {name: attribute.get("stringValue", "") for name, attribute in record.get("messageAttributes", {}).items()}
    reason, detail = said.get("reason"), said.get("detail", "")
    sent_at = int(record["attributes"]["SentTimestamp"]) // 1000
    return DeadLetter(
        body=record["body"],
        message_id=said.get("message_id") or record["messageId"],
        reason=reason,
        detail=detail or None,
        verdict=_verdict(said.get("identity"), said.get("digest"), reason, detail),
        attempts=_number(said.get("attempts"), 0) + int(record["attributes"]["ApproximateReceiveCount"]),
        first_at=_number(said.get("first_at"), sent_at),
        request_ids=(*said.get("request_ids", "").split(), request_id),
    )


def _verdict(identity: str | None, digest: str | None, reason: str | None, detail: str) -> Verdict | None:
    """None also for a reason of another release: then the picture is tried again."""
    if not (identity and digest and reason in set(Reason)):
        return None
    return Verdict(identity, digest, Reason(reason), detail)


def _number(text: str | None, default: int) -> int:
    """What is no number was not written by us, and does not matter enough to fail over."""
    return int(text) if text and text.isascii() and text.isdigit() else default


def _printable(text: str) -> str:
    """SQS refuses control characters in attributes."""
    return "".join(character if character.isprintable() else " " for character in text)[:_LONGEST_DETAIL]
