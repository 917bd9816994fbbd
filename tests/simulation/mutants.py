"""The story with one of its steps left out or done in the wrong order: each must break a promise somewhere."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

from lightpress import reconcile as story
from tests.simulation.world import make_process

if TYPE_CHECKING:
    from tests.simulation.explorers import MakeProcess


@dataclass(frozen=True)
class Mutant:
    """Changes to the text of reconcile.py.

    script: the smallest script of client actions that shows what they break; empty: random schedules show it.
    """

    name: str
    script: str
    changes: tuple[tuple[str, str], ...]
    versioned: bool = True

    def make_process(self) -> MakeProcess:
        """The real process around the mutated story."""
        text = inspect.getsource(story)
        for present, instead in self.changes:
            assert text.count(present) == 1, f"{self.name}: the story no longer says {present!r}, once"
            text = text.replace(present, instead)
        module = ModuleType(story.__name__)
        exec(compile(text, "mutated reconcile.py", "exec"), module.__dict__)  # noqa: S102  our own text, changed by us
        return partial(make_process, story=module.reconcile)


MUTANTS = (
    Mutant(
        "a manifest replaces whatever is there",
        "PQ",
        (("publish(manifest, published)", "publish(manifest, world.images.published(source.key))"),),
    ),
    Mutant(
        "the source is looked at before the manifest",
        "",
        (
            ("    published = world", "    original = world.originals.look(source)\n    published = world"),
            ("    original = world.originals.look(source)  #", "    #"),
        ),
    ),
    Mutant(
        "the source is not looked at again",
        "PQP",
        (("    _check_unchanged(source, original, world)\n", ""),),
        versioned=False,
    ),
    Mutant(
        "no tombstone where nothing ever was",
        "PD",
        (("if published is None and ignored:", "if published is None:"),),
    ),
    Mutant(
        "a lost race counts as done",
        "PQ",
        (("            continue\n", "            return Outcome(source, Did.NOTHING, None)\n"),),
    ),
    Mutant(
        "generations can come back",
        "PQ",
        (
            ("publication.key, publication.generation, rendition", 'publication.key, "0-same", rendition'),
            ("kept = {manifest.generation, ", 'kept = {"0-same", '),
        ),
    ),
    Mutant(
        "cleaning up takes what is being written",
        "PQP",
        ((" and revision_of(generation) <= manifest.revision", ""),),
    ),
    Mutant(
        "cleaning up takes the generation before",
        "PQ",
        (("{manifest.generation, manifest.previous}", "{manifest.generation}"),),
    ),
    Mutant(
        "a tombstone is the end, whatever is left over",
        "",
        ((" and not any(images.paths(variants_folder(manifest.key)))", ""),),
    ),
    Mutant(
        "nothing is removed after a delete",
        "PD",
        (("    _remove_dead(tombstone, world.images)\n", ""),),
    ),
    Mutant(
        "another recipe is not noticed",
        "PR",
        (("is_of(original.identity, recipe.digest)", 'is_of(original.identity, manifest.digest or "")'),),
    ),
    Mutant(
        "another version is not noticed",
        "PQ",
        (("is_of(original.identity, recipe.digest)", "is_of(manifest.source.identity, recipe.digest)"),),
    ),
    Mutant(
        "revisions do not grow",
        "PQP",
        (("published.manifest.revision + 1 if published", "published.manifest.revision if published"),),
    ),
    Mutant(
        "failed is published before it is recorded",
        "B",
        (
            ("        recorder.record(source, original, verdict)\n", ""),
            (
                "    _check_unchanged(source, original, world)\n    if published",
                "    if verdict:\n        recorder.record(source, original, verdict)\n    if published",
            ),
        ),
    ),
    Mutant(
        "what lost races left behind stays",
        "PQ",
        (("        if attempt > 0 and outcome.manifest is not None:\n", "        if False:\n"),),
    ),
)
