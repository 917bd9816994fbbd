"""Random schedules of large cases: several keys, clients, releases and workers, batches, and faults at any request.

A schedule follows from its number alone: the same number is the same story, word for word.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.gate import PERSON
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.recipe import Unanswered
from lightpress.pipeline.source import Source
from tests.simulation.cloud import Cloud, notification
from tests.simulation.deployed import DEAD_LETTERS, PREVIOUS_DAYS, UPLOADS, WEEKLY, Code, rows
from tests.simulation.invocation import ACKNOWLEDGE, COMMANDS, RENDER, UNQUEUED, Containers, Fault, Invocation, ask
from tests.simulation.pictures import (
    A_FACE,
    BAD,
    CLOSED,
    COPY_FOLDERS,
    CRASHING,
    CUSTOMER_KEY,
    FOCUS,
    FOREIGN,
    GATE_HOURS,
    GOOD,
    HUGE,
    IGNORED,
    LAZY_REVISIONS,
    NO_FACE,
    OTHER_FOCUS,
    OTHER_WORDS,
    RARE,
    REVISIONS,
    WORDS,
)
from tests.simulation.promises import identity_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from tests.simulation.backfills import Backfills
    from tests.simulation.deployed import Release
    from tests.simulation.invocation import Request
    from tests.simulation.worker import Worker
    from tools.fakes.sqs import Message, Queue

KEYS = ("a", "a/b", f"{IGNORED}c")
COLLIDING = ("t/small.jpg", "t/large.jpg")
"""Addresses of copies that all keys want by some recipes."""
CONTENTS = (GOOD, GOOD, GOOD, GOOD, BAD, CRASHING, HUGE, RARE)
NONSENSE = ("nonsense", json.dumps({"hello": "world"}))
OPERATIONS = (
    "HeadObject",
    "GetObject",
    "PutObject",
    "CopyObject",
    "ListObjectsV2",
    "ListObjectVersions",
    "UpdateItem",
    "SendMessage",
    RENDER,
)
"""Those that may be out of order for a while."""
_PART_THAT_IS_CLOSED, _PART_OF_OLD_VIEWS = 0.1, 0.2
_VIEWS, _ANSWERS, _PURGES, _EXPIRIES, _OVERDUE = 0.1, 0.2, 0.05, 0.02, 0.05
_PART_OF_THE_MACHINE, _PART_OF_OPERATORS = 0.2, 0.1
_PART_ABOUT_NOW, _PART_APPROVED, _PART_THAT_LOOKS_ALIKE = 0.8, 0.7, 0.7
_PART_THAT_IS_HEARD, _PART_THAT_IS_LOST = 0.5, 0.1
_MOST_AT_ONCE = 4
_PART_WITH_PAUSES, _PART_THAT_PAUSES, _STEPS_OF_A_PAUSE = 0.4, 0.1, (20, 120)
_EACH_THAT_GOES_BACK = 4
_MOST_IN_A_BATCH = 3
_MOST_STEPS = 20_000
_MOST_HOURS = 4
_MOST_OF_OPERATORS = 12
_HOURS_OF_WEEKS = PREVIOUS_DAYS * 24 // 2 + 1
_MOST_REMOVALS_IN_VAIN = 30
"""Of originals; several who erase or drop the same at once, and requests that are sent twice, make a few."""


@dataclass(frozen=True)
class Told:
    """What came of a schedule. happened: counts of requests, faults and events, by name."""

    number: int
    broken: tuple[str, ...]
    happened: Counter[str]
    leftovers: int
    story: str = field(repr=False, default="")


def run(  # noqa: PLR0913  kinds of schedules
    number: int,
    code: Code | None = None,
    *,
    tell: bool = False,
    lossy: bool = False,
    lazy: bool = False,
    corrected: bool = False,
    erasing: bool = False,
    gated: bool = False,
    enriched: bool = False,
    dropping: bool = False,
    copying: bool = False,
    sweeping: bool = False,
    backfilling: bool = False,
    discarding: bool = False,
    unanswered: Unanswered = Unanswered.HOLD,
) -> Told:
    """Run one schedule: a while in which anything may happen, then calm until nothing is left to do.

    lossy: messages that nobody has received yet may be lost, and in the calm there are nights. lazy: recipes leave some
    variants for their first view. corrected: somebody corrects the focus of pictures. erasing: operators erase keys, at
    any time, and one in the calm until nothing is left of it. gated: recipes hold back what is not reviewed.
    unanswered: what becomes of what is not reviewed in time, with a gate; then time passes. dropping: recipes drop
    originals, older versions are brought back, and expire. enriched: they ask enrichers for facts, and people say what
    pictures show. copying: they have copies of variants elsewhere, where somebody else may have put
    something. sweeping: operators sweep at any time, and once more in the calm, when nothing may be left over.
    backfilling: backfills run on the state machine. discarding: operators discard failures, and send them again. Those
    are schedules of their own: a number is another story with them.
    """
    kinds = {"lossy": lossy, "lazy": lazy, "corrected": corrected, "erasing": erasing, "gated": gated}
    schedule = _Schedule(
        number,
        code,
        unanswered,
        **kinds,
        dropping=dropping,
        enriched=enriched,
        copying=copying,
        sweeping=sweeping,
        backfilling=backfilling,
        discarding=discarding,
    )
    schedule.run()
    if sweeping and not schedule.cloud.promises.broken:
        schedule.cloud.promises.check_swept()
    if schedule.cloud.uploads.in_vain > _MOST_REMOVALS_IN_VAIN:
        schedule.cloud.promises.broken.append("versions that are gone are removed again and again")
    for worker in schedule.cloud.workers:
        worker.mind.abandon()
    promises, cloud = schedule.cloud.promises, schedule.cloud
    story = str(cloud.timeline) if tell or promises.broken else ""
    told = Told(number, tuple(promises.broken), cloud.happened, promises.leftovers(), story)
    cloud.dissolve()
    return told


class _Schedule:
    def __init__(  # noqa: PLR0913  kinds of schedules
        self,
        number: int,
        code: Code | None,
        unanswered: Unanswered,
        *,
        lossy: bool,
        lazy: bool,
        corrected: bool,
        erasing: bool,
        gated: bool,
        dropping: bool,
        enriched: bool,
        copying: bool,
        sweeping: bool,
        backfilling: bool,
        discarding: bool,
    ) -> None:
        self.dropping, self.copying, self.sweeping, self.sweeps_of_calm = dropping, copying, sweeping, 0
        self.hinted_last: frozenset[tuple[str, str]] = frozenset()
        self.said_at_last = self.losing = False
        self.lossy, self.lazy, self.corrected, self.erasing, self.gated = lossy, lazy, corrected, erasing, gated
        self.enriched, self.discarding = enriched, discarding
        self.number, self.chance = number, random.Random(number)  # noqa: S311  it decides schedules
        self.viewers = random.Random(f"viewers {number}")  # noqa: S311  what they do changes nothing for workers
        self.clock = random.Random(f"clock {number}")  # noqa: S311  nor does what expires
        self.pauses = random.Random(f"pauses {number}")  # noqa: S311  so that schedules without any draw as before
        self.may_pause = self.pauses.random() < _PART_WITH_PAUSES
        self.paused: dict[str, int] = {}
        """Workers by name, and how many steps of others each is to miss yet."""
        versioned, receives = number % 2 == 0, self.chance.choice((2, 3, 5))
        self.cloud = Cloud(
            versioned=versioned,
            max_receives=receives,
            code=code,
            lazy=lazy,
            gated=gated,
            unanswered=unanswered,
            dropping=dropping,
            enriched=enriched,
            copying=copying,
            backfilling=backfilling,
        )
        if copying and not erasing and number % 3 == 1:
            self._leave_former_copies(number)
        self.faults = self.chance.choice((0.0, 0.02, 0.08, 0.25))
        self.length = self.chance.randint(10, 150) * (4 if backfilling else 1)
        self.containers = Containers()
        self.out_of_order = ""
        self.steps_of_outage = 0
        self.hours_left = _MOST_HOURS
        self.failures_left = _MOST_OF_OPERATORS if discarding else 0
        self.is_swept_late = number % 4 < 2  # with versions, and without
        self.days_of_calm = number % 3 if unanswered is not Unanswered.HOLD else 0
        self.failed_meanwhile: set[tuple[str, int]] = set()
        """Workers, and of their messages those over which another worker failed while they had them."""

    def run(self) -> None:
        actions: dict[Callable[[], None], int] = {
            self._put: 8,
            self._delete: 3,
            self._close: 2,
            self._open: 3,
            self._deploy: 1,
            self._backfill: 1,
            self._duplicate: 2,
            self._deliver_late_and_together: 1,
            self._say_nonsense: 1,
            self._retry: 2,
            self._break_down: 1,
            self._show: 3,
            self._start: 15,
            self._step: 75,
        }
        if self.lossy:
            actions[self._expire] = 5
        if self.lazy:
            actions[self._view_lazy] = 15
        if self.corrected:
            actions[self._correct] = 8
        actions |= {self._erase: 5} if self.erasing else {}
        actions |= {self._sweep: 5, self._pass_weeks: 15} if self.sweeping else {}
        actions |= {self._discard: 8, self._retry: 8} if self.discarding else {}
        if self.gated:
            actions[self._review] = 12
        actions |= self._of_enrichers()
        actions |= {self._put_foreign: 1, self._remove_foreign: 1, self._view_copy: 8} if self.copying else {}
        actions |= self._of_backfills(self.cloud.backfills)
        actions |= {self._bring_back: 3, self._expire_older: 3} if self.dropping else {}
        if self.cloud.unanswered is not Unanswered.HOLD:
            actions[self._pass_time] = 30
        if (self.gated or self.enriched) and self.lossy:
            del actions[self._deploy]
            actions[self._expire] = 20
        if self.cloud.backfills is not None:
            self._make_stale(self.cloud.backfills)
        several, weights = list(actions), list(accumulate(actions.values()))
        for _ in range(self.length):
            (action,) = self.chance.choices(several, cum_weights=weights)
            action()
            self._view_and_purge()
            if self.cloud.promises.broken:
                return
        self._calm_down()

    def _of_enrichers(self) -> dict[Callable[[], None], int]:
        if not self.enriched:
            return {}
        return {self._enrich: 12, self._say_words: 3, **({self._expire: 20} if self.lossy else {})}

    def _make_stale(self, backfills: Backfills) -> None:
        """Every key has a picture that is published, and then other recipes are deployed."""
        for key in KEYS:
            self.cloud.put(key, GOOD + bytes([self.chance.randrange(3)]))
        self._go_on_in_turn(backfills)
        revision = self.chance.choice((1, 2))
        self.cloud.deploy(revision)
        if self.number % _EACH_THAT_GOES_BACK == 3:
            self._go_back(backfills, revision)

    def _go_back(self, backfills: Backfills, revision: int) -> None:
        """A run is stopped halfway through its second pass; then other recipes have a run, and the former come back."""
        backfills.begin_in_peace(of_a_shard=1)
        self._go_on_in_turn(backfills, lambda: backfills.has_done_some(passes=2))
        backfills.stop()
        self._go_on_in_turn(backfills)
        self.cloud.deploy(3 - revision)
        backfills.begin_in_peace(of_a_shard=1)
        self._go_on_in_turn(backfills)
        self.cloud.deploy(revision)

    def _go_on_in_turn(self, backfills: Backfills, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Nothing fails, and each ends before the next begins, until nothing is left to do."""
        while not is_enough():
            if self.cloud.workers:
                self._go_on(self.cloud.workers[0])
            elif any(queue.messages for queue in self.cloud.served):
                self._start()
            elif not backfills.go_on_in_peace(self.chance, idle=True):
                return

    def _of_backfills(self, backfills: Backfills | None) -> dict[Callable[[], None], int]:
        if backfills is None:
            return {}
        several = {
            backfills.operate: 20,
            backfills.go_on: 80,
            backfills.lose_an_answer: 5,
            backfills.abort: 3,
            backfills.refuse_hints: 5,
            backfills.lose_a_hint: 2,
        }
        more = {self._put: 4, self._delete: 1, self._close: 1, self._deploy: 4, self._step: 200, self._start: 20}
        return {**more, **{partial(action, self.chance): weight for action, weight in several.items()}}

    # What people do.

    def _put(self) -> None:
        data = self.chance.choice(CONTENTS) + bytes([self.chance.randrange(3)])
        how = self.chance.choice(CLOSED) if self.chance.random() < _PART_THAT_IS_CLOSED else {}
        self.cloud.put(self.chance.choice(KEYS), data, how)

    def _close(self) -> None:
        """Nobody can read it any more: for good, or for a while."""
        self.cloud.close(self.chance.choice(KEYS), self.chance.choice([how for how in CLOSED if how != CUSTOMER_KEY]))
        self.cloud.happened["closed"] += 1

    def _open(self) -> None:
        self.cloud.open(self.chance.choice(KEYS))
        self.cloud.happened["opened"] += 1

    def _review(self) -> None:
        """Somebody says something about a version, mostly that of now, and mostly yes."""
        key = self.chance.choice(KEYS)
        if versions := [version for version in self.cloud.uploads.keys.get(key, ()) if version.data is not None]:
            version = versions[-1] if self.chance.random() < _PART_ABOUT_NOW else self.chance.choice(versions)
            reviewer = self.chance.choice(("scan", PERSON, PERSON))
            approved = self.chance.random() < _PART_APPROVED
            self.cloud.review(key, identity_of(version), reviewer, approved=approved)
            self.cloud.happened["review"] += 1

    def _enrich(self) -> None:
        """An enricher says something about a version, mostly one that is published; two answers may both come late."""
        shown = self._shown()
        if shown and self.chance.random() < _PART_ABOUT_NOW:
            key, identity = self.chance.choice(shown)
        else:
            key = self.chance.choice(KEYS)
            versions = [one for one in self.cloud.uploads.keys.get(key, ()) if one.data is not None]
            if not versions:
                return
            identity = identity_of(self.chance.choice(versions))
        said = self.chance.choice((WORDS, OTHER_WORDS, A_FACE, NO_FACE))
        alike = [other for other in KEYS if other != key and self.chance.random() < _PART_THAT_LOOKS_ALIKE]
        self.cloud.enrich(key, identity, {**said, "looks_like": alike})
        self.cloud.happened["fact"] += 1

    def _shown(self) -> list[tuple[str, str]]:
        """What is published: the keys, and the identities of the versions."""
        manifests = [(key, self.cloud.promises.manifest(key)) for key in KEYS]
        return [
            (key, one.source.identity) for key, one in manifests if one and one.status is Status.READY and one.source
        ]

    def _say_words(self) -> None:
        """Somebody says what a picture shows."""
        if len(self.cloud.workers) < _MOST_AT_ONCE:
            self.cloud.correct(self.chance.choice(KEYS), self.chance.choice(("a cat", "a dog")), self._begin)
            self.cloud.happened["words"] += 1

    def _put_foreign(self) -> None:
        """Somebody else puts something where copies go."""
        self.cloud.put_foreign(self.chance.choice(COLLIDING), FOREIGN + bytes([self.chance.randrange(3)]))
        self.cloud.happened["foreign"] += 1

    def _leave_former_copies(self, number: int) -> None:
        """Of a stack that was removed, the copies are still there: at each address that all keys want, of some key."""
        chance = random.Random(f"former {number}")  # noqa: S311  it decides schedules
        for path in COLLIDING:
            self.cloud.leave_former_copy(path, chance.choice(KEYS))
            self.cloud.happened["former copy"] += 1

    def _remove_foreign(self) -> None:
        """And takes it away again."""
        if foreign := sorted(self.cloud.promises.foreign):
            path = self.chance.choice(foreign)
            del self.cloud.promises.foreign[path]
            self.cloud.images.delete(path)

    def _view_copy(self) -> None:
        """A viewer asks for a copy, at any address that there is."""
        if paths := [path for path in sorted(self.cloud.images.keys) if path.startswith(COPY_FOLDERS)]:
            self.cloud.cdn.view_copy(self.chance.choice(paths))
            self.cloud.happened["view of a copy"] += 1

    def _bring_back(self) -> None:
        self.cloud.bring_back(self.chance.choice(KEYS))

    def _expire_older(self) -> None:
        self.cloud.expire_older(self.chance.choice(KEYS))

    def _pass_time(self) -> None:
        """Hours pass, while nobody is at work, who would have ended."""
        if not self.cloud.workers:
            self.cloud.pass_time(self.chance.choice((1, GATE_HOURS // 2, GATE_HOURS)))
            self.cloud.happened["time"] += 1

    def _delete(self) -> None:
        self.cloud.delete(self.chance.choice(KEYS))

    def _deploy(self) -> None:
        if len(self.cloud.releases) > 1:
            self.cloud.end_deployment()
        else:
            self.cloud.begin_deployment(self.chance.randrange(LAZY_REVISIONS if self.lazy else REVISIONS))

    def _backfill(self) -> None:
        if self.cloud.may_backfill and self.cloud.backfills is None:
            self.cloud.backfill()

    def _say_nonsense(self) -> None:
        body = self.chance.choice(NONSENSE)
        self.cloud.promises.nonsense.add(body)
        self.cloud.say(body)

    def _retry(self) -> None:
        """As `lightpress failures retry`: look at what failed again, though it has failed."""
        failed = [row for row in rows(self.cloud.failures) if "key" in row]
        if failed:
            key = self.chance.choice(failed)["key"]
            self.cloud.say(reconcile_message(Source(UPLOADS, key), retry=True), "operator")
            self.cloud.happened["retry"] += 1

    def _discard(self) -> None:
        """As `lightpress failures discard`: of a key, all that there is when it is listed."""
        failed = [row for row in rows(self.cloud.failures) if "key" in row]
        if failed and len(self.cloud.workers) < _MOST_AT_ONCE:
            self.cloud.discard(self.chance.choice(failed)["key"], self._begin)
            self.cloud.happened["discard"] += 1

    def _view_and_purge(self) -> None:
        """A viewer asks for a permalink, another one is answered, or the CDN forgets something; mostly none of it."""
        cdn, kind = self.cloud.cdn, self.viewers.random()
        if kind < _VIEWS:
            cdn.view(self.viewers.choice(KEYS))
            self.cloud.happened["view"] += 1
        elif kind < _VIEWS + _ANSWERS and cdn.views:
            cdn.answered(self.viewers.randrange(len(cdn.views)))
        elif kind > 1 - _PURGES and (due := cdn.due()):
            self._purge(self.viewers.sample(due, self.viewers.randint(1, len(due))))
            self.cloud.happened["purge"] += 1
        if cdn.copies and self.clock.random() < _EXPIRIES:
            key = self.clock.choice(sorted(cdn.copies))
            self.clock.choice((cdn.expire, partial(cdn.view, stale=True)))(key)
            self.cloud.happened["expiry"] += 1

    def _view_lazy(self) -> None:
        """A viewer asks for a lazy variant, of now or of before."""
        if (paths := self.cloud.promises.owed) and len(self.cloud.workers) < _MOST_AT_ONCE:
            recent = paths if self.chance.random() < _PART_OF_OLD_VIEWS else self.cloud.owed_now() or paths
            self.cloud.view_lazy(self.chance.choice(recent), self._begin)
            self.cloud.happened["first view"] += 1

    def _correct(self) -> None:
        """Somebody says where the subject is, or takes that back."""
        if len(self.cloud.workers) < _MOST_AT_ONCE:
            focus = self.chance.choice((FOCUS, FOCUS, OTHER_FOCUS, None))
            self.cloud.correct(self.chance.choice(KEYS), focus, self._begin)
            self.cloud.happened["correction"] += 1

    def _erase(self) -> None:
        """An operator begins to erase a key; two who erase the same key are none too many."""
        if len(self.cloud.workers) < _MOST_AT_ONCE:
            self.cloud.erase(self.chance.choice(KEYS), self._begin)
            self.cloud.happened["erasure"] += 1

    def _sweep(self) -> None:
        """An operator or the schedule begins to sweep; others may be at it."""
        if len(self.cloud.workers) < _MOST_AT_ONCE:
            self.cloud.sweep(self._begin, of="everything" if self.cloud.happened["sweep"] % 2 else WEEKLY)
            self.cloud.happened["sweep"] += 1

    def _pass_weeks(self) -> None:
        """Weeks pass, while nobody is at work: variants that were replaced come of age."""
        if not self.cloud.workers:
            self.cloud.pass_time(_HOURS_OF_WEEKS)
            self.cloud.happened["weeks"] += 1

    def _sweep_at_last(self) -> bool:
        """In the calm, after everything else, an operator sweeps once; in some schedules weeks later."""
        if not self.sweeping or self.sweeps_of_calm:
            return False
        if self.is_swept_late:
            self.is_swept_late = False
            self.cloud.pass_time(2 * _HOURS_OF_WEEKS)
            return True
        self.sweeps_of_calm += 1
        self.cloud.sweep(self._begin)
        return True

    def _go_on_with_runs(self) -> None:
        """In the calm, runs of the state machine go on beside everything else."""
        if self.cloud.backfills is not None and self.chance.random() < _PART_OF_THE_MACHINE:
            self.cloud.backfills.go_on_in_peace(self.chance, idle=False)

    def _go_on_with_failures(self) -> None:
        """In the calm, too, operators send failures again, and discard them: most fail only by then."""
        if self.failures_left and any(rows(self.cloud.failures)) and self.chance.random() < _PART_OF_OPERATORS:
            self.failures_left -= 1
            self.chance.choice((self._retry, self._discard))()

    def _backfill_at_last(self) -> bool:
        """In the calm, runs come to their ends, and one more where recipes have changed."""
        backfills = self.cloud.backfills
        if backfills is None:
            return False
        if backfills.go_on_still:
            backfills.go_on_in_peace(self.chance, idle=True)
            return True
        if not backfills.ledger.is_up_to_date:
            backfills.begin_in_peace()
            return True
        return False

    def _erase_one(self) -> bool:
        """In the calm, an operator erases one key, and repeats the command until it says that nothing is left."""
        key = KEYS[0]
        if not self.erasing or self.cloud.promises.is_erased(key):
            return False
        self.cloud.erase(key, self._begin)
        return True

    def _say_at_last(self) -> bool:
        """In the calm, an enricher says of everything that is published that all the rest of it looks alike.

        Where messages are lost, looks that follow may be, until a night finds what they were about. Where operators
        erase, one may begin before anybody hears of it.
        """
        if not self.enriched or self.said_at_last:
            return False
        self.said_at_last, self.losing = True, self.lossy
        shown = self._shown()
        for key, identity in shown:
            self.cloud.enrich(key, identity, {**WORDS, "looks_like": [other for other, _ in shown if other != key]})
        if self.chance.random() > _PART_THAT_IS_HEARD:
            self._erase_one()
        return True

    # What AWS does.

    def _expire(self) -> None:
        """A change that nobody has received yet is forgotten; after reviews and facts, no operator deploys."""
        if changes := self.cloud.losable(looks=self.gated or self.enriched):
            self.cloud.expire(self.chance.choice(changes))

    def _break_down(self) -> None:
        """One operation of one service fails, again and again: a throttle storm, or an outage."""
        if self.faults:
            self.out_of_order, self.steps_of_outage = self.chance.choice(OPERATIONS), self.chance.randint(5, 60)
            self.cloud.happened["outage"] += 1

    def _duplicate(self) -> None:
        """S3 says something twice."""
        if self.cloud.keys:
            self.cloud.say(notification(self.chance.choice(sorted(self.cloud.keys))), "S3")
            self.cloud.happened["duplicate"] += 1

    def _deliver_late_and_together(self) -> None:
        """One message about several keys, some of which may never have held anything."""
        keys = self.chance.sample(KEYS, 2)
        self.cloud.keys.update(keys)
        self.cloud.say(notification(*keys), "S3")
        self.cloud.happened["duplicate"] += 1

    def _show(self) -> None:
        """A visibility timeout ends: rarely while somebody still works on the message."""
        waiting = self.cloud.waiting()
        if self.chance.random() < self.faults:
            waiting = [(queue, message) for queue in self.cloud.served for message in queue.messages]
            self.cloud.happened["redelivery"] += 1
        if waiting:
            self.cloud.make_visible(*self.chance.choice(waiting))

    def _start(self) -> None:
        queues = [queue for queue in self.cloud.served if self.cloud.receivable(queue)]
        if queues and len(self.cloud.workers) < _MOST_AT_ONCE:
            self._start_on(self.chance.choice(queues))

    def _start_on(self, queue: Queue) -> None:
        visible = self.cloud.receivable(queue)
        count = min(len(visible), self.chance.randint(1, _MOST_IN_A_BATCH))
        if batch := self.cloud.receive(queue, self.chance.sample(visible, count)):
            release = self.chance.choice(self.cloud.releases)
            self.cloud.start(queue, batch, release, self._begin(release, queue, batch))

    def _begin(self, release: Release, queue: Queue, batch: tuple[Message, ...]) -> Invocation:
        if queue.name in COMMANDS:
            return Invocation(release.function(queue.name, ask), queue, batch)
        return self.containers.begin(partial(release.function, queue.name), release, queue, batch)

    def _step(self) -> None:
        if awake := self._awake(self._able()):
            worker = self.chance.choice(awake)
            self._go_on(worker, self._fault(worker))

    def _able(self) -> list[Worker]:
        """Those who wait for nobody."""
        return [worker for worker in self.cloud.workers if not worker.awaits or self.cloud.may_go_on(worker)]

    def _awake(self, able: list[Worker]) -> list[Worker]:
        """Those of them who are not paused: a worker may be slow over one request, while others do all of their work.

        Drawn anew for each step, no worker would ever miss more than a few of them.
        """
        if not self.may_pause:
            return able
        self.paused = {name: steps - 1 for name, steps in self.paused.items() if steps > 1}
        if able and self.pauses.random() < _PART_THAT_PAUSES:
            self.paused[self.pauses.choice(able).name] = self.pauses.randint(*_STEPS_OF_A_PAUSE)
            self.cloud.happened["pause"] += 1
        return [worker for worker in able if worker.name not in self.paused]

    def _fault(self, worker: Worker) -> Fault | None:
        assert worker.mind.waits_for is not None
        self.steps_of_outage -= 1
        if self.steps_of_outage >= 0 and worker.mind.waits_for.operation == self.out_of_order:
            fault = Fault.FAILS
        elif self.chance.random() < self.faults:
            fault = self.chance.choice(worker.mind.waits_for.faults)
        else:
            return None
        self.cloud.calm = False
        self.cloud.happened[fault.name] += 1
        if worker.queue == DEAD_LETTERS and _interrupts(worker.mind.waits_for, fault):
            self.cloud.promises.interrupted.update(self.cloud.keys)
        return fault

    def _go_on(self, worker: Worker, fault: Fault | None = None) -> None:
        worker.step(self.cloud, fault)
        self.cloud.happened["request"] += 1
        if worker.over:
            self.cloud.let_go()
            if worker.queue not in UNQUEUED and self._is_untold(worker):
                self.cloud.untold = True
                self.cloud.happened["untold"] += 1

    def _is_untold(self, worker: Worker) -> bool:
        """Whether one failed over a message that another one had acknowledged, or now has: it comes back to nobody."""
        failed = _failed_over(worker)
        others = [other for other in self.cloud.workers if other.queue == worker.queue]
        self.failed_meanwhile.update((other.name, number) for other in others for number in failed & other.numbers)
        kept = {message.number for message in self.cloud.stores.queues[worker.queue].messages}
        unheard = failed | {number for number in worker.numbers if (worker.name, number) in self.failed_meanwhile}
        return not unheard <= kept

    def _calm_down(self) -> None:
        """No more faults: everything in flight and queued is worked off, still in random order."""
        if len(self.cloud.releases) > 1:
            self.cloud.end_deployment()
        for _ in range(_MOST_STEPS):
            self._backfill()
            self._view_and_purge()
            self._deliver_in_peace()
            if self.cloud.promises.broken:
                return
            self._go_on_with_runs()
            self._go_on_with_failures()
            if able := self._able():
                self._go_on(self.chance.choice(self._awake(able) or able))
            elif not any(queue.messages for queue in self.cloud.served):
                if self._more_is_done():
                    continue
                self._end_of_cdn()
                self.cloud.promises.check_settled()
                return
        self.cloud.promises.broken.append("the queues never drained")

    def _deliver_in_peace(self) -> None:
        """In the calm, messages come back sooner or later, and somebody receives them."""
        if self.losing and self.chance.random() < _PART_THAT_IS_LOST:
            self._expire()
        if not self.cloud.workers or self.chance.random() < 0.2:
            for queue, message in self.cloud.waiting():
                self.cloud.make_visible(queue, message)
            self._start()

    def _more_is_done(self) -> bool:
        """Whether anybody does more, once everything is worked off."""
        if self._say_at_last() or self._backfill_at_last() or (self.lossy and self._night_finds_more()):
            return True
        if self._erase_one() or self._an_hour_later() or self._sweep_at_last():
            self.hinted_last = frozenset()
            return True
        return False

    def _night_finds_more(self) -> bool:
        """In the calm, there is a look every night; what one finds again the next night has to be unreadable."""
        self.losing = False
        before, self.hinted_last = self.hinted_last, self.cloud.look_at_night()
        self.cloud.promises.check_in_vain(key for key, _ in before & self.hinted_last)
        return bool(self.hinted_last - before)

    def _an_hour_later(self) -> bool:
        """In the calm, what is overdue is looked at every hour, and time may pass before."""
        if self.days_of_calm:
            self.days_of_calm -= 1
            self.cloud.pass_time(GATE_HOURS)
        elif self.cloud.is_overdue and self.hours_left:
            self.hours_left -= 1
            self.cloud.ask_for_overdue()
        else:
            return False
        return True

    def _purge(self, batch: list[Message]) -> None:
        takes, all_from = self.viewers.randint(0, 2), self.viewers.choice((0, 2))
        self.cloud.cdn.purge(batch, takes=takes, all_from=all_from, overdue=self.clock.random() < _OVERDUE)

    def _end_of_cdn(self) -> None:
        """Every viewer has the answer, and every purge is made."""
        cdn = self.cloud.cdn
        while cdn.views:
            cdn.answered(0)
        while due := cdn.due():
            self._purge(due)


def _interrupts(request: Request, fault: Fault) -> bool:
    """Whether a trial may stay counted though the picture did nothing: it died, or could not be taken back."""
    died = fault in {Fault.DIES, Fault.DIES_AFTER}
    return died or request.operation in {RENDER, "UpdateItem"}


def _failed_over(worker: Worker) -> set[int]:
    """The numbers of the messages that a worker could not settle."""
    assert isinstance(worker.mind, Invocation)
    request = worker.mind.waits_for
    if worker.dead and request is not None and request.operation != ACKNOWLEDGE:
        return worker.numbers
    return {message.number for message, _ in worker.mind.failed}
