"""One message of a webhook's queue: an event is signed and sent, and what is not taken waits for its next try.

The pauses are those that Standard Webhooks proposes, up to what SQS can hold a message back for (12 hours).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from lightpress.ingest.urls import parse_url
from lightpress.pipeline.backoff import pause_seconds
from lightpress.webhooks.post import NotAnsweredError
from lightpress.webhooks.signature import BadSecretError, keys_of, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.ingest.urls import SourceUrl
    from lightpress.webhooks.post import Answered

PAUSES = (5, 300, 1_800, 7_200, 18_000, 36_000)
"""Seconds after the first, second, ... attempt; the last goes for all further ones."""
MOST_ATTEMPTS = 10
"""Then SQS moves a message to the dead-letter queue: after two days."""

_ID = re.compile(r"[A-Za-z0-9-]{1,128}")


class NotDeliveredError(Exception):
    """A receiver did not take an event. pause: seconds until the next attempt; the message may be logged."""

    def __init__(self, detail: str, pause: int) -> None:
        super().__init__(detail)
        self.pause = pause


class Ending(StrEnum):
    """How an attempt ended for good."""

    DELIVERED = "delivered"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where events go.

    Attributes:
        url: The receiver's.
        secret_arn: Of the secret in Secrets Manager whose keys sign.
        queue_url: Of the queue that its events come by.
        dead_letters_url: Of the queue that is asked no more.
    """

    url: SourceUrl
    secret_arn: str
    queue_url: str
    dead_letters_url: str

    @classmethod
    def from_settings(cls, row: Mapping[str, Any]) -> Webhook:
        """As `lightpress.cdk.webhooks` writes a row."""
        return cls(parse_url(row["url"]), row["secret_arn"], row["queue_url"], row["dead_letters_url"])


class Secrets(Protocol):
    """Secrets Manager."""

    def __call__(self, arn: str) -> str:
        """The secret of now, or of some minutes ago."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Delivers events.

    Attributes:
        post: Sends a body to a URL with header fields.
        secrets: Knows the secrets.
        clock: Seconds since 1970.
    """

    post: Callable[[SourceUrl, Mapping[str, str], bytes], Answered]
    secrets: Secrets
    clock: Callable[[], float]

    def __call__(self, webhook: Webhook, event: str, *, message_id: str, received: int) -> Ending:
        """Try once.

        Args:
            webhook: Where to.
            event: The event as EventBridge sends it, JSON.
            message_id: Of the message in the queue.
            received: How often it was received, 1 for the first time.

        Raises:
            NotDeliveredError: It is to be tried again.
        """
        id_, body = payload_of(event)
        pause = _pause(message_id, received)
        try:
            fields = signed(id_, int(self.clock()), body, keys_of(self.secrets(webhook.secret_arn)))
            answered = self.post(webhook.url, fields, body)
        except (BadSecretError, NotAnsweredError) as error:
            raise NotDeliveredError(str(error), pause) from error
        if HTTPStatus.OK <= answered.status < HTTPStatus.MULTIPLE_CHOICES:
            return Ending.DELIVERED
        if answered.status == HTTPStatus.GONE:
            return Ending.GONE
        wanted = min(answered.retry_after or 0, PAUSES[-1])
        raise NotDeliveredError(f"{webhook.url.shown} answers {answered.status}", max(pause, wanted))


def payload_of(event: str) -> tuple[str, bytes]:
    """The id and the body for an event of the bus. Whatever says the same about a picture has the same id and body."""
    said = json.loads(event)
    detail = said["detail"]
    id_ = str(detail["id"])
    if not _ID.fullmatch(id_):
        raise ValueError(f"no id of an event: {id_[:200]!r}")
    return id_, json.dumps({"type": said["detail-type"], "timestamp": said["time"], "data": detail}).encode()


def _pause(message_id: str, received: int) -> int:
    longest = PAUSES[min(received, len(PAUSES)) - 1]
    return pause_seconds(message_id, 1, first=longest, longest=longest)
