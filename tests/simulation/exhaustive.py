"""Every schedule of a small case: two workers, a script of client actions, and a number of faults at any request.

States are told apart by a digest of 128 bits over what can be seen (buckets, queues, table, releases) and over what
each worker has heard so far; a worker's next move depends on nothing else, so equal states have equal futures. Workers
are interchangeable, hence their digests are sorted. Two reductions on top are sound because what they leave out
commutes. Once the script is over and no fault is left, nothing can change originals any more (but where recipes drop
them), so a worker that is about to read one is let go first, and alone. So is, once no fault is left, a worker that is
about to announce something: nobody reads what is announced.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.gate import PERSON
from lightpress.pipeline.paths import short_name
from lightpress.pipeline.recipe import Unanswered
from lightpress.pipeline.source import Source
from tests.simulation.cloud import OPERATOR, Cloud
from tests.simulation.deployed import BUS, PREVIOUS_DAYS, UPLOADS, Code
from tests.simulation.invocation import ERASURE, Fault
from tests.simulation.memory import Memory, Remembered
from tests.simulation.pictures import (
    A_FACE,
    ALL_LAZY,
    ARCHIVED,
    BAD,
    CUSTOMER_KEY,
    EAGER,
    FINER,
    FOCUS,
    GATE_HOURS,
    GOOD,
    OTHER_WORDS,
    RARE,
    REFUSING,
    REFUSING_ANEW,
    WORDS,
)
from tests.simulation.promises import identity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.simulation.cloud import Saved
    from tests.simulation.invocation import Request
    from tests.simulation.worker import Worker

    Moment = tuple[Saved, list[Remembered], tuple[int, int, int, int, int, int], frozenset[tuple[str, str]]]

KEY, NEIGHBOR = "k", "n"
AT_ONCE = 2
_MOST_HOURS = 2
_HOURS_OF_REPLACED = 24 * PREVIOUS_DAYS + 1
MOST_TIMES = 30
"""No small case has a reason to bring a message back more often."""
_MOST_STEPS = 1_000
"""Nor to take more steps than that after its first choices."""

# P and Q are good pictures, B a bad one, J one whose format is not accepted by all recipes, D a deletion, R another
# recipe. N: recipes that differ in that they do not accept J; Y: the first ones again, which do; M: others that do not.
# A is a good picture in an archive, C one that only a customer's key opens, X one of another account, K one whose key
# of KMS is disabled. Z puts what is there into an archive, L denies access to it, and O undoes either. V: a viewer asks
# for a permalink. Of recipes that leave a variant for its first view: W: a viewer asks for it, U for one that is owed
# no more; E deploys recipes that are the same but leave nothing, F the same in another quality, I others that leave
# all. H: somebody corrects the focus of what is published; G takes that back. S: an operator erases what there is of
# the key. k: or of its folder, where they know only keys that are found. Of recipes that drop originals: b: a client
# brings an older version back by removing the newest for good; x: older ones expire. Of recipes with a gate: a and r: a
# person approves or rejects what is there; s and t: so does a scan, whom R asks as well; l: a person approves the first
# of all versions, which may be gone. T: more time passes than reviewers have. Of recipes with enrichers: w and z: one
# of them, whom R does not ask, says what is to be seen, and thinks again; f: another one sees a face. h and g: somebody
# says what is to be seen, of whatever recipes. v: somebody sweeps; y: so does the schedule, after more time than
# replaced variants are kept. p: another key is put, whose copies want the same addresses, and d: it is deleted; u: a
# stack of before has left a copy of each at the other's address of R. e: an operator sends what the key holds to the
# queue again, as one that failed, and c: discards its failures. n: nobody ever hears of the changes that nobody
# has received yet; a night finds them, once everything else is done.


def _newest(cloud: Cloud) -> str:
    version = cloud.uploads.newest(KEY)
    return identity_of(version) if version else "gone"


def _first(cloud: Cloud) -> str:
    return next(iter(cloud.promises.contents))


def _leave_crossed_copies(cloud: Cloud) -> None:
    for owner, other in ((KEY, NEIGHBOR), (NEIGHBOR, KEY)):
        cloud.leave_former_copy(f"u/{short_name(other)}-small.jpg", owner)


SCRIPT: dict[str, Callable[[Cloud], None]] = {
    "P": lambda cloud: cloud.put(KEY, GOOD + b"P"),
    "Q": lambda cloud: cloud.put(KEY, GOOD + b"Q"),
    "B": lambda cloud: cloud.put(KEY, BAD),
    "J": lambda cloud: cloud.put(KEY, RARE),
    "D": lambda cloud: cloud.delete(KEY),
    "R": lambda cloud: cloud.deploy(1),
    "N": lambda cloud: cloud.deploy(REFUSING),
    "Y": lambda cloud: cloud.deploy(0),
    "M": lambda cloud: cloud.deploy(REFUSING_ANEW),
    "A": lambda cloud: cloud.put(KEY, GOOD + b"A", ARCHIVED),
    "C": lambda cloud: cloud.put(KEY, GOOD + b"C", CUSTOMER_KEY),
    "X": lambda cloud: cloud.put(KEY, GOOD + b"X", {"denied": "AccessDenied"}),
    "K": lambda cloud: cloud.put(KEY, GOOD + b"K", {"denied": "KMS.DisabledException"}),
    "Z": lambda cloud: cloud.close(KEY, ARCHIVED),
    "L": lambda cloud: cloud.close(KEY, {"denied": "KMS.DisabledException"}),
    "O": lambda cloud: cloud.open(KEY),
    "V": lambda cloud: cloud.cdn.view(KEY),
    "E": lambda cloud: cloud.deploy(EAGER),
    "F": lambda cloud: cloud.deploy(FINER),
    "I": lambda cloud: cloud.deploy(ALL_LAZY),
    "a": lambda cloud: cloud.review(KEY, _newest(cloud), PERSON, approved=True),
    "r": lambda cloud: cloud.review(KEY, _newest(cloud), PERSON, approved=False),
    "l": lambda cloud: cloud.review(KEY, _first(cloud), PERSON, approved=True),
    "s": lambda cloud: cloud.review(KEY, _newest(cloud), "scan", approved=True),
    "b": lambda cloud: cloud.bring_back(KEY),
    "x": lambda cloud: cloud.expire_older(KEY),
    "T": lambda cloud: cloud.pass_time(GATE_HOURS + 1),
    "t": lambda cloud: cloud.review(KEY, _newest(cloud), "scan", approved=False),
    "w": lambda cloud: cloud.enrich(KEY, _newest(cloud), WORDS),
    "z": lambda cloud: cloud.enrich(KEY, _newest(cloud), OTHER_WORDS),
    "f": lambda cloud: cloud.enrich(KEY, _newest(cloud), A_FACE),
    "p": lambda cloud: cloud.put(NEIGHBOR, GOOD + b"P"),
    "d": lambda cloud: cloud.delete(NEIGHBOR),
    "u": _leave_crossed_copies,
    "e": lambda cloud: cloud.say(reconcile_message(Source(UPLOADS, KEY), retry=True), OPERATOR),
}

VIEWER, LAZY_VIEWERS, ERASES, TIME_PASSES = "V", frozenset("WU"), "S", "T"
DISCARDS = "c"
ERASES_FOLDER = "k"
SWEEPS, SWEEPS_LATER = "v", "y"
LOSES = "n"
LEAVES_ALL = "I"
DEPLOYING = frozenset("RNYMEFI")
CORRECTIONS: dict[str, tuple[float, float] | str | None] = {"H": FOCUS, "G": None, "h": "a dog", "g": "a cat"}
REVIEWED, ENRICHED = frozenset("arstlT"), frozenset("wzf")
CLOSING = frozenset("ACXKZL")


@dataclass(frozen=True)
class Case:
    """What is explored.

    Attributes:
        script: the operations of the client, one letter each (`SCRIPT`).
        versioned: whether the bucket of originals keeps versions.
        faults: how many requests may fail, or messages be delivered twice.
        receives: how often a message may be received before it is a dead letter; 0: each is one at once.
        outage: so many times in a row, an original cannot be read.
        delayed: whether purges wait as the stack has them wait.
        dropping: whether recipes drop originals, but for those of R.
        copying: whether they have copies of variants elsewhere, those of R at addresses of each key's own.
        unanswered: what becomes of what nobody reviews in time.
        begins: the choices that every explored schedule begins with, where a race takes too many to be found.
    """

    script: str
    versioned: bool = True
    faults: int = 0
    receives: int = 5
    outage: int = 0
    delayed: bool = True
    begins: tuple[str, ...] = ()
    dropping: bool = False
    copying: bool = False
    unanswered: Unanswered = Unanswered.HOLD

    def __str__(self) -> str:
        said = [self.script, "versioned" if self.versioned else "unversioned"]
        said += ["one fault"] if self.faults == 1 else [f"{self.faults} faults"] if self.faults else []
        said += ["received once"] if self.receives == 1 else ["dead letters"] if self.receives == 0 else []
        said += [f"outage of {self.outage} reads"] if self.outage else []
        said += [] if self.delayed else ["purged at once"]
        said += ["dropping"] if self.dropping else []
        said += ["copying"] if self.copying else []
        said += [f"else {self.unanswered}"] if self.unanswered is not Unanswered.HOLD else []
        said += [f"from step {len(self.begins)} on"] if self.begins else []
        return ", ".join(said)


@dataclass(frozen=True)
class Explored:
    """What came of it. broken: the first promises that were broken, by this schedule."""

    case: Case
    states: int
    ends: int
    broken: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    complete: bool = True
    story: str = ""


class Run:
    """One schedule, choice by choice, with a way back."""

    def __init__(self, case: Case, code: Code | None = None) -> None:
        viewers = VIEWER in case.script
        lazy = not (LAZY_VIEWERS | {LEAVES_ALL}).isdisjoint(case.script)
        self.cloud = Cloud(
            versioned=case.versioned,
            max_receives=case.receives,
            code=code,
            has_viewers=viewers,
            lazy=lazy,
            gated=not REVIEWED.isdisjoint(case.script),
            enriched=not ENRICHED.isdisjoint(case.script),
            dropping=case.dropping,
            copying=case.copying,
            unanswered=case.unanswered,
        )
        self.cloud.cdn.delayed = case.delayed
        self.case, self.script, self.faults = case, case.script, case.faults
        self.done, self.outage, self.hours = 0, case.outage, 0
        self.swept = int({SWEEPS, SWEEPS_LATER}.isdisjoint(case.script))
        self.may_find_more = int(LOSES in case.script)
        self.hinted: frozenset[tuple[str, str]] = frozenset()
        self._memory = Memory()

    def choices(self) -> list[str]:
        """Everything that could happen next, or the one thing that may as well happen first."""
        if not self.faults and (first := self._commutes()):
            return [first]
        choices = ["client"] if self._may_go_on() else []
        if self.cloud.may_backfill:
            choices.append("backfill")
        if len(self.cloud.workers) < AT_ONCE:
            choices += self._starts()
        for number, worker in enumerate(self.cloud.workers):
            if not self.cloud.may_go_on(worker):
                continue
            choices.append(f"step {number}")
            if self.faults and worker.mind.waits_for:
                choices += [f"{fault.name} {number}" for fault in self._faults(worker.mind.waits_for)]
        choices += self._of_cdn() if self.cloud.has_viewers or self.cloud.lazy else []
        return choices or self._at_last()

    def _at_last(self) -> list[str]:
        """What the schedule of the stack does once nothing else can happen: the next sweep takes what one has left.

        Where messages are lost, there are nights until one finds nothing more than the night before, and again after
        anything else. Should each find something else, nothing ever comes to rest.
        """
        if self.may_find_more:
            return ["night"]
        if self.hours < _MOST_HOURS and self.cloud.is_overdue:
            return ["hour"]
        return [] if self.swept or self.cloud.calm else ["sweep"]

    def _may_go_on(self) -> bool:
        """Whether the next operation may happen: hours pass only while nobody is at work, who would have ended."""
        if self.done == len(self.script):
            return False
        takes_long = self.script[self.done] in {TIME_PASSES, SWEEPS_LATER}
        return not (takes_long and self.cloud.workers)

    def _of_cdn(self) -> list[str]:
        """Each viewer who may have the answer now, and each purge whose delay may be over, but for its likes."""
        due = {message.body: message.number for message in self.cloud.cdn.due()}
        return [
            *(f"answer {number}" for number in range(len(self.cloud.cdn.views))),
            *(f"purge {number}" for number in due.values()),
        ]

    def _faults(self, request: Request) -> Iterator[Fault]:
        """A token expires only in cases where a look may be refused for another reason, too: it makes many states."""
        may_expire = not CLOSING.isdisjoint(self.case.script)
        return (fault for fault in request.faults if may_expire or fault is not Fault.EXPIRED)

    def _commutes(self) -> str | None:
        """A step that may as well be the next."""
        is_over = self.done == len(self.script) and not self.case.dropping  # else workers may change originals, too
        for number, worker in enumerate(self.cloud.workers):
            request = worker.mind.waits_for
            if request and (request.what == BUS or (is_over and _reads_an_original(request))):
                return f"step {number}"
        return None

    def _starts(self) -> list[str]:
        """One for each message that differs from the others."""
        starts = []
        for queue in self.cloud.served:
            alike = set()
            for message in self.cloud.receivable(queue):
                if message.likeness not in alike:
                    alike.add(message.likeness)
                    starts.append(f"start {queue.name}/{message.number}")
                    if self.faults:
                        starts.append(f"twice {queue.name}/{message.number}")
        return starts

    def take(self, choice: str) -> None:
        """Let it happen."""
        verb, _, which = choice.partition(" ")
        if verb == "client":
            self._script(self.script[self.done])
            self.done += 1
        elif verb in {"night", "hour", "sweep"}:
            self._of_the_stack(verb)
        elif verb == "backfill":
            self.cloud.backfill()
        elif verb in {"start", "twice"}:
            self._start(which, twice=verb == "twice")
        elif verb == "answer":
            self.cloud.cdn.answered(int(which))
        elif verb == "purge":
            self.cloud.cdn.purge([next(one for one in self.cloud.cdn.due() if one.number == int(which))])
        elif verb == "step":
            self._step(self.cloud.workers[int(which)])
        else:
            self._fault(Fault[verb], self.cloud.workers[int(which)])
        self._tidy()

    def _of_the_stack(self, verb: str) -> None:
        before, self.hinted = self.hinted, frozenset()
        self.may_find_more = int(LOSES in self.script)
        if verb == "hour":
            self.hours += 1
            self.cloud.ask_for_overdue()
        elif verb == "sweep":
            self.swept = 1
            self.cloud.sweep(self._memory.begin)
        else:
            self.hinted = self.cloud.look_at_night()
            self.cloud.promises.check_in_vain(key for key, _ in before & self.hinted)
            self.may_find_more = int(not self.hinted <= before)

    def _lose(self) -> None:
        """Nobody ever hears of what nobody has received yet, but of looks where somebody deploys, who asks for them."""
        looks = (self.cloud.gated or self.cloud.enriched) and DEPLOYING.isdisjoint(self.script)
        for message in self.cloud.losable(looks=looks):
            self.cloud.expire(message)

    def _script(self, operation: str) -> None:
        if operation == LOSES:
            self._lose()
            return
        if operation in CORRECTIONS:
            self.cloud.correct(KEY, CORRECTIONS[operation], self._memory.begin)
            return
        if operation == DISCARDS:
            self.cloud.discard(KEY, self._memory.begin)
            return
        if operation in {ERASES, ERASES_FOLDER}:
            self.cloud.erase(KEY, self._memory.begin, of_folder=operation == ERASES_FOLDER)
            return
        if operation in {SWEEPS, SWEEPS_LATER}:
            if operation == SWEEPS_LATER:
                self.cloud.pass_time(_HOURS_OF_REPLACED)
            self.cloud.sweep(self._memory.begin)
            return
        if operation not in LAZY_VIEWERS:
            SCRIPT[operation](self.cloud)
            return
        now = self.cloud.owed_now()
        before = [path for path in self.cloud.promises.owed if path not in now]
        for path in now if operation == "W" else before:
            self.cloud.view_lazy(path, self._memory.begin)

    def _start(self, which: str, *, twice: bool) -> None:
        name, _, number = which.partition("/")
        queue = self.cloud.stores.queues[name]
        (message,) = (message for message in queue.messages if message.number == int(number))
        if twice:
            self.faults -= 1
            self.cloud.calm = False
            queue.send(message.body, dict(message.attributes))
        if batch := self.cloud.receive(queue, [message]):
            if batch[0].received > MOST_TIMES:
                self.cloud.promises.broken.append(f"{batch[0].id} comes back again and again")
            release = self.cloud.releases[-1]
            self.cloud.start(queue, batch, release, self._memory.begin(release, queue, batch))

    def _step(self, worker: Worker) -> None:
        if self.outage and str(worker.mind.waits_for).startswith(f"GetObject {UPLOADS}/"):
            self.outage -= 1
            self.cloud.calm = False
            worker.step(self.cloud, Fault.FAILS)
        else:
            worker.step(self.cloud)

    def _fault(self, fault: Fault, worker: Worker) -> None:
        self.faults -= 1
        self.cloud.calm = False
        worker.step(self.cloud, fault)

    def _tidy(self) -> None:
        """What failed is visible at once: nothing is gained by waiting, since it may be received at any time later."""
        self.cloud.let_go()
        for queue, message in self.cloud.waiting():
            queue.show(message.number)

    def save(self) -> Moment:
        """This moment, to go back to."""
        minds = [_mind(worker).copy() for worker in self.cloud.workers]
        counts = (self.done, self.faults, self.outage, self.hours, self.swept, self.may_find_more)
        return self.cloud.save(), minds, counts, self.hinted

    def restore(self, moment: Moment) -> None:
        """Go back to a moment."""
        cloud, minds, counts, self.hinted = moment
        self.done, self.faults, self.outage, self.hours, self.swept, self.may_find_more = counts
        self.cloud.restore(cloud)
        self.cloud.workers = [
            replace(worker, mind=mind.copy(), dead=False) for worker, mind in zip(cloud.workers, minds, strict=True)
        ]

    def state(self) -> bytes:
        """Equal for states with equal futures."""
        pasts = {worker.name: _mind(worker).place.past for worker in self.cloud.workers}
        erasing = sorted(
            (
                pasts[worker.name],
                sorted(pasts[name] for name in worker.awaits & pasts.keys()),
                worker.listed == self.cloud.promises.changes(KEY),
                worker.began_at == self.cloud.promises.changes(KEY),
                worker.waited_at == self.cloud.promises.changes(KEY),
                worker.overlaps,
            )
            for worker in self.cloud.workers
            if worker.queue == ERASURE
        )
        counts = (self.done, self.faults, self.outage, self.hours, self.swept)
        rest = (*counts, self.may_find_more, sorted(self.hinted), sorted(pasts.values()), erasing)
        return hashlib.blake2b(self.cloud.snapshot(pasts) + repr(rest).encode(), digest_size=16).digest()


def _reads_an_original(request: Request) -> bool:
    return not request.changes and request.what.startswith(f"{UPLOADS}/")


def _mind(worker: Worker) -> Remembered:
    assert isinstance(worker.mind, Remembered)
    return worker.mind


class Graph:
    """The states, numbered as they are found, and from which others each can be reached."""

    def __init__(self, first: bytes) -> None:
        self.numbers = {first: 0}
        self.ends: list[int] = []
        self._before: list[list[int]] = [[]]
        self._made_by = [""]

    def add(self, origin: int, choice: str, state: bytes) -> int | None:
        """Note that a choice leads from one state to another; returns the number of that if it is new."""
        known = self.numbers.get(state)
        if known is not None:
            self._before[known].append(origin)
            return None
        self.numbers[state] = number = len(self.numbers)
        self._before.append([origin])
        self._made_by.append(choice)
        return number

    def endless(self) -> int | None:
        """The first state from which no schedule leads to an end, once all are known: some work goes on for ever."""
        leads_to_an_end = [False] * len(self._before)
        waiting = list(self.ends)
        while waiting:
            number = waiting.pop()
            if not leads_to_an_end[number]:
                leads_to_an_end[number] = True
                waiting += self._before[number]
        return next((number for number, leads in enumerate(leads_to_an_end) if not leads), None)

    def way_to(self, number: int) -> list[str]:
        """The choices by which a state was found."""
        way: list[str] = []
        while number:
            way.append(self._made_by[number])
            number = self._before[number][0]
        return way[::-1]


def explore(case: Case, code: Code | None = None, most_states: int = 10**9, seed: int | None = None) -> Explored:
    """Try every schedule, depth first; stops at the first that breaks a promise.

    seed: try what is possible at each moment in random order, not the last worker first.
    """
    run = begun(case, code)
    shuffle = random.Random(seed).shuffle if seed is not None else lambda _: None  # noqa: S311  no secret
    graph = Graph(run.state())
    stack = [(run.save(), choice, 0, 0) for choice in run.choices()]
    schedule: list[str] = []
    while stack and len(graph.numbers) < most_states:
        saved, choice, depth, origin = stack.pop()
        run.restore(saved)
        run.take(choice)
        schedule[depth:] = [choice]
        number = graph.add(origin, choice, run.state())
        if number is not None:
            choices = run.choices()
            if not choices:
                graph.ends.append(number)
                run.cloud.promises.check_settled()
            if len(schedule) > _MOST_STEPS:
                run.cloud.promises.broken.append("there is always more to do")
            now = run.save()
            shuffle(choices)
            stack += [(now, choice, depth + 1, number) for choice in choices]
        if run.cloud.promises.broken:
            return _broken(case, graph, run, run.cloud.promises.broken, schedule)
    if not stack and (endless := graph.endless()) is not None:
        schedule = graph.way_to(endless)
        return _broken(case, graph, begun(case, code, schedule), ["nothing ever comes to rest any more"], schedule)
    return Explored(case, len(graph.numbers), len(graph.ends), complete=not stack)


def begun(case: Case, code: Code | None = None, schedule: Iterable[str] = ()) -> Run:
    """A case after the choices that it begins with, and those of a schedule."""
    run = Run(case, code)
    for choice in (*case.begins, *schedule):
        run.take(choice)
    return run


def _broken(case: Case, graph: Graph, run: Run, why: Iterable[str], schedule: Iterable[str]) -> Explored:
    story = str(run.cloud.timeline)
    return Explored(case, len(graph.numbers), len(graph.ends), tuple(why), tuple(schedule), story=story)
