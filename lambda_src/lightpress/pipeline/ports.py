"""What the workflow of an upload depends on. Each port is implemented by an adapter in `lightpress.aws`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lightpress.pipeline.beside import AtOnce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from lightpress.image.job import RenderResult
    from lightpress.image.spec import Spec
    from lightpress.pipeline.beside import Helper
    from lightpress.pipeline.copy_pattern import Stored
    from lightpress.pipeline.facts import Fact
    from lightpress.pipeline.failures import DeadLetter
    from lightpress.pipeline.gate import Standing
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.recipe import RecipeBook
    from lightpress.pipeline.source import Closed, Lying, Original, Source

    Render = Callable[[bytes, Spec], RenderResult]


class PreconditionFailed(Exception):
    """An object is no longer the one that was looked at: look again."""


class ChildLost(Exception):
    """A renderer ended without a verdict on the picture, which is a transient error: retry."""


class Unreadable(Exception):
    """Something is there and cannot be read.

    It need not be what was looked at: a refusal of S3 names no version. Look again before you believe it.
    """

    def __init__(self, closed: Closed) -> None:
        super().__init__(f"{closed.reason}: {closed.detail}")
        self.closed = closed


class Originals(Protocol):
    """The uploads bucket. Originals are never changed, and leave only where their recipe says so."""

    def head(self, source: Source) -> Original | None:
        """What the source holds now; None if it is gone. Raises PreconditionFailed if it changes meanwhile."""

    def read(self, source: Source, original: Original) -> bytes:
        """The bytes of `original`. Raises PreconditionFailed if the source holds others, or Unreadable."""

    def newest(self, source: Source) -> tuple[Lying, ...]:
        """What lies under the source: the newest version or delete marker and the one below it, as far as there are."""

    def holds(self, source: Source, version: str) -> bool:
        """Whether exactly this version is there, below whatever others."""

    def remove(self, source: Source, version: str) -> bool:
        """Take exactly this version away, for good; what is already gone is fine. False if that is not allowed."""


@dataclass(frozen=True, slots=True)
class Published:
    """A manifest as it stands in the images bucket.

    Attributes:
        manifest: The manifest.
        etag: To replace exactly it.
        modified: When it was written, in seconds since 1970. Who does not say it takes it to be newer than anything.
    """

    manifest: Manifest
    etag: str
    modified: float = math.inf


class Images(Protocol):
    """The images bucket: manifests and variants."""

    def published(self, key: str) -> Published | None:
        """The manifest of a source's key."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        """Replace exactly the manifest `replacing` (None: none); raises PreconditionFailed if another is stored."""

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        """Write a variant.

        Args:
            path: Its key in the images bucket.
            data: Its bytes.
            media_type: Its content type.
            name: The file name that a browser proposes when a viewer saves it.
        """

    def paths(self, folder: str) -> Iterable[str]:
        """Every path in a folder."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove variants; what is already gone is fine."""


class Note(NamedTuple):
    """That a key waits for an address.

    Attributes:
        name: Of the note.
        etag: Of it, to remove exactly it.
        waiting: The short name of the key.
        address: The short name of the address.
    """

    name: str
    etag: str
    waiting: str
    address: str


@dataclass(frozen=True, slots=True)
class Lies:
    """What lies at an address for copies.

    Attributes:
        etag: Of it, to replace or remove exactly it.
        owner: Whose copy it is (`Copies.owner`); None for what is no copy of Lightpress.
        revision: Of the manifest that it was written for; 0 for what is none.
        seal: Stands for its bytes and how they are stored; empty for what is none.
    """

    etag: str
    owner: str | None = None
    revision: int = 0
    seal: str = ""


class Copies(Protocol):
    """The bucket of copies, which may hold anything else besides."""

    def owner(self, key: str) -> str:
        """What copies of a key are marked with."""

    def owns(self, owner: str) -> str | None:
        """The short name of the key that a mark is of (`manifest.short_name`); None if another deployment made it."""

    def covers(self, path: str) -> bool:
        """Whether copies may be written and removed at an address: it is in a folder that is for copies."""

    def look(self, path: str) -> Lies | None:
        """What lies at an address; None if nothing does."""

    def write(self, path: str, data: bytes, mark: Lies, how: Stored, replacing: Lies | None) -> None:
        """Write a copy in place of exactly what was looked at (None: of nothing); raises PreconditionFailed.

        Args:
            path: The address.
            data: The bytes.
            mark: What `look` is to tell of it; its ETag says nothing.
            how: How it is stored.
            replacing: What was there.
        """

    def remove(self, path: str, lying: Lies) -> None:
        """Remove exactly what was looked at; raises PreconditionFailed if another is there by now, or nothing."""

    def wait(self, waiting: str, path: str, lying: Lies) -> None:
        """Note that a key waits for an address, where a copy of another key of this deployment lies.

        It is another note each time, in place of the last: whoever removes one that was read removes none made since.
        """

    def variant(self, path: str) -> bytes | None:
        """The bytes of a variant; None if it is gone."""

    def waiting(self, key: str) -> list[Note]:
        """The notes of those that wait for addresses of a key."""

    def one_waiting(self, name: str) -> Manifest | None:
        """The manifest of one of them, by its short name; None if nothing is published of it any more."""

    def remove_note(self, note: Note) -> None:
        """Remove exactly this note; what is gone, or was made anew since, is fine."""

    def purges_of(self, paths: Iterable[str]) -> tuple[str, ...]:
        """What to purge of the CDN for changed copies of one key; empty where it does not serve them."""


