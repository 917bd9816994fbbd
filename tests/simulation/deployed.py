"""Lightpress as it is deployed to the simulated cloud: production code, put together over the stores' clients."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self, cast

from lightpress.aws import copies as copies_store
from lightpress.aws import (
    dead_letters,
    failures_table,
    hints,
    images,
    notifications,
    originals,
    purges,
    run_files,
    runs_table,
)
from lightpress.aws import facts as facts_store
from lightpress.aws import quarantine as quarantine_bucket
from lightpress.aws import reviews as reviews_store
from lightpress.aws import waiting as waiting_store
from lightpress.backfill import child, look, machine, sweep
from lightpress.backfill.hashes import hashes
from lightpress.cli import distributed, erasing, erasure
from lightpress.delivery import notify as announce
from lightpress.delivery import purging
from lightpress.failures import discarding
from lightpress.failures import record as record_failure
from lightpress.pipeline import correction, dropping, enriching, first_view, gate, leftovers, reconcile, reviewing
from lightpress.pipeline import messages as process
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.facts import Words, fact_from
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Unanswered
from lightpress.pipeline.source import Source
from tests.simulation import pictures
from tests.simulation.invocation import (
    ANSWER,
    CORRECT,
    DISCARD,
    ERASURE,
    FIRST_VIEW,
    OF_FOLDER,
    RECEIPT,
    RENDER,
    SWEEP,
    WAIT,
)
from tools.fakes.dynamodb import SimulatedDynamoDb
from tools.fakes.events import SimulatedEventBridge
from tools.fakes.s3 import SimulatedS3
from tools.fakes.sqs import SimulatedSqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.backfill.look import Found
    from lightpress.image.job import RenderResult
    from lightpress.image.spec import Spec
    from lightpress.pipeline.recipe import RecipeBook
    from tools.fakes.dynamodb import Table
    from tools.fakes.events import Bus
    from tools.fakes.s3 import Bucket
    from tools.fakes.sqs import Message, Queue
    from tools.fakes.wire import Wire

UPLOADS, IMAGES, QUARANTINE, FAILURES, PURGES = "uploads", "images", "quarantine", "failures", "purges"
QUEUE, DEAD_LETTERS = "process", "record"
"""The queues, by the name of the function that works them off."""
REVIEWS = "review"
"""The queue of reviews, and the function that takes them."""
FACTS = "fact"
"""The queue of facts, and the function that takes them."""
HINTS, RUNS = "hints", "runs"
"""The queue of the state machine of backfills, worked off as that of uploads is; and the table of its runs."""
NANOS_SENT, NANOS_READ = 1_000, 1
"""What runs take a hint and a read to cost, in billionths of a dollar."""
BUS = "default"

_KNOWN = Publishing(UPLOADS).find_source

NOW = 1_000
"""What the clocks of functions say that nothing depends on."""
CLOCK = "Clock"
RETENTION_SECONDS = 100
_LOOKS_OF_AN_ERASURE = 2
LATE = 10**10
"""By how much more the clocks of sweeps, and of what they look at, say: whatever S3 lists has been there for long."""
PREVIOUS_DAYS = 30
WEEKLY = "weekly"
"""What a sweep is asked for that reads only manifests of which something may be left over."""


@dataclass(frozen=True)
class Code:
    """The modules that run: the real ones, but where a mutant stands in for one."""

    process: Any = process
    reconcile: Any = reconcile
    record_failure: Any = record_failure
    announce: Any = announce
    originals: Any = originals
    images: Any = images
    dead_letters: Any = dead_letters
    quarantine: Any = quarantine_bucket
    failures: Any = failures_table
    look: Any = look
    sweep: Any = sweep
    purging: Any = purging
    first_view: Any = first_view
    correction: Any = correction
    dropping: Any = dropping
    discarding: Any = discarding
    erasing: Any = erasing
    erasure: Any = erasure
    reviewing: Any = reviewing
    reviews: Any = reviews_store
    enriching: Any = enriching
    facts: Any = facts_store
    copies: Any = copies_store
    waiting: Any = waiting_store
    child: Any = child
    machine: Any = machine
    runs: Any = runs_table
    distributed: Any = distributed
    render: Callable[[bytes, Spec], RenderResult] = field(default=pictures.render)


@dataclass(frozen=True)
class Stores:
    """Everything that lasts, by name. edge: what the CDN keeps of lazy variants, by path. clock: the time."""

    buckets: dict[str, Bucket]
    queues: dict[str, Queue]
    tables: dict[str, Table]
    buses: dict[str, Bus]
    edge: dict[str, bytes] = field(default_factory=dict)
    clock: dict[str, int] = field(default_factory=lambda: {CLOCK: NOW})


class Silent:
    """An observer that does not look."""

    def on_done(self, *_: object) -> None: ...

    def on_error(self, *_: object) -> None: ...

    def on_discarded(self, *_: object) -> None: ...

    def on_recorded(self, *_: object) -> None: ...


class AtLast:
    """Writes nothing before somebody waits for it, and then the newest first: nothing may count on more than that.

    What nobody waits for is done all the same, as threads do, and nobody hears that it failed.
    """

    def __init__(self) -> None:
        self._begun: list[_Begun] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, Exception):  # else the function is no more
            self.finish()

    def submit(self, work: Callable[..., object], /, *arguments: object) -> _Begun:
        self._begun.append(_Begun(partial(work, *arguments), self))
        return self._begun[-1]

    def finish(self) -> None:
        while self._begun:
            self._begun.pop().do()


@dataclass
class _Begun:
    """A write that is done at last."""

    work: Callable[[], object]
    helper: AtLast
    error: Exception | None = None

    def do(self) -> None:
        try:
            self.work()
        except Exception as error:  # noqa: BLE001  it is for whoever waits
            self.error = error.with_traceback(None)

    def result(self) -> None:
        self.helper.finish()
        if self.error is not None:
            raise self.error


@dataclass
class Waiting:
    """Waits for those who are at work, and gives up where that has not helped twice: operators repeat the command."""

    wire: Wire
    times: int = 0

    def for_workers(self, unsettled: int) -> None:
        self.times += 1
        if self.times > _LOOKS_OF_AN_ERASURE:
            raise erasing.NotErasedError(f"{unsettled} are not settled")
        self.for_those_at_work()

    def for_those_at_work(self) -> bool:
        self.wire(WAIT, "those at work", lambda: None)
        return True


@dataclass(frozen=True)
class _Deployment:
    """What an operator's command line knows of it."""

    uploads_bucket: str

    def name_of(self, bucket: str, key: str) -> str | None:
        return key if bucket == self.uploads_bucket else None


