"""Options of moderation: which of Rekognition's labels reject a picture that waits, or have a person look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lightpress.cdk.options.option_types import option
from lightpress.pipeline.moderation import NAMES, judged_by

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

Percents: TypeAlias = "tuple[tuple[str, int], ...]"

_SUCH_AS = '{ Explicit = 60, "Hate Symbols" = 70 }'
_SCHEMA = {
    "type": "object",
    "propertyNames": {"enum": list(NAMES)},
    "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 100},
}


def percents(*, doc: str) -> Percents:
    """Declare a table of labels, each with the confidence in percent from which on it counts."""
    return option((), _read, allowed=f"such as `{_SUCH_AS}`", doc=doc, schema=_SCHEMA)


def _read(table: Table, key: str) -> Percents:
    rows = table.table(key, such_as=_SUCH_AS)
    for name in rows.names():
        if name not in NAMES:
            raise table.error(key, f"{name!r} is no label of Rekognition's moderation; allowed: {', '.join(NAMES)}")
    return tuple((name, rows.integer(name, low=1, high=100)) for name in rows.names())


def check_moderation(reject: Percents, doubt: Percents, table: Table) -> None:
    """Reject a doubt that could never arise."""
    rejected = dict(reject)
    if doubt and not reject:
        raise table.error("moderation_doubt", f"needs moderation_reject; allowed: with it, such as {_SUCH_AS}")
    for name, percent in doubt:
        doubted = [label for label in NAMES if judged_by(label, dict(doubt)) == name]
        if all(percent >= rejected.get(judged_by(label, rejected) or "", 101) for label in doubted):
            by = judged_by(name, rejected) or name
            whose = "" if by == name else f", by {by!r}"
            raise table.error(
                "moderation_doubt",
                f"{name!r}: {percent} is not below the {rejected[by]} of moderation_reject{whose}; "
                f"allowed: 1 to {rejected[by] - 1}",
            )
