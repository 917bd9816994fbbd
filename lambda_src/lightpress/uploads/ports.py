"""Ports of the upload API: what it needs of the uploads and the images bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.facts import Words
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Published
    from lightpress.pipeline.source import Source
    from lightpress.uploads.quota import Usage
    from lightpress.uploads.requests import Part, UploadRequest


class Uploads(Protocol):
    """The uploads bucket. Each permission that it signs is for one key and valid for a few minutes."""

    def form(self, key: str, file: UploadRequest) -> dict[str, Any]:
        """Sign a form (`url`, `fields`) that uploads exactly this file under this key."""

    def begin(self, key: str, file: UploadRequest) -> str:
        """Begin a multipart upload; returns its id."""

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Sign a URL to PUT a part of exactly `size` bytes to."""

    def parts(self, key: str, upload_id: str) -> list[dict[str, Any]] | None:
        """List the parts that were uploaded; None if the upload is completed.

        Raises Refused if there is no such multipart upload.
        """

    def complete(self, key: str, upload_id: str, parts: tuple[Part, ...], max_bytes: int) -> None:
        """Join the parts to one file; succeeds if that is done already.

        Raises Refused if the parts are not those uploaded, or exceed `max_bytes`.
        """

    def abort(self, key: str, upload_id: str) -> None:
        """Abort a multipart upload; succeeds if there is none."""

    def delete(self, key: str) -> None:
        """Delete an original; succeeds if there is none."""


class UploadCounters(Protocol):
    """Counters of what owners have begun to upload."""

    def reserve(self, owner_day: str, more: Usage, limits: Usage, until: int) -> Usage | None:
        """Add `more` to a counter in one step, unless that exceeds `limits` (0: no limit).

        Args:
            owner_day: Name of the counter.
            more: What is to be added.
            limits: The most that the counter may reach.
            until: When the counter may be deleted, in seconds since 1970.

        Returns:
            The counter after it; None if it would exceed the limits: then it is unchanged.
        """

    def add(self, owner_day: str, more: Usage, until: int) -> None:
        """Add `more` to a counter, whatever it then is. See `reserve`."""


class Corrections(Protocol):
    """Corrects the focus of what is published, and the words about it (`pipeline.correction`)."""

    def __call__(self, source: Source, focus: tuple[float, float] | None) -> Manifest:
        """Say where the subject is; raises NothingPublished, OriginalDropped or TooManyConflicts."""

    def say(self, source: Source, change: Callable[[Words], Words]) -> Manifest:
        """Say what the picture shows; raises as well."""


class Manifests(Protocol):
    """The manifests in the images bucket; they are only read."""

    def published(self, key: str) -> Published | None:
        """The manifest of a key; None if nothing was ever published under it."""
