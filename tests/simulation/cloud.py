"""A small AWS in memory with Lightpress deployed to it, the people who use it, and everything they were promised."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus

from lightpress.aws.copies import S3Copies
from lightpress.aws.runs_table import RUN
from lightpress.image.errors import Reason
from lightpress.pipeline.copy_pattern import WAITING, Stored
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.ports import Lies
from lightpress.pipeline.recipe import Unanswered
from lightpress.pipeline.reviewing import MEASURE
from lightpress.pipeline.source import Source
from tests.simulation.backfills import Backfills
from tests.simulation.cdn import Cdn
from tests.simulation.deployed import (
    BUS,
    CLOCK,
    DEAD_LETTERS,
    FACTS,
    FAILURES,
    HINTS,
    IMAGES,
    LATE,
    PURGES,
    QUARANTINE,
    QUEUE,
    REVIEWS,
    RUNS,
    UPLOADS,
    Code,
    Release,
    Stores,
)
from tests.simulation.invocation import CORRECT, DISCARD, ERASURE, FIRST_VIEW, OF_FOLDER, SWEEP
from tests.simulation.pictures import COPY_FOLDERS, FORMER, FORMER_REVISION, OPENED, closed_for
from tests.simulation.promises import Promises
from tests.simulation.timeline import Timeline
from tests.simulation.worker import Worker
from tools.fakes.dynamodb import Table
from tools.fakes.events import Bus
from tools.fakes.s3 import Bucket, SimulatedS3
from tools.fakes.sqs import Message, Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.pipeline.recipe import Recipe
    from tests.simulation.cdn import Kept
    from tests.simulation.worker import Mind
    from tools.fakes.dynamodb import Item
    from tools.fakes.s3 import Version

CLIENT, OPERATOR, SQS, NIGHT, TIME = "client", "operator", "SQS", "night", "time"
_AN_HOUR = 3600


class Saved(NamedTuple):
    """A cloud at one moment, to go back to."""

    buckets: list[tuple[dict[str, tuple[Version, ...]], int, dict[str, int]]]
    queues: list[tuple[list[Message], int]]
    items: dict[tuple[str, ...], Item]
    news: dict[str, tuple[int, str]]
    releases: list[Release]
    workers: list[Worker]
    keys: set[str]
    promises: Mapping[str, object]
    rows: int
    calm: bool
    backfill_due: bool
    cdn: Kept
    now: int


class Cloud:
    """Buckets, queues and the table; the releases in service; who works; and what was promised.

    calm: nothing has gone wrong so far. untold: somebody failed over a message that was delivered to two at once, and
    that the other one acknowledged, before or after, so that nobody will look at what that left behind. has_viewers:
    somebody may ask for permalinks, so that purges matter. lazy: recipes leave some variants for their first view.
    gated: they hold back what is not reviewed. unanswered: what becomes of what is not reviewed in time. dropping: they
    drop originals. enriched: they ask enrichers for facts. copying: they have copies of variants elsewhere. backfills:
    the runs of the state machine, where there are any. deployments: how often anything was rolled out, or had been.
    served: the queues that functions work off.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        *,
        versioned: bool = True,
        max_receives: int = 5,
        code: Code | None = None,
        has_viewers: bool = True,
        lazy: bool = False,
        gated: bool = False,
        enriched: bool = False,
        dropping: bool = False,
        copying: bool = False,
        backfilling: bool = False,
        unanswered: Unanswered = Unanswered.HOLD,
    ) -> None:
        self.unanswered, self.copying = unanswered, copying
        self.versioned, self.code, self.has_viewers = versioned, code or Code(), has_viewers
        self.lazy, self.gated, self.dropping, self.enriched = lazy, gated, dropping, enriched
        self.uploads = Bucket(versioned=versioned, announce=self._notify)
        self.images = Bucket(clock=lambda: datetime.fromtimestamp(LATE + self.now, UTC), counted=WAITING)
        self.quarantine = Bucket()
        self.dead_letters = Queue(DEAD_LETTERS)
        self.queue = Queue(QUEUE, self.dead_letters, max_receives)
        self.purges = Queue(PURGES)
        self.reviews, self.facts = Queue(REVIEWS), Queue(FACTS)
        self.hints = Queue(HINTS, self.dead_letters, max_receives)
        self.failures = Table(("subject", "identity"))
        self.bus = Bus()
        self.stores = Stores(
            {UPLOADS: self.uploads, IMAGES: self.images, QUARANTINE: self.quarantine},
            {
                QUEUE: self.queue,
                DEAD_LETTERS: self.dead_letters,
                PURGES: self.purges,
                REVIEWS: self.reviews,
                FACTS: self.facts,
                HINTS: self.hints,
            },
            {FAILURES: self.failures, RUNS: Table((RUN,))},
            {BUS: self.bus},
        )
        self.releases = [Release(0, self.code, self.stores, lazy, gated, unanswered, dropping, enriched, copying)]
        self.workers: list[Worker] = []
        self.keys: set[str] = set()
        self.calm, self.untold, self.backfill_due = True, False, False
        self.asked_for = 0
        self.happened: Counter[str] = Counter()
        self.closings: Counter[str] = Counter()
        """How often each key was closed: what was closed and opened again holds the same as if it never had been."""
        self.timeline = Timeline()
        self.cdn = Cdn(self.stores, self.timeline, self.code, late_looks=lazy)
        self.promises = Promises(self)
        self.bus.hear = self.promises.told
        self.backfills = Backfills(self) if backfilling else None
        self.deployments = 0
        more = [*([self.reviews] if gated else []), *([self.facts] if enriched else [])]
        more += [self.hints] if backfilling else []
        self.served = (self.queue, self.dead_letters, *more)

    # What people do.

    def put(self, key: str, data: bytes, how: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Upload; S3 tells the queue. how: it is stored, as far as that decides whether it can be read."""
        self.keys.add(key)
        version = self.uploads.put(key, data, **how)
        self.promises.uploaded(key, version)
        self.promises.lies_there(key)
        self.timeline.add(
            CLIENT, f"puts {key}", f"{version.id or version.etag[1:9]} {data!r} {closed_for(version) or ''}"
        )

    def close(self, key: str, how: Mapping[str, Any]) -> None:
        """From now on nobody can read what the key holds: it comes into an archive, or access is withdrawn."""
        version = self.uploads.newest(key)
        if version and not closed_for(version):
            version = self.uploads.change(key, **how, restored=False)
            self.promises.closed(version)
            self.closings[key] += 1
            self.timeline.add(OPERATOR, f"closes {key}", closed_for(version))

    def open(self, key: str) -> None:
        """It can be read again: it is restored, of which S3 tells, or access is granted, which needs a retry."""
        version = self.uploads.newest(key)
        why = closed_for(version) if version else None
        if why in OPENED:
            self.timeline.add(OPERATOR, f"opens {key}", why)
            self.uploads.change(key, **OPENED[why])
        if why is Reason.ACCESS_DENIED:
            self.say(reconcile_message(Source(UPLOADS, key), retry=True), OPERATOR)

    def delete(self, key: str) -> None:
        """Delete; S3 tells the queue, if there was anything."""
        marker = self.uploads.delete(key)
        if marker:
            self.keys.add(key)
        self.promises.removed(key)
        self.promises.deleted(key)
        self.promises.lies_there(key)
        self.timeline.add(CLIENT, f"deletes {key}", marker.id if marker else "")

    def bring_back(self, key: str) -> None:
        """Bring an older version back by taking away, for good, what lies above it: a newer version, or a marker."""
        versions = self.uploads.keys.get(key, ())
        if len(versions) > 1 and versions[-2].data is not None:
            self.promises.brought_back(key, versions[-2])
            self.timeline.add(CLIENT, f"brings back {key}", f"{versions[-2].id} by removing {versions[-1].id}")
            self.uploads.delete_version(key, versions[-1].id or "")
            self.promises.lies_there(key)
            self.happened["brought back"] += 1

    def expire_older(self, key: str) -> None:
        """What was overwritten has expired, and markers with nothing below them with it; S3 tells of it."""
        versions = self.uploads.keys.get(key, ())
        for version in versions[:-1]:
            self.timeline.add("S3", f"expires a version of {key}", version.id or "")
            self.uploads.delete_version(key, version.id or "")
            self.promises.lies_there(key)
            self.happened["expired older"] += 1

    def say(self, body: str, who: str = CLIENT) -> None:
        """Put a message of one's own into the queue."""
        self.queue.send(body)
        self.timeline.add(who, f"sends {body[:70]}")

    def review(self, key: str, identity: str, reviewer: str, *, approved: bool) -> None:
        """A reviewer says something about a version; it comes to the function by a queue of its own."""
        self.promises.reviewed(key, identity, reviewer, approved=approved)
        self.reviews.send(json.dumps((key, identity, reviewer, approved, self.reviews.sent + 1)))
        self.timeline.add(reviewer, f"{'approves' if approved else 'rejects'} {key}", identity)

    def enrich(self, key: str, identity: str, said: Mapping[str, Any]) -> None:
        """An enricher says something about a version; it comes to the function by a queue of its own."""
        self.promises.enriched(key, identity, said)
        self.facts.send(json.dumps((key, identity, said, self.facts.sent + 1)))
        self.timeline.add(said["enricher"], f"says something of {key}", f"{identity} {said}")

    @property
    def now(self) -> int:
        """The time."""
        return self.stores.clock[CLOCK]

    def pass_time(self, hours: int) -> None:
        """Time passes; at the end of it, the stack has what is overdue looked at, as it does every hour."""
        self.stores.clock[CLOCK] += hours * _AN_HOUR
        self.timeline.add(TIME, "passes", f"{hours} hours")
        if self.gated:
            self.ask_for_overdue()

    def ask_for_overdue(self) -> None:
        """Have what is overdue looked at."""
        self.reviews.send(MEASURE)

    @property
    def is_overdue(self) -> bool:
        """Whether something is held whose reviewers have had time enough."""
        found = map(self.promises.manifest, sorted(self.keys))
        ends = (manifest.held_until for manifest in found if manifest and manifest.status is Status.HELD)
        return any(until is not None and until <= self.now for until in ends)

    def begin_deployment(self, revision: int) -> None:
        """Roll out other recipes: from here on, invocations of the old and of the new code start side by side."""
        recipes = (self.lazy, self.gated, self.unanswered, self.dropping, self.enriched, self.copying)
        self.releases.append(Release(revision, self.code, self.stores, *recipes))
        self.backfill_due = True
        self.deployments += 1
        self.timeline.add(OPERATOR, f"begins to roll out recipes {revision}")

    def end_deployment(self) -> None:
        """From here on, only invocations of the new code start."""
        del self.releases[:-1]
        self.deployments += 1
        self.timeline.add(OPERATOR, f"has rolled out recipes {self.releases[0].revision}")

    def deploy(self, revision: int) -> None:
        """Roll out other recipes at once: what is running goes on as it began."""
        self.begin_deployment(revision)
        self.end_deployment()

    @property
    def may_backfill(self) -> bool:
        """Whether a backfill is due and no invocation of older code is left, as the operators are told to wait for."""
        return self.backfill_due and self.is_of_one_release

    @property
    def is_of_one_release(self) -> bool:
        """Whether only the newest code is in service, and at work."""
        newest = self.releases[-1]
        return len(self.releases) == 1 and all(worker.release is newest for worker in self.workers)

    def backfill(self) -> None:
        """Ask for every key to be looked at."""
        self.backfill_due = False
        self.timeline.add(OPERATOR, "backfills")
        for key in sorted(self.keys):
            self.queue.send(reconcile_message(Source(UPLOADS, key)))

    def put_foreign(self, path: str, data: bytes) -> None:
        """Somebody else puts an object where copies go, if nothing lies there."""
        if self.images.data(path) is None:
            self.images.put(path, data)
            self.promises.foreign[path] = data
            self.timeline.add("somebody else", f"puts {path}")

    def leave_former_copy(self, path: str, key: str) -> None:
        """A stack of the same name, which is gone, has left a copy; this one has published nothing of the key yet."""
        s3: Any = SimulatedS3({IMAGES: self.images})
        copies = S3Copies(s3, IMAGES, IMAGES, COPY_FOLDERS)
        mark = Lies("", copies.owner(key), FORMER_REVISION, "seal of before")
        copies.write(path, FORMER, mark, Stored("image/jpeg"), None)
        self.timeline.add("a stack of before", f"has left {path}", f"of {key}")

    def look_at_night(self) -> frozenset[tuple[str, str]]:
        """The scheduled look at every key, there or deleted; returns those that it hints at, and why.

        As `backfill.nightly` has it, what is only of another recipe is left alone.
        """
        look, hinted = self.releases[-1].nightly_look, set()
        for key in sorted(self.keys):
            source = Source(UPLOADS, key)
            stale = look(source).stale
            if stale is not None and stale not in {"outdated", "copied", "leaves"}:
                self.queue.send(reconcile_message(source))
                self.timeline.add(NIGHT, f"hints at {key}", stale)
                hinted.add((key, str(stale)))
        return frozenset(hinted)

    def view_lazy(self, path: str, begin: Callable[[Release, Queue, tuple[Message, ...]], Mind]) -> None:
        """A viewer asks for a lazy variant: the CDN, then S3, then the function, by whatever release is in service."""
        self.cdn.view_lazy(path)
        if path not in self.cdn.lazy_copies:
            self.asked_for += 1
            batch = (Message(self.asked_for, path, received=1, in_flight=True),)
            queue, release = Queue(FIRST_VIEW), self.releases[-1]
            self.start(queue, batch, release, begin(release, queue, batch))
            self.cdn.rendering.add(self.workers[-1].name)

    def correct(
        self,
        key: str,
        focus: tuple[float, float] | str | None,
        begin: Callable[[Release, Queue, tuple[Message, ...]], Mind],
    ) -> None:
        """Somebody says where the subject of what is published is, or takes it back; or what it shows."""
        self.asked_for += 1
        self.timeline.add(OPERATOR, f"corrects {key}", str(focus))
        batch = (Message(self.asked_for, json.dumps([key, focus]), received=1, in_flight=True),)
        queue, release = Queue(CORRECT), self.releases[-1]
        self.start(queue, batch, release, begin(release, queue, batch))

    def erase(
        self, key: str, begin: Callable[[Release, Queue, tuple[Message, ...]], Mind], *, of_folder: bool = False
    ) -> None:
        """An operator begins to erase what there is of a key, if anything. of_folder: without a word of the key."""
        self.asked_for += 1
        how = OF_FOLDER if of_folder else ()
        batch = (Message(self.asked_for, key, how, received=1, in_flight=True),)
        queue, release = Queue(ERASURE), self.releases[-1]
        self.start(queue, batch, release, begin(release, queue, batch))
        self.workers[-1].began_at = self.promises.changes(key)
        of_this_key = [one for one in self.workers if one.queue == ERASURE and one.batch[0].body == key]
        for one in of_this_key:
            one.overlaps |= len(of_this_key) > 1
        self.promises.is_being_erased(key)

    def sweep(self, begin: Callable[[Release, Queue, tuple[Message, ...]], Mind], *, of: str = "everything") -> None:
        """An operator begins to sweep, or the schedule, and to remove what is found."""
        self.asked_for += 1
        batch = (Message(self.asked_for, of, received=1, in_flight=True),)
        queue, release = Queue(SWEEP), self.releases[-1]
        self.start(queue, batch, release, begin(release, queue, batch))

    def discard(self, key: str, begin: Callable[[Release, Queue, tuple[Message, ...]], Mind]) -> None:
        """An operator begins to discard every failure of a key."""
        self.asked_for += 1
        batch = (Message(self.asked_for, key, received=1, in_flight=True),)
        queue, release = Queue(DISCARD), self.releases[-1]
        self.start(queue, batch, release, begin(release, queue, batch))

    @property
    def at_work(self) -> frozenset[str]:
        """The names of those who work for Lightpress."""
        return frozenset(worker.name for worker in self.workers if worker.queue not in {ERASURE, SWEEP, DISCARD})

    def is_changed_while_erased(self, key: str) -> bool:
        """Whether a client has changed what the key holds since an operator has begun to erase it, who goes on."""
        return any(one.began_at != self.promises.changes(key) for one in self._erasing(key))

    def is_being_erased(self, key: str) -> bool:
        """Whether an operator erases it at this moment."""
        return bool(self._erasing(key))

    def _erasing(self, key: str) -> list[Worker]:
        return [one for one in self.workers if one.queue == ERASURE and one.batch[0].body == key]

    def may_go_on(self, worker: Worker) -> bool:
        """Whether nobody is left whom it waits for."""
        return not worker.awaits or worker.awaits.isdisjoint(self.at_work)

    def owed_now(self) -> list[str]:
        """The paths of all lazy variants that are owed now."""
        manifests = filter(None, map(self.promises.manifest, sorted(self.keys)))
        return [variant.path for manifest in manifests for variant in manifest.lazy]

    # What AWS does.

    def receivable(self, queue: Queue) -> list[Message]:
        """What a function may receive now: what is visible, and not delayed any more."""
        visible = queue.visible()
        return self.cdn.without_delayed(visible) if self.lazy and queue is self.queue else visible

    def losable(self, *, looks: bool) -> list[Message]:
        """Changes that nobody has received yet: a backlog may outlive its queue, and S3 may never have told of them.

        What was received before goes to the dead-letter queue long before. What operators send, and how they hear of
        its end, is theirs. looks: also looks that are asked for, as after reviews; where no operator sends the like.
        """
        told = [one for one in self.queue.messages if one.received == 0 and "Restore" not in one.body]
        return [one for one in told if "Object" in one.body or (looks and "Look" in one.body)]

    def expire(self, message: Message) -> None:
        """The retention of the queue is over, or S3 never sent the event: nobody hears of it, no dead letter either."""
        self.queue.delete(message.number)
        self.promises.lost(message)
        self.timeline.add(SQS, f"forgets {message.id}", "it has waited too long")
        self.happened["expired"] += 1

    def receive(self, queue: Queue, messages: list[Message]) -> tuple[Message, ...]:
        """Take messages from a queue, for a new invocation; those received too often go to the dead-letter queue."""
        handed_over = []
        for message in messages:
            if received := queue.receive(message):
                handed_over.append(received)
            else:
                self.timeline.add(SQS, f"gives up {message.id}", "it is a dead letter")
                self.happened["redrive"] += 1
        return tuple(handed_over)

    def start(self, queue: Queue, batch: tuple[Message, ...], release: Release, mind: Mind) -> None:
        """Let an invocation begin."""
        self.happened["invocation"] += 1
        name = f"{queue.name} {self.happened['invocation']}"
        what = ", ".join(f"{message.id} for the {message.received}. time" for message in batch)
        self.timeline.add(name, f"receives {what}", f"recipes {release.revision}")
        self.workers.append(Worker(name, queue.name, batch, release, mind))

    def make_visible(self, queue: Queue, message: Message) -> None:
        """The visibility timeout is over. If somebody still works on the message, it is delivered twice."""
        queue.show(message.number)
        self.timeline.add(SQS, f"shows {message.id} of {queue.name} again")

    def let_go(self) -> None:
        """Forget the workers that are over."""
        for worker in self.workers:
            if worker.over:
                self.promises.ended(worker)
                self.cdn.ended(worker.name)
                if self.backfills is not None:
                    self.backfills.ended(worker)
        self.workers = [worker for worker in self.workers if not worker.over]

    def waiting(self) -> list[tuple[Queue, Message]]:
        """Messages that nobody has and nobody can see."""
        if not any(message.in_flight for queue in self.served for message in queue.messages):
            return []
        had = {(worker.queue, message.number) for worker in self.workers for message in worker.batch}
        return [
            (queue, message)
            for queue in self.served
            for message in queue.messages
            if message.in_flight and (queue.name, message.number) not in had
        ]

    # What is true now.

    def recipe_for(self, key: str) -> Recipe | None:
        """What the newest release owes the key."""
        return self.releases[-1].recipes.recipe_for(key)

    def snapshot(self, pasts: Mapping[str, bytes]) -> bytes:
        """A digest of everything that a worker or a viewer could ever see. pasts: stand for the workers, by name."""
        state = (
            [(sorted(bucket.keys.items()), sorted(bucket.counts.items())) for bucket in self.stores.buckets.values()],
            [sorted(repr(message.likeness) for message in queue.messages) for queue in self.served],
            sorted((key, sorted(item.items())) for key, item in self.failures.items.items()),
            sorted(self.bus.newest.items()),
            [release.revision for release in self.releases],
            self.backfill_due,
            self.calm,
            self.now if self.unanswered is not Unanswered.HOLD else 0,
            self.promises.snapshot(),
            self.cdn.snapshot(pasts) if self.has_viewers or self.lazy else (),
        )
        return hashlib.blake2b(repr(state).encode(), digest_size=16).digest()

    def save(self) -> Saved:
        """Remember this moment."""
        return Saved(
            [(dict(bucket.keys), bucket.written, dict(bucket.counts)) for bucket in self.stores.buckets.values()],
            [(list(queue.messages), queue.sent) for queue in self.stores.queues.values()],
            dict(self.failures.items),
            dict(self.bus.newest),
            list(self.releases),
            list(self.workers),
            set(self.keys),
            self.promises.save(),
            len(self.timeline.rows),
            self.calm,
            self.backfill_due,
            self.cdn.save(),
            self.now,
        )

    def restore(self, saved: Saved) -> None:
        """Go back to a moment. The stores stay the same objects: requests that were made before still find them."""
        for bucket, (keys, written, counts) in zip(self.stores.buckets.values(), saved.buckets, strict=True):
            bucket.keys, bucket.written, bucket.counts = dict(keys), written, dict(counts)
        for queue, (messages, sent) in zip(self.stores.queues.values(), saved.queues, strict=True):
            queue.messages, queue.sent = list(messages), sent
        self.failures.items, self.bus.newest = dict(saved.items), dict(saved.news)
        self.releases, self.workers, self.keys = list(saved.releases), list(saved.workers), set(saved.keys)
        self.promises.restore(saved.promises)
        del self.timeline.rows[saved.rows :]
        self.calm, self.backfill_due = saved.calm, saved.backfill_due
        self.cdn.restore(saved.cdn)
        self.stores.clock[CLOCK] = saved.now

    def dissolve(self) -> None:
        """Nobody uses it any more: its parts, which know each other, are freed at once and without a collection."""
        vars(self.promises).clear()
        vars(self).clear()

    def _notify(self, event: str, key: str) -> None:
        self.queue.send(notification(key, event=event))


@cache
def notification(*keys: str, event: str = "ObjectCreated:Put") -> str:
    """The body S3 would send."""
    records = [
        {"eventName": event, "s3": {"bucket": {"name": UPLOADS}, "object": {"key": quote_plus(key, safe="/")}}}
        for key in keys
    ]
    return json.dumps({"Records": records})
