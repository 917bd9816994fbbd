"""Which sizes and formats a source is owed: ordered path rules, and recipes by name, read from recipes.toml."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, cast

from lightpress.image import (
    COLORS,
    DAMAGED,
    FITS,
    HDR,
    METADATA,
    REVISION,
    TONE_MAPPINGS,
    Colors,
    Damaged,
    Fit,
    HighRangePolicy,
    Limits,
    Metadata,
    Reason,
    Size,
    Spec,
)
from lightpress.image.capture import LIKENESS, OF_THE_FILE
from lightpress.image.formats import ACCEPTED, MOVING, MOVING_BY_DEFAULT, OUTPUTS, READABLE, WRITTEN
from lightpress.image.kinds import CANDIDATES
from lightpress.pipeline.copy_pattern import COPY_MARK, FIVE_MINUTES, CopyPattern, CopyRules
from lightpress.pipeline.facts import DUPLICATES, FACES, LOOKING, MOST_ENRICHERS
from lightpress.pipeline.path_pattern import PathPattern
from lightpress.toml_reader import Table, read_toml
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lightpress.image.formats import Output
    from lightpress.image.spec import Step, ToneMapping

NAME = r"[a-z0-9][a-z0-9_-]{0,39}"
COLOR = r"#[0-9a-fA-F]{6}"
EVERYTHING = "**"
LONGEST_SIDE = 16_383
_LARGEST_PADDED = 16_000_000  # such a box costs its full memory even for a picture of one pixel
# What is said only where it is not usual: recipes that are older than these keys keep their digest.
_NO_SPEC = Spec((), ())
_USUAL: Mapping[str, object] = {
    "colors": "srgb",
    "hdr": "sdr",
    "tone_mapping": "st2094-50",
    "auto": False,
    "focus": None,
    "facts": (),
    "png_colors": None,
    "moving": MOVING_BY_DEFAULT,
}
_AUTO, _FACES = "auto", "faces"
_LEAST_FACTOR = 1.1
LARGEST_BUDGET = 65_536
"""Of `max_kb`, in KB."""
_UNSEEN = (
    f"{', '.join(LOOKING)} look at a variant in jpeg or png that shows the whole picture: give the recipe a size with "
    'fit = "contain" and without steps, in one of these formats and not lazy'
)
KEEP, INFREQUENT, DROP = "keep", "infrequent", "drop_after_publish"
ORIGINALS = (KEEP, INFREQUENT, DROP)
"""What may become of originals once they are published: a recipe's `originals`."""
MOST_PNG_COLORS = 256
"""That a palette holds."""
MOST_REVIEWERS = 5
"""Each is a request more for every look at a key."""
MOST_GATE_HOURS = 24 * 365
_MOST_TAGS = 10  # of an object in S3
_MOST_METADATA = 1536  # of the 2 KB that S3 takes, less what marks a copy
_CACHE_CONTROL = r"[A-Za-z0-9=, -]{1,200}"
_MEDIA_TYPE = r"[a-z]+/[a-z0-9.+-]+"
_TAG_NAME = r"[A-Za-z0-9 +=._:/@-]{1,128}"
_TAG = r"[A-Za-z0-9 +=._:/@-]{0,256}"
_HEADER_NAME = r"[a-z0-9][a-z0-9-]{0,127}"
_METADATA = r"[ -~]{1,512}"
_AN_HOUR = 3600
_MILLION = 1_000_000


class Unanswered(StrEnum):
    """What becomes of a picture whose reviewers have not answered in time."""

    HOLD = "hold"
    PUBLISH = "publish"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class LimitKey:
    """A key of a recipe's `limits`.

    Attributes:
        field: What it sets in `Limits`.
        unit: What it counts: so many bytes, pixels or frames.
        low: The least that it may be.
        high: The most.
        doc: What it limits.
    """

    field: str
    unit: int
    low: int
    high: int
    doc: str