class Reviews(Protocol):
    """What reviewers have said, and the list of what waits for them."""

    def standing(self, key: str, identity: str, reviewers: tuple[str, ...]) -> Standing:
        """What the reviews of a version come to."""

    def note_recorded(self, key: str, identity: str) -> None:
        """Note that a rejection of a version is about to be recorded: for as long as there are reviews of the key."""

    def is_recorded(self, key: str, identity: str) -> bool:
        """Whether that was ever noted of a version."""

    def list_as_held(self, manifest: Manifest) -> None:
        """Enter a held manifest into the list, before it is published: what is held can always be found."""

    def unlist(self, manifest: Manifest) -> None:
        """Remove the entry of a held manifest that was replaced; what is already gone is fine."""


class Facts(Protocol):
    """What enrichers have said."""

    def of(self, key: str, identity: str, enrichers: tuple[str, ...]) -> tuple[Fact, ...]:
        """What those of the enrichers that have answered say about a version, in their order."""


class DeadLetters(Protocol):
    """The dead-letter queue, from which failures are recorded."""

    def send(self, dead_letter: DeadLetter) -> None:
        """Hand a message over to whoever records failures."""


class Queue(Protocol):
    """The queue that messages are received from."""

    def hold_back(self, receipt: str, seconds: int) -> None:
        """Let the message that was received with `receipt` come back after so long, and not earlier."""


class Purges(Protocol):
    """Requests invalidations of the CDN."""

    def request_purge(self, folder: str) -> None:
        """Request the invalidation of a folder, to be made once what the caller does next is done or never will be.

        It is requested before that: before files are removed, which a retry finds if removing them fails, and before a
        manifest is replaced, which no retry would tell from one that was replaced long ago.
        """


class Looks(Protocol):
    """Has keys looked at."""

    def request_look(self, source: Source) -> None:
        """Request a look at a key, as after an upload."""


class Wakes(Protocol):
    """Has keys looked at as if they had been left halfway."""

    def request_look(self, source: Source) -> None:
        """Request a look at a key, and at what it was refused."""


class LateLooks(Protocol):
    """Has keys looked at once more, later."""

    def request_look(self, source: Source) -> None:
        """Request a look at what is left of a key, once nobody can be rendering for the manifest of now any more.

        It is requested before that manifest is replaced: after it, no retry would know that anything was owed.
        """


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything that the workflow needs.

    Attributes:
        originals: where originals are read.
        images: where variants and manifests are kept.
        recipes: which sizes and formats each key is to have.
        render: makes the variants of an original.
        purges: invalidates what was deleted; None where the CDN may keep it.
        refreshes: invalidates the permalinks of what is overwritten; None where the CDN keeps them for a minute only.
        late_looks: has a key looked at once more; None where nobody renders lazy variants.
        reviews: what reviewers say; None where no recipe has a gate.
        facts: what enrichers say; None where no recipe asks any.
        copies: where copies of variants go; None where no recipe has any, or had.
        wakes: has keys looked at that wait for an address of another's; None as well.
        source_of: where the original of a key is; None as well.
        now: the time, in seconds since 1970.
        helping: whoever writes variants while the next ones are encoded, for as long as one original is worked on.
    """

    originals: Originals
    images: Images
    recipes: RecipeBook
    render: Render
    purges: Purges | None = None
    refreshes: Purges | None = None
    late_looks: LateLooks | None = None
    reviews: Reviews | None = None
    facts: Facts | None = None
    copies: Copies | None = None
    wakes: Wakes | None = None
    source_of: Callable[[str], Source] | None = None
    now: Callable[[], float] = time.time
    helping: Callable[[], AbstractContextManager[Helper]] = AtOnce

    def look_at(self, key: str) -> None:
        """Have a key looked at that waits for an address; raises RuntimeError where no ports for that were put in."""
        if self.wakes is None or self.source_of is None:
            raise RuntimeError("A recipe has copies, and this function was put together without a port to wake others.")
        self.wakes.request_look(self.source_of(key))

    @property
    def reviewed(self) -> Reviews:
        """What reviewers say, where a recipe has a gate; raises RuntimeError where no port for it was put in."""
        if self.reviews is None:
            raise RuntimeError("A recipe has a gate, and this function was put together without a port for reviews.")
        return self.reviews

    @property
    def enriched(self) -> Facts:
        """What enrichers say, where a recipe asks them; raises RuntimeError where no port for it was put in."""
        if self.facts is None:
            raise RuntimeError("A recipe has enrichers, and this function was put together without a port for facts.")
        return self.facts
