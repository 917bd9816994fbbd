"""Reads recipes.toml: rules and recipes by the keys of the file, each checked, with what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from lightpress.image.capture import LIKENESS, OF_THE_FILE
from lightpress.image.inputs import ACCEPTED, READABLE
from lightpress.image.limits import Limits
from lightpress.image.outputs import MOVING, MOVING_BY_DEFAULT, OUTPUTS, WRITTEN
from lightpress.image.spec import (
    COLORS,
    DAMAGED,
    EFFORTS,
    HDR,
    METADATA,
    TONE_MAPPINGS,
    Colors,
    Damaged,
    Effort,
    HighRangePolicy,
    Metadata,
    Size,
    Spec,
)
from lightpress.pipeline.facts import DUPLICATES, FACES, LOOKING, MOST_ENRICHERS
from lightpress.pipeline.recipe import (
    AUTO,
    DROP,
    EVERYTHING,
    INFREQUENT,
    KEEP,
    ORIGINALS,
    Recipe,
    RecipeBook,
    Rule,
    Unanswered,
)
from lightpress.pipeline.recipe_sizes import NAME, check_name, read_sizes
from lightpress.toml_reader import Table, read_toml
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lightpress.image.spec import ToneMapping
    from lightpress.pipeline.copy_pattern import CopyRules

COLOR = r"#[0-9a-fA-F]{6}"
_UNSEEN = (
    f"{', '.join(LOOKING)} look at a variant in jpeg or png that shows the whole picture: give the recipe a size with "
    'fit = "contain" and without steps, in one of these formats and not lazy'
)
MOST_PNG_COLORS = 256
"""That a palette holds."""
MOST_REVIEWERS = 5
"""Each is a request more for every look at a key."""
MOST_GATE_HOURS = 24 * 365
_MILLION = 1_000_000


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
    check_name(name, recipes)
    row = recipes.table(name)
    formats, auto = _formats(row)
    sizes = read_sizes(row, folder)
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
        effort=cast("Effort", row.text("effort", "normal", allowed=EFFORTS)),
        png_colors=row.integer("png_colors", low=2, high=MOST_PNG_COLORS) if row.has("png_colors") else None,
    )
    _check_spec(row, spec)
    gate = _gate(row)
    unanswered, hours = _time_limit(row, gate)
    originals = _originals(row, spec, gate, asked)
    enrichers = _enrichers(row, spec, asked)
    copies = _copies(row, spec)
    row.close()
    return Recipe(name, spec, gate, unanswered, hours, originals, enrichers, copies)


def _check_spec(row: Table, spec: Spec) -> None:
    """Refuse keys that exclude one another."""
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
    if spec.lazy and any(size.max_bytes for size in spec.sizes):
        raise row.error("lazy", "excludes max_kb: the quality of a lazy variant is told before anybody makes it")


def _copies(recipe: Table, spec: Spec) -> CopyRules | None:
    if not recipe.has("copies"):
        return None
    from lightpress.pipeline.recipe_copies import read_copies  # noqa: PLC0415  few recipes have copies

    return read_copies(recipe, spec)


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
        if word != AUTO:
            raise recipe.error("formats", f'{word!r} is neither "{AUTO}" nor a list of formats: {", ".join(OUTPUTS)}')
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
