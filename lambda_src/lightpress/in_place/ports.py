"""Ports of in-place compression: `aws` implements them on S3, `tests/in_place` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image.compress import CompressionOptions
    from lightpress.image.job import RenderResult
    from lightpress.in_place.objects import CompressionMark, LedgerEntry, ObjectState
    from lightpress.pipeline.source import Source

    CompressFile = Callable[[bytes, CompressionOptions], RenderResult]


class Objects(Protocol):
    """The objects of an existing bucket."""

    def head(self, source: Source) -> ObjectState | None:
        """The state of the object; None if there is none."""

    def read(self, source: Source, state: ObjectState) -> bytes:
        """The bytes of the object; raises PreconditionFailed if they are not those of `state` any more."""

    def replace(self, source: Source, state: ObjectState, data: bytes, mark: CompressionMark) -> None:
        """Replace exactly the object of `state` by `data`, with all its headers, metadata and tags, and the mark.

        Raises PreconditionFailed if the key holds other bytes by now.
        """


class Ledger(Protocol):
    """Remembers compressions that left no mark. It is a cache: losing it costs work, and nothing else."""

    def last_entry(self, source: Source) -> LedgerEntry | None:
        """The last entry of a key."""

    def record(self, source: Source, entry: LedgerEntry) -> None:
        """Replace the entry of a key."""
