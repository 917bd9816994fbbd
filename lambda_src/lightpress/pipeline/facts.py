"""What is known of a picture besides its pixels: what programs (enrichers) and people say of it after its publication.

What an enricher says about one version of an original is an object of its own beside the reviews, which every
reconciliation of a recipe with enrichers looks at. It is merged into the manifest: published anew, not rendered anew.
Late, doubled and reordered answers, overwrites and deletions need no order. An answer about a version that is gone is
never looked at again.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Point = tuple[float, float]

FACTS = "facts/"
"""Where the answers of enrichers lie in the images bucket. The CDN cannot read it."""
LABELS, FACES, ALT, DUPLICATES = "labels", "faces", "alt", "duplicates"
"""The enrichers that ship. Any other name is an enricher of the owner's own."""
SHIPPED = (LABELS, FACES, ALT, DUPLICATES)
LOOKING = (LABELS, FACES, ALT)
"""Those that have a service of AWS look at a variant."""
MOST_ENRICHERS = 5
"""Each is a request more for every look at a key."""
LONGEST_ALT, LONGEST_LABEL = 1_000, 100
LONGEST_KEY = 2_048
"""Characters: a key of S3 has up to 1,024, an attached bucket publishes it under a prefix."""
MOST_LABELS, MOST_FACES, MOST_ALIKE = 50, 100, 10


@dataclass(frozen=True, slots=True)
class Label:
    """A thing or a theme in a picture. confidence: of the program that saw it, 0 to 100; None of a person."""

    name: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A face: the box around it, as shares of the picture's width and height.

    Attributes:
        left: Where it begins.
        top: Where it begins.
        width: Of it.
        height: Of it.
    """

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Fact:
    """What one enricher says about one version of an original. It may have looked and found nothing.

    Attributes:
        enricher: Its name, as the recipe's `facts` has it.
        alt: A text for those who do not see the picture; None if it says none.
        labels: What is in the picture, the surest first.
        faces: Where faces are.
        looks_like: The keys of pictures that look alike, the likest first.
    """

    enricher: str
    alt: str | None = None
    labels: tuple[Label, ...] = ()
    faces: tuple[Box, ...] = ()
    looks_like: tuple[str, ...] = ()

    def without(self, leaves: Callable[[str], bool]) -> Fact:
        """The same, naming none of the pictures whose keys leave; itself where it names none of them."""
        left = tuple(key for key in self.looks_like if not leaves(key))
        return self if left == self.looks_like else replace(self, looks_like=left)

    def to_json(self, said_at: int = 0) -> bytes:
        """Serialize for the images bucket. said_at: when it was said, in milliseconds since 1970."""
        return json.dumps(asdict(self) | {"said_at": said_at}, allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody has said of the contents since they were uploaded: it counts more than what any program says.

    Attributes:
        alt: The text; "" for a picture that only decorates; None if nobody has said any.
        labels: The labels; empty if there are to be none; None if nobody has said any.
    """

    alt: str | None = None
    labels: tuple[str, ...] | None = None


def fact_from(values: Mapping[str, Any]) -> Fact:
    """Read the values of a `Fact` from JSON. Those that a later release added are ignored.

    Raises LookupError, TypeError or ValueError where they are no fact.
    """
    alt = values.get("alt")
    says_nothing = alt is None or (isinstance(alt, str) and not alt.strip())
    return Fact(
        enricher=_text(values["enricher"], LONGEST_LABEL),
        alt=None if says_nothing else _text(alt, LONGEST_ALT),
        labels=tuple(_label(one) for one in values.get("labels") or ())[:MOST_LABELS],
        faces=tuple(_box(one) for one in values.get("faces") or ())[:MOST_FACES],
        looks_like=tuple(_key(key) for key in values.get("looks_like") or ())[:MOST_ALIKE],
    )


def fact_from_json(body: bytes) -> Fact:
    """Read what `Fact.to_json` wrote. Raises as `fact_from` does."""
    return fact_from(json.loads(body, parse_constant=nothing))


def said_at_of(body: bytes) -> int:
    """When that was said which `Fact.to_json` wrote, in milliseconds since 1970; 0 of an earlier release."""
    return int(json.loads(body, parse_constant=nothing).get("said_at", 0))


def nothing(_: str) -> None:
    """For a NaN or Infinity that an earlier release wrote: as if nothing was said."""


def words_from(values: Mapping[str, Any] | None) -> Words | None:
    """Read the values of `Words` from JSON."""
    if values is None:
        return None
    labels = values.get("labels")
    return Words(values.get("alt"), None if labels is None else tuple(labels))


def center_of(facts: Iterable[Fact]) -> Point | None:
    """The middle of the box around all faces, rounded so that it is the same in JSON; None where there are none."""
    faces = [face for fact in facts for face in fact.faces]
    if not faces:
        return None
    left, top = min(face.left for face in faces), min(face.top for face in faces)
    right, bottom = (max(face.left + face.width for face in faces), max(face.top + face.height for face in faces))
    return _share((left + right) / 2), _share((top + bottom) / 2)


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{value!r} is no text")
    return " ".join(value.split())[:longest].rstrip()


def _key(value: object) -> str:
    """As S3 stores it, blanks included."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_KEY:
        raise TypeError(f"{value!r} is no key")
    return value


def _number(value: object) -> float:
    """A number that equals itself. JSON has no others, but Python reads them, and makes them of texts."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def _label(values: Mapping[str, Any]) -> Label:
    confidence = values.get("confidence")
    return Label(_text(values["name"], LONGEST_LABEL), None if confidence is None else round(_number(confidence), 1))


def _box(values: Mapping[str, Any]) -> Box:
    """What of a box is in the picture: around a face at its edge, programs draw boxes that go on beyond it."""
    left, top = _number(values["left"]), _number(values["top"])
    right, bottom = left + _number(values["width"]), top + _number(values["height"])
    left, top, right, bottom = _share(left), _share(top), _share(right), _share(bottom)
    return Box(left, top, _share(right - left), _share(bottom - top))
