"""What is announced on EventBridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.delivery.notify import SOURCE, event_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_events import EventBridgeClient

    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Source


class NotificationError(Exception):
    """EventBridge answered, and did not take the event."""


@dataclass(frozen=True, slots=True)
class EventBridgeNotifications:
    """Puts events on an event bus.

    Attributes:
        client: Makes the client, when there is something to send.
        bus: The bus's name or ARN.
        deployment: The stack's name, which is the source of the events (`event_of`).
        base_url: The CDN's address, without a slash at its end.
    """

    client: Callable[[], EventBridgeClient]
    bus: str
    deployment: str
    base_url: str

    def tell(self, source: Source, manifest: Manifest) -> None:
        """PUT EVENTS. An event that is not taken is no error to EventBridge, and the answer's status is 200."""
        event = event_of(source, manifest, deployment=self.deployment, base_url=self.base_url)
        answer = self.client().put_events(
            Entries=[
                {"EventBusName": self.bus, "Source": SOURCE, "DetailType": event.kind, "Detail": event.detail},
            ]
        )
        if answer["FailedEntryCount"]:
            (entry,) = answer["Entries"]
            raise NotificationError(f"{self.bus}: {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
