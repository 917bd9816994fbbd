"""Ports of delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Source


class Notifications(Protocol):
    """Where events about originals are sent, such as an event bus."""

    def tell(self, source: Source, manifest: Manifest) -> None:
        """Send the event for what is published of the source; it may be sent more than once."""
