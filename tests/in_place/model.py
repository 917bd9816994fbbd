"""A bucket in memory that people write to, and consumers that run the real workflow, one request at a time.

Each consumer is a greenlet that stops before every request. Whoever holds the world decides which consumer makes its
request next, and whether it succeeds, fails before or after it took effect, or never returns.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet

from lightpress.image.compress import CompressionOptions
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.in_place.buckets import Compressing, InPlace
from lightpress.in_place.compress import CompressDependencies, CompressionOutcome, compress
from lightpress.in_place.objects import Claim, CompressionMark, LedgerEntry, ObjectState, Obstacle, crc32_of
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

BUCKET, KEY = "existing", "k"
SOURCE = Source(BUCKET, KEY)
TABLE = InPlace(BUCKET, options=CompressionOptions())
Result = TypeVar("Result")


class Fault(Enum):
    """What can go wrong with one request."""

    FAILS = "fails before it takes effect"
    LOST_ANSWER = "takes effect, and its answer is lost"
    DIES = "the consumer dies before it"
    DIES_AFTER = "the consumer dies after it"


class ServiceError(Exception):
    """What a consumer sees of FAILS and LOST_ANSWER."""


@dataclass(frozen=True)
class Thing:
    """What a key holds. data: `large P`, say, which can be made `small P`. seal: the one that its metadata shows.

    by: who wrote it, a person or the workflow. number: of the write. under_kms: each write has an ETag of its own.
    in_parts: its checksum is not that of the whole.
    """

    data: bytes
    number: int
    by: str
    version: str | None = None
    mark: CompressionMark | None = None
    marked_data: bytes | None = None
    metadata: str = ""
    obstacle: Obstacle | None = None
    under_kms: bool = False
    in_parts: bool = False

    @property
    def etag(self) -> str:
        return etag(self.data + (f" {self.number}".encode() if self.under_kms else b""))

    def state(self) -> ObjectState:
        bound = self.mark if self.marked_data == self.data and not self.in_parts else None
        return ObjectState(
            etag=self.etag,
            size=len(self.data),
            version=self.version,
            written=float(self.number),
            mark=bound,
            claim=self._claim() if bound is None else None,
            obstacle=self.obstacle,
            kept={"Metadata": self.metadata},
        )

    def _claim(self) -> Claim | None:
        if self.mark is None or self.marked_data is None or len(self.marked_data) != len(self.data):
            return None
        return Claim(self.mark, crc32_of(self.marked_data))


def etag(data: bytes) -> str:
    """As S3: from the contents alone, unless a key of KMS encrypts them."""
    return hashlib.sha256(data).hexdigest()[:16]


def contents_of(data: bytes) -> str:
    """As the ledger has it."""
    return hashlib.sha256(data).hexdigest()[:32]


def large(name: str) -> bytes:
    """A picture that can be made smaller."""
    return f"large {name}".encode().ljust(100, b".")


def small(name: str) -> bytes:
    """The same, smaller: nothing makes it smaller still."""
    return f"small {name}".encode().ljust(60, b".")


def name_of(data: bytes) -> bytes:
    """What is to be seen."""
    return data.rstrip(b".").partition(b" ")[2]


@dataclass
class Bucket:
    """The bucket, its queue, and the ledger. `violations` collects every broken promise, as it breaks."""

    versioned: bool = True
    under_kms: bool = False
    table: InPlace = TABLE
    things: list[Thing | None] = field(default_factory=lambda: [None])
    entries: dict[Source, LedgerEntry] = field(default_factory=dict)
    queue: int = 0
    events: int = 0
    compressed: Counter[bytes] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    @property
    def now(self) -> Thing | None:
        return self.things[-1]

    def put(self, data: bytes, *, like: Thing | None = None, obstacle: Obstacle | None = None) -> None:
        """Somebody uploads; like: with the metadata of that, as programs that synchronise do."""
        thing = Thing(data, len(self.things), "people", self._version(), obstacle=obstacle, under_kms=self.under_kms)
        if like is not None:
            thing = replace(thing, mark=like.mark, marked_data=like.marked_data)
        self._write(thing)

    def delete(self) -> None:
        self._write(None)

    def _version(self) -> str | None:
        return f"v{len(self.things)}" if self.versioned else None

    def _write(self, thing: Thing | None) -> None:
        self.things.append(thing)
        self.queue += 1
        self.events += 1

    # The ports' effects.

    def head(self) -> ObjectState | None:
        return self.now.state() if self.now else None

    def read(self, state: ObjectState) -> bytes:
        if self.now is None or self.now.etag != state.etag:
            raise PreconditionFailed
        return self.now.data

    def replace(self, state: ObjectState, data: bytes, mark: CompressionMark) -> None:
        if self.now is None or self.now.etag != state.etag:
            raise PreconditionFailed
        self._check_replacement(self.now, data)
        thing = Thing(data, len(self.things), "workflow", self._version(), mark, data, str(state.kept["Metadata"]))
        self._write(replace(thing, under_kms=self.under_kms))

    def _check_replacement(self, before: Thing, data: bytes) -> None:
        if name_of(before.data) != name_of(data):
            self.violations.append(f"{before.data!r} was overwritten by another picture, {data!r}")
        if len(data) >= len(before.data):
            self.violations.append(f"{before.data!r} was replaced by something no smaller")
        if before.obstacle is not None:
            self.violations.append(f"{before.obstacle} was replaced")

    def compress(self, data: bytes, options: CompressionOptions) -> RenderResult:
        """Stands for the picture core."""
        self.compressed[data] += 1
        if data.startswith(b"bad"):
            raise PictureRejected(Reason.CORRUPT, "drawn so")

        def variants() -> Generator[EncodedVariant]:
            if data.startswith(b"large"):
                yield EncodedVariant(("same",), "jpeg", 1, 1, small(name_of(data).decode()))

        return RenderResult(OriginalInfo("jpeg", 1, 1, notes=(options.mode,)), variants())

    # Promises.

    def check_settled(self) -> None:
        """Once the queue is empty: what people uploaded last is there, and as small as it gets."""
        people = [thing for thing in self.things if thing is None or thing.by == "people"]
        last = people[-1]
        if (last is None) != (self.now is None):
            self.violations.append("an upload or a deletion was lost")
        elif last is not None and self.now is not None:
            if name_of(self.now.data) != name_of(last.data):
                self.violations.append(f"the last upload, {last.data!r}, was lost")
            if self.now.data.startswith(b"large") and self.now.obstacle is None and not self._is_put_back():
                self.violations.append(f"{self.now.data!r} was not made smaller")
        uploads = sum(1 for thing in self.things if thing is not None and thing.by == "people")
        writes = sum(1 for thing in self.things if thing is not None and thing.by == "workflow")
        if writes > uploads:
            self.violations.append(f"{writes} writes for {uploads} uploads")

    def _is_put_back(self) -> bool:
        return sum(1 for thing in self.things if thing is not None and thing.data == large("P")) > 3

    def state(self) -> tuple[object, ...]:
        return tuple(self.things), tuple(self.entries.items()), self.queue


class Consumer:
    """One invocation; between `step`s it stands before its next request. A failed one comes back."""

    def __init__(self, bucket: Bucket, workflow: Callable[..., CompressionOutcome] = compress) -> None:
        self.bucket, self.over = bucket, False
        self.history: list[str] = []
        self.outcome: CompressionOutcome | None = None
        self._scheduler = getcurrent()
        self._fault: Fault | None = None
        dependencies = Ports(bucket, self.request).dependencies()
        self._greenlet = greenlet(lambda: self._run(workflow, dependencies))
        self._greenlet.switch()

    def step(self, fault: Fault | None = None) -> None:
        """Make the next request, or suffer `fault` over it."""
        if fault is Fault.DIES:
            self._end(came_back=True)
            return
        self._fault = fault
        self._greenlet.switch()
        if fault is Fault.DIES_AFTER and not self.over:
            self._end(came_back=True)

    def request(self, name: str, effect: Callable[[], Result]) -> Result:
        """Called by the ports, inside the greenlet."""
        self._scheduler.switch()
        fault, self._fault = self._fault, None
        if fault is Fault.FAILS:
            self.history.append(f"{name} failed")
            raise ServiceError(name)
        try:
            result = effect()
        except PreconditionFailed:
            self.history.append(f"{name} changed")
            raise
        if fault is Fault.LOST_ANSWER:
            self.history.append(f"{name} lost")
            raise ServiceError(name)
        self.history.append(f"{name} {result!r}")
        return result

    def _run(self, workflow: Callable[..., CompressionOutcome], dependencies: CompressDependencies) -> None:
        try:
            self.outcome = workflow(SOURCE, dependencies)
        except Exception:  # noqa: BLE001  as the batch processor does: the message comes back
            self._end(came_back=True)
        else:
            self._end(came_back=False)

    def _end(self, *, came_back: bool) -> None:
        self.over = True
        self.bucket.queue += came_back


@dataclass
class Ports:
    """The bucket and the ledger, as a consumer reaches them, or directly."""

    bucket: Bucket
    request: Callable[[str, Callable[[], Any]], Any] = lambda _, effect: effect()

    def head(self, source: Source) -> ObjectState | None:
        assert source == SOURCE
        state: ObjectState | None = self.request("head", self.bucket.head)
        return state

    def read(self, source: Source, state: ObjectState) -> bytes:
        assert source == SOURCE
        data: bytes = self.request("read", lambda: self.bucket.read(state))
        return data

    def replace(self, source: Source, state: ObjectState, data: bytes, mark: CompressionMark) -> None:
        assert source == SOURCE
        self.request("replace", lambda: self.bucket.replace(state, data, mark))

    def last_entry(self, source: Source) -> LedgerEntry | None:
        entry: LedgerEntry | None = self.request("last_entry", lambda: self.bucket.entries.get(source))
        return entry

    def record(self, source: Source, entry: LedgerEntry) -> None:
        self.request("record", lambda: self.bucket.entries.__setitem__(source, entry))

    def dependencies(self) -> CompressDependencies:
        return CompressDependencies(self, self, Compressing((self.bucket.table,)), self.bucket.compress)


def settle(
    bucket: Bucket, workflow: Callable[..., CompressionOutcome] = compress, most: int = 1_000
) -> list[CompressionOutcome]:
    """Work the queue off, one consumer after the other, without a fault; returns what each did."""
    outcomes = []
    while bucket.queue:
        bucket.queue -= 1
        consumer = Consumer(bucket, workflow)
        while not consumer.over:
            consumer.step()
            most -= 1
            assert most, "it never ends"
        if consumer.outcome is not None:
            outcomes.append(consumer.outcome)
    return outcomes
