"""Where copies of a recipe's variants go, as recipes.toml has it: a pattern, or a table with one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.copy_pattern import COPY_MARK, FIVE_MINUTES, CopyPattern, CopyRules

if TYPE_CHECKING:
    from lightpress.image.spec import Spec
    from lightpress.toml_reader import Table

_MOST_TAGS = 10  # of an object in S3
_MOST_METADATA = 1536  # of the 2 KB that S3 takes, less what marks a copy
_CACHE_CONTROL = r"[A-Za-z0-9=, -]{1,200}"
_MEDIA_TYPE = r"[a-z]+/[a-z0-9.+-]+"
_TAG_NAME = r"[A-Za-z0-9 +=._:/@-]{1,128}"
_TAG = r"[A-Za-z0-9 +=._:/@-]{0,256}"
_HEADER_NAME = r"[a-z0-9][a-z0-9-]{0,127}"
_METADATA = r"[ -~]{1,512}"


def read_copies(recipe: Table, spec: Spec) -> CopyRules:
    """Where the copies of a recipe go, and how they are stored; raises ConfigError."""
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
