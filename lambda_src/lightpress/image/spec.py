"""What to make of a picture: sizes, formats and how they are encoded. A recipe (`lightpress.recipe`) gives one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from lightpress.image.formats import OUTPUTS, Output
from lightpress.image.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

Fit = Literal["contain", "cover"]
FITS: tuple[str, ...] = get_args(Fit)


class Pixels(NamedTuple):
    """A width and a height in pixels."""

    width: int
    height: int

    def times(self, factor: float) -> Pixels:
        """These pixels reduced by `factor`, never to nothing."""
        return Pixels(max(1, round(self.width * factor)), max(1, round(self.height * factor)))

    def turned(self) -> Pixels:
        """The same pixels after a quarter turn."""
        return Pixels(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Size:
    """One rung of the ladder: a named box in pixels; a side that is None is free.

    contain: the whole picture, inside the box. cover: the box filled, what overhangs is cut off evenly.
    A picture is never enlarged, in either.
    """

    name: str
    width: int | None = None
    height: int | None = None
    fit: Fit = "contain"

    def scale(self, picture: Pixels) -> float:
        """By how much the whole `picture` is reduced for this size: at most 1."""
        ratios = [box / side for box, side in zip((self.width, self.height), picture, strict=True) if box]
        return min(1.0, max(ratios) if self.fit == "cover" else min(ratios))

    def crop(self, whole: Pixels) -> Pixels:
        """What remains of the reduced `whole` picture after overhanging parts are cut off."""
        if self.fit == "contain":
            return whole
        return Pixels(min(self.width or whole.width, whole.width), min(self.height or whole.height, whole.height))


class Rung(NamedTuple):
    """One reduction of a picture: `whole` before cutting, `result` after, and the sizes (by name) that it serves.

    A picture smaller than some of the sizes gets one rung for all of them: same pixels, encoded and stored once.
    """

    names: tuple[str, ...]
    whole: Pixels
    result: Pixels


@dataclass(frozen=True, slots=True)
class Spec:
    """Every variant a picture is owed: each of `sizes` in each of `formats` (names of rows in `formats.OUTPUTS`).

    quality: by format name, where it differs from the format's own. background: `#rrggbb`, put behind transparent
    pictures in formats that cannot be see-through. animation: whether what is animated
    moves in the formats that can.
    """

    sizes: tuple[Size, ...]
    formats: tuple[str, ...]
    quality: Mapping[str, int] = field(default_factory=dict)
    background: str = "#ffffff"
    limits: Limits = field(default_factory=Limits)
    animation: bool = True

    def outputs(self) -> tuple[Output, ...]:
        """The rows of the formats."""
        return tuple(OUTPUTS[name] for name in self.formats)

    def quality_of(self, output: Output) -> int:
        """The quality to encode `output` with."""
        return self.quality.get(output.name, output.quality)

    def rungs(self, picture: Pixels) -> tuple[Rung, ...]:
        """Plan the reductions of `picture` (as seen upright), largest first."""
        longest = min(output.max_side for output in self.outputs())
        names: dict[tuple[Pixels, Pixels], list[str]] = {}
        for size in self.sizes:
            # What covers a box is cut to it, so only whole pictures can be too long for a format.
            scale = size.scale(picture)
            whole = picture.times(scale if size.fit == "cover" else min(scale, longest / max(picture)))
            names.setdefault((whole, size.crop(whole)), []).append(size.name)
        largest_first = sorted(names.items(), reverse=True)
        return tuple(Rung(tuple(served), whole, result) for (whole, result), served in largest_first)
