"""A small AWS in memory, in which the real story runs one request at a time.

Each consumer is a greenlet that stops before every request it makes. Whoever holds the world decides which consumer
makes its request next, and whether it succeeds, fails before or after it took effect, or never returns.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from greenlet import getcurrent, greenlet

from lightpress.buckets import Publishing
from lightpress.events import read
from lightpress.failures import Failure, Letter, Trial
from lightpress.image import Facts, PictureRejected, Reason, Rendering, Rendition, Size, Spec
from lightpress.manifest import Manifest, Status, manifest_from_json, manifest_path, variants_folder
from lightpress.ports import Changed, Published
from lightpress.process import Message, Process
from lightpress.recipe import Recipe, RecipeBook, Rule
from lightpress.reconcile import Outcome, World, reconcile
from lightpress.record_failure import RecordFailure, Registry
from lightpress.source import Original, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from lightpress.events import Problem

UPLOADS = "uploads"
GOOD, BAD = b"good", b"bad"
Result = TypeVar("Result")


class Fault(Enum):
    """What can go wrong with one request."""

    FAILS = "fails before it takes effect"
    LOST_ANSWER = "takes effect, and its answer is lost"
    DIES = "the consumer dies before it"
    DIES_AFTER = "the consumer dies after it"


class ServiceError(Exception):
    """What a consumer sees of FAILS and LOST_ANSWER."""


def recipe_book(revision: int) -> RecipeBook:
    """Two variants for every key; each revision has a digest of its own."""
    spec = Spec(sizes=(Size("small", 10 + revision), Size("large", 100 + revision)), formats=("jpeg",))
    recipe = Recipe("test", spec)
    return RecipeBook((Rule("**", recipe),), {"test": recipe})


def rendered(data: bytes, spec: Spec, name: str) -> bytes:
    """The bytes that stand for a variant: nothing else may ever lie under its path."""
    return b"|".join((data, str(spec.sizes).encode(), name.encode()))


def render(data: bytes, spec: Spec) -> Rendering:
    """Stands for the picture core: as pure as it, and quicker."""
    if data.startswith(BAD):
        raise PictureRejected(Reason.CORRUPT, "drawn bad")

    def renditions() -> Generator[Rendition]:
        for size in spec.sizes:
            yield Rendition((size.name,), "jpeg", 1, 1, rendered(data, spec, size.name))

    return Rendering(Facts("jpeg", 1, 1), renditions())


@dataclass
class Version:
    """One version of an original; data None is a delete marker."""

    identity: str
    data: bytes | None


@dataclass
class Cloud:
    """Buckets and queue. `violations` collects every broken promise, as it breaks."""

    versioned: bool = True
    recipes: RecipeBook = field(default_factory=lambda: recipe_book(0))
    originals: dict[str, list[Version]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    queue: Counter[str] = field(default_factory=Counter)
    letters: Counter[Letter] = field(default_factory=Counter)
    quarantine: dict[str, bytes] = field(default_factory=dict)
    rows: dict[tuple[str, str], Failure] = field(default_factory=dict)
    trials: Counter[Trial] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    written: int = 0
    backfill_due: bool = False
    calm: bool = True
    newest_shown: Counter[str] = field(default_factory=Counter)

    # What clients do.

    def put(self, key: str, data: bytes) -> None:
        """Upload; S3 tells the queue."""
        self.written += 1
        identity = f"v{self.written}" if self.versioned else etag(data)
        self.originals.setdefault(key, []).append(Version(identity, data))
        self.queue[key] += 1

    def delete(self, key: str) -> None:
        """Delete; S3 tells the queue."""
        self.written += 1
        self.originals.setdefault(key, []).append(Version(f"v{self.written}", None))
        self.queue[key] += 1

    def change_recipes(self, revision: int) -> None:
        """Deploy other recipes: consumers that start from here on follow them."""
        self.recipes = recipe_book(revision)
        self.backfill_due = True

    def backfill(self) -> None:
        """Ask for every key to be looked at. Operators do it once the last invocation of the old code has ended."""
        self.queue.update(self.originals.keys())
        self.backfill_due = False

    # What is true now.

    def current(self, key: str) -> Version | None:
        """The newest version, if it is not a delete marker."""
        newest = self.originals.get(key, [Version("", None)])[-1]
        return newest if newest.data is not None else None

    def manifest(self, key: str) -> Manifest | None:
        """What is published."""
        body = self.objects.get(manifest_path(key))
        return manifest_from_json(body) if body else None

    def snapshot(self) -> str:
        """A digest of everything that consumers can see."""
        state = (
            sorted(self.objects.items()),
            self.originals,
            sorted(self.queue.items()),
            sorted(map(repr, +self.letters)),
            sorted(self.rows),
            sorted(self.quarantine),
            sorted(map(repr, (+self.trials).items())),
            self.recipes.rules[0].recipe,
        )
        return hashlib.sha256(repr(state).encode()).hexdigest()

    # Promises.

    def check_now(self, key: str) -> None:
        """At every instant: what a ready manifest names is there, and is what it should be."""
        manifest = self.manifest(key)
        if manifest is not None and manifest.status is Status.FAILED and manifest.source is not None:
            row = self.rows.get((f"{UPLOADS}/{key}", manifest.source.identity))
            if row is None or row.quarantine not in self.quarantine:
                self.violations.append(f"{key}: failed, and not recorded or not kept")
        if manifest is None or manifest.status is not Status.READY:
            return
        for variant in manifest.variants:
            data = self.objects.get(variant.path)
            if data is None:
                self.violations.append(f"{key}: the manifest names a missing variant")
            elif hashlib.sha256(data).hexdigest() != variant.sha256:
                self.violations.append(f"{key}: a variant is not what its manifest says")
        if manifest.previous and not any(f"/{manifest.previous}/" in path for path in self.objects):
            self.violations.append(f"{key}: the generation before is gone while pages may still show it")

    def check_never_older(self, manifest: Manifest) -> None:
        """Over time: what is published never goes back to an older version."""
        if not self.versioned or manifest.source is None:
            return
        version = int(manifest.source.identity.removeprefix("v"))
        if version < self.newest_shown[manifest.key]:
            self.violations.append(f"{manifest.key}: went back to an older version")
        self.newest_shown[manifest.key] = version

    def check_settled(self) -> None:
        """Once the queue is empty: every key is published as its source is now, or nothing is."""
        for key in self.originals:
            self.check_now(key)
            source, manifest = self.current(key), self.manifest(key)
            if source is None:
                self._check_gone(key, manifest)
            else:
                self._check_published(key, source, manifest)

    def _check_gone(self, key: str, manifest: Manifest | None) -> None:
        if manifest is None or manifest.status is not Status.DELETED:
            self.violations.append(f"{key}: deleted, and still published")
        if any(path.startswith(variants_folder(key)) for path in self.objects):
            self.violations.append(f"{key}: deleted, and variants are left over")

    def _check_published(self, key: str, source: Version, manifest: Manifest | None) -> None:
        recipe = self.recipes.recipe_for(key)
        assert recipe is not None
        assert source.data is not None
        if manifest is None or not manifest.is_of(source.identity, recipe.digest):
            self.violations.append(f"{key}: what is published is not of the newest version and recipe")
            return
        expected = Status.FAILED if source.data.startswith(BAD) else Status.READY
        if manifest.status is not expected:
            self.violations.append(f"{key}: {manifest.status}, and should be {expected}")
        for variant in manifest.variants:
            if self.objects.get(variant.path) != rendered(source.data, recipe.spec, variant.name):
                self.violations.append(f"{key}: {variant.name} is not made from the newest version")
        folder = variants_folder(key)
        stored = {path.removeprefix(folder).split("/")[0] for path in self.objects if path.startswith(folder)}
        if self.calm and stored - {manifest.generation, manifest.previous}:
            self.violations.append(f"{key}: nobody failed, and dead variants are left over")


def etag(data: bytes) -> str:
    """As S3: from the contents alone."""
    return hashlib.sha256(data).hexdigest()[:16]


class Consumer:
    """One invocation, working on one message; between `step`s it stands before its next request."""

    def __init__(
        self,
        cloud: Cloud,
        key: str,
        make_process: Callable[[Cloud, Consumer], Callable[[Message | Letter], None]],
        letter: Letter | None = None,
    ) -> None:
        self.cloud, self.key, self.letter = cloud, key, letter
        self.recipes = cloud.recipes
        self.history: list[str] = []
        self.over = False
        self._scheduler = getcurrent()
        self._fault: Fault | None = None
        process = make_process(cloud, self)
        self._greenlet = greenlet(lambda: self._run(process))
        self._greenlet.switch()

    def step(self, fault: Fault | None = None) -> None:
        """Make the next request, or suffer `fault` over it."""
        self.cloud.calm = self.cloud.calm and fault is None
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
        except Changed:
            self.history.append(f"{name} changed")
            raise
        finally:
            self.cloud.check_now(self.key)
        if fault is Fault.LOST_ANSWER:
            self.history.append(f"{name} lost")
            raise ServiceError(name)
        self.history.append(f"{name} {result!r}")
        return result

    def _run(self, process: Callable[[Message | Letter], None]) -> None:
        try:
            process(self.letter or Message("id", notification(self.key)))
        except Exception:  # noqa: BLE001  as the batch processor does: the message comes back
            self._end(came_back=True)
        else:
            self._end(came_back=False)

    def _end(self, *, came_back: bool) -> None:
        self.over = True
        if came_back and self.letter:
            self.cloud.letters[self.letter] += 1
        elif came_back:
            self.cloud.queue[self.key] += 1


def take_letter(
    cloud: Cloud, letter: Letter, make_process: Callable[..., Callable[[Message | Letter], None]]
) -> Consumer:
    """Hand a letter to the last instance."""
    cloud.letters[letter] -= 1
    (source,) = read(letter.body).sources
    return Consumer(cloud, source.key, make_process, letter)


def notification(key: str) -> str:
    """The body S3 would send."""
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": UPLOADS}, "object": {"key": key}}}
    return json.dumps({"Records": [record]})


@dataclass
class SimulatedOriginals:
    """The uploads bucket."""

    cloud: Cloud
    consumer: Consumer

    def look(self, source: Source) -> Original | None:
        def effect() -> Original | None:
            version = self.cloud.current(source.key)
            if version is None or version.data is None:
                return None
            return Original(version.identity, etag(version.data), len(version.data))

        return self.consumer.request("look", effect)

    def read(self, source: Source, original: Original) -> bytes:
        def effect() -> bytes:
            version = self.cloud.current(source.key)
            if version is None or version.data is None or etag(version.data) != original.etag:
                raise Changed
            return version.data

        return self.consumer.request("read", effect)


@dataclass
class SimulatedImages:
    """The images bucket."""

    cloud: Cloud
    consumer: Consumer

    def published(self, key: str) -> Published | None:
        def effect() -> Published | None:
            body = self.cloud.objects.get(manifest_path(key))
            return Published(manifest_from_json(body), etag(body)) if body else None

        return self.consumer.request("published", effect)

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        def effect() -> None:
            path = manifest_path(manifest.key)
            present = self.cloud.objects.get(path)
            if (etag(present) if present else None) != (replacing.etag if replacing else None):
                raise Changed
            self.cloud.objects[path] = manifest.to_json()
            self.cloud.check_never_older(manifest)

        self.consumer.request("publish", effect)

    def write(self, path: str, data: bytes, media_type: str) -> None:
        assert media_type == "image/jpeg"
        self.consumer.request(f"write {path}", lambda: self.cloud.objects.__setitem__(path, data))

    def paths(self, folder: str) -> Iterable[str]:
        return self.consumer.request(
            "paths", lambda: sorted(path for path in self.cloud.objects if path.startswith(folder))
        )

    def remove(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.consumer.request(f"remove {path}", lambda path=path: self.cloud.objects.pop(path, None))  # type: ignore[misc]


@dataclass
class SimulatedDeadLetters:
    """The dead-letter queue."""

    cloud: Cloud
    consumer: Consumer

    def send(self, letter: Letter) -> None:
        self.consumer.request("send", lambda: self.cloud.letters.update([letter]))


class PatientQueue:
    """A queue that brings messages back whenever the scheduler says so."""

    def hold_back(self, receipt: str, seconds: int) -> None: ...


@dataclass
class SimulatedQuarantine:
    """The quarantine bucket."""

    cloud: Cloud
    consumer: Consumer

    def keep(self, source: Source, original: Original) -> str:
        def effect() -> str:
            version = self.cloud.current(source.key)
            if version is None or version.data is None or etag(version.data) != original.etag:
                raise Changed
            self.cloud.quarantine[f"{source.key}@{original.identity}"] = version.data
            return f"{source.key}@{original.identity}"

        return self.consumer.request("keep", effect)

    def keep_message(self, message_id: str, part: str) -> str:
        raise AssertionError(f"{message_id} is readable: {part}")


@dataclass
class SimulatedFailures:
    """The failures table."""

    cloud: Cloud
    consumer: Consumer

    def begin_trial(self, trial: Trial) -> int:
        def effect() -> int:
            self.cloud.trials[trial] += 1
            return self.cloud.trials[trial]

        return self.consumer.request("begin trial", effect)

    def end_trial(self, trial: Trial) -> None:
        def effect() -> None:
            self.cloud.trials[trial] -= 1

        self.consumer.request("end trial", effect)

    def record(self, failure: Failure) -> None:
        self.consumer.request("record", lambda: self.cloud.rows.update({(failure.subject, failure.identity): failure}))


class Silent:
    """An observer that does not look."""

    def settled(self, outcome: Outcome) -> None: ...

    def stumbled(self, source: Source, error: Exception) -> None: ...

    def discarded(self, message: Message, problem: Problem) -> None: ...

    def recorded(self, failure: Failure) -> None: ...


def make_process(
    cloud: Cloud, consumer: Consumer, story: Callable[..., Outcome] = reconcile
) -> Callable[[Message | Letter], None]:
    """The real process, or the real last instance, over the simulated ports; `story` is the real one, or a mutant."""
    world = World(SimulatedOriginals(cloud, consumer), SimulatedImages(cloud, consumer), cloud.recipes, render)
    told = partial(story, world=world)
    queue, silent = PatientQueue(), Silent()
    process = Process(Publishing(UPLOADS).known, told, SimulatedDeadLetters(cloud, consumer), queue, silent)
    registry = Registry(
        SimulatedQuarantine(cloud, consumer), SimulatedFailures(cloud, consumer), silent, lambda: 1, retention_seconds=1
    )
    record_failure = RecordFailure(Publishing(UPLOADS).known, told, registry, queue, silent)

    def work(work: Message | Letter) -> None:
        if isinstance(work, Letter):
            record_failure(work, "receipt", 1)
        else:
            process(work)

    return work
