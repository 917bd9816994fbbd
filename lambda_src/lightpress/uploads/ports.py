"""What the upload API needs of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lightpress.uploads.requests import Part, UploadRequest


class Uploads(Protocol):
    """The uploads bucket, as those see it who upload: permissions, each for one key and a short while."""

    def form(self, key: str, file: UploadRequest) -> dict[str, Any]:
        """A form (`url`, `fields`) that lets in exactly this file under this key."""

    def begin(self, key: str, file: UploadRequest) -> str:
        """Begin a large upload; returns its id."""

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Where to PUT a part of exactly so many bytes."""

    def parts(self, key: str, upload_id: str) -> list[dict[str, Any]]:
        """The parts that have arrived; raises Refused where there is no such upload."""

    def complete(self, key: str, upload_id: str, parts: tuple[Part, ...], max_bytes: int) -> None:
        """Make one file of the parts; raises Refused where they are not those that arrived, or too much."""

    def abort(self, key: str, upload_id: str) -> None:
        """Give a large upload up; one that is gone is fine."""

    def delete(self, key: str) -> None:
        """Delete an original."""
