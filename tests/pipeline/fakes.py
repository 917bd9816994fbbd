"""The buckets, queues and the table in memory, which count what is asked of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.failures.record import FailureRecorder, FailureRecords
from lightpress.image import EncodedVariant, OriginalInfo, PictureRejected, Reason, RenderResult, Size, Spec
from lightpress.image.formats import ACCEPTED
from lightpress.pipeline.failures import DeadLetter, fingerprint
from lightpress.pipeline.manifest import manifest_from_json, manifest_path
from lightpress.pipeline.ports import PreconditionFailed, Published, Unreadable
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import Dependencies
from lightpress.pipeline.source import Closed, Original, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from lightpress.pipeline.events import Problem
    from lightpress.pipeline.failures import Failure, Trial, Verdict
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.messages import Message
    from lightpress.pipeline.reconcile import Outcome

UPLOADS = "uploads"
NOW, RETENTION = 1_800_000_000, 3_600
CORRUPT, BREAKS_LATE, RARE = b"corrupt", b"breaks late", b"rare"
"""What contents begin with. RARE is of a format that recipes accept only if they say so."""


def source(key: str) -> Source:
    return Source(UPLOADS, key)


def body_about(*keys: str, bucket: str = UPLOADS, name: str = "ObjectCreated:Put") -> str:
    """An S3 notification about keys that need no encoding."""
    records = [{"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for key in keys]
    return json.dumps({"Records": records})


def book(
    *sizes: int, path: str = "**", ignored: tuple[str, ...] = (), accept: tuple[str, ...] = ACCEPTED
) -> RecipeBook:
    """One recipe of JPEGs for everything but the ignored paths."""
    widths = tuple(Size(f"w{width}", width) for width in sizes or (10, 20))
    recipe = Recipe("web", Spec(widths, ("jpeg",), accept=accept))
    rules = (*(Rule(one, None) for one in ignored), Rule(path, recipe))
    return RecipeBook(rules, {"web": recipe})


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


@dataclass
class FakeOriginals:
    """The uploads bucket. before_look, before_read: something that happens right before one, by its number.

    closed: keys that cannot be read, as a look tells; refusing: others that cannot, as only reading tells.
    """

    held: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    before_look: Callable[[int], None] = lambda _: None
    before_read: Callable[[int], None] = lambda _: None
    failing: set[str] = field(default_factory=set)
    closed: dict[str, Closed] = field(default_factory=dict)
    refusing: dict[str, Closed] = field(default_factory=dict)
    versions: int = 0

    def put(self, key: str, data: bytes) -> None:
        self.versions += 1
        self.held[key] = (f"v{self.versions}", data)

    def head(self, source: Source) -> Original | None:
        self.asked["look"] += 1
        self.before_look(self.asked["look"])
        if source.key in self.failing:
            raise ConnectionError(f"no answer about {source.key}")
        if source.key not in self.held:
            return None
        version, data = self.held[source.key]
        return Original(version, etag(data), len(data), self.closed.get(source.key))

    def read(self, source: Source, original: Original) -> bytes:
        self.asked["read"] += 1
        self.before_read(self.asked["read"])
        self.check_readable(source.key)
        if source.key not in self.held or etag(self.held[source.key][1]) != original.etag:
            raise PreconditionFailed
        return self.held[source.key][1]

    def check_readable(self, key: str) -> None:
        """As the store does: before it looks whether it is still the same."""
        if closed := self.closed.get(key) or self.refusing.get(key):
            raise Unreadable(closed)


@dataclass
class FakeImages:
    """The images bucket. before_publish: something that happens right before a manifest is put."""

    held: dict[str, bytes] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    before_publish: Callable[[Manifest], None] = lambda _: None

    def published(self, key: str) -> Published | None:
        self.asked["published"] += 1
        body = self.held.get(manifest_path(key))
        return Published(manifest_from_json(body), etag(body)) if body else None

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        self.asked["publish"] += 1
        self.before_publish(manifest)
        present = self.held.get(manifest_path(manifest.key))
        if (etag(present) if present else None) != (replacing.etag if replacing else None):
            raise PreconditionFailed
        self.held[manifest_path(manifest.key)] = manifest.to_json()

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        assert (media_type, name.endswith(".jpg")) == ("image/jpeg", True)
        self.asked["write"] += 1
        self.held[path] = data

    def paths(self, folder: str) -> Iterable[str]:
        self.asked["paths"] += 1
        return [path for path in self.held if path.startswith(folder)]

    def remove(self, paths: Iterable[str]) -> None:
        self.asked["remove"] += 1
        for path in paths:
            self.held.pop(path, None)

    def manifest(self, key: str) -> Manifest | None:
        """Look without being counted."""
        body = self.held.get(manifest_path(key))
        return manifest_from_json(body) if body else None

    def variants(self) -> set[str]:
        """The paths of everything that is no manifest."""
        return {path for path in self.held if path.startswith("i/")}

    def generations(self) -> set[str]:
        return {path.split("/")[2] for path in self.variants()}


@dataclass
class Press:
    """Stands for the picture core: quick, and counts what it made."""

    made: list[bytes] = field(default_factory=list)

    def __call__(self, data: bytes, spec: Spec) -> RenderResult:
        self.made.append(data)
        form = "jpeg2000" if data.startswith(RARE) else "jpeg"
        if form not in spec.accept:
            raise PictureRejected(Reason.FORMAT_NOT_ACCEPTED, f"The file is {form}, which is not accepted.")
        if data.startswith(CORRUPT):
            raise PictureRejected(Reason.CORRUPT, "The decoder says: drawn so.")

        def renditions() -> Generator[EncodedVariant]:
            for number, size in enumerate(spec.sizes):
                if number and data.startswith(BREAKS_LATE):
                    raise PictureRejected(Reason.TOO_SLOW, "The second size takes for ever.")
                yield EncodedVariant((size.name,), "jpeg", 1, 1, data + size.name.encode())

        return RenderResult(OriginalInfo(form, 40, 30), renditions())


@dataclass
class FakeDeadLetters:
    """The dead-letter queue."""

    kept: list[DeadLetter] = field(default_factory=list)

    def send(self, dead_letter: DeadLetter) -> None:
        self.kept.append(dead_letter)


@dataclass
class FakeQueue:
    """A queue that remembers for how long messages were held back."""

    held_back: list[tuple[str, int]] = field(default_factory=list)

    def hold_back(self, receipt: str, seconds: int) -> None:
        self.held_back.append((receipt, seconds))


@dataclass
class FakeQuarantine:
    """The quarantine bucket. before_keep: something that happens right before an original is copied."""

    originals: FakeOriginals
    held: dict[str, bytes] = field(default_factory=dict)
    before_keep: Callable[[], None] = lambda: None
    largest: int = 1_000_000

    def keep(self, source: Source, original: Original) -> str | None:
        self.before_keep()
        if original.size > self.largest:
            return None
        self.originals.check_readable(source.key)
        version, data = self.originals.held.get(source.key, ("", b""))
        if version != original.identity:
            raise PreconditionFailed
        path = f"{source.key}@{version}"
        self.held[path] = data
        return path

    def keep_message(self, message_id: str, part: str) -> str:
        path = f"{message_id}@{fingerprint(part)}"
        self.held[path] = part.encode()
        return path


@dataclass
class FakeFailures:
    """The failures table."""

    rows: dict[tuple[str, str], Failure] = field(default_factory=dict)
    trials: Counter[Trial] = field(default_factory=Counter)
    failing: bool = False

    def begin_trial(self, trial: Trial) -> int:
        self.trials[trial] += 1
        return self.trials[trial]

    def end_trial(self, trial: Trial) -> None:
        self.trials[trial] -= 1

    def record(self, failure: Failure) -> None:
        if self.failing:
            raise ConnectionError("no answer of the table")
        self.rows[failure.subject, failure.identity] = failure


@dataclass
class FakePurges:
    """Remembers what the CDN was asked to forget, and what was there at that time."""

    images: FakeImages
    asked: list[tuple[str, int]] = field(default_factory=list)

    def request_purge(self, folder: str) -> None:
        self.asked.append((folder, sum(path.startswith(folder) for path in self.images.held)))


@dataclass
class FakeAnnouncements:
    """Remembers what was told: the status and revision of each key."""

    told: list[tuple[str, str, int]] = field(default_factory=list)
    failing: bool = False

    def tell(self, source: Source, manifest: Manifest) -> None:
        if self.failing:
            raise ConnectionError(f"nobody hears of {source.key}")
        self.told.append((manifest.key, manifest.status.value, manifest.revision))


@dataclass
class Diary:
    """An observer that remembers."""

    entries: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def on_done(self, outcome: Outcome) -> None:
        self.entries.append((outcome.action.value, outcome.source.key))

    def on_error(self, source: Source, error: Exception) -> None:
        self.entries.append((type(error).__name__, source.key))

    def on_discarded(self, message: Message, problem: Problem) -> None:
        self.entries.append((problem.reason, message.id))
        self.problems.append(problem)

    def on_recorded(self, failure: Failure) -> None:
        self.entries.append((failure.reason, failure.subject))


@dataclass
class FakeCloud:
    """All of it."""

    originals: FakeOriginals = field(default_factory=FakeOriginals)
    images: FakeImages = field(default_factory=FakeImages)
    press: Press = field(default_factory=Press)
    recipes: RecipeBook = field(default_factory=book)

    def __post_init__(self) -> None:
        self.purges = FakePurges(self.images)
        self.quarantine = FakeQuarantine(self.originals)
        self.failures = FakeFailures()
        self.diary = Diary()
        self.registry = FailureRecords(self.quarantine, self.failures, self.diary, lambda: NOW, RETENTION)

    def last_word(self, verdict: Verdict | None = None) -> FailureRecorder:
        """Whoever records what is rejected, told of it by a letter."""
        return FailureRecorder(DeadLetter("", "message-1", verdict=verdict), self.registry)

    def dependencies(self) -> Dependencies:
        return Dependencies(self.originals, self.images, self.recipes, self.press, self.purges)
