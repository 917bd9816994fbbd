"""Kinds of options: how each is read from an environment's file, and what may stand there."""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.toml_reader import Table

Value = TypeVar("Value")


def option(default: Value, read: Callable[[Table, str], Value], *, allowed: str) -> Value:
    """One option: its default, how it is read from a file, and what may stand there."""
    value: Value = field(default=default, metadata={"read": read, "allowed": allowed})
    return value


def integer(default: int, *, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    return option(
        default,
        lambda table, key: table.integer(key, default, low=low, high=high),
        allowed=f"{low:,} to {high:,}",
    )


def choice(default: str, *allowed: str) -> str:
    """One of some texts."""
    return option(
        default,
        lambda table, key: table.text(key, default, allowed=allowed),
        allowed=", ".join(f'"{one}"' for one in allowed),
    )


def flag(*, default: bool) -> bool:
    """Yes or no."""
    return option(default, lambda table, key: table.flag(key, default), allowed="true, false")


def matching(pattern: str, *, such_as: str, default: str = "") -> str:
    """A text of a certain form, or "" for none."""
    allowed = f'such as "{such_as}", or ""'

    def read(table: Table, key: str) -> str:
        text = table.text(key, default)
        if text and not re.fullmatch(pattern, text):
            raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return text

    return option(default, read, allowed=allowed)


def texts() -> tuple[str, ...]:
    """A list of any texts, or none."""
    return option((), lambda table, key: table.texts(key, ()), allowed="a list of texts")


def each_matching(pattern: str, *, such_as: str) -> tuple[str, ...]:
    """A list of texts of a certain form, or none."""
    allowed = f'a list of such as "{such_as}"'

    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.texts(key, ())
        for text in found:
            if not re.fullmatch(pattern, text):
                raise table.error(key, f"{text!r} is not allowed; allowed: {allowed}")
        return found

    return option((), read, allowed=allowed)
