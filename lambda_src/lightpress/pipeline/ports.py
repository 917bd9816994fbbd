"""What the story needs of the world. Each port has two real sides: AWS (`lightpress.aws`) and the simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lightpress.image import Rendering, Spec, Squeezing
    from lightpress.in_place.objects import Entry, Held, Seal
    from lightpress.ingest.orders import Order
    from lightpress.pipeline.failures import Failure, Letter, Trial
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Original, Source
    from lightpress.uploads.requests import Part, Wanted

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

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        """Write a variant. name: of the file, where a viewer saves it."""

    def paths(self, folder: str) -> Iterable[str]:
        """Every path in a folder."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove variants; what is already gone is fine."""


class DeadLetters(Protocol):
    """The dead-letter queue."""

    def send(self, letter: Letter) -> None:
        """Hand a message over to whoever records failures."""


class Queue(Protocol):
    """A queue that messages come from."""

    def hold_back(self, receipt: str, seconds: int) -> None:
        """Let the message that was received with `receipt` come back after so long, and not earlier."""


class Orders(Protocol):
    """The URL queue."""

    def send(self, orders: Sequence[Order]) -> list[int]:
        """Have URLs fetched; returns which of them, by their places, the queue did not take."""


class Uploads(Protocol):
    """The uploads bucket, as those see it who upload: permissions, each for one key and a short while."""

    def form(self, key: str, file: Wanted) -> dict[str, Any]:
        """A form (`url`, `fields`) that lets in exactly this file under this key."""

    def begin(self, key: str, file: Wanted) -> str:
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


class Announcements(Protocol):
    """Whoever wants to know what becomes of pictures."""

    def tell(self, source: Source, manifest: Manifest) -> None:
        """Tell that this is what is published of the source. The same may be told more than once."""


class Purges(Protocol):
    """Whoever makes the CDN forget."""

    def ask_for(self, folder: str) -> None:
        """Have the CDN forget everything in a folder, once every worker of today has ended or died.

        So it is asked before the files are removed: if they are not removed after all, the message comes back, finds
        them, and asks again.
        """


class Quarantine(Protocol):
    """The quarantine bucket: what failed, as it was."""

    def keep(self, source: Source, original: Original) -> str | None:
        """Copy the original and return the copy's key; None if it is too large to be copied.

        Raises Changed if the source holds something else by now. The same original always gets the same key.
        """

    def keep_message(self, message_id: str, part: str) -> str:
        """Write a message, or the part of it that makes no sense, word for word; returns its key."""


class Failures(Protocol):
    """The failures table."""

    def begin_trial(self, trial: Trial) -> int:
        """Count one more; returns how many of the same have begun and not ended."""

    def end_trial(self, trial: Trial) -> None:
        """Take one back: it came to an end of its own."""

    def record(self, failure: Failure) -> None:
        """Write the failure down, over what was known of the same subject and identity.

        Of the two times of the first sight, the older stays; request ids are collected.
        """


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
