"""The options of a step: each field of its dataclass says what it means and what is allowed.

From these definitions recipes are checked, and docs/recipes-reference.md and the JSON Schema of recipes.toml are made.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import MISSING, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Files = Callable[[str], bytes]
    """Reads a file beside recipes.toml; raises OptionError where it cannot."""

_COLOR = r"#[0-9a-fA-F]{6}"
_SHARE = r"(?:[0-9]{1,2}(?:\.[0-9]{1,2})?|100)%"
_FILE = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*"
_MOST_FILE_BYTES = 4 << 20


class OptionError(ValueError):
    """The value of an option is not allowed; the message says what is.

    key: of the option, where it is known.
    """

    def __init__(self, problem: str, key: str = "") -> None:
        super().__init__(problem)
        self.key = key


class Option(Protocol):
    """What an option may be.

    Attributes:
        doc: What it means, in a sentence without its full stop.
    """

    @property
    def doc(self) -> str: ...

    @property
    def allowed(self) -> str:
        """What is allowed, in a few words."""

    def read(self, value: object, files: Files) -> Any:  # noqa: ANN401  as its field
        """The value as the step gets it, of what recipes.toml says; raises OptionError."""

    def schema(self) -> Mapping[str, object]:
        """What is allowed, as a JSON Schema."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length in a picture: pixels, or a share of its width.

    Attributes:
        pixels: Of the variant; None for a share.
        percent: Of its width; None for pixels.
    """

    pixels: int | None = None
    percent: float | None = None

    def of(self, width: int) -> int:
        """In pixels, in a picture of so many pixels' width."""
        return self.pixels if self.pixels is not None else round((self.percent or 0) / 100 * width)

    def __str__(self) -> str:
        """As recipes.toml has it."""
        return str(self.pixels) if self.pixels is not None else f"{self.percent:g}%"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file beside recipes.toml.

    Attributes:
        name: As the recipe names it.
        sha256: Of its bytes, in hexadecimal.
        data: Its bytes.
    """

    name: str
    sha256: str
    data: bytes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Number:
    doc: str
    low: float
    high: float

    @property
    def allowed(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def read(self, value: object, _: Files) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise OptionError(f"{value!r} is not a number from {self.low:g} to {self.high:g}")
        return float(value)

    def schema(self) -> Mapping[str, object]:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class _Always:
    doc: str

    @property
    def allowed(self) -> str:
        return "`true`"

    def read(self, value: object, _: Files) -> bool:
        if value is not True:
            raise OptionError(f"{value!r} is not true; leave the step out where it is not wanted")
        return True

    def schema(self) -> Mapping[str, object]:
        return {"const": True}


@dataclass(frozen=True, slots=True)
class _Choice:
    doc: str
    choices: tuple[str | int, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(f"`{_quoted(choice)}`" for choice in self.choices)

    def read(self, value: object, _: Files) -> str | int:
        for choice in self.choices:
            if value == choice and type(value) is type(choice):
                return choice
        raise OptionError(f"{value!r} is not allowed; allowed: {', '.join(map(str, self.choices))}")

    def schema(self) -> Mapping[str, object]:
        return {"enum": list(self.choices)}


@dataclass(frozen=True, slots=True)
class _Color:
    doc: str

    @property
    def allowed(self) -> str:
        return "`#rrggbb`"

    def read(self, value: object, _: Files) -> str:
        if not isinstance(value, str) or not re.fullmatch(_COLOR, value):
            raise OptionError(f"{value!r} is not a color such as #20407f")
        return value.lower()

    def schema(self) -> Mapping[str, object]:
        return {"type": "string", "pattern": f"^{_COLOR}$"}


@dataclass(frozen=True, slots=True)
class _Length:
    doc: str
    low: int
    high: int
    most_percent: float

    @property
    def allowed(self) -> str:
        return f"{self.low} to {self.high} pixels, or up to `{self.most_percent:g}%` of the width"

    def read(self, value: object, _: Files) -> Length:
        if isinstance(value, str) and re.fullmatch(_SHARE, value) and float(value[:-1]) <= self.most_percent:
            return Length(percent=float(value[:-1]))
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return Length(pixels=value)
        raise OptionError(
            f"{value!r} is neither a whole number of pixels from {self.low} to {self.high} nor a share of the width "
            f'such as "{min(5, self.most_percent):g}%", at most "{self.most_percent:g}%"'
        )

    def schema(self) -> Mapping[str, object]:
        pixels = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [pixels, {"type": "string", "pattern": f"^{_SHARE}$"}]}


@dataclass(frozen=True, slots=True)
class _File:
    doc: str

    @property
    def allowed(self) -> str:
        return "the name of a file beside recipes.toml"

    def read(self, value: object, files: Files) -> NamedFile:
        if not isinstance(value, str) or not re.fullmatch(_FILE, value):
            raise OptionError(f"{value!r} is not the name of a file beside recipes.toml: letters, digits, . _ - and /")
        data = files(value)
        if len(data) > _MOST_FILE_BYTES:
            raise OptionError(f"{value} has {len(data)} bytes; at most {_MOST_FILE_BYTES} are read")
        return NamedFile(value, hashlib.sha256(data).hexdigest(), data)

    def schema(self) -> Mapping[str, object]:
        return {"type": "string", "pattern": f"^{_FILE}$"}


@dataclass(frozen=True, slots=True)
class _Line:
    doc: str
    most: int

    @property
    def allowed(self) -> str:
        return f"1 to {self.most} characters, one line"

    def read(self, value: object, _: Files) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > self.most or not value.isprintable():
            raise OptionError(f"{value!r} is not one line of 1 to {self.most} characters")
        return value

    def schema(self) -> Mapping[str, object]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class _Regions:
    doc: str
    most: int

    @property
    def allowed(self) -> str:
        return f"1 to {self.most} lists of left, top, width and height, each from 0 to 1"

    def read(self, value: object, _: Files) -> tuple[tuple[float, ...], ...]:
        listed = value if isinstance(value, list) else []
        if not 1 <= len(listed) <= self.most or not all(map(_is_region, listed)):
            raise OptionError(
                f"{value!r} is not a list of 1 to {self.most} regions such as [[0.1, 0.2, 0.3, 0.1]]: left, top, width "
                "and height as shares of the picture, from 0 to 1"
            )
        return tuple(tuple(map(float, region)) for region in listed)

    def schema(self) -> Mapping[str, object]:
        part = {"type": "number", "minimum": 0, "maximum": 1}
        region = {"type": "array", "items": part, "minItems": 4, "maxItems": 4}
        return {"type": "array", "items": region, "minItems": 1, "maxItems": self.most}


def _is_region(value: object) -> bool:
    if not isinstance(value, list) or len(value) != len(("left", "top", "width", "height")):
        return False
    if not all(isinstance(part, int | float) and not isinstance(part, bool) and 0 <= part <= 1 for part in value):
        return False
    return bool(value[2] > 0 and value[3] > 0)


def _quoted(choice: str | int) -> str:
    return f'"{choice}"' if isinstance(choice, str) else str(choice)


def number(doc: str, *, low: float, high: float, default: object = MISSING) -> Any:  # noqa: ANN401  a field
    """A number from `low` to `high`."""
    return _field(_Number(doc, low, high), default)


def always(doc: str) -> Any:  # noqa: ANN401  a field
    """`true`, and nothing else: for a step that has nothing to choose."""
    return _field(_Always(doc), MISSING)


def choice(doc: str, *choices: str | int, default: object = MISSING) -> Any:  # noqa: ANN401  a field
    """One of `choices`."""
    return _field(_Choice(doc, choices), default)


def color(doc: str, *, default: object = MISSING) -> Any:  # noqa: ANN401  a field
    """A color, as `#rrggbb` in small letters; a default may be None."""
    return _field(_Color(doc), default)


def length(doc: str, *, low: int = 0, high: int, most_percent: float, default: object = MISSING) -> Any:  # noqa: ANN401
    """A `Length`: `low` to `high` pixels, or a share of the width up to `most_percent`."""
    return _field(_Length(doc, low, high, most_percent), default)


def file(doc: str, *, default: object = MISSING) -> Any:  # noqa: ANN401  a field
    """A `NamedFile`: its contents are part of the recipe's digest."""
    return _field(_File(doc), default)


def line(doc: str, *, most: int) -> Any:  # noqa: ANN401  a field
    """A line of text."""
    return _field(_Line(doc, most), MISSING)


def regions(doc: str, *, most: int) -> Any:  # noqa: ANN401  a field
    """Regions of a picture: left, top, width and height, as shares of its width and height."""
    return _field(_Regions(doc, most), MISSING)


def _field(option: Option, default: object) -> Any:  # noqa: ANN401  a field
    return field(default=default, metadata={"option": option})