@dataclass(frozen=True, eq=False)
class Release:
    """One deployment: the code, and recipes of a revision.

    lazy: they leave some variants for their first view. gated: they hold back what is not reviewed. unanswered: what
    becomes of what is not reviewed in time. dropping: they drop originals. enriched: they ask enrichers for facts.
    copying: they have copies of variants elsewhere.
    """

    revision: int
    code: Code
    stores: Stores
    lazy: bool = False
    gated: bool = False
    unanswered: Unanswered = Unanswered.HOLD
    dropping: bool = False
    enriched: bool = False
    copying: bool = False

    @cached_property
    def recipes(self) -> RecipeBook:
        return pictures.recipe_book(
            self.revision,
            lazy=self.lazy,
            gated=self.gated,
            unanswered=self.unanswered,
            dropping=self.dropping,
            enriched=self.enriched,
            copying=self.copying,
        )

    @property
    def nightly_look(self) -> Callable[[Source], Found]:
        """As the state machine of backfills looks at night; no request of it fails: it would be tried again."""
        s3 = SimulatedS3(self.stores.buckets)
        looking: Callable[[Source], Found] = self.code.look.Looking(
            self.code.images.S3Images(s3, IMAGES),
            self.code.originals.S3Originals(s3),
            self.recipes,
            reviews=self.code.reviews.S3Reviews(s3, IMAGES),
            facts=self.code.facts.S3Facts(s3, IMAGES),
            now=lambda: self.stores.clock[CLOCK],
        )
        return looking

    def function(self, name: str, wire: Wire) -> Callable[[Message], None]:
        """A new invocation of the function that works off a queue, with its requests going over `wire`."""
        functions = {
            QUEUE: self._process,
            HINTS: self._process,
            DEAD_LETTERS: self._record_failure,
            FIRST_VIEW: self._first_view,
            CORRECT: self._correct,
            ERASURE: self._erasure,
            SWEEP: self._sweep,
            DISCARD: self._discard,
            REVIEWS: self._review,
            FACTS: self._fact,
        }
        return functions[name](wire)

    def _process(self, wire: Wire) -> Callable[[Message], None]:
        sqs = SimulatedSqs(self.stores.queues, wire)
        work = self.code.process.MessageProcessor(
            _KNOWN,
            partial(self.code.reconcile.reconcile, dependencies=self._dependencies(wire)),
            self.code.dead_letters.SqsDeadLetters(sqs, DEAD_LETTERS),
            self.code.dead_letters.SqsQueue(sqs, QUEUE),
            Silent(),
            self._announce(wire),
            self._drop(wire),
        )

        def handle(message: Message) -> None:
            work(process.Message(message.id, message.body, receipt=message.id, received=message.received, sent_at=NOW))

        return handle

    def _record_failure(self, wire: Wire) -> Callable[[Message], None]:
        sqs, s3 = SimulatedSqs(self.stores.queues, wire), SimulatedS3(self.stores.buckets, wire)
        dynamodb = SimulatedDynamoDb(self.stores.tables, wire)
        now = partial(int, NOW)
        registry = self.code.record_failure.FailureRecords(
            self.code.quarantine.S3Quarantine(s3, QUARANTINE),
            self.code.failures.DynamoFailures(dynamodb, FAILURES, now, RETENTION_SECONDS),
            Silent(),
            now,
            RETENTION_SECONDS,
        )
        needs = self._dependencies(wire)
        work = self.code.record_failure.RecordFailure(
            _KNOWN,
            partial(self.code.reconcile.reconcile, dependencies=needs),
            registry,
            self.code.dead_letters.SqsQueue(sqs, DEAD_LETTERS),
            Silent(),
            self._announce(wire),
            partial(leftovers.overtake, dependencies=needs),
            UPLOADS,
            self._drop(wire),
        )

        def handle(message: Message) -> None:
            letter = self.code.dead_letters.dead_letter_of(_as_lambda_has_it(message), "")
            work(letter, f"{message.id} {message.received}", message.received)

        return handle

    def _first_view(self, wire: Wire) -> Callable[[Message], None]:
        """The message is a path; its answer is kept by the CDN."""
        s3, edge = SimulatedS3(self.stores.buckets, wire), self.stores.edge
        work = self.code.first_view.FirstViews(
            self.code.originals.S3Originals(s3),
            self.code.images.S3Images(s3, IMAGES),
            self.recipes,
            partial(_render, wire, self.code.render),
            Publishing(UPLOADS).named,
        )

        def handle(message: Message) -> None:
            view = work(message.body)
            if view.data is not None:
                wire(ANSWER, message.body, partial(edge.__setitem__, message.body, view.data), changes=True)

        return handle

    def _correct(self, wire: Wire) -> Callable[[Message], None]:
        """The message is a key, and a point or a text."""
        s3: Any = SimulatedS3(self.stores.buckets, wire)
        sqs: Any = SimulatedSqs(self.stores.queues, wire)
        work = self.code.correction.Corrections(self.code.images.S3Images(s3, IMAGES), hints.SqsLooks(sqs, QUEUE))

        def handle(message: Message) -> None:
            key, said = json.loads(message.body)
            if isinstance(said, str):
                work.say(Publishing(UPLOADS).named(key), lambda _: Words(alt=said))
            else:
                work(Publishing(UPLOADS).named(key), tuple(said) if said else None)

        return handle

    def _erasure(self, wire: Wire) -> Callable[[Message], None]:
        """The message is a key; what is sure to be erased gets a receipt."""
        s3 = SimulatedS3(self.stores.buckets, wire)
        sqs: Any = SimulatedSqs(self.stores.queues, wire)
        now = partial(int, NOW)
        failures = self.code.failures.DynamoFailures(
            SimulatedDynamoDb(self.stores.tables, wire), FAILURES, now, RETENTION_SECONDS
        )

        def handle(message: Message) -> None:
            work = self.code.erasing.Erasing(
                s3,
                UPLOADS,
                QUARANTINE,
                self.code.images.S3Images(s3, IMAGES),
                failures,
                purges.SqsLateLooks(sqs, QUEUE, 0),
                Publishing(UPLOADS),
                self.code.erasing.Scope(key=message.body),
                copies=self.code.copies.S3Copies(s3, IMAGES, IMAGES, pictures.COPY_FOLDERS) if self.copying else None,
                facts=self.code.facts.S3Facts(s3, IMAGES) if self.enriched else None,
            )
            survey = self.code.erasure.Survey()
            self.code.erasure.Erasure(_Deployment(UPLOADS), work.scope, work).find_names(survey)
            if message.attributes != OF_FOLDER:
                survey.names.add(message.body)
            if work.run(survey.names, Waiting(wire), lambda _: None):
                wire(RECEIPT, message.body, lambda: None, changes=True)

        return handle

    def _discard(self, wire: Wire) -> Callable[[Message], None]:
        """The message is a key, all of whose failures are discarded, as they are when they are listed."""
        dynamodb = SimulatedDynamoDb(self.stores.tables, wire)
        rows = self.code.failures.DynamoFailures(dynamodb, FAILURES, partial(int, NOW), RETENTION_SECONDS)
        copies = self.code.quarantine.S3Quarantine(SimulatedS3(self.stores.buckets, wire), QUARANTINE)

        def handle(message: Message) -> None:
            for failure in rows.of(subject_of_picture(UPLOADS, message.body)):
                self.code.discarding.discard(failure, rows, copies)

        return handle

    def _sweep(self, wire: Wire) -> Callable[[Message], None]:
        """Everything that is there, as a child of the state machine sweeps a shard.

        All variants have been there for longer than any worker lives, as far as it knows: safety may not hang on that.
        Manifests are as old as they are.
        """
        s3: Any = SimulatedS3(self.stores.buckets, wire)
        sqs: Any = SimulatedSqs(self.stores.queues, wire)
        sweeper = self.code.sweep.Sweeper(
            self.code.images.S3Images(s3, IMAGES),
            self.code.originals.S3Originals(s3),
            Publishing(UPLOADS).named,
            self.code.copies.S3Copies(s3, IMAGES, IMAGES, pictures.COPY_FOLDERS) if self.copying else None,
            lambda: LATE + self.stores.clock[CLOCK],
            PREVIOUS_DAYS,
            at_once=map,
        )

        def handle(message: Message) -> None:
            some = list(hashes(run_files.S3Lister(s3), IMAGES))
            if message.body == WEEKLY:
                some = [one for one in some if one.shows_leftovers(LATE)]
            judged = sweeper.judge_all(some)
            sources, late = self.code.sweep.sources_of(judged, Publishing(UPLOADS).named)
            queue = hints.SqsHints(sqs, QUEUE)
            queue.send(sources)
            queue.send(late, late=True)
            sweeper.remove(judged)

        return handle

    def _review(self, wire: Wire) -> Callable[[Message], None]:
        """The message has the key, the identity, the reviewer, whether it is approved, and when that was said."""
        s3, sqs = SimulatedS3(self.stores.buckets, wire), SimulatedSqs(self.stores.queues, wire)
        take = self.code.reviewing.TakeReview(
            self.code.reviews.S3Reviews(s3, IMAGES),
            hints.SqsLooks(cast("Any", sqs), QUEUE),
            self.code.originals.S3Originals(s3),
        )

        waiting = self.code.waiting.S3Waiting(s3, IMAGES, map)
        overdue = self.code.reviewing.LookAtOverdue(
            waiting,
            Publishing(UPLOADS).named,
            hints.SqsLooks(cast("Any", sqs), QUEUE),
            map,
        )

        def handle(message: Message) -> None:
            if message.body == reviewing.MEASURE:
                waiting.measure()
                overdue(self._now(wire))
                return
            key, identity, reviewer, approved, said_at = json.loads(message.body)
            review = gate.Review(reviewer, approved, "" if approved else "drawn indecent", said_at)
            take(reviewing.ReviewOf(Source(UPLOADS, key), identity, review))

        return handle

    def _fact(self, wire: Wire) -> Callable[[Message], None]:
        """The message has the key, the identity, what an enricher says, and when."""
        s3, sqs = SimulatedS3(self.stores.buckets, wire), SimulatedSqs(self.stores.queues, wire)
        take = self.code.enriching.TakeFact(
            self.code.facts.S3Facts(s3, IMAGES),
            self.code.images.S3Images(s3, IMAGES),
            hints.SqsLooks(cast("Any", sqs), QUEUE),
        )

        def handle(message: Message) -> None:
            key, identity, said, said_at = json.loads(message.body)
            take(enriching.FactOf(Source(UPLOADS, key), identity, fact_from(said), said_at))

        return handle

    def _drop(self, wire: Wire) -> Callable[..., None]:
        s3 = SimulatedS3(self.stores.buckets, wire)
        drop: Callable[..., None] = self.code.dropping.Dropping(
            self.code.originals.S3Originals(s3), self.code.images.S3Images(s3, IMAGES), self.recipes
        )
        return drop

    def _announce(self, wire: Wire) -> Callable[..., None]:
        bridge: Any = SimulatedEventBridge(self.stores.buses, wire)
        told: Callable[..., None] = self.code.announce.Notifier(
            notifications.EventBridgeNotifications(lambda: bridge, BUS, "lightpress-dev", "https://cdn.test")
        )
        return told

    def _dependencies(self, wire: Wire) -> Dependencies:
        s3 = SimulatedS3(self.stores.buckets, wire)
        sqs: Any = SimulatedSqs(self.stores.queues, wire)
        to_cdn = purges.SqsPurges(sqs, PURGES, 0)
        return Dependencies(
            self.code.originals.S3Originals(s3),
            self.code.images.S3Images(s3, IMAGES),
            self.recipes,
            partial(_render, wire, self.code.render),
            purges=to_cdn,
            refreshes=to_cdn,
            late_looks=purges.SqsLateLooks(sqs, QUEUE, 0) if self.lazy else None,
            reviews=self.code.reviews.S3Reviews(s3, IMAGES) if self.gated else None,
            facts=self.code.facts.S3Facts(s3, IMAGES) if self.enriched else None,
            copies=self.code.copies.S3Copies(s3, IMAGES, IMAGES, pictures.COPY_FOLDERS) if self.copying else None,
            wakes=purges.SqsLateLooks(sqs, QUEUE, 0) if self.copying else None,
            source_of=Publishing(UPLOADS).named,
            now=partial(self._now, wire),
            helping=AtLast,
        )

    def _now(self, wire: Wire) -> int:
        """The time is a question like others: another answer, and the function goes on in another way."""
        return wire(CLOCK, CLOCK, lambda: self.stores.clock[CLOCK])


def _render(wire: Wire, render: Callable[[bytes, Spec], RenderResult], data: bytes, spec: Spec) -> RenderResult:
    """Rendering as a request to somebody: a child process, which may be killed as anything else may fail."""

    def effect() -> str:
        render(data, spec)
        return "rendered"

    wire(RENDER, repr(data[:20]), effect)
    return render(data, spec)


def _as_lambda_has_it(message: Message) -> dict[str, Any]:
    """The record of a message in a batch."""
    return {
        "messageId": message.id,
        "body": message.body,
        "attributes": {"SentTimestamp": str(NOW * 1000), "ApproximateReceiveCount": str(message.received)},
        "messageAttributes": {name: {"stringValue": value} for name, value in message.attributes},
    }


def rows(table: Table) -> Iterator[dict[str, str]]:
    """The failures in the table: a row is one from when it has a reason."""
    for item in table.items.values():
        if "reason" in item:
            yield {name: next(iter(value.values())) for name, value in item.items()}
