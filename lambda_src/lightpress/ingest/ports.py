"""What fetching by URL needs of the outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.ingest.download import Downloaded, Validators
    from lightpress.ingest.orders import Order
    from lightpress.ingest.urls import SourceUrl


class Orders(Protocol):
    """The URL queue."""

    def send(self, orders: Sequence[Order]) -> list[int]:
        """Have URLs fetched; returns which of them, by their places, the queue did not take."""


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """What lies under a key. etag: of these bytes, to replace exactly them. sha256: as it was when it was fetched."""

    etag: str
    sha256: str | None
    validators: Validators


class UploadStore(Protocol):
    """The uploads bucket, where fetched pictures land."""

    def head(self, key: str) -> StoredUpload | None:
        """What lies there."""

    def put(self, key: str, picture: Downloaded, sha256: str, link: SourceUrl, replacing: StoredUpload | None) -> None:
        """Write in place of `replacing` (None: of nothing); raises PreconditionFailed if that is not what is there."""
