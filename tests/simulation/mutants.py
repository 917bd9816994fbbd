"""The code with one of its steps left out or done in the wrong order: each must break a promise somewhere.

A mutant that nobody finds would say that the simulation is blind to what the step is for. docs/simulation.md has this
table, and a test holds it to that.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lightpress.pipeline import copies as wanted_copies
from lightpress.pipeline import copying, gate, leftovers, owed, settled
from lightpress.pipeline.recipe import Unanswered
from tests.simulation import randomly
from tests.simulation.cases import (
    APPROVED_BY_ONE,
    COPIED,
    COPIED_AFTER_REMOVAL,
    COPIED_AND_DIED,
    COPIED_AND_ERASED,
    COPIED_AND_LEFT,
    CROSSED,
    DELETED_AND_DIED,
    DIED_AND_ERASED,
    DIED_AND_OVERTAKEN,
    DIED_AND_PUT_BACK,
    DIED_BELOW_A_TOMBSTONE,
    EAGER_AND_LATE,
    ERASED_AND_ABOUT_TO_BE_HELD,
    FAILED_AGAIN,
    FAILED_AND_HALF_ERASED,
    HALF_PUBLISHED_BY_OTHERS,
    HELD,
    HELD_AND_DELETED,
    LATE_AND_DEAD,
    LATE_WITH_A_COPY,
    LAZILY_PUBLISHED,
    LAZILY_RENDERED,
    LAZILY_TOLD,
    LEAVING,
    LEAVING_BESIDE_ANOTHER,
    LEFT,
    LOOKED_FOR_AND_DELETED,
    OVERWRITTEN_WHILE_LEAVING,
    PUBLISHED,
    PUBLISHED_AND_DELETED,
    PUBLISHED_TWICE,
    PUT_AND_HALF_ERASED,
    RECORDED_AND_HALF_ERASED,
    RECORDED_TWICE,
    REFUSED_FOR_ANOTHER,
    REJECTED,
    REJECTED_AND_OVERTAKEN,
    REJECTED_AND_RECORDED,
    REJECTED_BEHIND_A_LATE_LOOK,
    REJECTED_WHILE_ERASED,
    REJECTED_WHILE_LISTED,
    REPLACED_ABOVE_ANOTHER,
    TOLD,
    VIEWED_AND_DIED,
)
from tests.simulation.deployed import Code
from tests.simulation.exhaustive import Case, explore
from tests.simulation.pictures import render_without_isolation
from tests.simulation.syntax import Change, changed, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

RECONCILE, PROCESS, RECORD_FAILURE, ANNOUNCE = "reconcile", "process", "record_failure", "announce"
LOOK, SWEEP, RUNS = "look", "sweep", "runs"
FIRST_VIEW, CORRECTION, ERASING, ERASURE = "first_view", "correction", "erasing", "erasure"
REVIEWING, REVIEWS, WAITING = "reviewing", "reviews", "waiting"
ENRICHING, FACTS = "enriching", "facts"
CHILD, MACHINE, DISTRIBUTED = "child", "machine", "distributed"
DROPPING = "dropping"
FAILURES, DISCARDING = "failures", "discarding"
COPIES = "copies"
IMAGES, ORIGINALS, QUARANTINE, RENDER, PURGING = "images", "originals", "quarantine", "render", "purging"

_PARTS = {RECONCILE: (wanted_copies, copying, settled, leftovers), FIRST_VIEW: (owed,), REVIEWS: (gate,)}
"""Modules that are changed as if they stood in the one that imports them."""


@dataclass(frozen=True)
class Mutant:
    """One way to break one module.

    Attributes:
        name: what is wrong, in the words of docs/simulation.md.
        module: a field of `Code`.
        changes: to its syntax tree; none where it is not the module that is replaced, but the port `render`.
        case: a small case whose exhaustive exploration finds it; None: random schedules do.
        within: how many states or schedules that takes at most.
        seed: of the order of exploration, or the first schedule, where the usual one takes long.
        lossy: random schedules in which messages are lost, and nights find what they were about.
        corrected: random schedules in which focuses are corrected.
        erasing: random schedules in which operators erase.
        gated: random schedules in which pictures wait for reviews.
        enriched: random schedules in which enrichers are asked for facts.
        dropping: random schedules in which originals leave.
        copying: random schedules in which variants are copied.
        sweeping: random schedules in which operators sweep.
        backfilling: random schedules in which backfills run on the state machine.
    """

    name: str
    module: str
    changes: tuple[Change, ...]
    case: Case | None
    within: int
    seed: int | None = None
    lossy: bool = False
    corrected: bool = False
    erasing: bool = False
    gated: bool = False
    enriched: bool = False
    dropping: bool = False
    copying: bool = False
    sweeping: bool = False
    backfilling: bool = False

    @property
    def code(self) -> Code:
        """The real code around the mutated module."""
        if not self.changes:
            return Code(render=render_without_isolation)
        mutated: dict[str, Any] = {self.module: _mutated(self._parts, self.changes)}
        return replace(Code(), **mutated)

    @property
    def _parts(self) -> Sequence[ModuleType]:
        return (*_PARTS.get(self.module, ()), getattr(Code(), self.module))

    def places(self) -> list[int]:
        """Of each change, in how many places of the code it is possible."""
        if not self.changes:
            return []
        texts = [inspect.getsource(part) for part in self._parts]
        return [sum(places(text, change) for text in texts) for change in self.changes]

    def found_after(self) -> int | None:
        """How many states or schedules it takes to find it; None if it is not found within the limit."""
        code = self.code
        if self.case is not None:
            explored = explore(self.case, code, self.within, self.seed)
            return explored.states if explored.broken else None
        first = self.seed or 1
        tried = range(first, first + self.within)
        names = ("lossy", "corrected", "erasing", "gated", "dropping", "enriched", "copying", "sweeping", "backfilling")
        kinds = {name: getattr(self, name) for name in names}
        runs = (randomly.run(number, code, **kinds) for number in tried)
        return next((count for count, told in enumerate(runs, 1) if told.broken), None)

    @property
    def limit(self) -> str:
        """Where it is found, and how soon."""
        if self.case is not None:
            return f"{self.within} states of {self.case}"
        more = " in which originals leave" * self.dropping
        more += " with reviews" * self.gated + " with losses" * self.lossy + " with erasures" * self.erasing
        more += " with corrections" * self.corrected
        kind = f"random schedules{more}" + " with enrichers" * self.enriched + " with copies" * self.copying
        kind += " with sweeps" * self.sweeping + " with backfills" * self.backfilling
        return f"{self.within} {kind}" + (f" from {self.seed} on" if self.seed else "")


def _mutated(modules: Sequence[ModuleType], changes: Iterable[Change]) -> ModuleType:
    """The last of modules that import those before them, each made anew, with the changes wherever their places are."""
    texts = {module.__name__: inspect.getsource(module) for module in modules}
    for change in changes:
        (name,) = [name for name, text in texts.items() if places(text, change)]
        texts[name] = changed(texts[name], change)
    real = {name: sys.modules[name] for name in texts}
    try:
        for name, text in texts.items():
            sys.modules[name] = ModuleType(name)
            exec(compile(text, f"mutated {name}", "exec"), sys.modules[name].__dict__)  # noqa: S102  our own text
        return sys.modules[modules[-1].__name__]
    finally:
        sys.modules.update(real)


_VARIANTS_AFTER = """[
    A.dependencies.images.publish(M, A.published),
    M.status is Status.READY
    and [
        A.dependencies.images.write(
            variant_path(M.key, M.generation, variant), variant.data, "image/jpeg", "a.jpg"
        )
        for variant in A.dependencies.render(
            A.dependencies.originals.read(A.source, A.original), A.recipe.spec
        ).variants
    ],
]"""
_TOLD_AFTER = """[
    A.dependencies.images.publish(M, A.published),
    _takes_away(M, A.published) and A.dependencies.refreshes.request_purge(permalinks_folder(M.key)),
]"""
_FAILED_WITHOUT_VERDICT = """
V = A.dead_letter.verdict
if V is None:
    raise PictureRejected(Reason.CORRUPT, "tried too often")
