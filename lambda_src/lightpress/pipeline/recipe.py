"""Which sizes and formats a source is owed: ordered path rules, and recipes by name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from lightpress.image.candidates import CANDIDATES
from lightpress.image.errors import Reason
from lightpress.image.inputs import READABLE
from lightpress.image.outputs import MOVING_BY_DEFAULT, SLOWER
from lightpress.image.revision import REVISION
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.path_pattern import PathPattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.image.outputs import Output
    from lightpress.pipeline.copy_pattern import CopyRules

EVERYTHING = "**"
_NO_SPEC = Spec((), ())
# What is said only where it is not usual: recipes that are older than these keys keep their digest.
_USUAL: Mapping[str, object] = {
    "colors": "srgb",
    "hdr": "sdr",
    "tone_mapping": "st2094-50",
    "auto": False,
    "focus": None,
    "facts": (),
    "png_colors": None,
    "moving": MOVING_BY_DEFAULT,
    "effort": "normal",
}
AUTO, FACES = "auto", "faces"
"""What is looked for in each picture, of a size's `focus`."""
KEEP, INFREQUENT, DROP = "keep", "infrequent", "drop_after_publish"
ORIGINALS = (KEEP, INFREQUENT, DROP)
"""What may become of originals once they are published: a recipe's `originals`."""
_AN_HOUR = 3600


class Unanswered(StrEnum):
    """What becomes of a picture whose reviewers have not answered in time."""

    HOLD = "hold"
    PUBLISH = "publish"
    REJECT = "reject"


@dataclass(frozen=True)
class Recipe:
    """A named spec. Its digest changes whenever the variants it makes would.

    Attributes:
        name: As in recipes.toml.
        spec: What the variants are.
        gate: The reviewers that have to approve a picture before it is published; empty if it need not wait.
        unanswered: What becomes of it if they do not answer in time.
        gate_hours: How long they have; 0 if for ever.
        originals: What becomes of originals once they are published, one of `ORIGINALS`.
        enrichers: Those that are asked for facts once it is published (`pipeline.facts`).
        copies: What copies its variants are to have where others expect them; None if none.
    """

    name: str
    spec: Spec
    gate: tuple[str, ...] = ()
    unanswered: Unanswered = Unanswered.HOLD
    gate_hours: float = 0
    originals: str = KEEP
    enrichers: tuple[str, ...] = ()
    copies: CopyRules | None = None

    def until(self, held_at: int | None) -> int | None:
        """When reviewers have had time enough who were asked at a time, in seconds since 1970; None if they never have.

        Of what was held while they had for ever, nobody knows since when.
        """
        if self.unanswered is Unanswered.HOLD:
            return None
        return (held_at or 0) + round(self.gate_hours * _AN_HOUR)

    @cached_property
    def digest(self) -> str:
        """16 hex digits over everything that decides the bytes of the variants, encoder settings included.

        Ways to write the same (the order of formats and sizes, a default that is said, a color in capitals) do not
        count: nothing that is published becomes stale by them. Nor does which formats are accepted: see `digest_for`.
        """
        spec = asdict(replace(self.spec, sizes=())) | {
            "background": self.spec.background.lower(),
            "sizes": sorted(map(_decided_by, self.spec.sizes), key=lambda size: str(size["name"])),
        }
        del spec["formats"], spec["quality"]  # both are in the rows
        del spec["accept"], spec["native"], spec["lazy"]  # none of them changes what is seen
        spec = {name: value for name, value in spec.items() if _USUAL.get(name) != value}
        rows = [_settings(output, self.spec) for output in self.spec.outputs()]
        decides = {"revision": REVISION, "spec": spec, "outputs": sorted(rows, key=lambda row: str(row["name"]))}
        if slower := self._slower:
            decides["slower"] = slower
        if self.spec.auto:
            decides["kinds"] = {kind: asdict(candidates) for kind, candidates in CANDIDATES.items()}
        return _digest(decides)

    @property
    def _slower(self) -> list[tuple[int, dict[str, object]]]:
        """The rows of its formats where there is time for them, and for how many pixels there is."""
        tiers = [tier for screen in (False, True) for tier in SLOWER[self.spec.effort, screen]]
        named = sorted(self.spec.formats)
        return [
            (one.pixels, _settings(one.rows[name], self.spec)) for one in tiers for name in named if name in one.rows
        ]

    def digest_for(self, reason: str | None) -> str:
        """16 hex digits over everything that decides an ending: publication (None), or a failure for `reason`.

        Which formats are accepted decides whether a file is refused for its format, and nothing else: other accepted
        formats have another look taken at what was refused so, and leave all the rest as it is.
        """
        return self._digest_of_refusals if reason == Reason.FORMAT_NOT_ACCEPTED else self.digest

    @cached_property
    def _digest_of_refusals(self) -> str:
        return _digest([self.digest, sorted(self.spec.accept)])

    @property
    def beside(self) -> dict[str, object]:
        """What it says of other things than the bytes of variants, by key; what is usual is left out."""
        said = asdict(replace(self, spec=_NO_SPEC)) | {"lazy": sorted(self.spec.lazy)}
        usual = asdict(Recipe(self.name, _NO_SPEC)) | {"lazy": []}
        return {name: value for name, value in said.items() if value != usual[name]}


