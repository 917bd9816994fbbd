"""What a changed recipes file would render, keep and remove, computed from manifests.

Only manifests are downloaded: each names its original, its recipe and its variants. A stale original is rendered
completely, because all its variants are published together; those that will be the same are counted apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.backfill.look import Stale
from lightpress.image.candidates import CANDIDATES, Kind
from lightpress.image.spec import Pixels
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.settled import is_current, is_kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.backfill.results import Tables
    from lightpress.image.outputs import Output
    from lightpress.image.spec import Rung
    from lightpress.pipeline.manifest import Manifest, PublishedSource
    from lightpress.pipeline.recipe import Recipe, RecipeBook

_WITHOUT_ORIGINAL = "without original"
MOST_EXAMPLES = 5
_PICTURES, _VARIANTS, _NAMES, _SEEN = "pictures", "variants", "names of ", "seen"
_OF_CAMERAS = {"jpeg", "heic"}

# A variant as the recipe determines it: width and height in pixels, what its steps make of it, and the quality of its
# encoder.
_Look = tuple[int, int, str | None, int | None]


@dataclass
class Plan:
    """What would become of published originals.

    Attributes:
        pictures: Originals by state: current, stale, copied (their copies get other addresses or headers), enriched
            (other enrichers are asked), "tried again" (they failed), removed, deleted (already), kept (the recipe no
            longer accepts their format), "without original" (it has left, and would be needed: they stay as they are).
        variants: Variants of stale originals by state: made (new names), changed (pixels or quality), same (rendered
            again, with the same result as far as a manifest tells), removed, undecided (published, and kept or removed
            as the kind of the picture is, which only rendering tells).
        names: Variants by state and name.
        examples: Up to five keys of each state of originals.
        seen: Manifests read.
    """

    pictures: Counter[str] = field(default_factory=Counter)
    variants: Counter[str] = field(default_factory=Counter)
    names: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    seen: int = 0

    @property
    def to_render(self) -> int:
        """The number of originals that a backfill would render."""
        return self.pictures["stale"] + self.pictures["tried again"]

    @property
    def not_rendered(self) -> int:
        """The number of originals that a backfill would send through the queue without rendering them."""
        return self.pictures[Stale.COPIED] + self.pictures[Stale.ENRICHED]

    @property
    def without_original(self) -> int:
        """The number of originals that have left, and would be needed."""
        return self.pictures[_WITHOUT_ORIGINAL]

    def add(self, manifest: Manifest, book: RecipeBook) -> None:
        """Count the manifest of one original under a recipe book."""
        self.seen += 1
        recipe = book.recipe_for(manifest.key)
        state = _state(manifest, recipe)
        self.pictures[state] += 1
        some = self.examples.setdefault(state, [])
        if len(some) < MOST_EXAMPLES:
            some.append(manifest.key)
        if state in {"stale", "removed"}:
            self._compare(_published(manifest), *_owed(manifest, recipe) if recipe else ({}, frozenset()))

    def _compare(self, before: dict[str, _Look], after: dict[str, _Look], undecided: frozenset[str]) -> None:
        for name in before.keys() | after.keys():
            what = "undecided" if name in undecided else _change(before.get(name), after.get(name))
            self.variants[what] += 1
            self.names.setdefault(what, Counter())[name] += 1

    def tables(self) -> Tables:
        """The counts, as `plan_in` reads them; examples are not among them."""
        return {
            _PICTURES: dict(self.pictures),
            _VARIANTS: dict(self.variants),
            _SEEN: {_SEEN: self.seen},
            **{f"{_NAMES}{what}": dict(names) for what, names in self.names.items()},
        }

    def scaled(self, factor: float) -> Plan:
        """The counts of a sample, multiplied up to all originals."""
        return Plan(
            Counter({state: round(count * factor) for state, count in self.pictures.items()}),
            Counter({what: round(count * factor) for what, count in self.variants.items()}),
            self.names,
            self.examples,
            self.seen,
        )


def plan(manifests: Iterable[Manifest], book: RecipeBook) -> Plan:
    """Compare manifests with what `book` would publish."""
    found = Plan()
    for manifest in manifests:
        found.add(manifest, book)
    return found


def plan_in(tables: Tables, named: Iterable[tuple[str, str, str]]) -> Plan:
    """The plan that came of a run: its tables, and examples by bucket, key and state."""
    names = {name.removeprefix(_NAMES): Counter(found) for name, found in tables.items() if name.startswith(_NAMES)}
    found = Plan(
        Counter(tables.get(_PICTURES, {})),
        Counter(tables.get(_VARIANTS, {})),
        names,
        seen=tables.get(_SEEN, {}).get(_SEEN, 0),
    )
    for _, key, state in named:
        found.examples.setdefault(state, []).append(key)
    return found


def _state(manifest: Manifest, recipe: Recipe | None) -> str:
    if manifest.status is Status.DELETED:
        return "deleted"
    if manifest.original_dropped is not None and (recipe is None or not is_current(manifest, recipe)):
        return _WITHOUT_ORIGINAL
    if recipe is None:
        return "removed"
    if is_current(manifest, recipe):
        return "kept" if is_kept(manifest, recipe) else _told_anew(manifest, recipe) or "current"
    return "tried again" if manifest.status is Status.FAILED else "stale"


def _told_anew(manifest: Manifest, recipe: Recipe) -> str | None:
    """What becomes of a picture whose variants stay, in the words of a backfill; None if nothing does."""
    if manifest.status is Status.READY and manifest.enrichers != recipe.enrichers:
        return str(Stale.ENRICHED)
    return str(Stale.COPIED) if with_copies(manifest, recipe, manifest) != manifest else None


def _published(manifest: Manifest) -> dict[str, _Look]:
    return {f"{one.name}.{one.format}": (one.width, one.height, one.look, one.quality) for one in manifest.offered}


def _owed(manifest: Manifest, recipe: Recipe) -> tuple[dict[str, _Look], frozenset[str]]:
    """What the recipe would make of the same picture, and the names of which a manifest does not tell.

    Sizes follow from the original's.
    """
    source, spec = manifest.source, recipe.spec
    if source is None or source.width is None or source.height is None:
        return {}, frozenset()
    formats = _formats(manifest, source, recipe)
    rungs = spec.rungs(Pixels(source.width, source.height))
    animated = any(variant.animated for variant in manifest.offered)

    def quality(output: Output, rung: Rung) -> int | None:
        still = output if animated and spec.moves_in(output) else spec.row_of(output, rung)
        return spec.quality_of(still, rung.result) if output.lossy else None

    found = {
        f"{name}.{output.name}": (*rung.result, rung.look, quality(output, rung))
        for rung in rungs
        for name in rung.names
        for output in spec.outputs()
        if output.name in formats
    }
    if spec.auto and not _is_photo(manifest, source):
        return found, frozenset(found)
    # What a step leaves of a picture, and whether one can see through it, only its pixels tell.
    untold = {
        name for rung in rungs if any(spec.auto or step.before_size for step in rung.steps) for name in rung.names
    }
    return found, frozenset(name for name in found if name.partition(".")[0] in untold)


def _formats(manifest: Manifest, source: PublishedSource, recipe: Recipe) -> set[str]:
    """Of a photo, the formats of photos; of another picture, those that there are now may stay or not."""
    if not recipe.spec.auto:
        return set(recipe.spec.formats)
    if _is_photo(manifest, source):
        return {*CANDIDATES[Kind.PHOTO].small, *CANDIDATES[Kind.PHOTO].fallback}
    return {variant.format for variant in manifest.offered}


def _is_photo(manifest: Manifest, source: PublishedSource) -> bool:
    """Whether it is one for all that a manifest tells: what cameras and phones write, and moves not."""
    return source.format in _OF_CAMERAS and not any(variant.animated for variant in manifest.offered)


def _change(before: _Look | None, after: _Look | None) -> str:
    if before is None:
        return "made"
    if after is None:
        return "removed"
    # No quality where the original's own bytes were kept: then the pixels are all there is to compare.
    same = before[:3] == after[:3] if before[3] is None else before == after
    return "same" if same else "changed"