"""
_CUSTOMER_KEY = """closed_by(
    ClientError({"Error": {"Code": "InvalidRequest", "Message": "stored using a form of Server Side Encryption"}}, "")
)"""

_MAY_TAKE = (
    "attribute_not_exists(#stopped) AND #objects_left >= :objects AND #nanos_left >= :nanos AND #paced_ms >= :latest"
)


def _of_copies(name: str, module: str, within: int, *changes: tuple[str, ...]) -> Mutant:
    """One that random schedules with copies find."""
    return Mutant(name, module, tuple(Change(*change) for change in changes), None, within, copying=True)


def _of_sweeps(name: str, script: str, within: int, *changes: Change) -> Mutant:
    """One that a small case finds: a picture is published, and then changed, beside a sweep or weeks before it."""
    return Mutant(name, SWEEP, changes, Case(script, begins=PUBLISHED), within)


_MAY_EXHAUST = (
    "attribute_not_exists(#stopped) AND #round = :round AND #attempts = :attempts AND #objects_left <= :objects AND "
    "#nanos_left <= :nanos"
)


def _of_runs(name: str, within: int, left: str) -> Mutant:
    """One that random schedules with backfills find. left: of the condition under which a run's row is taken from."""
    change = Change(f'"{_MAY_TAKE}"', f'"{left}"')
    return Mutant(name, RUNS, (change,), None, within, backfilling=True)