LIMITS: Mapping[str, LimitKey] = {
    "max_mb": LimitKey("max_bytes", MB, 1, 512, "The original's file, in MB"),
    "max_megapixels": LimitKey("max_pixels", _MILLION, 1, 1_000, "Its width times its height, in millions"),
    "max_side": LimitKey("max_side", 1, 16, 65_535, "Its longer side, in pixels"),
    "max_decoded_mb": LimitKey(
        "max_decoded_bytes", MB, 16, 8_192, "The memory that decoding it takes, and each step of each variant, in MB"
    ),
    "max_frames": LimitKey("max_frames", 1, 1, 10_000, "The frames of an animation; one with more is published still"),
    "max_animation_megapixels": LimitKey(
        "max_animation_pixels",
        _MILLION,
        1,
        10_000,
        "The pixels of its canvas times its frames, in millions; an animation with more is published still",
    ),
}
"""The keys of a recipe's `limits`, by name."""


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
        del spec["accept"], spec["native"], spec["lazy"]  # none of them changes a pixel
        spec = {name: value for name, value in spec.items() if _USUAL.get(name) != value}
        rows = [_settings(output, self.spec) for output in self.spec.outputs()]
        decides = {"revision": REVISION, "spec": spec, "outputs": sorted(rows, key=lambda row: str(row["name"]))}
        if self.spec.auto:
            decides["kinds"] = {kind: asdict(candidates) for kind, candidates in CANDIDATES.items()}
        return _digest(decides)

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


def load_recipes(path: Path, folder: Path | None = None) -> RecipeBook:
    """Read and check recipes.toml; raises ConfigError with the file, the key and what is allowed.

    folder: Where the files are that it names, and steps of one's own; None for where it is itself.
    """
    book = read_toml(path)
    table = book.table("recipes")
    recipes = {name: _recipe(name, table, folder or path.parent) for name in table.names()}
    rows = book.tables("rules")
    rules = tuple(_rule(row, recipes) for row in rows)
    book.close()
    _check_order(rows, rules)
    _check_moved(rows, rules)
    if rules[-1].path != EVERYTHING:
        raise book.error("rules", f'the last rule must have path = "{EVERYTHING}", so that every key has one')
    return RecipeBook(rules, recipes)


def _decided_by(size: Size) -> dict[str, object]:
    """What of a size decides its variants. Sizes that are older than steps, and have none, keep their digest."""
    decides = asdict(replace(size, steps=()))
    del decides["steps"], decides["auto_focus"], decides["faces"]
    if size.max_bytes is None:
        del decides["max_bytes"]
    if size.auto_focus:
        from lightpress.image.focus import FOCUS_REVISION  # noqa: PLC0415  few recipes ask for it

        decides["focus"] = f"{_AUTO} {FOCUS_REVISION}"
    if size.auto_focus and size.faces:
        from lightpress.image.faces import FACES_REVISION  # noqa: PLC0415  fewer still

        decides["focus"] = f"{_FACES} {FACES_REVISION}, {decides['focus']}"
    return decides | ({"steps": [step.digest for step in size.steps]} if size.steps else {})


def _settings(output: Output, spec: Spec) -> dict[str, object]:
    settings = asdict(output) | {"quality": spec.qualities_of(output)}
    for name in (
        "gain_map",
        "profiles",
        "by_default",
        "in_boxes",
    ):  # decide nothing where recipes do not say so, and they count
        del settings[name]
    return settings if output.name in spec.moving else settings | {"motion": None}


def _digest(decides: object) -> str:
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def _check_order(rows: tuple[Table, ...], rules: tuple[Rule, ...]) -> None:
    """Refuse a rule that no key ever reaches."""
    for number, (row, rule) in enumerate(zip(rows, rules, strict=True)):
        before = {one.path for one in rules[:number]}
        if EVERYTHING in before:
            raise row.error("path", f'{rule.path!r} comes behind "{EVERYTHING}", which takes every key: put it before')
        if rule.path in before:
            raise row.error("path", f"{rule.path!r} is the path of an earlier rule, which takes all of its keys")


