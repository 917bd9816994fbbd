"""Reads TOML tables strictly: an error names the file, the key, what was found and what is allowed.

The function reads its recipes with this and the stack its environments, so it stays with the standard library: a
validation package would cost every cold start (docs/decisions/0008).
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

Kind = TypeVar("Kind")


class ConfigError(Exception):
    """A configuration file says something it may not; the message is ready to show to its author."""


class _Required:
    """Stands for "no default": the key must be there."""


REQUIRED = _Required()
_BYTE_ORDER_MARK = "\ufeff"  # which editors of Windows begin a file in UTF-8 with


def read_toml(path: Path) -> Table:
    """Read the TOML file at `path` as a table whose errors start with the file's name."""
    try:
        text = path.read_text(encoding="utf-8").removeprefix(_BYTE_ORDER_MARK)
        return Table(tomllib.loads(text), path.name)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}; save the file in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}{_correction(text, error)}") from error


class Table:
    """One table, read key by key; `close` refuses every key that nobody asked for."""

    def __init__(self, values: Mapping[str, Any], file: str, path: str = "") -> None:
        self._values = values
        self._file = file
        self._path = path
        self._asked: set[str] = set()

    def text(
        self,
        key: str,
        default: str | _Required = REQUIRED,
        *,
        allowed: Collection[str] | None = None,
        pattern: str | None = None,
    ) -> str:
        """Read a string.

        Args:
            key: Its key.
            default: Its value if the key is not there; without one, the key is required.
            allowed: The only values that are accepted; None for any.
            pattern: A regular expression that all of it must match; None for any.

        Raises:
            ConfigError: It is missing or not accepted.
        """
        value = self._get(key, str, "a string", default)
        if allowed is not None:
            self._check_allowed(key, value, allowed)
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self.error(key, f"{value!r} does not match {pattern}")
        return value

    def texts(
        self, key: str, default: tuple[str, ...] | _Required = REQUIRED, *, allowed: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Read a list of different strings, each one of `allowed` where that is given."""
        value = self._get(key, list, "a list of strings", default if isinstance(default, _Required) else list(default))
        for item in value:
            if not isinstance(item, str):
                raise self.error(key, f"{item!r} is not a string")
            if allowed is not None:
                self._check_allowed(key, item, allowed)
        if len(set(value)) != len(value):
            raise self.error(key, f"{list(value)!r} names something twice")
        return tuple(value)

    def integer(self, key: str, default: int | _Required = REQUIRED, *, low: int, high: int) -> int:
        """Read a whole number from `low` to `high`."""
        value = self._get(key, int, f"a whole number from {low} to {high}", default)
        if not low <= value <= high:
            raise self.error(key, f"{value} is not between {low} and {high}")
        return value

    def integers(self, key: str, default: tuple[int, ...], *, low: int, high: int) -> tuple[int, ...]:
        """Read a list of different whole numbers, each from `low` to `high`, at least one."""
        value = self._get(key, list, f"a list of whole numbers from {low} to {high}", list(default))
        right = [isinstance(one, int) and not isinstance(one, bool) and low <= one <= high for one in value]
        if not value or not all(right) or len(set(value)) != len(value):
            raise self.error(key, f"{value!r} is not a list of different whole numbers from {low} to {high}")
        return tuple(value)

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """Read a number from `low` to `high`."""
        value = self._values.get(key, default)
        self._asked.add(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(key, f"{value!r} is not a number from {low:g} to {high:g}")
        return float(value)

    def parts(self, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """Read a list of numbers from 0 to 1, as many as `default` has."""
        value = self._get(key, list, f"a list of {len(default)} numbers from 0 to 1", list(default))
        right = [isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 1 for part in value]
        if len(value) != len(default) or not all(right):
            raise self.error(key, f"{value!r} is not a list of {len(default)} numbers from 0 to 1")
        return tuple(float(part) for part in value)

    def flag(self, key: str, default: bool | _Required = REQUIRED) -> bool:  # noqa: FBT001  the value is a flag
        """Read a boolean: `true` or `false`."""
        return self._get(key, bool, "true or false", default)

    def table(self, key: str, *, such_as: str = "") -> Table:
        """Read a table within this one; empty if it is not there. An error shows `such_as`, a table in TOML."""
        described = f"a table, such as {key} = {such_as}" if such_as else "a table"
        return self._child(key, self._get(key, dict, described, {}))

    def tables(self, key: str, *, at_least: int = 1) -> tuple[Table, ...]:
        """Read a list of tables, at least so many: one, or none."""
        one = f"; write it as [[{self._dotted(key)}]], or in square brackets" if self.is_table(key) else ""
        values = self._get(key, list, f"a list of tables{one}", REQUIRED)
        if at_least and not values:
            raise self.error(key, "is empty; it needs at least one entry")
        for value in values:
            if not isinstance(value, dict):
                raise self.error(key, f"{value!r} is not a table")
        return tuple(self._child(f"{key}[{number}]", value) for number, value in enumerate(values))

    def names(self) -> tuple[str, ...]:
        """The keys of a table whose keys are names that its author chooses, in the author's order."""
        self._asked.update(self._values)
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        self._asked.add(key)
        return key in self._values

    def value(self, key: str) -> object:
        """The value of a key that is there, whatever it is, for keys of which others know what is allowed."""
        self._asked.add(key)
        return self._values[key]

    def check_allowed(self, key: str, allowed: Collection[str]) -> None:
        """Refuse a key that is none of `allowed`."""
        if key not in allowed:
            raise self.error(key, f"is not a known key{_hint(key, allowed)}")

    def is_text(self, key: str) -> bool:
        """Whether the key's value is a string, for keys that may be of another kind, too."""
        return self.has(key) and isinstance(self._values[key], str)

    def is_table(self, key: str) -> bool:
        """Whether the key's value is a table."""
        return self.has(key) and isinstance(self._values[key], dict)

    def close(self) -> None:
        """Refuse the first key that was never asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self.error(key, f"is not a known key{_hint(key, self._asked)}")

    def refuse_misspelled(self, *keys: str) -> None:
        """Refuse a key that was never asked for and is much like one of these, before one of them is called missing."""
        import difflib  # noqa: PLC0415  only who makes a mistake needs it

        for key in self._values:
            if key not in self._asked and difflib.get_close_matches(key, keys, n=1):
                raise self.error(key, f"is not a known key{_hint(key, keys)}")

    def error(self, key: str, problem: str) -> ConfigError:
        """Build the error that says `problem` of `key`."""
        return ConfigError(f"{self._file}: {self._dotted(key)}: {problem}")

    def _get(self, key: str, kind: type[Kind], described: str, default: Kind | _Required) -> Kind:
        self._asked.add(key)
        if key not in self._values:
            if isinstance(default, _Required):
                raise self.error(key, f"is missing; it must be {described}")
            return default
        value = self._values[key]
        # bool is a kind of int in Python, never in a configuration file.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(key, f"{value!r} is not {described}")
        return value

    def _check_allowed(self, key: str, value: str, allowed: Collection[str]) -> None:
        if value not in allowed:
            raise self.error(key, f"{value!r} is not allowed{_hint(value, allowed)}")

    def _child(self, key: str, values: Mapping[str, Any]) -> Table:
        return Table(values, self._file, self._dotted(key))

    def _dotted(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key


# More names than these are a page to read and no answer.
_MOST_NAMED = 24


def _hint(word: str, allowed: Collection[str]) -> str:
    import difflib  # noqa: PLC0415  only who makes a mistake needs it, and every cold start would load it

    near = difflib.get_close_matches(word, allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    if len(allowed) <= _MOST_NAMED:
        return f"{hint} allowed: {', '.join(sorted(allowed))}"
    nearest = difflib.get_close_matches(word, allowed, n=5, cutoff=0.0)
    return f"{hint} allowed are {len(allowed)} names, of which the nearest are: {', '.join(nearest)}"


_LINE = re.compile(r"\(at line (\d+),")
_BARE_WORD = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<word>[A-Za-z][\w./-]*)\s*(?:#.*)?")
_FLAGS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}


def _correction(text: str, error: tomllib.TOMLDecodeError) -> str:
    """How to write a line whose value lacks its quotation marks, or is a flag of another language; else nothing."""
    at = _LINE.search(str(error))
    lines = text.splitlines()
    line = lines[int(at[1]) - 1] if at and int(at[1]) <= len(lines) else ""
    bare = _BARE_WORD.fullmatch(line)
    if not bare:
        return ""
    word = bare["word"]
    flag = _FLAGS.get(word.lower())
    return f"; write {bare['key']} = {flag}" if flag else f'; write {bare["key"]} = "{word}"'
