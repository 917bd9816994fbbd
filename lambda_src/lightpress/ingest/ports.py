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
    """Where orders are sent: the URL queue."""

    def send(self, orders: Sequence[Order]) -> list[int]:
        """Have URLs fetched; returns which of them, by their places, the queue did not take."""


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """The object that is stored under a key now.

    Attributes:
        etag: Its ETag, so that exactly these bytes are replaced.
        sha256: Of the file when it was fetched; None if it did not come from a URL.
        validators: What the server gave when it was fetched.
    """

    etag: str
    sha256: str | None
    validators: Validators


class UploadStore(Protocol):
    """The uploads bucket, where fetched pictures land."""

    def head(self, key: str) -> StoredUpload | None:
        """What is stored under the key; None if nothing is."""

    def put(self, key: str, picture: Downloaded, sha256: str, link: SourceUrl, replacing: StoredUpload | None) -> None:
        """Store a downloaded picture; raises PreconditionFailed if the key holds anything but `replacing`.

        Args:
            key: Where to store it.
            picture: The file.
            sha256: Of the file, in hexadecimal.
            link: Where it came from.
            replacing: What the key held when it was looked at; None for nothing.
        """