def _check_moved(rows: tuple[Table, ...], rules: tuple[Rule, ...]) -> None:
    """Refuse what a lifecycle rule cannot say of originals that are moved: it knows what keys begin with, alone."""
    for number, (row, rule) in enumerate(zip(rows, rules, strict=True)):
        if rule.recipe is None or rule.recipe.originals != INFREQUENT:
            continue
        prefix = rule.path.removesuffix(EVERYTHING)
        if prefix == rule.path or "*" in prefix:
            raise row.error(
                "path",
                f'{rule.path!r} is for a recipe with originals = "{INFREQUENT}", and S3 moves originals by what their '
                f'keys begin with: say it in the way of "PREFIX{EVERYTHING}"',
            )
        for before, other in zip(rows[:number], rules[:number], strict=True):
            head = other.path.partition("*")[0]
            moved = other.recipe is not None and other.recipe.originals == INFREQUENT
            if not moved and (head.startswith(prefix) or prefix.startswith(head)):
                raise before.error(
                    "path",
                    f"{other.path!r} has keys that begin with {prefix!r}, and rules[{number}].path, whose recipe has "
                    f'originals = "{INFREQUENT}", would move its originals, too: S3 knows no exceptions',
                )


def _check_path(path: str, row: Table) -> None:
    """Refuse a path that can match no picture's key."""
    if not path:
        raise row.error("path", f'is empty, and no key is; every key is "{EVERYTHING}"')
    if "://" in path:
        raise row.error("path", f'{path!r} is an address; a path is of keys alone, without bucket, such as "trips/**"')
    if path.startswith("/"):
        better = path.lstrip("/") or EVERYTHING
        raise row.error("path", f'{path!r} begins with a slash, and keys do not: "{better}" (if yours do: "**{path}")')
    if path.endswith("/"):
        raise row.error("path", f'{path!r} is a folder, not what is in it: "{path}**"')


def _rule(row: Table, recipes: Mapping[str, Recipe]) -> Rule:
    path = row.text("path")
    _check_path(path, row)
    ignore = row.flag("ignore", default=False)
    if ignore and row.has("recipe"):
        raise row.error("ignore", "excludes recipe: keep one of the two")
    rule = Rule(path, None if ignore else recipes[row.text("recipe", allowed=recipes)])
    row.close()
    return rule


def _recipe(name: str, recipes: Table, folder: Path) -> Recipe:
    _check_name(name, recipes)
    row = recipes.table(name)
    formats, auto = _formats(row)
    sizes = _sizes(row.table("sizes"), row, folder)
    asked = _facts(row)
    animation, moving = _animation(row, formats)
    spec = Spec(
        sizes=sizes,
        formats=formats,
        quality=_quality(row.table("quality", such_as="{ jpeg = 80 }"), formats),
        background=row.text("background", "#ffffff", pattern=COLOR),
        limits=_limits(row.table("limits")),
        lossless=row.flag("lossless", default=False),
        metadata=cast("Metadata", row.text("metadata", "copyright", allowed=METADATA)),
        animation=animation,
        moving=moving,
        accept=_accept(row),
        damaged=cast("Damaged", row.text("damaged", "publish", allowed=DAMAGED)),
        colors=cast("Colors", row.text("colors", "srgb", allowed=COLORS)),
        hdr=cast("HighRangePolicy", row.text("hdr", "sdr", allowed=HDR)),
        tone_mapping=cast("ToneMapping", row.text("tone_mapping", "st2094-50", allowed=TONE_MAPPINGS)),
        auto=auto,
        lazy=_lazy(row, sizes, formats),
        facts=tuple(name for name in OF_THE_FILE if name in asked),
        png_colors=row.integer("png_colors", low=2, high=MOST_PNG_COLORS) if row.has("png_colors") else None,
    )
    if spec.png_colors and spec.lossless:
        raise row.error("png_colors", "excludes lossless: fewer colors are other pixels. Remove one")
    if spec.png_colors and "png" not in spec.formats:
        raise row.error("png_colors", "is for PNG variants, and formats does not name png")
    plain = [output.name for output in spec.outputs() if not output.profiles]
    if spec.colors == "p3" and plain:
        raise row.error("colors", f'"p3" needs a profile, and {plain[0]} is written without: take it out of formats')
    if spec.hdr == "keep" and not spec.keeps_gain_maps:
        raise row.error("hdr", '"keep" is for gain maps in JPEG variants, and formats does not name jpeg')
    if spec.hdr == "keep" and spec.has_steps:
        raise row.error("hdr", '"keep" excludes steps: a gain map fits only the pixels that it was made for')
    if spec.lazy and spec.has_steps:
        raise row.error("lazy", "excludes steps: the pixels of a lazy variant are told before anybody makes it")
    if spec.lazy and any(size.max_bytes for size in sizes):
        raise row.error("lazy", "excludes max_kb: the quality of a lazy variant is told before anybody makes it")
    gate = _gate(row)
    unanswered, hours = _time_limit(row, gate)
    originals = _originals(row, spec, gate, asked)
    enrichers = _enrichers(row, spec, asked)
    copies = _copies(row, spec)
    row.close()
    return Recipe(name, spec, gate, unanswered, hours, originals, enrichers, copies)


