"""The record of one test file: its result, the expected result, and the distances between the two."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Outcome = Literal["ready", "rejected", "lost"]
State = Literal["decodes", "damaged", "unidentified", "unknown"]
REFERENCE = "Pillow"
"""The name of the reference among the judges, of which it is the last."""


@dataclass(frozen=True, slots=True)
class Made:
    """A variant: format, dimensions in pixels, and size in bytes."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """How Pillow with every plugin decodes the file.

    Attributes:
        state: "decodes", "damaged", "unidentified", or "unknown" where the decoder did not finish.
        says: The error message.
        format: Pillow's name of the format.
        width: Pixels as seen, upright.
        height: Pixels as seen, upright.
        frames: Frames or pages.
        orientation: EXIF orientation that the bytes declare; None where it is not known.
    """

    state: State
    says: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    frames: int = 1
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class Moves:
    """An animation as Chromium plays it: number of frames, plays (0: for ever), and milliseconds of one play."""

    frames: int
    plays: int
    ms: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What the first judge shows that shows anything of the file.

    Attributes:
        judge: Its name; empty where none does.
        width: Pixels as seen, upright.
        height: Pixels as seen, upright.
        moves: The animation; None where it is still, or the judge does not say.
    """

    judge: str = ""
    width: int = 0
    height: int = 0
    moves: Moves | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as a dictionary for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """The same from its JSON."""
        return cls(**{**fields, "moves": Moves(**fields["moves"]) if fields["moves"] else None})


@dataclass(frozen=True, slots=True)
class Measured:
    """Distances between the largest variant of each format and what the judge shows.

    Attributes:
        orientation: How much better another orientation fits, in levels of 255.
        color: Mean delta-E 2000, by format.
        alpha: Mean difference of alpha in levels of 255, by format; formats with transparency only.
        frames: Number of frames, by format.
        unreadable: Formats of variants that do not decode, with the error, and who says so.
        moves: Animations that Chromium plays, by format.
        why: Why a distance could not be measured, by its name.
    """

    orientation: float | None = None
    color: dict[str, float] = field(default_factory=dict)
    alpha: dict[str, float] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    moves: dict[str, Moves] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One test file.

    Attributes:
        file: Path below the fixtures.
        bytes: Size of the file.
        outcome: "ready", "rejected", or "lost" where the child process gave no answer.
        reason: Why it was rejected.
        detail: The error message.
        format: Format of the original, as the image core names it.
        width: Published width in pixels.
        height: Published height in pixels.
        notes: Remarks of the image core.
        variants: The variants that were made.
        cpu_ms: CPU time of the child process in milliseconds.
        peak_rss_mb: Peak memory of the child process in MB.
        wall_ms: Wall-clock time in milliseconds.
        reference: How the reference decodes the file.
        shown: What an independent judge shows of the file.
        measured: Distances from that, or from the reference where no independent judge shows anything.
    """

    file: str
    bytes: int
    outcome: Outcome
    reason: str
    detail: str
    format: str
    width: int
    height: int
    notes: tuple[str, ...]
    variants: tuple[Made, ...]
    cpu_ms: int
    peak_rss_mb: int
    wall_ms: int
    reference: Reference = Reference("unknown")
    shown: Shown = Shown()
    measured: Measured = field(default_factory=Measured)

    @property
    def expected(self) -> Shown:
        """What it should look like: by an independent judge, else by the reference, else nothing."""
        if self.shown.judge or self.reference.state != "decodes":
            return self.shown
        return Shown(REFERENCE, self.reference.width, self.reference.height)

    def as_json(self) -> dict[str, Any]:
        """The record as a dictionary for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """A record from its JSON."""
        nested = {
            "notes": tuple(fields["notes"]),
            "variants": tuple(Made(**made) for made in fields["variants"]),
            "reference": Reference(**fields["reference"]),
            "shown": Shown.from_json(fields["shown"]),
            "measured": measured_from(fields["measured"]),
        }
        return cls(**{**fields, **nested})


def measured_from(fields: dict[str, Any]) -> Measured:
    """A Measured from its JSON."""
    moves = {name: Moves(**one) for name, one in fields["moves"].items()}
    return Measured(**{**fields, "unreadable": tuple(fields["unreadable"]), "moves": moves})
