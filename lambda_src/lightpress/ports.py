"""What the story needs of the world. Each port has two real sides: AWS (`lightpress.aws`) and the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.existing import Entry, Held, Seal
    from lightpress.image import Rendering, Spec, Squeezing
    from lightpress.manifest import Manifest
    from lightpress.source import Original, Source

    Render = Callable[[bytes, Spec], Rendering]
    Squeeze = Callable[[bytes, Squeezing], Rendering]


class Changed(Exception):  # noqa: N818  nothing went wrong: somebody else was faster
    """The world is no longer as it was when it was looked at: look again."""


class Originals(Protocol):
    """The uploads bucket. It is only read: originals are never changed or deleted."""

    def look(self, source: Source) -> Original | None:
        """What the source holds now; None if it is gone."""

    def read(self, source: Source, original: Original) -> bytes:
        """The bytes of `original`; raises Changed if the source holds something else by now."""


@dataclass(frozen=True, slots=True)
class Published:
    """A manifest as it stands in the images bucket, and the ETag to replace exactly it."""

    manifest: Manifest
    etag: str


class Images(Protocol):
    """The images bucket."""

    def published(self, key: str) -> Published | None:
        """The manifest of a source's key."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        """Put the manifest in place of `replacing` (None: of nothing); raises Changed if that is not what is there."""

    def write(self, path: str, data: bytes, media_type: str) -> None:
        """Write a variant."""

    def paths(self, folder: str) -> Iterable[str]:
        """Every path in a folder."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove variants; what is already gone is fine."""


class DeadLetters(Protocol):
    """The dead-letter queue."""

    def send(self, body: str, *, message_id: str, reason: str, detail: str) -> None:
        """Keep a message that no retry can help, word for word, with the reason."""


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
