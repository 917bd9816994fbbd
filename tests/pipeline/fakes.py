"""The buckets, queues and the table in memory, which count what is asked of them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.quarantine import S3Quarantine
from lightpress.failures.record import FailureRecorder, FailureRecords
from lightpress.image.errors import REJECTIONS, PictureRejected, Reason
from lightpress.image.inputs import ACCEPTED
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.failures import DeadLetter
from lightpress.pipeline.manifest import manifest_from_json
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.source import Source
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.events import Problem
    from lightpress.pipeline.failures import Failure, Trial, Verdict
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.messages import Message
    from lightpress.pipeline.outcomes import Outcome
    from lightpress.pipeline.ports import Published
    from lightpress.pipeline.source import Lying, Original

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
    *sizes: int,
    path: str = "**",
    ignored: tuple[str, ...] = (),
    accept: tuple[str, ...] = ACCEPTED,
    lazy: bool = False,
) -> RecipeBook:
    """One recipe of JPEGs for everything but the ignored paths. lazy: all are left for their first view."""
    widths = tuple(Size(f"w{width}", width) for width in sizes or (10, 20))
    left = frozenset((size.name, "jpeg") for size in widths) if lazy else frozenset()
    recipe = Recipe("web", Spec(widths, ("jpeg",), accept=accept, lazy=left))
    rules = (*(Rule(one, None) for one in ignored), Rule(path, recipe))
    return RecipeBook(rules, {"web": recipe})


@dataclass
class FakeOriginals:
    """The uploads bucket, as the adapter reads it from S3 in memory.

    Attributes:
        bucket: what is held, and how it is stored.
        name: of the bucket.
        asked: how often which question was asked.
        before_look, before_read: what happens right before one, by its number.
        failing: keys about which there is no answer.
    """

    bucket: Bucket = field(default_factory=lambda: Bucket(versioned=True))
    name: str = UPLOADS
    asked: Counter[str] = field(default_factory=Counter)
    before_look: Callable[[int], None] = lambda _: None
    before_read: Callable[[int], None] = lambda _: None
    failing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._adapter = S3Originals(_client({self.name: self.bucket}))

    def put(self, key: str, data: bytes, **how: Any) -> None:  # noqa: ANN401  fields of a version
        self.bucket.put(key, data, **how)

    def delete(self, key: str) -> None:
        self.bucket.delete(key)

    def head(self, source: Source) -> Original | None:
        self.asked["look"] += 1
        self.before_look(self.asked["look"])
        if source.key in self.failing:
            raise ConnectionError(f"no answer about {source.key}")
        return self._adapter.head(source)

    def read(self, source: Source, original: Original) -> bytes:
        self.asked["read"] += 1
        self.before_read(self.asked["read"])
        return self._adapter.read(source, original)

    def newest(self, source: Source) -> tuple[Lying, ...]:
        self.asked["newest"] += 1
        return self._adapter.newest(source)

    def holds(self, source: Source, version: str) -> bool:
        self.asked["holds"] += 1
        return self._adapter.holds(source, version)

    def remove(self, source: Source, version: str) -> bool:
        self.asked["remove"] += 1
        return self._adapter.remove(source, version)


@dataclass
class FakeImages:
    """The images bucket, as the adapter keeps it in S3 in memory.

    Attributes:
        bucket: what is held.
        asked: how often what was asked for.
        before_publish: what happens right before a manifest is put.
    """

    bucket: Bucket = field(default_factory=Bucket)
    asked: Counter[str] = field(default_factory=Counter)
    before_publish: Callable[[Manifest], None] = lambda _: None

    def __post_init__(self) -> None:
        self._adapter = S3Images(_client({"images": self.bucket}), "images")

    def published(self, key: str) -> Published | None:
        self.asked["published"] += 1
        return self._adapter.published(key)

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        self.asked["publish"] += 1
        self.before_publish(manifest)
        self._adapter.publish(manifest, replacing)

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        assert (media_type, name.endswith(".jpg")) == ("image/jpeg", True)
        self.asked["write"] += 1
        self._adapter.write(path, data, media_type, name)

    def paths(self, folder: str) -> Iterable[str]:
        self.asked["paths"] += 1
        return self._adapter.paths(folder)

    def remove(self, paths: Iterable[str]) -> None:
        self.asked["remove"] += 1
        self._adapter.remove(paths)

    @property
    def held(self) -> dict[str, bytes]:
        """Everything, by path; looking is not counted."""
        return contents(self.bucket)

    def manifest(self, key: str) -> Manifest | None:
        body = self.bucket.data(manifest_path(key))
        return manifest_from_json(body) if body else None

    def variants(self) -> set[str]:
        """The paths of everything that is no manifest."""
        return {path for path in self.held if path.startswith("i/")}

    def generations(self) -> set[str]:
        return {path.split("/")[2] for path in self.variants()}


def contents(bucket: Bucket) -> dict[str, bytes]:
    """What the keys of a bucket hold now."""
    return {key: data for key in bucket.keys if (data := bucket.data(key)) is not None}


def _client(buckets: dict[str, Bucket]) -> S3Client:
    client: Any = SimulatedS3(buckets)
    return cast("S3Client", client)


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

        def variants() -> Generator[EncodedVariant]:
            for number, size in enumerate(spec.sizes):
                if (size.name, "jpeg") in spec.lazy:
                    continue
                if number and data.startswith(BREAKS_LATE):
                    raise PictureRejected(Reason.TOO_SLOW, "The second size takes for ever.")
                yield EncodedVariant((size.name,), "jpeg", 1, 1, data + size.name.encode())

        return RenderResult(OriginalInfo(form, 40, 30), variants())


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
    """The quarantine bucket, as the adapter keeps it in S3 in memory.

    Attributes:
        originals: where copies are made of.
        bucket: what is held.
        before_keep: what happens right before an original is copied.
        largest: bytes of the largest original that is copied.
    """

    originals: FakeOriginals
    bucket: Bucket = field(default_factory=Bucket)
    before_keep: Callable[[], None] = lambda: None
    largest: int = 1_000_000

    def __post_init__(self) -> None:
        client = _client({self.originals.name: self.originals.bucket, "quarantine": self.bucket})
        self._adapter = S3Quarantine(client, "quarantine")

    def keep(self, source: Source, original: Original, name: str) -> str | None:
        self.before_keep()
        return self._adapter.keep(source, original, name) if original.size <= self.largest else None

    def keep_message(self, message_id: str, part: str, name: str) -> str:
        return self._adapter.keep_message(message_id, part, name)

    def remove(self, path: str) -> None:
        self._adapter.remove(path)

    @property
    def held(self) -> dict[str, bytes]:
        return contents(self.bucket)


@dataclass
class FakeFailures:
    """The failures table."""

    rows: dict[tuple[str, str], Failure] = field(default_factory=dict)
    revisions: dict[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    trials: Counter[Trial] = field(default_factory=Counter)
    failing: bool = False

    def begin_trial(self, trial: Trial) -> int:
        self.trials[trial] += 1
        return self.trials[trial]

    def end_trial(self, trial: Trial) -> None:
        self.trials[trial] -= 1

    def record(self, failure: Failure, revision: int | None = None) -> str | None:
        if self.failing:
            raise ConnectionError("no answer of the table")
        row = failure.subject, failure.identity
        before = self.rows[row].quarantine if row in self.rows else None
        self.rows[row] = replace(failure, quarantine=failure.quarantine or before)
        self.revisions[row] = self.revisions.get(row, frozenset()) | ({revision} if revision else set())
        return before if self.rows[row].quarantine != before else None

    def rejection(self, subject: str, identity: str) -> frozenset[int] | None:
        found = self.rows.get((subject, identity))
        return self.revisions[subject, identity] if found and found.reason in REJECTIONS else None

    def lift_rejection(self, subject: str, identity: str, revisions: frozenset[int]) -> str | None:
        if self.revisions[subject, identity] != revisions:
            return None
        return self.rows.pop((subject, identity)).quarantine


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
        self.purges, self.refreshes = FakePurges(self.images), FakePurges(self.images)
        self.quarantine = FakeQuarantine(self.originals)
        self.failures = FakeFailures()
        self.diary = Diary()
        self.registry = FailureRecords(self.quarantine, self.failures, self.diary, lambda: NOW, RETENTION)

    def last_word(self, verdict: Verdict | None = None) -> FailureRecorder:
        """Whoever records what is rejected, told of it by a letter."""
        return FailureRecorder(DeadLetter("", "message-1", verdict=verdict), self.registry, "receipt-1")

    def dependencies(self) -> Dependencies:
        return Dependencies(self.originals, self.images, self.recipes, self.press, self.purges, self.refreshes)
