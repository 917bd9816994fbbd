"""What Rekognition's moderation labels come to: a review, or that a person has to look.

The labels are a tree of three levels. The names, and which is below which:
https://docs.aws.amazon.com/rekognition/latest/dg/moderation-api.html
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.gate import LONGEST_DETAIL, MODERATION, Review
from lightpress.strict_json import strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TAXONOMY = "7"
"""The version of the model whose labels these are, up to the first point; another one may call things otherwise."""

_CHILDREN: Mapping[str, tuple[str, ...]] = {
    "Explicit": ("Explicit Nudity", "Explicit Sexual Activity", "Sex Toys"),
    "Explicit Nudity": (
        "Exposed Male Genitalia",
        "Exposed Female Genitalia",
        "Exposed Buttocks or Anus",
        "Exposed Female Nipple",
    ),
    "Non-Explicit Nudity of Intimate parts and Kissing": (
        "Non-Explicit Nudity",
        "Obstructed Intimate Parts",
        "Kissing on the Lips",
    ),
    "Non-Explicit Nudity": (
        "Bare Back",
        "Exposed Male Nipple",
        "Partially Exposed Buttocks",
        "Partially Exposed Female Breast",
        "Implied Nudity",
    ),
    "Obstructed Intimate Parts": ("Obstructed Female Nipple", "Obstructed Male Genitalia"),
    "Swimwear or Underwear": ("Female Swimwear or Underwear", "Male Swimwear or Underwear"),
    "Violence": ("Weapons", "Graphic Violence"),
    "Graphic Violence": (
        "Weapon Violence",
        "Physical Violence",
        "Self-Harm",
        "Blood & Gore",
        "Explosions and Blasts",
    ),
    "Visually Disturbing": ("Death and Emaciation", "Crashes"),
    "Death and Emaciation": ("Emaciated Bodies", "Corpses"),
    "Crashes": ("Air Crash",),
    "Drugs & Tobacco": ("Products", "Drugs & Tobacco Paraphernalia & Use"),
    "Products": ("Pills",),
    "Drugs & Tobacco Paraphernalia & Use": ("Smoking",),
    "Alcohol": ("Alcohol Use", "Alcoholic Beverages"),
    "Alcohol Use": ("Drinking",),
    "Rude Gestures": ("Middle Finger",),
    "Gambling": (),
    "Hate Symbols": ("Nazi Party", "White Supremacy", "Extremist"),
}
_PARENTS: Mapping[str, str] = {child: parent for parent, children in _CHILDREN.items() for child in children}
NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for row in _CHILDREN.items() for name in (row[0], *row[1])))
"""Of all labels, of every level."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A label that Rekognition has found.

    Attributes:
        name: Of the label.
        parent: Of the label that it is below; empty for those of the top level.
        confidence: In percent.
    """

    name: str
    parent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What Rekognition says of a picture.

    Attributes:
        labels: What it has found.
        model: The version of the model that has looked, such as "7.0".
    """

    labels: tuple[Seen, ...]
    model: str


class Undecided(Exception):
    """The program has no answer: the picture waits until a person has one. The text says why."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which confidence on, in percent, a label counts. A threshold is also of the labels below its own.

    Attributes:
        reject: From which on it rejects a picture.
        doubt: From which on a person has to look.
    """

    reject: Mapping[str, int]
    doubt: Mapping[str, int]

    @classmethod
    def from_json(cls, text: str) -> Thresholds:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Serialize for a function's environment."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @property
    def least(self) -> int:
        """The least confidence that is of any interest."""
        return min((*self.reject.values(), *self.doubt.values()))

    def review(self, answer: Answer) -> Review:
        """What the labels come to; raises Undecided."""
        if answer.model.partition(".")[0] != TAXONOMY:
            raise Undecided(
                f"Rekognition has looked with version {answer.model} of its model, and labels of version {TAXONOMY} "
                "are known here."
            )
        own = tuple(_own(answer.labels))
        rejected = tuple(seen for seen in own if _counts(seen, answer.labels, self.reject))
        if rejected:
            return Review(MODERATION, approved=False, detail=_detail(rejected))
        doubtful = tuple(seen for seen in own if _counts(seen, answer.labels, self.doubt))
        if doubtful:
            raise Undecided(f"Rekognition is not sure enough: {_named(doubtful)}.")
        return Review(MODERATION, approved=True)


def judged_by(name: str, thresholds: Mapping[str, int]) -> str | None:
    """The label whose threshold a label is judged by: itself, or the nearest above it that has one; None without."""
    return _nearest(Seen(name, "", 0.0), (), thresholds)


def _own(labels: tuple[Seen, ...]) -> Iterator[Seen]:
    """Those that are not there only because a label below them is, which is judged by itself."""
    for one in labels:
        below = [other.confidence for other in labels if one.name in _above(other, labels)]
        if one.confidence > max(below, default=-1.0):
            yield one


def _counts(seen: Seen, labels: tuple[Seen, ...], thresholds: Mapping[str, int]) -> bool:
    """Whether it reaches the threshold of its own name, or of the nearest label above it that has one."""
    nearest = _nearest(seen, labels, thresholds)
    return nearest is not None and seen.confidence >= thresholds[nearest]


def _nearest(seen: Seen, labels: tuple[Seen, ...], thresholds: Mapping[str, int]) -> str | None:
    return next((name for name in (seen.name, *_above(seen, labels)) if name in thresholds), None)


def _above(seen: Seen, labels: tuple[Seen, ...]) -> list[str]:
    """The names of the labels above it, the nearest first: as the answer has them, and else as they are known."""
    parents = {**_PARENTS, **{one.name: one.parent for one in labels if one.parent}}
    names: list[str] = []
    parent = seen.parent or parents.get(seen.name, "")
    while parent and parent not in names:
        names.append(parent)
        parent = parents.get(parent, "")
    return names


def _named(labels: Iterable[Seen]) -> str:
    ordered = sorted(labels, key=lambda seen: (-seen.confidence, seen.name))
    return ", ".join(f"{seen.name} ({seen.confidence:.0f} %)" for seen in ordered)


def _detail(labels: Iterable[Seen]) -> str:
    return f"It shows what is not allowed here: {_named(labels)}."[:LONGEST_DETAIL]


@dataclass(frozen=True, slots=True)
class Held:
    """What is asked about.

    Attributes:
        key: As it is published.
        bucket, original: Where the original lies.
        version: Of the original.
    """

    key: str
    bucket: str
    original: str
    version: str


class NotHeld(Exception):
    """A message is no event of a picture that waits: its sender is at fault."""


def read_held(body: str) -> Held:
    """Read an event `ImageHeld` as EventBridge sends it to a queue; raises NotHeld."""
    try:
        detail: dict[str, Any] = strict_json(body)["detail"]
        original = detail["original"]
        return Held(detail["key"], original["bucket"], original["key"], detail["version"])
    except (ValueError, LookupError, TypeError) as error:
        raise NotHeld(f"The message is of no picture that waits: {error!r}") from error
