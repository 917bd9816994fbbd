"""What is kept of one picture: what became of it, what ought to have, and how far apart the two are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Outcome = Literal["ready", "rejected", "lost"]
State = Literal["decodes", "damaged", "unidentified", "unknown"]


@dataclass(frozen=True, slots=True)
class Made:
    """One variant."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Reference:
    """What other means say of the file: whether Pillow with every plugin decodes it, and what it then is.

    width, height: as seen upright. orientation: as the bytes declare it; None if that is not known.
    """

    state: State
    says: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    frames: int = 1
    orientation: int | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """Distances between the largest variants and the reference. What is missing could not be measured: see `why`.

    orientation: by how much another orientation would fit better, in levels of 255. colour: the mean delta-E 2000 by
    format. alpha: the mean difference in levels, by format, of formats that can be see-through. frames: by format.
    """

    orientation: float | None = None
    colour: dict[str, float] = field(default_factory=dict)
    alpha: dict[str, float] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One picture."""

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
    measured: Measured = field(default_factory=Measured)

    def as_json(self) -> dict[str, Any]:
        """What is written down."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """What was written down."""
        nested = {
            "notes": tuple(fields["notes"]),
            "variants": tuple(Made(**made) for made in fields["variants"]),
            "reference": Reference(**fields["reference"]),
            "measured": measured_from(fields["measured"]),
        }
        return cls(**{**fields, **nested})


def measured_from(fields: dict[str, Any]) -> Measured:
    """A Measured from its JSON."""
    return Measured(**{**fields, "unreadable": tuple(fields["unreadable"])})
