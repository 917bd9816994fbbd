"""Fields of request bodies: each validates a value, and describes itself as JSON Schema.

FIELDS = {"name": Text("Display name.", max_length=80), "size": Number("In bytes.", minimum=1, maximum=10)}
values, errors = parse(FIELDS, body)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias


class Field(Protocol):
    """One field of a request body."""

    @property
    def optional(self) -> bool: ...

    def validate(self, name: str, value: object) -> str | None:
        """Return what is wrong with a value, in a sentence that begins with `name`; None if it is valid."""

    def coerce(self, value: Any) -> Any:  # noqa: ANN401  JSON's
        """Convert a valid value to what the program works with."""

    def json_schema(self) -> dict[str, Any]:
        """Describe the valid values for clients."""


Fields: TypeAlias = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is not empty.

    Attributes:
        description: For the JSON Schema.
        max_length: In characters.
        pattern: A regular expression that all of it must match.
        expected: What the pattern means, to complete the sentence "checksum must be ...".
        allowed: The only values that are accepted; empty for any.
        optional: Whether it may be absent or null.
        may_be_empty: Whether it may have no characters.
    """

    description: str
    max_length: int = 200
    pattern: str = ""
    expected: str = ""
    allowed: tuple[str, ...] = ()
    optional: bool = False
    may_be_empty: bool = False

    def validate(self, name: str, value: object) -> str | None:
        """Check type and length, then the allowed values or the pattern."""
        if value is None and self.optional:
            return None
        if not isinstance(value, str) or not (value or self.may_be_empty) or has_surrogate(value):
            return f"{name} must be a non-empty string of Unicode characters."
        if len(value) > self.max_length:
            return f"{name} may have at most {self.max_length} characters."
        if self.allowed and value not in self.allowed:
            return f"{name} {value!r} is not accepted. Accepted: {', '.join(self.allowed)}."
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"{name} must be {self.expected}."
        return None

    def coerce(self, value: str | None) -> str | None:
        """Return the string unchanged."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """Describe it as a string, of an enumeration or a pattern where there is one."""
        schema: dict[str, Any] = {
            "description": self.description,
            "type": ["string", "null"] if self.optional else "string",
        }
        if self.allowed:
            return schema | {"enum": [*self.allowed, *([None] if self.optional else [])]}
        if self.pattern:
            schema["pattern"] = f"^{self.pattern}$"
        return schema | ({} if self.may_be_empty else {"minLength": 1}) | {"maxLength": self.max_length}


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number. JSON does not distinguish 3.0 from 3.

    Attributes:
        description: For the JSON Schema.
        minimum: The least that is allowed.
        maximum: The most that is allowed.
    """

    description: str
    minimum: int
    maximum: int
    optional: ClassVar[bool] = False

    def validate(self, name: str, value: object) -> str | None:
        """Accept integers, and floats without a fraction; `true` is no number."""
        if isinstance(value, int | float) and not isinstance(value, bool) and self._is_within(value):
            return None
        return f"{name} must be a whole number from {self.minimum} to {self.maximum}."

    def coerce(self, value: float) -> int:
        """Convert 3.0 to 3."""
        return int(value)

    def json_schema(self) -> dict[str, Any]:
        """Describe it as an integer with both limits."""
        return {"description": self.description, "type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def _is_within(self, value: float) -> bool:
        return self.minimum <= value <= self.maximum and value == int(value)


@dataclass(frozen=True, slots=True)
class TextList:
    """A list of 1 to `max_items` strings."""

    description: str
    max_items: int
    optional: ClassVar[bool] = False

    def validate(self, name: str, value: object) -> str | None:
        """Check the number of items and their type; the strings themselves may be anything."""
        texts = value if isinstance(value, list) else []
        if 1 <= len(texts) <= self.max_items and all(
            isinstance(text, str) and not has_surrogate(text) for text in texts
        ):
            return None
        return f"{name} must be a list of 1 to {self.max_items} strings."

    def coerce(self, value: list[str]) -> list[str]:
        """Return the list unchanged."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """Describe it as an array of strings."""
        items = {"minItems": 1, "maxItems": self.max_items, "items": {"type": "string"}}
        return {"description": self.description, "type": "array", **items}


@dataclass(frozen=True, slots=True)
class ObjectList:
    """A list of one or more objects.

    Attributes:
        description: For the JSON Schema.
        item: The fields of each object.
        max_items: The most objects that are allowed.
    """

    description: str
    item: Fields
    max_items: int
    optional: ClassVar[bool] = False

    def validate(self, name: str, value: object) -> str | None:
        """Check the number of items and the fields of each."""
        items = value if isinstance(value, list) else []
        if 1 <= len(items) <= self.max_items and all(
            isinstance(item, dict) and not parse(self.item, item)[1] for item in items
        ):
            return None
        return f"{name} must be a list of 1 to {self.max_items} objects, each with its {' and '.join(self.item)}."

    def coerce(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep only the known fields of each object."""
        return [parse(self.item, item)[0] for item in value]

    def json_schema(self) -> dict[str, Any]:
        """Describe it as an array of objects."""
        items = {"minItems": 1, "maxItems": self.max_items, "items": json_schema(self.item)}
        return {"description": self.description, "type": "array", **items}


def parse(fields: Fields, body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read the fields from a JSON object; unknown ones are ignored.

    Returns:
        The values of the valid fields, and a sentence for each field that is missing or invalid; both by name.
    """
    errors = {name: error for name, field in fields.items() if (error := field.validate(name, body.get(name)))}
    return {name: field.coerce(body.get(name)) for name, field in fields.items() if name not in errors}, errors


def json_schema(fields: Fields) -> dict[str, Any]:
    """Describe an object with these fields as JSON Schema (2020-12, the dialect of OpenAPI 3.1)."""
    return {
        "type": "object",
        "properties": {name: field.json_schema() for name, field in fields.items()},
        "required": [name for name, field in fields.items() if not field.optional],
    }


def has_surrogate(text: str) -> bool:
    """Whether the text contains a half of a surrogate pair: JSON can express one, and UTF-8 cannot encode it."""
    return any("\ud800" <= character <= "\udfff" for character in text)
