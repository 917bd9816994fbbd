"""What the fields of a request may hold. One table reads them, and describes them to programs as JSON Schema.

FORM = {"name": Text("What people call it.", most=80), "size": Number("In bytes.", low=1, high=10)}
values, wrong = read(FORM, body)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias


class Field(Protocol):
    """What one field may hold."""

    @property
    def optional(self) -> bool: ...

    def fault(self, name: str, value: object) -> str | None:
        """What is wrong with a value, in a sentence; None where nothing is."""

    def taken(self, value: Any) -> Any:  # noqa: ANN401  JSON's
        """A value that nothing is wrong with, as it is gone on with."""

    def schema(self) -> dict[str, Any]:
        """The same, for programs."""


Form: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Text:
    """A text. pattern: that all of it matches, which `such_as` shows. An optional one may also be null."""

    what: str
    most: int = 200
    pattern: str = ""
    such_as: str = ""
    allowed: tuple[str, ...] = ()
    optional: bool = False

    def fault(self, name: str, value: object) -> str | None:
        """What is wrong."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or not value or not _is_whole(value):
            return f"{name} must be a text."
        if len(value) > self.most:
            return f"{name} may have at most {self.most} characters."
        if self.allowed and value not in self.allowed:
            return f"{name} {value!r} is not accepted. Accepted: {', '.join(self.allowed)}."
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"{name} must be such as {self.such_as}."
        return None

    def taken(self, value: str | None) -> str | None:
        """As it is."""
        return value

    def schema(self) -> dict[str, Any]:
        """For programs."""
        said: dict[str, Any] = {"description": self.what, "type": ["string", "null"] if self.optional else "string"}
        if self.allowed:
            return said | {"enum": [*self.allowed, *([None] if self.optional else [])]}
        if self.pattern:
            said["pattern"] = f"^{self.pattern}$"
        return said | {"minLength": 1, "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `low` to `high`. JSON does not tell 3.0 from 3."""

    what: str
    low: int
    high: int
    optional: ClassVar[bool] = False

    def fault(self, name: str, value: object) -> str | None:
        """What is wrong."""
        if isinstance(value, int | float) and not isinstance(value, bool) and self._is_within(value):
            return None
        return f"{name} must be a whole number from {self.low} to {self.high}."

    def taken(self, value: float) -> int:
        """As a whole number."""
        return int(value)

    def schema(self) -> dict[str, Any]:
        """For programs."""
        return {"description": self.what, "type": "integer", "minimum": self.low, "maximum": self.high}

    def _is_within(self, value: float) -> bool:
        return self.low <= value <= self.high and value == int(value)


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, one at least."""

    what: str
    most: int
    optional: ClassVar[bool] = False

    def fault(self, name: str, value: object) -> str | None:
        """What is wrong."""
        texts = value if isinstance(value, list) else []
        if 1 <= len(texts) <= self.most and all(isinstance(text, str) and _is_whole(text) for text in texts):
            return None
        return f"{name} must be a list of 1 to {self.most} texts."

    def taken(self, value: list[str]) -> list[str]:
        """As it is."""
        return value

    def schema(self) -> dict[str, Any]:
        """For programs."""
        texts = {"minItems": 1, "maxItems": self.most, "items": {"type": "string"}}
        return {"description": self.what, "type": "array", **texts}


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects, one at least, each with the fields of `row`."""

    what: str
    row: Form
    most: int
    optional: ClassVar[bool] = False

    def fault(self, name: str, value: object) -> str | None:
        """What is wrong."""
        rows = value if isinstance(value, list) else []
        if 1 <= len(rows) <= self.most and all(isinstance(row, dict) and not read(self.row, row)[1] for row in rows):
            return None
        return f"{name} must be a list of 1 to {self.most} objects, each with its {' and '.join(self.row)}."

    def taken(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """With the fields of the rows alone."""
        return [read(self.row, row)[0] for row in value]

    def schema(self) -> dict[str, Any]:
        """For programs."""
        rows = {"minItems": 1, "maxItems": self.most, "items": schema(self.row)}
        return {"description": self.what, "type": "array", **rows}


def read(form: Form, body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the form's fields, and what is wrong with the others. What the form does not know is ignored."""
    faults = {name: fault for name, field in form.items() if (fault := field.fault(name, body.get(name)))}
    return {name: field.taken(body.get(name)) for name, field in form.items() if name not in faults}, faults


def schema(form: Form) -> dict[str, Any]:
    """The form as a JSON Schema (2020-12, as OpenAPI 3.1 has it)."""
    return {
        "type": "object",
        "properties": {name: field.schema() for name, field in form.items()},
        "required": [name for name, field in form.items() if not field.optional],
    }


def _is_whole(text: str) -> bool:
    """Without halves of characters, which JSON can say and nothing else can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
