"""What delivery needs of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Source


class Notifications(Protocol):
    """Whoever wants to know what becomes of pictures."""

    def tell(self, source: Source, manifest: Manifest) -> None:
        """Tell that this is what is published of the source. The same may be told more than once."""