@dataclass(frozen=True)
class Rule:
    """Keys that match `path` follow `recipe`; None leaves them alone."""

    path: str
    recipe: Recipe | None

    @cached_property
    def _pattern(self) -> PathPattern:
        return PathPattern(self.path)

    def matches(self, key: str) -> bool:
        """Whether the rule is for `key`."""
        return self._pattern.matches(key)


def _decided_of(rule: Rule) -> tuple[object, ...]:
    """What a rule decides. Two values where it decides variants alone, so that such books keep their digest."""
    if rule.recipe is None:
        return rule.path, None
    decided = (rule.path, rule.recipe.digest_for(Reason.FORMAT_NOT_ACCEPTED))
    return (*decided, rule.recipe.beside) if rule.recipe.beside else decided


@dataclass(frozen=True)
class RecipeBook:
    """All rules, in order, and all recipes by name."""

    rules: tuple[Rule, ...]
    recipes: Mapping[str, Recipe]

    @cached_property
    def digest(self) -> str:
        """16 hex digits over the rules and everything that the recipes they name decide, refusals included.

        Also over what changes no variant, such as copies: it tells whether these recipes are those that are deployed,
        and a backfill of them is another job, for it has something to do.
        """
        return _digest([_decided_of(rule) for rule in self.rules])

    @property
    def is_lazy(self) -> bool:
        """Whether any of the recipes leaves variants for their first view."""
        return any(recipe.spec.lazy for recipe in self.recipes.values())

    @property
    def has_high_effort(self) -> bool:
        """Whether any of the recipes takes several times the CPU for fewer bytes."""
        return any(recipe.spec.effort == "high" for recipe in self.recipes.values())

    @property
    def reviewers(self) -> tuple[str, ...]:
        """The reviewers that any of the recipes asks for."""
        return tuple(sorted({name for recipe in self.recipes.values() for name in recipe.gate}))

    def may_ask(self, reviewer: str, under: str) -> bool:
        """Whether a rule for any key that begins with `under` may have a recipe that asks this reviewer.

        What rules before it take away is not looked at, nor what is behind the first wildcard.
        """
        asking = (rule.path for rule in self.rules if rule.recipe and reviewer in rule.recipe.gate)
        literal = (path.partition("*")[0] for path in asking)
        return any(start.startswith(under) or under.startswith(start) for start in literal)

    @property
    def has_time_limits(self) -> bool:
        """Whether any recipe says what becomes of what nobody reviews in time."""
        return any(recipe.gate_hours for recipe in self.recipes.values())

    @property
    def drops_originals(self) -> bool:
        """Whether any of the recipes drops originals after they are published."""
        return any(recipe.originals == DROP for recipe in self.recipes.values())

    @property
    def infrequent(self) -> tuple[str, ...]:
        """What the keys begin with whose originals are moved; "" for all keys. None of them begins with another."""
        rules = (rule for rule in self.rules if rule.recipe and rule.recipe.originals == INFREQUENT)
        found = sorted({rule.path.removesuffix(EVERYTHING) for rule in rules})
        return tuple(one for one in found if not any(one.startswith(other) for other in found if other != one))

    @property
    def enrichers(self) -> tuple[str, ...]:
        """The enrichers that any of the recipes asks."""
        return tuple(sorted({name for recipe in self.recipes.values() for name in recipe.enrichers}))

    @property
    def copy_folders(self) -> tuple[str, ...]:
        """The folders that copies go to, with "/" at the end."""
        return tuple(sorted({one.copies.pattern.folder for one in self.recipes.values() if one.copies}))

    @property
    def tags_copies(self) -> bool:
        """Whether any copies have tags."""
        return any(one.copies and one.copies.tags for one in self.recipes.values())

    @property
    def accept(self) -> tuple[str, ...]:
        """The formats that any of the recipes accepts, the usual ones first."""
        return tuple(name for name in READABLE if any(name in one.spec.accept for one in self.recipes.values()))

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files beside recipes.toml that steps need: logos, fonts, the code of own steps."""
        steps = (step for one in self.recipes.values() for size in one.spec.sizes for step in size.steps)
        return tuple(sorted({name for step in steps for name in step.files}))

    @property
    def max_bytes(self) -> int:
        """The largest file that any of the recipes accepts."""
        return max(recipe.spec.limits.max_bytes for recipe in self.recipes.values())

    @property
    def enough_pixels(self) -> int:
        """The shorter side, in pixels, that a picture needs for all sizes of all recipes; 0 where none is enough.

        A picture of which the shorter side has as many fills the largest box, whatever its shape. None is enough for a
        size without a box, or with a step that takes something away before the picture is fitted.
        """
        sizes = [size for one in self.recipes.values() for size in one.spec.sizes]
        if any(size.shaping or not any(size.box) for size in sizes):
            return 0
        return max(side for size in sizes for side in size.box if side)

    def recipe_for(self, key: str) -> Recipe | None:
        """The recipe of the first rule that matches; None where that rule says to leave the key alone."""
        return next(rule.recipe for rule in self.rules if rule.matches(key))


def _decided_by(size: Size) -> dict[str, object]:
    """What of a size decides its variants. Sizes that are older than steps, and have none, keep their digest."""
    decides = asdict(replace(size, steps=()))
    del decides["steps"], decides["auto_focus"], decides["faces"]
    if size.max_bytes is None:
        del decides["max_bytes"]
    if size.auto_focus:
        from lightpress.image.focus import FOCUS_REVISION  # noqa: PLC0415  few recipes ask for it

        decides["focus"] = f"{AUTO} {FOCUS_REVISION}"
    if size.auto_focus and size.faces:
        from lightpress.image.faces import FACES_REVISION  # noqa: PLC0415  fewer still

        decides["focus"] = f"{FACES} {FACES_REVISION}, {decides['focus']}"
    return decides | ({"steps": [step.digest for step in size.steps]} if size.steps else {})


def _settings(output: Output, spec: Spec) -> dict[str, object]:
    settings = asdict(output) | {"quality": spec.qualities_of(output)}
    for name in (
        "gain_map",
        "profiles",
        "by_default",
        "halves_colors",
        "in_boxes",
    ):  # decide nothing where recipes do not say so, and they count
        del settings[name]
    return settings if output.name in spec.moving else settings | {"motion": None}


def _digest(decides: object) -> str:
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
