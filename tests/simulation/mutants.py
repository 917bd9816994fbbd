"""The code with one of its steps left out or done in the wrong order: each must break a promise somewhere.

A mutant that nobody finds would say that the simulation is blind to what the step is for. docs/simulation.md has this
table, and a test holds it to that.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.simulation import randomly
from tests.simulation.cases import REFUSED_FOR_ANOTHER
from tests.simulation.deployed import Code
from tests.simulation.exhaustive import Case, explore
from tests.simulation.pictures import render_without_isolation

if TYPE_CHECKING:
    from collections.abc import Callable

RECONCILE, PROCESS, RECORD_FAILURE, ANNOUNCE = "reconcile", "process", "record_failure", "announce"
IMAGES, ORIGINALS, QUARANTINE, FAILURES = "images", "originals", "quarantine", "failures"


@dataclass(frozen=True)
class Mutant:
    """Changes to the text of one module.

    case: a small case whose exhaustive exploration finds it; None: random schedules do. within: how many states or
    schedules that takes at most. seed: of the order of exploration, where the usual one takes long.
    """

    name: str
    module: str
    changes: tuple[tuple[str, str], ...]
    case: Case | None
    within: int
    seed: int | None = None

    @property
    def code(self) -> Code:
        """The real code around the mutated module."""
        if not self.changes:
            return Code(render=render_without_isolation)
        original = getattr(Code(), self.module)
        text = inspect.getsource(original)
        for present, instead in self.changes:
            assert text.count(present) == 1, f"{self.name}: {self.module} no longer says {present!r}, once"
            text = text.replace(present, instead)
        module = ModuleType(original.__name__)
        exec(compile(text, f"mutated {self.module}", "exec"), module.__dict__)  # noqa: S102  our own text, changed by us
        mutated: dict[str, Any] = {self.module: module}
        return replace(Code(), **mutated)

    def found_after(self) -> int | None:
        """How many states or schedules it takes to find it; None if it is not found within the limit."""
        code = self.code
        if self.case is not None:
            explored = explore(self.case, code, self.within, self.seed)
            return explored.states if explored.broken else None
        tried = range(1, self.within + 1)
        return next((number for number in tried if randomly.run(number, code).broken), None)

    @property
    def limit(self) -> str:
        """Where it is found, and how soon."""
        return f"{self.within} states of {self.case}" if self.case else f"{self.within} random schedules"


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def _without(line: str) -> tuple[tuple[str, str], ...]:
    return ((line, ""),)


MUTANTS = (
    Mutant(
        "a manifest replaces whatever is there",
        IMAGES,
        (('condition = {"IfMatch": replacing.etag} if replacing else {"IfNoneMatch": "*"}', "condition = {}"),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "the first manifest replaces whatever is there",
        IMAGES,
        (('else {"IfNoneMatch": "*"}', "else {}"),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "the manifest comes before the variants",
        RECONCILE,
        (
            ("            images.write(path, rendition.data, variants[0].media_type, name)\n", ""),
            (
                "    world.images.publish(manifest, published)\n    _check_unchanged",
                _lines(
                    "    world.images.publish(manifest, published)",
                    "    if verdict is None:",
                    "        again = world.render(world.originals.read(source, original), recipe.spec)",
                    "        for made in again.renditions:",
                    "            path = variant_path(publication.key, publication.generation, made)",
                    "            world.images.write(path, made.data, 'image/jpeg', 'a.jpg')",
                    "    _check_unchanged",
                ).rstrip(),
            ),
        ),
        Case("P"),
        50,
    ),
    Mutant(
        "the source is looked at before the manifest",
        RECONCILE,
        (
            ("    published = world", "    original = world.originals.head(source)\n    published = world"),
            ("    original = world.originals.head(source)  #", "    #"),
        ),
        Case("PQP"),
        60_000,
        seed=1,
    ),
    Mutant(
        "the source is not looked at again",
        RECONCILE,
        (("published)\n    _check_unchanged(source, original, world)\n", "published)\n"),),
        Case("PQP", versioned=False),
        500,
    ),
    Mutant(
        "whatever the source holds is read",
        ORIGINALS,
        _without(", IfMatch=etag"),
        Case("PQ"),
        5_000,
    ),
    Mutant(
        "no tombstone where nothing ever was",
        RECONCILE,
        (("if published is None and ignored:", "if published is None:"),),
        Case("PD"),
        3_000,
    ),
    Mutant(
        "a lost race counts as done",
        RECONCILE,
        (
            (
                "    raise TooManyConflicts(",
                "        return Outcome(source, Action.NOTHING, None)\n    raise TooManyConflicts(",
            ),
        ),
        Case("PQ"),
        500,
    ),
    Mutant(
        "generations can come back",
        RECONCILE,
        (
            ("publication.key, publication.generation, rendition", 'publication.key, "0-same", rendition'),
            ("kept = {manifest.generation, ", 'kept = {"0-same", '),
        ),
        Case("PQ"),
        100,
    ),
    Mutant(
        "cleaning up takes what is being written",
        RECONCILE,
        ((" and revision_of(generation) <= manifest.revision", ""),),
        Case("PQP"),
        500,
    ),
    Mutant(
        "cleaning up takes the generation before",
        RECONCILE,
        (("{manifest.generation, manifest.previous}", "{manifest.generation}"),),
        Case("PQ"),
        100,
    ),
    Mutant(
        "a tombstone is the end, whatever is left over",
        RECONCILE,
        ((" and not any(images.paths(variants_folder(manifest.key)))", ""),),
        Case("PD", faults=1),
        30_000,
    ),
    Mutant(
        "nothing is removed after a delete",
        RECONCILE,
        _without("    _remove_dead(tombstone, world)\n"),
        Case("PD"),
        200,
    ),
    Mutant(
        "the CDN is not told of a delete",
        RECONCILE,
        (("        world.purges.request_purge(folder)\n", "        pass\n"),),
        Case("PD"),
        200,
    ),
    Mutant(
        "a deletion is not finished before the next upload is published",
        RECONCILE,
        (("is Status.DELETED:\n        _remove_dead(", "is Status.DELETED and False:\n        _remove_dead("),),
        Case("PDP"),
        2_000,
    ),
    Mutant(
        "what was deleted is removed before the CDN is told",
        RECONCILE,
        (
            (
                "    if dead and manifest.status",
                "    if dead:\n        world.images.remove(dead)\n    if dead and manifest.status",
            ),
        ),
        Case("PD", faults=1),
        90_000,
    ),
    Mutant(
        "another recipe is not noticed",
        RECONCILE,
        (("and is_current(manifest, recipe)", ""),),
        Case("PR"),
        100,
    ),
    Mutant(
        "another version is not noticed",
        RECONCILE,
        (("manifest.is_of(original.identity)\n        and ", ""),),
        Case("PQ"),
        100,
    ),
    Mutant(
        "what is published is refused once its format is not accepted",
        RECONCILE,
        ((" or is_kept(manifest, recipe)", ""),),
        Case("JM"),
        100,
    ),
    Mutant(
        "a refusal is the last word, whatever is accepted since",
        RECONCILE,
        (
            ("manifest.digest == recipe.digest_for(manifest.reason)", "manifest.digest == recipe.digest"),
            ("replace(publication, digest=verdict.digest).failed", "publication.failed"),
        ),
        Case("NJY"),
        100,
    ),
    Mutant(
        "a refusal by another recipe is believed",
        RECORD_FAILURE,
        (("recipe.digest_for(verdict.reason)", "verdict.digest"),),
        Case("NJY"),
        200,
    ),
    Mutant(
        "revisions do not grow",
        RECONCILE,
        (("published.manifest.revision + 1 if published", "published.manifest.revision if published"),),
        Case("PQP"),
        500,
    ),
    Mutant(
        "what lost races left behind stays",
        RECONCILE,
        (("    if raced and published is not None:\n", "    if False:\n"),),
        Case("PQ"),
        500,
    ),
    Mutant(
        "a rejection is the end, and nobody is told",
        PROCESS,
        (("self._give_up(source, message, outcome.verdict, again=again)\n", "pass\n"),),
        Case("B"),
        50,
    ),
    Mutant(
        "what the world failed is not tried again",
        PROCESS,
        (("        if errors:\n            self._hold_back", "        if False:\n            self._hold_back"),),
        Case("P", faults=1),
        500,
    ),
    Mutant(
        "what makes no sense is dropped",
        PROCESS,
        _without(
            "        self.dead_letters.send(_dead_letter(message, problem.part, problem.reason, problem.detail))\n"
        ),
        None,
        20,
    ),
    Mutant(
        "no isolation: a decoder's crash takes the function along",
        "render",
        (),
        None,
        40,
    ),
    Mutant(
        "whatever is in the dead-letter queue has failed",
        RECORD_FAILURE,
        (
            (
                "        verdict = self.dead_letter.verdict\n        if",
                _lines(
                    "        verdict = self.dead_letter.verdict",
                    "        if verdict is None:",
                    "            raise PictureRejected(Reason.CORRUPT, 'tried too often')",
                    "        if",
                ).rstrip(),
            ),
        ),
        Case("P", faults=1, receives=1),
        500,
    ),
    Mutant(
        "a verdict on other contents is believed",
        RECORD_FAILURE,
        ((" and verdict.is_on(original.identity, recipe.digest_for(verdict.reason))", ""),),
        Case("BP"),
        500,
    ),
    Mutant(
        "the last instance does not try again either",
        RECORD_FAILURE,
        (("        if errors:\n            pause", "        if False:\n            pause"),),
        Case("B", faults=1),
        2_000,
    ),
    Mutant(
        "failed is published before it is recorded",
        RECONCILE,
        (
            ("        _record(source, original, verdict, world, recorder)\n", ""),
            (
                "published)\n    _check_unchanged(source, original, world)\n",
                _lines(
                    "published)",
                    "    _check_unchanged(source, original, world)",
                    "    if verdict and recorder:",
                    "        _record(source, original, verdict, world, recorder)",
                ),
            ),
        ),
        Case("B"),
        100,
    ),
    Mutant(
        "whatever the source holds is quarantined",
        QUARANTINE,
        _without("            CopySourceIfMatch=original.etag,\n"),
        Case("BP"),
        5_000,
    ),
    Mutant(
        "the reason is lost on the way to the table",
        RECORD_FAILURE,
        (("            reason=verdict.reason,\n", '            reason="unknown",\n'),),
        Case("B"),
        100,
    ),
    Mutant(
        "a picture that never ends by itself is tried for ever",
        RECORD_FAILURE,
        (("> TRIALS:", "> 10**9:"),),
        None,
        20,
    ),
    Mutant(
        "an outage is held against the picture",
        RECORD_FAILURE,
        (("            if not isinstance(error, ChildLost):\n", "            if False:\n"),),
        Case("P", receives=1, outage=6),
        200,
    ),
    Mutant(
        "what cannot be read is a fault like any other",
        RECONCILE,
        (("        raise PictureRejected(unreadable.closed.reason, unreadable.closed.detail) from", "        raise"),),
        Case("A"),
        1_000,
    ),
    Mutant(
        "what could not be read once stays failed",
        RECONCILE,
        ((" and not _may_be_readable_now(manifest, original)", ""),),
        Case("AO"),
        100,
    ),
    Mutant(
        "whatever cannot be read is taken for what was looked at",
        RECONCILE,
        (("now = _looked_again(source, original, world)", "now = replace(original, closed=unreadable.closed)"),),
        Case("BA"),
        5_000,
    ),
    Mutant(
        "a refusal to read what was there for a moment is believed",
        RECONCILE,
        (("if now.closed is None or now.closed.reason is not closed.reason:", "if False:"),),
        REFUSED_FOR_ANOTHER[1],
        50,
    ),
    Mutant(
        "another recipe takes away what cannot be read any more",
        RECONCILE,
        (("published is not None and _outlives(", "published is not None and False and _outlives("),),
        Case("PZR"),
        100,
    ),
    Mutant(
        "whoever is denied once gives up",
        RECORD_FAILURE,
        ((".begin_trial(trial) < TRIALS:", ".begin_trial(trial) < 1:"),),
        Case("X"),
        200,
    ),
    Mutant(
        "what is denied is asked for for ever",
        RECORD_FAILURE,
        ((".begin_trial(trial) < TRIALS:", ".begin_trial(trial) < 10**9:"),),
        Case("X"),
        1_000,
    ),
    Mutant(
        "what cannot be read has to be copied all the same",
        RECONCILE,
        (
            ("copied=verdict.reason not in UNREADABLE", "copied=True"),
            ("original, verdict, copied=False", "original, verdict, copied=True"),
        ),
        Case("A"),
        1_000,
    ),
    Mutant(
        "what is known to be bad waits for a copy of what cannot be read any more",
        QUARANTINE,
        (("if is_refusal(error) and (", "if False and ("),),
        Case("BZ"),
        1_000,
    ),
    Mutant(
        "every refusal without words is the customer's key",
        ORIGINALS,
        (
            (
                '        closed = why_closed(self.s3, source, newest["ETag"])\n',
                _lines(
                    "        from lightpress.image import Reason",
                    "        from lightpress.pipeline.source import Closed",
                    "        closed = Closed(Reason.CUSTOMER_KEY, '')",
                ),
            ),
        ),
        Case("A", faults=1),
        5_000,
    ),
    Mutant(
        "what nobody may look at is all the same",
        ORIGINALS,
        (("return _original(newest, ", "return _original({'ETag': 'unseen'}, "),),
        Case("C"),
        100,
    ),
    Mutant(
        "who finds nothing to do announces nothing",
        ANNOUNCE,
        (("is not Action.REJECTED:", "not in {Action.REJECTED, Action.NOTHING}:"),),
        Case("P", faults=1),
        500,
    ),
    Mutant(
        "the last instance announces nothing",
        RECORD_FAILURE,
        _without("            self.announce(outcome)\n"),
        Case("B"),
        100,
    ),
)


def as_table(found: Callable[[Mutant], str] = lambda mutant: mutant.limit) -> str:
    """The table in docs/simulation.md."""
    rows = [f"| {mutant.name} | {mutant.module} | {found(mutant)} |" for mutant in MUTANTS]
    return "\n".join(["| what is wrong | in | found within |", "|---|---|---|", *rows])
