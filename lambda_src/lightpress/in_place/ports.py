"""What in-place compression needs of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.image import Rendering, Squeezing
    from lightpress.in_place.objects import Entry, Held, Seal
    from lightpress.pipeline.source import Source

    Squeeze = Callable[[bytes, Squeezing], Rendering]


class Existing(Protocol):
    """Somebody's bucket, whose pictures are replaced by smaller ones."""

    def look(self, source: Source) -> Held | None:
        """What the key holds now; None if it is gone."""

    def read(self, source: Source, held: Held) -> bytes:
        """The bytes of `held`; raises Changed if the key holds something else by now."""

    def replace(self, source: Source, held: Held, data: bytes, seal: Seal) -> None:
        """Put `data` in the place of exactly `held`, with everything that it was stored with, and sealed.

        Raises Changed if the key holds other bytes by now.
        """


class Ledger(Protocol):
    """What is known of contents that a seal cannot say: it is never wrong, and may be lost without harm."""

    def entry(self, source: Source) -> Entry | None:
        """The last entry on a key."""

    def enter(self, source: Source, entry: Entry) -> None:
        """Write the entry over the one before."""
