"""What in-place compression needs of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image import CompressionOptions, RenderResult
    from lightpress.in_place.objects import CompressionMark, Entry, ObjectState
    from lightpress.pipeline.source import Source

    CompressFile = Callable[[bytes, CompressionOptions], RenderResult]


class Objects(Protocol):
    """Somebody's bucket, whose pictures are replaced by smaller ones."""

    def head(self, source: Source) -> ObjectState | None:
        """What the key holds now; None if it is gone."""

    def read(self, source: Source, held: ObjectState) -> bytes:
        """The bytes of `held`; raises PreconditionFailed if the key holds something else by now."""

    def replace(self, source: Source, held: ObjectState, data: bytes, seal: CompressionMark) -> None:
        """Put `data` in the place of exactly `held`, with everything that it was stored with, and sealed.

        Raises PreconditionFailed if the key holds other bytes by now.
        """


class Ledger(Protocol):
    """What is known of contents that a seal cannot say: it is never wrong, and may be lost without harm."""

    def entry(self, source: Source) -> Entry | None:
        """The last entry on a key."""

    def enter(self, source: Source, entry: Entry) -> None:
        """Write the entry over the one before."""