def _copies(recipe: Table, spec: Spec) -> CopyRules | None:
    """Where copies go, and how they are stored: a pattern, or a table with one."""
    if not recipe.has("copies"):
        return None
    if recipe.is_text("copies"):
        row, key, rules = recipe, "copies", CopyRules(CopyPattern(recipe.text("copies")))
    else:
        row, key = recipe.table("copies", such_as='{ path = "thumbs/{stem}-{size}.{ext}" }'), "path"
        rules = CopyRules(
            CopyPattern(row.text("path")),
            row.text("cache_control", FIVE_MINUTES, pattern=_CACHE_CONTROL),
            _pairs(row, "content_type", _MEDIA_TYPE, 'a media type, such as "image/jpeg"', allowed=spec.formats),
            _pairs(row, "tags", _TAG, "a tag of S3: letters, digits, spaces and + - = . _ : / @"),
            _pairs(row, "metadata", _METADATA, "text in ASCII"),
        )
        row.close()
    _check_copies(row, key, rules, spec)
    if spec.lazy:
        raise recipe.error("copies", "excludes lazy: what is made at its first view cannot be copied. Remove one")
    return rules


def _check_copies(row: Table, key: str, rules: CopyRules, spec: Spec) -> None:
    """Refuse an address that nothing could be copied to, or two variants of one picture would share."""
    if problem := rules.pattern.problem():
        raise row.error(key, f"{rules.pattern.text!r} {problem}")
    without_width = next((size.name for size in spec.sizes if size.width is None), None)
    if "width" in rules.pattern.named and without_width:
        raise row.error(key, f"names {{width}}, and the size {without_width} has none: name {{size}}")
    variants = [(one.name, one.width or 0, OUTPUTS[form].extension) for one in spec.sizes for form in spec.formats]
    if same := rules.pattern.ambiguous(variants):
        raise row.error(
            key,
            f"is one address for {same[0]} and {same[1]} of each picture: it needs {{size}} where there are several "
            "sizes, and {ext} where there are several formats",
        )
    if len(rules.tags) > _MOST_TAGS:
        raise row.error("tags", f"are {len(rules.tags)}; S3 takes {_MOST_TAGS}")
    if sum(len(name) + len(value) for name, value in rules.metadata) > _MOST_METADATA:
        raise row.error("metadata", f"is longer than {_MOST_METADATA} characters in all")


def _pairs(
    row: Table, key: str, pattern: str, allowed_values: str, allowed: tuple[str, ...] = ()
) -> tuple[tuple[str, str], ...]:
    """A table of texts. allowed: what its keys may be; empty for anything that headers can hold."""
    table = row.table(key)
    for name in table.names():
        if allowed:
            table.check_allowed(name, allowed)
        elif not re.fullmatch(_HEADER_NAME if key == "metadata" else _TAG_NAME, name):
            raise table.error(name, "is not a usable name")
        if not re.fullmatch(pattern, table.text(name)):
            raise table.error(name, f"{table.text(name)!r} is not allowed; allowed: {allowed_values}")
        if key == "metadata" and name.startswith(COPY_MARK):
            raise table.error(name, f"begins with {COPY_MARK}, which marks copies: name it otherwise")
    return tuple(sorted((name, table.text(name)) for name in table.names()))