MUTANTS = (
    Mutant(
        "a manifest replaces whatever is there",
        IMAGES,
        (Change('{"IfMatch": A.etag} if A else {"IfNoneMatch": "*"}', "{}"),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "the first manifest replaces whatever is there",
        IMAGES,
        (Change('{"IfMatch": A.etag} if A else {"IfNoneMatch": "*"}', '{"IfMatch": A.etag} if A else {}'),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "the manifest comes before the variants",
        RECONCILE,
        (
            Change("A.begin(*_)", "None"),
            Change("A.dependencies.images.publish(M, A.published)", _VARIANTS_AFTER),
        ),
        Case("P"),
        50,
    ),
    Mutant(
        "a variant that could not be written beside the renderer is published",
        RECONCILE,
        (Change("A.finish()", "None"),),
        Case("P", faults=1),
        500,
    ),
    Mutant(
        "the source is looked at before the manifest",
        RECONCILE,
        (
            Change("A.originals.head(S)", "early", "_attempt"),
            Change("A.images.published(S.name)", "[early := A.originals.head(S), A.images.published(S.name)][1]"),
        ),
        Case("PQP"),
        2_000,
        seed=5,
    ),
    Mutant(
        "the source is not looked at again",
        RECONCILE,
        (Change("A.look_again()", "None", "_publish"),),
        Case("PQP", versioned=False),
        500,
    ),
    Mutant(
        "whatever the source holds is read",
        ORIGINALS,
        (Change("A.get_object(Bucket=B, Key=K, IfMatch=E)", "A.get_object(Bucket=B, Key=K)"),),
        Case("PQ"),
        5_000,
    ),
    Mutant(
        "no tombstone where nothing ever was",
        RECONCILE,
        (Change("P is None and I and not X", "P is None and not X"),),
        Case("PD"),
        3_000,
    ),
    Mutant(
        "a lost race counts as done",
        RECONCILE,
        (
            Change("range(ATTEMPTS)", "range(1)"),
            Change("raise TooManyConflicts(*_)", "return Outcome(source, Action.NOTHING, None)"),
        ),
        Case("PQ"),
        500,
    ),
    Mutant(
        "generations can come back",
        RECONCILE,
        (
            Change("variant_path(A, B.generation, V)", 'variant_path(A, "0-same", V)'),
            Change("{M.generation, M.previous}", '{"0-same", M.previous}', "_dead_among"),
        ),
        Case("PQ"),
        100,
    ),
    Mutant(
        "cleaning up takes what is being written",
        RECONCILE,
        (Change("A not in B and _revision_in(P) <= M.revision", "A not in B"),),
        Case("PQP"),
        500,
    ),
    Mutant(
        "cleaning up takes the generation before",
        RECONCILE,
        (Change("{M.generation, M.previous}", "{M.generation}", "_dead_among"),),
        Case("PQ"),
        100,
    ),
    Mutant(
        "a tombstone is the end, whatever is left over",
        RECONCILE,
        (Change("A and not has_variants(*_)", "A"),),
        Case("PD", faults=1),
        30_000,
    ),
    Mutant(
        "nothing is removed after a delete",
        RECONCILE,
        (Change("remove_dead(*_)", "None", "_withdraw"),),
        Case("PD"),
        200,
    ),
    Mutant(
        "the CDN is not told of a delete",
        RECONCILE,
        (Change("A.request_purge(F)", "None", "_remove"),),
        Case("PD"),
        200,
    ),
    Mutant(
        "a deletion is not finished before the next upload is published",
        RECONCILE,
        (Change("A is not None and A.manifest.is_withdrawn", "False"),),
        Case("PDP"),
        2_000,
    ),
    Mutant(
        "what was deleted is removed before the CDN is told",
        RECONCILE,
        (Change("A.purges.request_purge(F)", "[A.images.remove(dead), A.purges.request_purge(F)]", "_remove"),),
        Case("PD", faults=1),
        90_000,
    ),
    Mutant(
        "the CDN is not told of an overwrite",
        RECONCILE,
        (Change("A is not None and _takes_away(*_)", "False"),),
        Case("PVQ"),
        500,
    ),
    Mutant(
        "the CDN is told only of what takes a picture away for another one",
        RECONCILE,
        (Change("return True", "return False", "_takes_away"),),
        Case("PVB"),
        5_000,
    ),
    Mutant(
        "the CDN is told of an overwrite after it",
        RECONCILE,
        (
            Change("A.dependencies.refreshes.request_purge(F)", "None"),
            Change("A.dependencies.images.publish(M, A.published)", _TOLD_AFTER),
        ),
        Case("PVQ", faults=1, begins=VIEWED_AND_DIED),
        500,
    ),
    Mutant(
        "what CloudFront is too busy for is acknowledged all the same",
        PURGING,
        (Change("F not in D", "False", "purge"),),
        None,
        120,
    ),
    Mutant(
        "of many purges the first is made, and all are acknowledged",
        PURGING,
        (Change("[WITH_COPIES if C else EVERYTHING]", "[folders[:1]]", "purge"),),
        None,
        300,
    ),
    Mutant(
        "what has waited for days is acknowledged, whether CloudFront takes it or not",
        PURGING,
        (Change("not _taken(C, R, F, W)", "not overdue and not _taken(C, R, F, W)", "purge"),),
        None,
        300,
    ),
    Mutant(
        "another recipe is not noticed",
        RECONCILE,
        (Change("A and is_current(M, R) and B and C", "A and B and C"),),
        Case("PR"),
        100,
    ),
    Mutant(
        "another version is not noticed",
        RECONCILE,
        (Change("M.is_of(S.identity) and A and B and C", "A and B and C", "is_settled"),),
        Case("PQ"),
        100,
    ),
    Mutant(
        "what is published is refused once its format is not accepted",
        RECONCILE,
        (Change("is_kept(M, R)", "False", "is_current"),),
        Case("JM"),
        100,
    ),
    Mutant(
        "a refusal is the last word, whatever is accepted since",
        RECONCILE,
        (
            Change("M.digest == R.digest_for(M.reason)", "M.digest == R.digest"),
            Change("replace(A.publication, digest=V.digest)", "A.publication"),
        ),
        Case("NJY"),
        100,
    ),
    Mutant(
        "a refusal by another recipe is believed",
        RECORD_FAILURE,
        (Change("R.digest_for(V.reason)", "V.digest"),),
        Case("NJY"),
        200,
    ),
    Mutant(
        "revisions do not grow",
        RECONCILE,
        (Change("P.manifest.revision + 1", "P.manifest.revision"),),
        Case("PQP"),
        500,
    ),
    Mutant(
        "what lost races left behind stays",
        RECONCILE,
        (Change("R or N > 0", "R"),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "what whoever had the message before left behind stays",
        RECONCILE,
        (Change("R or N > 0", "N > 0"),),
        Case("PQ", faults=1, begins=DIED_AND_OVERTAKEN),
        50,
    ),
    Mutant(
        "a message that comes back is taken for a new one",
        PROCESS,
        (Change("M.received > 1", "False"),),
        Case("PQ", faults=1, begins=DIED_AND_OVERTAKEN),
        50,
    ),
    Mutant(
        "the last instance does not look for what was left behind",
        RECORD_FAILURE,
        (Change("A.reconcile(S, recorder=W, retry=R, redelivered=True)", "A.reconcile(S, recorder=W, retry=R)"),),
        Case("PQ", faults=1, receives=1, begins=DIED_AND_OVERTAKEN),
        50,
    ),
    Mutant(
        "what was written for a later revision stays",
        RECONCILE,
        (Change("L > M.revision", "False", "swept"),),
        Case("PQP", versioned=False, faults=1, begins=DIED_AND_PUT_BACK),
        50,
    ),
    Mutant(
        "a second look removes what somebody may still publish",
        RECONCILE,
        (Change("A.images.publish(M, P)", "None", "_under"),),
        Case("PQ", faults=1),
        1_500,
    ),
    Mutant(
        "a second look removes what is published",
        RECONCILE,
        (Change("_dead_among(paths, M)", "paths", "swept"),),
        Case("P", faults=1),
        100,
    ),
    Mutant(
        "whatever is left of a key that is left alone by now stays",
        RECONCILE,
        (Change("A and has_variants(*_)", "False"),),
        None,
        10,
        seed=640,
    ),
    Mutant(
        "a rejection is the end, and nobody is told",
        PROCESS,
        (Change("A.verdict is not None", "False"),),
        Case("B"),
        50,
    ),
    Mutant(
        "transient errors are not retried",
        PROCESS,
        (Change("raise ExceptionGroup(*_)", "pass"),),
        Case("P", faults=1),
        500,
    ),
    Mutant("what makes no sense is dropped", PROCESS, (Change("A.send(*_)", "None", "_discard"),), None, 20),
    Mutant("no isolation: a decoder's crash takes the function along", RENDER, (), None, 40),
    Mutant(
        "whatever is in the dead-letter queue has failed",
        RECORD_FAILURE,
        (Change("V = A.dead_letter.verdict", _FAILED_WITHOUT_VERDICT),),
        Case("P", faults=1, receives=1),
        500,
    ),
    Mutant(
        "a verdict on other contents is believed",
        RECORD_FAILURE,
        (Change("A and B and V.is_on(*_)", "A and B"),),
        Case("BP"),
        500,
    ),
    Mutant(
        "the last instance does not try again either",
        RECORD_FAILURE,
        (Change("raise ExceptionGroup(*_)", "pass"),),
        Case("B", faults=1),
        2_000,
    ),
    Mutant(
        "failed is published before it is recorded",
        RECONCILE,
        (
            Change("_record(*_)", "None", "_rejected"),
            Change("_publish(M, A)", "[_publish(M, A), _record(A, A.recorder, verdict)]", "_rejected"),
        ),
        Case("B"),
        100,
    ),
    Mutant(
        "whatever the source holds is quarantined",
        QUARANTINE,
        (
            Change(
                "A.copy_object(Bucket=B, Key=K, CopySource=S, CopySourceIfMatch=E, TaggingDirective=T)",
                "A.copy_object(Bucket=B, Key=K, CopySource=S)",
            ),
        ),
        Case("BP"),
        5_000,
    ),
    Mutant(
        "an original always has the same copy in quarantine",
        QUARANTINE,
        (Change("fingerprint(X)", "fingerprint(original.identity)", "keep"),),
        Case("Bec", begins=FAILED_AGAIN),
        500,
    ),
    Mutant(
        "whoever records a failure twice names the same copy",
        RECORD_FAILURE,
        (Change('f"{self.delivery} {self.copies}"', "self.delivery"),),
        Case("Bec", begins=RECORDED_TWICE),
        1_000,
    ),
    Mutant(
        "a failure is discarded that was recorded anew within the same second",
        FAILURES,
        (Change('" AND #quarantine = :quarantine"', '""'),),
        Case("Bec", begins=FAILED_AGAIN),
        500,
    ),
    Mutant(
        "the copy of a discarded failure goes before its row",
        DISCARDING,
        (Change("R.forget(F)", "[copies.remove(F.quarantine), R.forget(F)][1]"),),
        Case("Bc", faults=1),
        5_000,
    ),
    Mutant(
        "a replaced row leaves its copy behind",
        RECORD_FAILURE,
        (Change("A.remove(replaced)", "None"),),
        Case("Be"),
        500,
    ),
    Mutant(
        "a rejection that is taken back leaves its copy behind",
        RECORD_FAILURE,
        (Change("A.remove(copy)", "None"),),
        Case("Pra", begins=HELD),
        5_000,
    ),
    Mutant(
        "a row that is written twice loses its own copy",
        FAILURES,
        (Change("B if Q not in {None, B} else None", "before"),),
        Case("B", faults=1),
        2_000,
    ),
    Mutant(
        "a row that names no other copy loses the one that it has",
        FAILURES,
        (Change("Q not in {None, B}", "Q != B"),),
        Case("BLe"),
        5_000,
    ),
    Mutant(
        "the reason is lost on the way to the table",
        RECORD_FAILURE,
        (Change("V.reason", '"unknown"', "record"),),
        Case("B"),
        100,
    ),
    Mutant(
        "a picture that never ends by itself is tried for ever",
        RECORD_FAILURE,
        (Change("A.begin_trial(T) > TRIALS", "A.begin_trial(T) > 10**9"),),
        None,
        20,
    ),
    Mutant(
        "an outage is held against the picture",
        RECORD_FAILURE,
        (Change("not isinstance(E, ChildLost)", "False"),),
        Case("P", receives=1, outage=6),
        200,
    ),
    Mutant(
        "what cannot be read is a transient error like any other",
        RECONCILE,
        (Change("raise PictureRejected(U.closed.reason, U.closed.detail) from U", "raise"),),
        Case("A"),
        1_000,
    ),
    Mutant(
        "what could not be read once stays failed",
        RECONCILE,
        (Change("A and B and C and not _may_be_readable_now(*_)", "A and B and C"),),
        Case("AO"),
        100,
    ),
    Mutant(
        "whatever cannot be read is taken for what was looked at",
        RECONCILE,
        (Change("A.look_again()", "replace(A.original, closed=unreadable.closed)", "_check_for_good"),),
        Case("BA"),
        5_000,
    ),
    Mutant(
        "a refusal to read what was there for a moment is believed",
        RECONCILE,
        (Change("A.closed is None or A.closed.reason is not B.reason", "False"),),
        REFUSED_FOR_ANOTHER[1],
        50,
    ),
    Mutant(
        "another recipe takes away what cannot be read any more",
        RECONCILE,
        (Change("A is not None and outlives(*_)", "False"),),
        Case("PZR"),
        100,
    ),
    Mutant(
        "whoever is denied once gives up",
        RECORD_FAILURE,
        (Change("A.begin_trial(T) < TRIALS", "A.begin_trial(T) < 1"),),
        Case("X"),
        200,
    ),
    Mutant(
        "what is denied is asked for for ever",
        RECORD_FAILURE,
        (Change("A.begin_trial(T) < TRIALS", "A.begin_trial(T) < 10**9"),),
        Case("X"),
        1_000,
    ),
    Mutant(
        "what cannot be read has to be copied all the same",
        RECONCILE,
        (
            Change("V.reason not in UNREADABLE", "True"),
            Change("K(copied=False)", "K(copied=True)", "_record"),
        ),
        Case("A"),
        1_000,
    ),
    Mutant(
        "what is known to be bad waits for a copy of what cannot be read any more",
        QUARANTINE,
        (Change("is_refusal(E) and C", "False"),),
        Case("BZ"),
        1_000,
    ),
    Mutant(
        "every refusal without words is the customer's key",
        ORIGINALS,
        (Change("why_closed(*_)", _CUSTOMER_KEY),),
        Case("X"),
        100,
    ),
    Mutant(
        "what nobody may look at is all the same",
        ORIGINALS,
        (Change('_original(N, N["Size"], C)', """_original({"ETag": "unseen"}, N["Size"], C)"""),),
        Case("C"),
        100,
    ),
    Mutant(
        "who finds nothing to do announces nothing",
        ANNOUNCE,
        (Change("A.action in B", "A.action in {*B, Action.NOTHING}"),),
        Case("P", faults=1),
        500,
    ),
    Mutant(
        "at night, what was never published is not missed",
        LOOK,
        (Change("Found(None, Stale.MISSING, 1)", "Found(IGNORED, None, 1)"),),
        Case("Pn"),
        100,
    ),
    Mutant(
        "at night, one version is as good as another",
        LOOK,
        (Change("not M.is_of(O.identity)", "False"),),
        Case("PQn", begins=PUBLISHED),
        100,
    ),
    Mutant(
        "at night, nobody notices what was deleted",
        LOOK,
        (Change("Found(None, Stale.REMOVED, MOST_READS)", "Found(GONE, None, MOST_READS)", "_compared"),),
        Case("PDn", begins=PUBLISHED),
        100,
    ),
    Mutant("the last instance announces nothing", RECORD_FAILURE, (Change("A.announce(*_)", "None"),), Case("B"), 100),
    Mutant(
        "a first view looks at the manifest no more once it has written",
        FIRST_VIEW,
        (
            Change("S.images.published_at(manifest_path_for(V.path))", "None", "_served"),
            Change("N is not None and C", "True"),
        ),
        Case("PWD", begins=LAZILY_PUBLISHED),
        5_000,
    ),
    Mutant(
        "a first view leaves what it made in vain",
        FIRST_VIEW,
        (Change("S.images.remove(*_)", "None"),),
        Case("PWD", begins=LAZILY_PUBLISHED),
        5_000,
    ),
    Mutant(
        "a first view renders whatever the source holds",
        FIRST_VIEW,
        (Change("O is None or not M.is_of(O.identity)", "O is None"),),
        Case("PWQ", begins=LAZILY_PUBLISHED),
        5_000,
    ),
    Mutant(
        "a first view renders whatever a newer recipe has under that name",
        FIRST_VIEW,
        (Change("only(O, R.spec, M.source)", 'replace(R.spec, lazy=frozenset({("small", "jpeg")}))'),),
        Case("PRW", begins=LAZILY_PUBLISHED),
        5_000,
    ),
    Mutant(
        "a first view serves any address of the key",
        FIRST_VIEW,
        (Change("O.path == P", "True", "_owed_at"),),
        Case("PQU", begins=LAZILY_PUBLISHED),
        5_000,
    ),
    Mutant(
        "a first view replaces what another one has made",
        IMAGES,
        (Change('S._put(P, D, M, N, IfNoneMatch="*")', "S._put(P, D, M, N)"),),
        Case("PWFW", begins=(*LAZILY_RENDERED, "client", "client")),
        5_000,
    ),
    Mutant(
        "nobody looks later at what is owed and replaced",
        RECONCILE,
        (Change("A.late_looks.request_look(S)", "None"),),
        Case("PWD", faults=1, begins=LAZILY_PUBLISHED),
        50_000,
    ),
    Mutant(
        "a late look is asked for once the manifest is replaced",
        RECONCILE,
        (
            Change("_look_later(*_)", "None", "_withdraw"),
            Change("D.images.publish(T, P)", "[D.images.publish(T, P), _look_later(source, P, D)]", "_withdraw"),
        ),
        Case("PWD", faults=2, begins=DELETED_AND_DIED),
        2_000,
    ),
    Mutant(
        "a late look is asked for three requests before the manifest is replaced",
        RECONCILE,
        (
            Change("forget_unseen(*_)", "None", "_publish"),
            Change(
                "_look_later(*_)",
                "[_look_later(attempt.source, attempt.published, attempt.dependencies),"
                " forget_unseen(manifest, attempt.published, attempt.dependencies)]",
                "_publish",
            ),
        ),
        Case("IParaW", faults=1, begins=REJECTED_BEHIND_A_LATE_LOOK),
        20_000,
    ),
    Mutant(
        "the CDN is not told of what first views have left of a picture before",
        RECONCILE,
        (Change("A.is_withdrawn or has_strays", "A.is_withdrawn"),),
        Case("PWDPU", faults=1, begins=DIED_BELOW_A_TOMBSTONE),
        500,
    ),
    Mutant(
        "recipes that leave other variants for first views write into the same folder",
        RECONCILE,
        (Change("S.recipe.spec.lazy", "frozenset()"),),
        Case("PPEFW", versioned=False, begins=EAGER_AND_LATE),
        500,
    ),
    Mutant(
        "a late look is a look like any other",
        PROCESS,
        (Change("M.received > 1 or S in R.late", "M.received > 1"),),
        Case("PWQP", faults=1, begins=LATE_AND_DEAD),
        500,
    ),
    Mutant(
        "what is owed stays owed, though the recipe wants it at once",
        RECONCILE,
        (Change("_owes_what_is_eager(*_)", "False", "is_current"),),
        Case("PEW"),
        500,
    ),
    Mutant(
        "a corrected focus is not noticed",
        RECONCILE,
        (Change("not M.follows_correction", "False"),),
        Case("PH", begins=PUBLISHED),
        50,
    ),
    Mutant(
        "a corrected focus is lost with the next recipe",
        RECONCILE,
        (Change("S._kept.correction if S._kept else None", "None"),),
        Case("PHR", begins=PUBLISHED),
        500,
    ),
    Mutant(
        "a focus is kept for whatever comes after the picture",
        RECONCILE,
        (Change("S.published and S.published.manifest.is_of(O.identity)", "S.published"),),
        Case("PHQ", begins=PUBLISHED),
        500,
    ),
    Mutant(
        "the CDN is not told of a corrected focus",
        RECONCILE,
        (Change("A != B or C", "C", "_takes_away"),),
        Case("PVH", begins=PUBLISHED),
        500,
    ),
    Mutant(
        "nobody is asked to follow a corrected focus",
        CORRECTION,
        (Change("S.looks.request_look(A)", "None", "__call__"),),
        Case("PH", begins=PUBLISHED),
        50,
    ),
    Mutant(
        "a corrected focus is to be followed before it is written",
        CORRECTION,
        (
            Change("S.looks.request_look(A)", "None", "__call__"),
            Change("S._noted(A, F)", "[S.looks.request_look(A), S._noted(A, F)][1]"),
        ),
        Case("PH", begins=PUBLISHED),
        500,
    ),
    Mutant(
        "a first view follows a focus that its generation was not made with",
        FIRST_VIEW,
        (Change("M.source.correction if M.source else None", "M.correction"),),
        Case("PHW", begins=LAZILY_PUBLISHED),
        500,
        seed=2,
    ),
    Mutant(
        "an erasure takes the newest version before those below it",
        ERASING,
        (
            Change("S._delete(B, [{'Key': key} for key, _ in current])", "None"),
            Change(
                "S._delete(B, [_named(row) for row in versions])",
                "[self._delete(bucket, [_named(row)]) for row in versions]",
            ),
        ),
        Case("PQS", begins=PUBLISHED_TWICE),
        5_000,
        seed=4,
    ),
    Mutant(
        "an erasure takes delete markers before what is below them",
        ERASING,
        (
            Change(
                "S._delete(B, [_named(row) for row in versions])",
                "[self._delete(bucket, [_named(row) for one in listed for row in one.markers]),"
                " self._delete(bucket, [_named(row) for row in versions])]",
            ),
        ),
        Case("PDS", begins=PUBLISHED_AND_DELETED),
        5_000,
    ),
    Mutant(
        "an erasure does not wait for those who are at work",
        ERASING,
        (Change("P.for_those_at_work()", "True"),),
        Case("BS", begins=COPIED_AND_ERASED),
        500,
    ),
    Mutant(
        "an erasure does not look for what is left over",
        ERASING,
        (Change("any(S.images.paths(F))", "False"),),
        Case("PS", faults=1, begins=DIED_AND_ERASED),
        5_000,
    ),
    Mutant(
        "an erasure leaves tombstones their names",
        ERASING,
        (
            Change("M.key or P", "P", "_take_name_out"),
            Change("int(bool(M.key))", "0"),
        ),
        Case("PDS", begins=PUBLISHED_AND_DELETED),
        500,
    ),
    Mutant(
        "an erasure takes a failure for a deletion",
        ERASING,
        (Change("M.status is not Status.DELETED", "False"),),
        Case("BS"),
        500,
    ),
    Mutant(
        "an erasure removes the rows while something may still be published as failed",
        ERASING,
        (Change("S._remove_derived if sure and not R[Kind.VERSIONS] else S._ask_for_removal", "self._remove_derived"),),
        Case("BS", begins=(*RECORDED_AND_HALF_ERASED, *("step 0",) * 13)),
        500,
    ),
    Mutant(
        "an erasure takes addresses of copies out of the manifest while somebody may still write there",
        ERASING,
        (Change("S._remove_derived if sure and not R[Kind.VERSIONS] else S._ask_for_removal", "self._remove_derived"),),
        Case("PDS", copying=True, begins=LATE_WITH_A_COPY[:-1]),
        500,
    ),
    Mutant(
        "an erasure takes the key out of the manifest before it removes the rest",
        ERASING,
        (
            Change("removed[Kind.MANIFESTS] += S._take_name_out(N, T)", "pass"),
            Change(
                "removed[Kind.ROWS] += X",
                "removed[Kind.MANIFESTS] += self._take_name_out(name, tombstone)\nremoved[Kind.ROWS] += X",
            ),
        ),
        Case("BSk", faults=1, begins=(*FAILED_AND_HALF_ERASED, *("step 0",) * 3, "DIES 0")),
        500,
    ),
    Mutant(
        "an erasure removes what was said of a picture that was put meanwhile",
        ERASING,
        (Change("S._is_there(N)", "False", "_remove_rest"),),
        Case("SPr", begins=REJECTED_WHILE_ERASED),
        500,
    ),
    Mutant(
        "an erasure looks for originals before it lists what is said of them",
        ERASING,
        (
            Change("said = X", "pass", "_remove_rest"),
            Change(
                "alike = X",
                "alike = self._entries_of_likeness(name)\n"
                "said = [path for of in (reviews_folder(name), facts_folder(name)) for path in self.images.paths(of)]",
                "_remove_rest",
            ),
        ),
        Case("SPr", begins=REJECTED_WHILE_LISTED),
        500,
    ),
    Mutant(
        "an erasure removes originals that no manifest names",
        ERASING,
        (Change("S._keep_name", "lambda _: None"),),
        Case("PSk", faults=1, begins=(*PUT_AND_HALF_ERASED, *("step 0",) * 3, "DIES 0", "client")),
        500,
    ),
    Mutant(
        "an erasure looks for keys in no manifest",
        ERASURE,
        (Change("S._manifests()", "()"),),
        Case("BSk", faults=1, begins=FAILED_AND_HALF_ERASED),
        500,
    ),
    Mutant(
        "an erasure removes copies only where there is a row",
        ERASING,
        (
            Change(
                "S._remove_versions(S.quarantine, F)",
                "removed[Kind.ROWS] and self._remove_versions(*[self.quarantine, copies_folder(source)])",
            ),
        ),
        Case("BS", faults=1, begins=(*COPIED_AND_DIED, "client", *("step 0",) * 13)),
        500,
    ),
    Mutant(
        "nothing waits for its reviewers",
        RECONCILE,
        (Change("A.waits", "False", "_update"),),
        Case("Pa"),
        50,
    ),
    Mutant(
        "one reviewer is enough",
        REVIEWS,
        (Change("standing_of(R, X)", "standing_of(R[-1:], X)"),),
        Case("PRts"),
        5_000,
    ),
    Mutant(
        "what is held is listed after it is published",
        RECONCILE,
        (
            Change("A.dependencies.reviewed.list_as_held(M)", "None"),
            Change("_publish(M, A)", "[_publish(M, A), A.dependencies.reviewed.list_as_held(M)]", "_hold"),
        ),
        Case("Pa"),
        500,
    ),
    Mutant(
        "what is rejected is published",
        RECONCILE,
        (Change("_check_allowed(A.standing, A.recipe)", "None"),),
        Case("Par"),
        500,
    ),
    Mutant(
        "a review changes nothing of what is published",
        RECONCILE,
        (Change("S.rejection is not None", "False", "agrees"),),
        Case("Par"),
        2_000,
    ),
    Mutant(
        "what is approved stays held",
        RECONCILE,
        (Change("M.status is not Status.HELD or X", "True", "agrees"),),
        Case("Pa"),
        500,
    ),
    Mutant(
        "what is rejected can never be approved",
        RECONCILE,
        (Change("if M.is_rejected:\n    return not S.gated", "if M.is_rejected:\n    return True", "agrees"),),
        Case("Pra"),
        2_000,
    ),
    Mutant(
        "what is rejected keeps the generation before",
        RECONCILE,
        (Change("replace(P, previous=None)", "P"),),
        Case("Par"),
        2_000,
    ),
    Mutant(
        "the CDN is not told of what is rejected",
        RECONCILE,
        (Change("M.is_withdrawn or S", "M.status is Status.DELETED or S"),),
        Case("Par"),
        2_000,
    ),
    Mutant(
        "a look is asked for before the review is kept",
        REVIEWING,
        (
            Change("S.looks.request_look(G.source)", "None"),
            Change("S.reviews.keep(K, I, R)", "self.looks.request_look(given.source)\nS.reviews.keep(K, I, R)"),
        ),
        Case("Pa"),
        500,
    ),
    Mutant(
        "nobody looks again where a review was kept before",
        REVIEWING,
        (
            Change(
                "S.reviews.keep(K, I, R)",
                "if not S.reviews.keep(K, I, R):\n    return",
            ),
        ),
        Case("RPas", faults=1, begins=APPROVED_BY_ONE),
        5_000,
    ),
    Mutant(
        "a program takes its own rejection back",
        REVIEWS,
        (Change("K.approved and not R.approved", "True"),),
        Case("PRts"),
        5_000,
    ),
    Mutant(
        "a review counts that is heard of after a later one",
        REVIEWS,
        (Change("(R.said_at, A) > (K.said_at, B)", "True"),),
        Case("Par", begins=HELD),
        15_000,
    ),
    Mutant(
        "a fact counts that is heard of after a later one",
        FACTS,
        (Change("(said_at_of(D) or M) > S", "False"),),
        Case("Pwz", begins=TOLD),
        3_000,
    ),
    Mutant(
        "the review of one version is that of another",
        REVIEWS,
        (
            Change("review_path(K, I, R)", 'review_path(K, "any", R)', "standing"),
            Change("review_path(K, I, R)", 'review_path(K, "any", R)', "keep"),
        ),
        Case("PaQ"),
        2_000,
    ),
    Mutant(
        "the review of a version that is gone is kept",
        REVIEWING,
        (Change("S.originals.identity_of(*_)", "given.identity"),),
        Case("PDSl", begins=HELD_AND_DELETED),
        5_000,
    ),
    Mutant(
        "a version is looked for after its review is kept",
        REVIEWING,
        (
            Change(
                "I = S.originals.identity_of(*_)",
                "self.reviews.keep(given.source.name, given.identity, given.review)\n"
                "I = self.originals.identity_of(given.source, given.identity)",
            ),
        ),
        Case("PDSl", begins=HELD_AND_DELETED),
        5_000,
    ),
    Mutant(
        "an erasure leaves what reviewers have said",
        ERASING,
        (Change("(reviews_folder(N), facts_folder(N))", "(facts_folder(N),)"),),
        Case("PaDS", begins=LOOKED_FOR_AND_DELETED),
        5_000,
    ),
    Mutant(
        "nobody asks reviewers again once what they have said is published",
        RECONCILE,
        (Change("A.ask_again()", "None", "_publish"),),
        Case("Para", begins=REJECTED_AND_RECORDED),
        2_000,
    ),
    Mutant(
        "a rejection that is taken back stays recorded",
        RECORD_FAILURE,
        (Change("S._lifted(*_)", "outcome"),),
        Case("Pra", begins=HELD),
        5_000,
    ),
    Mutant(
        "whoever takes a rejection back has no record to remove",
        RECONCILE,
        (Change("X and A.lifts_a_rejection", "attempt.recorder is None and A.lifts_a_rejection and False"),),
        Case("Pra", begins=HELD),
        5_000,
    ),
    Mutant(
        "what was recorded before something else was published stays recorded",
        RECONCILE,
        (Change("R is not None and R.is_recorded(*_)", "False"),),
        Case("PTDP", versioned=False, unanswered=Unanswered.REJECT),
        500,
    ),
    Mutant(
        "a rejection stays recorded that has lost against a manifest of the same revision",
        RECORD_FAILURE,
        (Change("S.overtake(O.manifest, L)", "outcome.manifest"),),
        Case("IParaW", faults=1, begins=REJECTED_AND_OVERTAKEN),
        500,
    ),
    Mutant(
        "a rejection is taken off the record while it is being published",
        RECORD_FAILURE,
        (Change("L > M.revision", "False", "lift"),),
        Case("Prar", begins=REJECTED),
        50_000,
    ),
    Mutant(
        "a rejection is taken off the record that was recorded anew since",
        FAILURES,
        (Change('f"#reason > :none AND {unchanged}"', '"#reason > :none"'),),
        Case("Prar", begins=REJECTED),
        50_000,
    ),
    Mutant(
        "whoever is overdue is waited for all the same",
        RECONCILE,
        (Change("is_overdue(P.manifest, O, R, D.now)", "False", "_standing"),),
        Case("PT", unanswered=Unanswered.PUBLISH),
        500,
    ),
    Mutant(
        "nobody looks at what is overdue",
        REVIEWING,
        (Change("S.looks.request_look(S.named(K))", "None"),),
        Case("PT", unanswered=Unanswered.REJECT),
        500,
    ),
    Mutant(
        "an entry is removed whose manifest is about to be published",
        WAITING,
        (Change("revision_of_entry(P) <= M.revision", "True"),),
        Case("PTP", unanswered=Unanswered.REJECT),
        20_000,
    ),
    Mutant(
        "an entry that a dead worker left stays in the list",
        WAITING,
        (Change("revision_of_entry(P) <= M.revision", "False"),),
        Case("Pa", faults=1, unanswered=Unanswered.REJECT),
        20_000,
    ),
    Mutant(
        "nobody is waited for",
        RECONCILE,
        (Change("U <= N()", "True", "is_overdue"),),
        Case("PT", faults=1, unanswered=Unanswered.PUBLISH),
        5_000,
    ),
    Mutant(
        "what nobody reviews is rejected where recipes publish it",
        RECONCILE,
        (Change("R.unanswered is Unanswered.REJECT", "True"),),
        Case("PT", unanswered=Unanswered.PUBLISH),
        500,
    ),
    Mutant(
        "what nobody reviews is published where recipes reject it",
        RECONCILE,
        (Change("R.unanswered is Unanswered.REJECT", "False"),),
        Case("PT", unanswered=Unanswered.REJECT),
        500,
    ),
    Mutant(
        "what nobody has reviewed in time is never looked at again",
        RECONCILE,
        (Change("S.is_open or not S.gated", "True", "agrees"),),
        Case("PTa", unanswered=Unanswered.REJECT),
        5_000,
    ),
    Mutant(
        "what was rejected for its reviewers' silence is held anew",
        RECONCILE,
        (Change("S.is_open or not S.gated", "False", "agrees"),),
        Case("PT", faults=1, unanswered=Unanswered.REJECT),
        5_000,
    ),
    Mutant(
        "an erasure takes what waits since off the list",
        ERASING,
        (Change("max(X, default=0)", "0"),),
        Case("PDSPDa", versioned=False, begins=ERASED_AND_ABOUT_TO_BE_HELD),
        100,
    ),
    Mutant(
        "what is held is published anew, and not listed anew",
        RECONCILE,
        (Change("D.reviewed.list_as_held(M)", "None", "_under"),),
        Case("RPaYR", faults=1, begins=HALF_PUBLISHED_BY_OTHERS),
        2_000,
    ),
    Mutant(
        "at night, nobody asks what reviewers say",
        LOOK,
        (Change("S._is_reviewed_anew(*_)", "False"),),
        Case("Pan", begins=HELD),
        150,
    ),
    Mutant(
        "what enrichers say is not told",
        RECONCILE,
        (Change("retold(P.manifest, *_)", "P.manifest"),),
        Case("Pw", begins=TOLD),
        50,
    ),
    Mutant(
        "faces are told, and no size is cut around them",
        RECONCILE,
        (Change("follows_facts(*_)", "True", "is_settled"),),
        Case("Pf", begins=TOLD),
        50,
    ),
    Mutant(
        "faces count more than what somebody has said",
        RECONCILE,
        (Change("R.spec.has_auto_focus and B is None", "R.spec.has_auto_focus"),),
        Case("PfH", begins=TOLD),
        20_000,
    ),
    Mutant(
        "a first view ignores the faces that its generation was cut around",
        FIRST_VIEW,
        (Change("S.with_subject(X)", "S", "only"),),
        Case("PfW", begins=LAZILY_TOLD),
        5_000,
    ),
    Mutant(
        "a look is asked for before the fact is kept",
        ENRICHING,
        (
            Change("S.looks.request_look(*_)", "None"),
            Change(
                "S.facts.keep(*_)",
                "[self.looks.request_look(given.source), self.facts.keep(given.source.name,"
                " given.identity, given.fact.without(self._is_gone), given.said_at)]",
            ),
        ),
        Case("Pw", begins=TOLD),
        500,
    ),
    Mutant(
        "what is said of one version is told of another",
        FACTS,
        (
            Change("fact_path(K, I, E)", 'fact_path(K, "any", E)', "of"),
            Change("fact_path(K, I, E.enricher)", 'fact_path(K, "any", E.enricher)', "keep"),
        ),
        Case("PwQ", begins=TOLD),
        5_000,
    ),
    Mutant(
        "what is said of another version than the published one is kept",
        ENRICHING,
        (Change("not P.manifest.is_of(G.identity)", "False"), Change("P is None or X", "P is None")),
        None,
        50,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "an erasure leaves what enrichers have said",
        ERASING,
        (Change("facts_folder(N)", "held_folder(N)"),),
        None,
        5,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "an erasure wakes nobody who waits for an address of a copy",
        ERASING,
        (Change("wake(notes, self.copies, X)", "None"),),
        Case("PPpDS", versioned=False, faults=2, copying=True, begins=COPIED_AND_LEFT),
        3_000,
    ),
    Mutant(
        "an erasure wakes who waits for an address once no manifest names it",
        ERASING,
        (
            Change("wake(notes, self.copies, X)", "None"),
            Change(
                "removed[Kind.MANIFESTS] += S._take_name_out(N, T)",
                "removed[Kind.MANIFESTS] += S._take_name_out(N, T)\n"
                "wake(notes, self.copies, lambda key: self.looks.request_look(self.publishing.named(key)))",
            ),
        ),
        Case(
            "PPpDS",
            versioned=False,
            faults=2,
            copying=True,
            begins=(*COPIED_AND_LEFT, *("step 0",) * 15, "DIES_AFTER 0"),
        ),
        3_000,
    ),
    Mutant(
        "an erasure leaves the key in what is said of other pictures",
        ERASING,
        (Change("S._take_names_out()", "Counter()"),),
        None,
        20,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "an erasure takes the key out of what enrichers have said, and manifests go on telling it",
        ERASING,
        (Change("S.images.paths(MANIFESTS)", "()", "_take_names_out"),),
        None,
        20,
        seed=40,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "an erasure takes the key out of manifests, and what enrichers have said is told again",
        ERASING,
        (Change("F.paths()", "()", "_take_names_out"),),
        None,
        20,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "what is said of a picture names others that are gone",
        ENRICHING,
        (Change("G.fact.without(S._is_gone)", "G.fact"),),
        None,
        30,
        seed=280,
        erasing=True,
        enriched=True,
    ),
    Mutant(
        "what somebody has said is lost with the next recipe",
        RECONCILE,
        (Change("S._kept.words if S._kept else None", "None"),),
        Case("PhR", begins=PUBLISHED),
        500,
    ),
    Mutant(
        "what somebody has said replaces whatever is published",
        CORRECTION,
        (Change("S.images.publish(D, P)", "S.images.publish(D, self.images.published(source.name))", "_said"),),
        Case("PhQ", begins=PUBLISHED),
        5_000,
    ),
    Mutant(
        "nobody announces what somebody has said",
        CORRECTION,
        (Change("S.looks.request_look(A)", "None", "say"),),
        Case("Ph", begins=PUBLISHED),
        50,
    ),
    Mutant(
        "at night, nobody asks what enrichers say",
        LOOK,
        (Change("S._is_enriched_anew(*_)", "False"),),
        Case("Pwn", begins=TOLD),
        100,
    ),
    Mutant(
        "what enrichers say of what has left is not told",
        RECONCILE,
        (Change("facts_told(X, M, F)", "M", "_left"),),
        None,
        20,
        dropping=True,
        enriched=True,
    ),
    Mutant(
        "that an original has left by our own hand is taken for a deletion",
        RECONCILE,
        (Change("has_left(S, M, O, P)", "False"),),
        Case("P", dropping=True),
        200,
    ),
    Mutant(
        "of what has left, no deletion is heard of",
        RECONCILE,
        (Change("has_left(S, M, O, P)", "M.original_dropped is not None and (O is None or M.is_of(O.identity))"),),
        Case("PD", dropping=True),
        500,
    ),
    Mutant(
        "what is about to leave is published anew",
        RECONCILE,
        (
            Change("has_left(S, M, O, P)", "O is None and has_left(S, M, O, P)"),
            Change("_take_away(*_)", "None", "_attempt"),
        ),
        Case("PR", faults=1, begins=LEAVING_BESIDE_ANOTHER, dropping=True),
        2_000,
    ),
    Mutant(
        "what is about to leave is not taken away before its manifest is replaced",
        RECONCILE,
        (Change("_take_away(*_)", "None", "_attempt"),),
        Case("PQb", begins=OVERWRITTEN_WHILE_LEAVING, dropping=True),
        5_000,
    ),
    Mutant(
        "an original leaves, and nothing says so",
        DROPPING,
        (Change("S._say(*_)", "None"),),
        Case("P", dropping=True),
        200,
    ),
    Mutant(
        "the manifest says that an original leaves after it has left",
        DROPPING,
        (
            Change("S._say(P, L)", "None", "_says_that_it_leaves"),
            Change(
                "if not self.originals.remove(*_): raise MayNotRemove(*_)",
                "self.originals.remove(source, original.identity)\n"
                "self._say(self.images.published(source.name), DroppedOriginal(None, announced=manifest.revision))",
            ),
        ),
        Case("P", faults=1, dropping=True),
        3_000,
    ),
    Mutant(
        "an original leaves before it is announced",
        PROCESS,
        (
            Change("S.afterwards(O)", "None", "_settle"),
            Change("S.announce(O)", "[S.afterwards(O), S.announce(O)]", "_settle"),
        ),
        Case("P", dropping=True),
        200,
    ),
    Mutant(
        "an original leaves, and an older version below it is current again",
        DROPPING,
        (Change("not L[1].is_marker", "False"),),
        Case("BP", dropping=True),
        5_000,
    ),
    Mutant(
        "whatever the key holds is hidden by a marker",
        ORIGINALS,
        (Change("A.delete_object(Bucket=B, Key=K, VersionId=V)", "A.delete_object(Bucket=B, Key=K)"),),
        Case("P", dropping=True),
        200,
    ),
    Mutant(
        "what leaves is the newest, whatever it is",
        DROPPING,
        (Change("S.originals.remove(X, O.identity)", "S.originals.remove(X, S.originals.newest(X)[0].version)"),),
        Case("PQ", begins=(*LEAVING, "client"), dropping=True),
        5_000,
    ),
    Mutant(
        "a write that says so loses against itself, and the original stays",
        DROPPING,
        (Change("A is None or A.manifest != B", "True", "_say"),),
        Case("P", faults=1, dropping=True),
        3_000,
    ),
    Mutant(
        "the marker below what leaves is taken for a deletion",
        DROPPING,
        (Change("DroppedOriginal(M, announced=R)", "DroppedOriginal(None, announced=R)"),),
        Case("DP", dropping=True),
        20_000,
    ),
    Mutant(
        "an original leaves whose correction is not followed",
        DROPPING,
        (
            Change("M.follows_correction", "True"),
            Change("A is None or _but_for_sweeps(A.manifest) != _but_for_sweeps(M)", "A is None"),
        ),
        Case("PH", dropping=True),
        5_000,
    ),
    Mutant(
        "the focus is corrected of what has left",
        CORRECTION,
        (Change("P.manifest.original_dropped is not None", "False"),),
        Case("PH", begins=LEFT, dropping=True),
        500,
    ),
    Mutant(
        "what is erased has left, and is kept for that",
        ERASING,
        (Change("M is not None and M.original_dropped is not None", "False"),),
        None,
        300,
        erasing=True,
        dropping=True,
    ),
    Mutant(
        "nothing is announced of what has left, though its manifest was published again",
        ANNOUNCE,
        (Change("M.original_dropped.announced != M.revision", "False"),),
        None,
        5_000,
        dropping=True,
    ),
    _of_copies(
        "a copy is written over whatever lies there",
        COPIES,
        60,
        ('{"IfMatch": R.etag} if R else {"IfNoneMatch": "*"}', "{}"),
    ),
    _of_copies(
        "whatever lies at an address by now is removed",
        COPIES,
        2_000,
        ("A.delete_object(Bucket=B, Key=K, IfMatch=E)", "A.delete_object(Bucket=B, Key=K)", "remove"),
    ),
    _of_copies(
        "an address belongs to whoever writes there last",
        RECONCILE,
        30,
        ("L is not None and L.owner != M.owner", "False"),
    ),
    _of_copies(
        "whoever has left an address removes what others have copied there",
        RECONCILE,
        100,
        ("L is None or L.owner != O", "L is None"),
    ),
    _of_copies(
        "nobody reads the manifest again after copying",
        RECONCILE,
        500,
        ("W.still_published()", "W.dependencies.images.published(W.manifest.key)", "match_copies"),
    ),
    _of_copies(
        "a copy of a later revision is left, though nobody has published that",
        RECONCILE,
        30,
        ("S.still_published()", "(_ for _ in ()).throw(PreconditionFailed)", "_give_way"),
    ),
    Mutant(
        "a refusal is told, and nobody looks whether it is over by then",
        RECONCILE,
        (Change("match_copies(*_) if any(one.refused == ANOTHERS for one in P) else T", "told"),),
        Case("PpD", copying=True, begins=COPIED),
        1_000,
    ),
    Mutant(
        "a note is removed that was made anew since it was read",
        COPIES,
        (Change("A.delete_object(Bucket=B, Key=K, IfMatch=E)", "A.delete_object(Bucket=B, Key=K)", "remove_note"),),
        Case("PPpD", versioned=False, copying=True, begins=COPIED_AFTER_REMOVAL),
        1_000,
    ),
    Mutant(
        "enrichers are not asked again once what they said is published",
        RECONCILE,
        (Change("_facts(*_) != S.facts", "False", "ask_again"),),
        Case("Pwzw", begins=TOLD),
        5_000,
    ),
    Mutant(
        "an original stays whose manifest a sweep has written meanwhile",
        DROPPING,
        (Change("_but_for_sweeps(P.manifest) != _but_for_sweeps(M)", "published.manifest != manifest"),),
        Case("RPQYyx", begins=REPLACED_ABOVE_ANOTHER, dropping=True),
        500,
    ),
    Mutant(
        "who waits for an address is woken though it is kept",
        RECONCILE,
        (Change("N.address in L", "True", "_of_addresses_left"),),
        Case("PpRY", copying=True, begins=CROSSED),
        2_000,
    ),
    Mutant(
        "who waits for an address is woken though no manifest names the copy there",
        RECONCILE,
        (
            Change(
                "N.address in L",
                "note.address not in {short_name(one.path) for one in manifest.copies}",
                "_of_addresses_left",
            ),
        ),
        Case("uPpR", copying=True),
        5_000,
    ),
    _of_copies("a crash leaves copies as they are", RECONCILE, 500, ("match_copies(M, D)", "M", "_looked_at_again")),
    _of_copies(
        "the copies of what was deleted stay", RECONCILE, 30, ("tombstone = match_copies(*_)", "pass", "_withdraw")
    ),
    _of_copies("addresses of the past are forgotten", RECONCILE, 30, ("(*L, *O[:MOST_PAST])", "()")),
    _of_copies(
        "of more addresses than a manifest keeps of the past, the copies are forgotten that are left with it",
        RECONCILE,
        30,
        ("(*L, *O[:MOST_PAST])", "(*L, *O)[:1]"),
    ),
    _of_copies("nobody is told that an address is free", RECONCILE, 1_000, ("look_at(W)", "None", "wake")),
    _of_copies("a refusal is not told", RECONCILE, 30, ("P == M.copies", "True", "match_copies")),
    _of_copies("the CDN is not told of copies that change", RECONCILE, 30, ("S._purge()", "None", "_placed")),
    _of_copies("the CDN is not told of copies that go", RECONCILE, 30, ("S._purge()", "None", "take_away")),
    _of_copies(
        "of many purges, those of copies are not made", PURGING, 100, ("WITH_COPIES if H else EVERYTHING", "EVERYTHING")
    ),
    _of_sweeps(
        "a sweep removes what nobody has told the CDN to forget yet",
        "PDv",
        1_000,
        Change("bool(O and M.key) and W(M)", "False", "judge"),
    ),
    Mutant(
        "a sweep removes variants without a manifest as if nobody could be about to publish them",
        SWEEP,
        (Change("S._are_left(V) and S._bury(J)", "S._are_left(V)"),),
        Case("Pv"),
        500,
    ),
    _of_sweeps(
        "a sweep removes variants of a later revision as if nobody could be about to publish them",
        "PQv",
        500,
        Change("V and S._overtake(P, J)", "V"),
    ),
    _of_sweeps(
        "a sweep takes the generation before as soon as it is replaced",
        "PQv",
        200,
        Change("P.modified > S.now() - S.previous_days * A", "False"),
    ),
    _of_sweeps(
        "a sweep takes the last that viewers saw of a picture that has failed since",
        "PVByD",
        500,
        Change("not P.manifest.variants", "False"),
    ),
    Mutant(
        "what is kept is tried again where a lazy variant of it was refused",
        RECONCILE,
        (Change("any(F for O in L) and not is_kept(*_)", "any(one.reason for one in manifest.lazy)"),),
        Case("JNWLO", begins=LAZILY_PUBLISHED),
        100,
    ),
    Mutant(
        "nobody tells the CDN of a picture of which no file is left",
        RECONCILE,
        (Change("not W.variants and (W.generation or W.previous)", "False"),),
        Case("PIQPD", begins=LAZILY_PUBLISHED),
        200,
    ),
    Mutant(
        "the CDN is told of a picture of which no file is left only while it is published",
        RECONCILE,
        (Change("W.generation or W.previous", "W.generation", "forget_unseen"),),
        Case("PIQBD", begins=LAZILY_PUBLISHED),
        200,
    ),
    Mutant(
        "a sweep leaves the generation before for good",
        SWEEP,
        (Change("P.modified > S.now() - S.previous_days * A", "True"),),
        None,
        20,
        sweeping=True,
    ),
    _of_sweeps(
        "a sweep takes the generation before that a manifest still names",
        "PQy",
        200,
        Change("None if J.previous else M.previous", "manifest.previous"),
    ),
    _of_sweeps(
        "a sweep gives a manifest a new revision that nobody is told of",
        "PQy",
        200,
        Change(
            "max(map(R, J.stranded), default=M.revision)",
            "max(map(_revision, J.stranded), default=0) or M.revision + 1",
        ),
    ),
    _of_sweeps(
        "a sweep keeps what is published, and not the generation before",
        "PQv",
        200,
        Change("{M.generation, M.previous}", "{M.generation}"),
    ),
    Mutant(
        "a night leaves a correction alone that nobody has followed",
        LOOK,
        (Change("Stale.OUTDATED if M.follows_correction else Stale.CORRECTED", "Stale.OUTDATED"),),
        Case("PwHn", begins=TOLD),
        200,
    ),
    Mutant(
        "what lost its race stays where what has left is told anew",
        RECONCILE,
        (Change("swept(N, D)", "manifest", "_retold_as_it_is"),),
        Case("PwR", dropping=True),
        10_000,
        seed=3,
    ),
    _of_runs(
        "a run takes more objects than are left",
        20,
        "attribute_not_exists(#stopped) AND #nanos_left >= :nanos AND #paced_ms >= :latest",
    ),
    _of_runs(
        "a run takes though it is stopped",
        20,
        "#objects_left >= :objects AND #nanos_left >= :nanos AND #paced_ms >= :latest",
    ),
    Mutant(
        "who is late stops a run that was resumed since, or whose limit was raised",
        RUNS,
        (Change(f'"{_MAY_EXHAUST}"', '"attribute_not_exists(#stopped)"'),),
        None,
        10,
        seed=240,
        backfilling=True,
    ),
    Mutant(
        "what nobody has been asked to look at counts as sent",
        CHILD,
        (Change("S._purse.send(S.hints, X)", "allowed"),),
        None,
        60,
        backfilling=True,
    ),
    Mutant(
        "a run is finished after its first pass, whatever was stale",
        MACHINE,
        (Change("FINISHED if not A else L", "FINISHED"),),
        None,
        60,
        backfilling=True,
    ),
    Mutant(
        "the next pass looks only at what was not done",
        MACHINE,
        (Change("R is None or not R.done or R.stale", "result is None or not result.done"),),
        None,
        60,
        backfilling=True,
    ),
    Mutant(
        "a run is finished where another execution still cuts it",
        MACHINE,
        (Change("F.is_cut()", "True"),),
        None,
        3,
        seed=130_007_713,
        lossy=True,
        backfilling=True,
    ),
    Mutant(
        "what has left is taken away again by each attempt over what lies there since",
        RECONCILE,
        (Change("D.originals.holds(S, I)", "True", "_take_away"),),
        None,
        10,
        dropping=True,
    ),
    Mutant(
        "what has left stays where no recipe wants it, whatever was uploaded since",
        LOOK,
        (
            Change(
                "has_left(source, manifest, original, S.originals)",
                "manifest.original_dropped is not None",
                "_of_nobody",
            ),
        ),
        None,
        1,
        seed=1_000_528,
        lossy=True,
        erasing=True,
        dropping=True,
        backfilling=True,
    ),
    Mutant(
        "a run that was stopped goes on where it was, whatever was deployed since",
        DISTRIBUTED,
        (Change("run.job.task != RETRY and run.deployed != S.deployment.deployed", "False"),),
        None,
        40,
        backfilling=True,
    ),
)


def as_table(found: Callable[[Mutant], str] = lambda mutant: mutant.limit) -> str:
    """The table in docs/simulation.md."""
    rows = [f"| {mutant.name} | {mutant.module} | {found(mutant)} |" for mutant in MUTANTS]
    return "\n".join(["| what is wrong | in | found within |", "|---|---|---|", *rows])
