"""Types of options. Each function declares one dataclass field: its default, how it is read, and its documentation."""

from __future__ import annotations

import re
from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import DataclassInstance

    from lightpress.toml_reader import Table

_TOKEN = re.compile(r"\$\{Token\[[^\]]+\]\}")
_TYPES = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (tuple, "array"))

_STRINGS: Mapping[str, object] = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}

Value = TypeVar("Value")
Group = TypeVar("Group", bound="DataclassInstance")


def is_token(text: str) -> bool:
    """Whether a text holds a value of CDK that only a deploy will know, such as the ARN of a new certificate."""
    return _TOKEN.search(text) is not None


def option(
    default: Value,
    read: Callable[[Table, str], Value],
    *,
    allowed: str,
    doc: str,
    schema: Mapping[str, object] | None = None,
) -> Value:
    """Declare an option of any type.

    Args:
        default: Its value where the file does not set it.
        read: Reads it from a table, by its key; raises ConfigError for what is not allowed.
        allowed: What is allowed, for docs/configuration.md.
        doc: What it does, in plain English, for docs/configuration.md.
        schema: What is allowed, as a JSON Schema; by default, what is of the default's type.

    """
    of_type = {"type": next(word for kind, word in _TYPES if isinstance(default, kind))} if schema is None else schema
    value: Value = field(default=default, metadata={"read": read, "allowed": allowed, "doc": doc, "schema": of_type})
    return value


def read_group(group: type[Group], table: Table) -> Group:
    """Read all options of a group from the top level of an environment's file, where keys are flat."""
    values: dict[str, Any] = {one.name: one.metadata["read"](table, one.name) for one in fields(group)}
    return group(**values)


def integer(default: int, *, low: int, high: int, doc: str) -> int:
    """Declare a whole number from `low` to `high`."""
    return option(
        default,
        lambda table, key: table.integer(key, default, low=low, high=high),
        allowed=f"{low:,} to {high:,}",
        doc=doc,
        schema={"type": "integer", "minimum": low, "maximum": high},
    )


def choice(default: str, *allowed: str, doc: str) -> str:
    """Declare one of several strings."""
    return option(
        default,
        lambda table, key: table.text(key, default, allowed=allowed),
        allowed=", ".join(f'"{one}"' for one in allowed),
        doc=doc,
        schema={"enum": list(allowed)},
    )


def flag(*, default: bool, doc: str) -> bool:
    """Declare a boolean option: `true` or `false`."""
    return option(default, lambda table, key: table.flag(key, default), allowed="true, false", doc=doc)


def matching(pattern: str, *, such_as: str, default: str = "", doc: str) -> str:
    """Declare a string that matches `pattern`, or "".

    Args:
        pattern: A regular expression that all of it must match.
        such_as: An example, for docs/configuration.md and the error.
        default: Its value where the file does not set it.
        doc: What it does, for docs/configuration.md.
    """
    allowed = f'such as "{such_as}", or ""'

    def read(table: Table, key: str) -> str:
        text = table.text(key, default)
        if text and not is_token(text) and not re.fullmatch(pattern, text):
            raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return text

    schema = {"type": "string", "pattern": f"^(?:{pattern})?$"}
    return option(default, read, allowed=allowed, doc=doc, schema=schema)


def texts(*, doc: str) -> tuple[str, ...]:
    """Declare a list of any strings."""
    return option((), lambda table, key: table.texts(key, ()), allowed="a list of strings", doc=doc, schema=_STRINGS)


def each_matching(pattern: str, *, such_as: str, doc: str) -> tuple[str, ...]:
    """Declare a list of strings that match `pattern`."""
    allowed = f'a list of such as "{such_as}"'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        for text in found:
            if not is_token(text) and not re.fullmatch(pattern, text):
                raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return found

    return option((), read, allowed=allowed, doc=doc, schema={**_STRINGS, "items": {"pattern": f"^(?:{pattern})$"}})