def _enrichers(recipe: Table, spec: Spec, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the named facts that others tell than the file; refuses what nobody could tell."""
    enrichers = tuple(name for name in asked if name not in OF_THE_FILE)
    if not set(LOOKING).isdisjoint(enrichers) and not _is_seen(spec):
        raise recipe.error("facts", _UNSEEN)
    if DUPLICATES in enrichers and LIKENESS not in spec.facts:
        raise recipe.error("facts", f'"{DUPLICATES}" compares what "{LIKENESS}" tells: name both')
    return enrichers


def _originals(recipe: Table, spec: Spec, gate: tuple[str, ...], asked: tuple[str, ...]) -> str:
    """What becomes of originals; refuses what needs them after they have left."""
    originals = recipe.text("originals", KEEP, allowed=ORIGINALS)
    if originals == DROP and spec.lazy:
        raise recipe.error("originals", f'"{DROP}" excludes lazy: a lazy variant is made of the original. Remove one')
    if originals == DROP and gate:
        raise recipe.error(
            "originals",
            f'"{DROP}" excludes gate: a reviewer may think again, and look at the original. Remove one',
        )
    if originals == DROP and FACES in asked and any(size.auto_focus for size in spec.sizes):
        raise recipe.error(
            "originals",
            f'"{DROP}" excludes "{FACES}" in facts where a size has focus = "auto": it is cut anew around them, of the '
            "original. Remove one",
        )
    return originals


def _time_limit(recipe: Table, gate: tuple[str, ...]) -> tuple[Unanswered, float]:
    """What becomes of what nobody reviews, and after how many hours."""
    unanswered = Unanswered(recipe.text("gate_unanswered", Unanswered.HOLD, allowed=tuple(Unanswered)))
    hours = recipe.number("gate_hours", 0, low=1, high=MOST_GATE_HOURS) if recipe.has("gate_hours") else 0
    for key in ("gate_unanswered", "gate_hours"):
        if recipe.has(key) and not gate:
            raise recipe.error(key, "needs a gate that names reviewers")
    if unanswered is not Unanswered.HOLD and not hours:
        raise recipe.error("gate_unanswered", f'"{unanswered}" needs gate_hours: for how long reviewers are waited for')
    if hours and unanswered is Unanswered.HOLD:
        raise recipe.error("gate_hours", 'needs gate_unanswered: "publish" or "reject"; without, pictures are held')
    return unanswered, hours


def _gate(recipe: Table) -> tuple[str, ...]:
    """The reviewers, in the order in which they are told."""
    reviewers = recipe.texts("gate", ())
    for name in reviewers:
        if not re.fullmatch(NAME, name):
            raise recipe.error("gate", f"{name!r} is no reviewer's name: lower case letters, digits, - and _")
    if len(reviewers) > MOST_REVIEWERS:
        raise recipe.error("gate", f"names {len(reviewers)} reviewers; allowed: {MOST_REVIEWERS}")
    return reviewers


def _facts(recipe: Table) -> tuple[str, ...]:
    """What is to be told of each picture: facts of the file, and enrichers, in the order in which they are told."""
    asked = recipe.texts("facts", ())
    for name in asked:
        if not re.fullmatch(NAME, name):
            raise recipe.error("facts", f"{name!r} is no enricher's name: lower case letters, digits, - and _")
    enrichers = [name for name in asked if name not in OF_THE_FILE]
    if len(enrichers) > MOST_ENRICHERS:
        raise recipe.error("facts", f"names {len(enrichers)} enrichers; allowed: {MOST_ENRICHERS}")
    return asked


def _is_seen(spec: Spec) -> bool:
    """Whether a whole picture is there as JPEG or PNG once it is published: what the services of AWS read."""
    readable = ("jpeg", "png")
    forms = [form for form in spec.formats if form in readable]
    return any(
        size.fit == "contain" and not size.steps and any((size.name, form) not in spec.lazy for form in forms)
        for size in spec.sizes
    )


def _formats(recipe: Table) -> tuple[tuple[str, ...], bool]:
    """The formats that may be written, and whether the kind of each picture chooses among them."""
    if not recipe.has("formats"):
        return WRITTEN, True
    if recipe.is_text("formats"):
        word = recipe.text("formats")
        if word != _AUTO:
            raise recipe.error("formats", f'{word!r} is neither "{_AUTO}" nor a list of formats: {", ".join(OUTPUTS)}')
        return WRITTEN, True
    formats = recipe.texts("formats", allowed=OUTPUTS)
    if not formats:
        raise recipe.error("formats", f"is empty; allowed: {', '.join(OUTPUTS)}")
    return formats, False


def _animation(recipe: Table, formats: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Whether animations move, and the formats, by name, in which they do."""
    allowed = f"true, false, or a list of {', '.join(MOVING)}"
    said = recipe.value("animation") if recipe.has("animation") else True
    if isinstance(said, bool):
        return said, MOVING_BY_DEFAULT
    if not isinstance(said, list):
        raise recipe.error("animation", f"{said!r} is not {allowed}")
    named = recipe.texts("animation", allowed=MOVING)
    if not named:
        raise recipe.error("animation", f"is empty; allowed: {allowed}")
    if missing := [name for name in named if name not in formats]:
        raise recipe.error("animation", f"names {missing[0]}, and formats does not")
    return True, tuple(name for name in MOVING if name in named)


def _lazy(recipe: Table, sizes: tuple[Size, ...], formats: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Pairs of size and format, from entries that name a size, a format, or both as "SIZE.FORMAT"."""
    names = [size.name for size in sizes]
    named = {name: [(name, form) for form in formats] for name in names}
    named |= {f"{name}.{form}": [(name, form)] for name in names for form in formats}
    of_formats = {form: [(name, form) for name in names] for form in formats}
    if both := sorted(of_formats.keys() & named.keys() & set(recipe.texts("lazy", ()))):
        raise recipe.error("lazy", f"{both[0]!r} is a size and a format of this recipe: name its variants, one by one")
    entries = recipe.texts("lazy", (), allowed=named | of_formats)
    return frozenset(pair for entry in entries for pair in (named | of_formats)[entry])


def _accept(recipe: Table) -> tuple[str, ...]:
    accept = recipe.texts("accept", ACCEPTED, allowed=READABLE)
    if not accept:
        raise recipe.error("accept", f"is empty, so that no picture could come in; allowed: {', '.join(READABLE)}")
    return accept


def _steps(row: Table, folder: Path) -> tuple[Step, ...] | None:
    """Those that a recipe or a size names; None where it names none."""
    if not row.has("steps"):
        return None
    from lightpress.pipeline.recipe_steps import read_steps  # noqa: PLC0415  few recipes have steps

    return read_steps(row, folder)


def _sizes(table: Table, recipe: Table, folder: Path) -> tuple[Size, ...]:
    common = _steps(recipe, folder) or ()
    named = [size for name in table.names() for size in _at_densities(_size(name, table, folder, common), table)]
    sizes = (*named, *(Size(f"w{width}", width, steps=common) for width in _widths(recipe)))
    if not sizes:
        raise recipe.error("sizes", "is missing; it must be a table of names, such as w640 = { width = 640 }")
    names = [size.name for size in sizes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise recipe.error("sizes", f"{twice!r} is there twice, counting those that widths and dpr make")
    if len({size.faces for size in sizes if size.auto_focus}) > 1:
        auto = next(size.name for size in named if size.auto_focus and not size.faces)
        raise table.table(auto).error(
            "focus",
            f'is "{_AUTO}", and "{_FACES}" in another size of the recipe: all sizes of a picture are cut around one '
            f'point, so say the same in each ("{_FACES}" does as "{_AUTO}" does where there is no face)',
        )
    return sizes


def _widths(recipe: Table) -> tuple[int, ...]:
    """The widths of a ladder: a list of them, or the smallest, the largest and the factor between two."""
    if not recipe.has("widths"):
        return ()
    if not recipe.is_table("widths"):
        return recipe.integers("widths", (), low=1, high=LONGEST_SIDE)
    row = recipe.table("widths")
    smallest, largest = (row.integer(end, low=1, high=LONGEST_SIDE) for end in ("from", "to"))
    factor = row.number("factor", 1.5, low=_LEAST_FACTOR, high=4)
    row.close()
    if smallest >= largest:
        raise row.error("to", f"{largest} is not more than from = {smallest}")
    widths = [smallest]
    while (wider := max(round(widths[-1] * factor), widths[-1] + 1)) < largest:
        widths.append(wider)
    return (*widths, largest)


def _at_densities(size: Size, sizes: Table) -> tuple[Size, ...]:
    """The size for each density of a screen: a box of 96 pixels is one of 192, named NAME-2x, at twice the density."""
    row = sizes.table(size.name)
    made = tuple(
        size if density == 1 else _times(size, density) for density in row.integers("dpr", (1,), low=1, high=4)
    )
    for one in made:
        _check_name(one.name, sizes)
        if max(one.width or 0, one.height or 0) > LONGEST_SIDE:
            raise row.error("dpr", f"{one.name} would be longer than {LONGEST_SIDE} pixels")
        if one.fit == "pad":
            _check_padded(one, row)
    return made


def _times(size: Size, density: int) -> Size:
    width, height = (side and side * density for side in (size.width, size.height))
    return replace(size, name=f"{size.name}-{density}x", width=width, height=height)


def _check_padded(size: Size, row: Table) -> None:
    if (size.width or 0) * (size.height or 0) > _LARGEST_PADDED:
        raise row.error("fit", f'"pad" fills at most {_LARGEST_PADDED} pixels, whatever the size of the picture')


def _size(name: str, sizes: Table, folder: Path, common: tuple[Step, ...]) -> Size:
    _check_name(name, sizes)
    row = sizes.table(name)
    width, height = (
        row.integer(side, low=1, high=LONGEST_SIDE) if row.has(side) else None for side in ("width", "height")
    )
    fit = cast("Fit", row.text("fit", "contain", allowed=FITS))
    if width is None and height is None:
        row.refuse_misspelled("width", "height")
        raise row.error("width", "is missing, and so is height: a size needs at least one of them")
    if fit != "contain" and (width is None or height is None):
        raise row.error("fit", f'"{fit}" fills a box, so it needs width and height')
    if fit != "cover" and row.has("focus"):
        raise row.error("focus", 'is the point that fit = "cover" keeps; nothing else cuts anything off')
    focus, looks_for = _focus(row)
    steps = _steps(row, folder)
    most = row.integer("max_kb", low=1, high=LARGEST_BUDGET) << 10 if row.has("max_kb") else None
    row.has("dpr")  # read by `_at_densities`
    row.close()
    steps = common if steps is None else steps
    return Size(name, width, height, fit, focus, steps, looks_for is not None, most, looks_for == _FACES)


def _focus(row: Table) -> tuple[tuple[float, float], str | None]:
    """The point to keep, and what is looked for in each picture instead."""
    if not row.is_text("focus"):
        x, y = row.parts("focus", (0.5, 0.5))
        return (x, y), None
    word = row.text("focus")
    if word not in {_AUTO, _FACES}:
        raise row.error(
            "focus", f'{word!r} is neither "{_AUTO}" nor "{_FACES}" nor two numbers from 0 to 1, such as [0.5, 0.3]'
        )
    return (0.5, 0.5), word


def _quality(row: Table, formats: tuple[str, ...]) -> dict[str, int]:
    lossy = [name for name in formats if OUTPUTS[name].lossy]
    for name in set(formats).difference(lossy):
        if row.has(name):
            raise row.error(
                name, f"is written without loss, so it has no quality; allowed: {', '.join(lossy) or 'none'}"
            )
    quality = {name: row.integer(name, low=1, high=100) for name in lossy if row.has(name)}
    row.close()
    return quality


def _limits(row: Table) -> Limits:
    usual = Limits()
    read = {
        limit.field: limit.unit
        * row.integer(key, getattr(usual, limit.field) // limit.unit, low=limit.low, high=limit.high)
        for key, limit in LIMITS.items()
    }
    row.close()
    return replace(usual, **read)


def _check_name(name: str, table: Table) -> None:
    if not re.fullmatch(NAME, name):
        raise table.error(name, "is not a usable name: lower case letters, digits, - and _, at most 40 characters")
