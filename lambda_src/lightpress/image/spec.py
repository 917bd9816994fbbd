"""What to make of a picture: sizes, formats and how they are encoded. A recipe (`pipeline.recipe`) gives one."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

from lightpress.image.errors import FileCutShort
from lightpress.image.inputs import ACCEPTED
from lightpress.image.limits import Limits
from lightpress.image.outputs import CUT, MOVING_BY_DEFAULT, OUTPUTS, SLOWER, WHOLE, Output, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Fit = Literal["contain", "cover", "pad"]
FITS: tuple[str, ...] = get_args(Fit)

Metadata = Literal["none", "copyright", "all"]
METADATA: tuple[str, ...] = get_args(Metadata)

Damaged = Literal["publish", "refuse"]
DAMAGED: tuple[str, ...] = get_args(Damaged)


HighRangePolicy = Literal["sdr", "keep"]
HDR: tuple[str, ...] = get_args(HighRangePolicy)

ToneMapping = Literal["st2094-50", "bt2390"]
TONE_MAPPINGS: tuple[str, ...] = get_args(ToneMapping)

Colors = Literal["srgb", "p3"]
COLORS: tuple[str, ...] = get_args(Colors)

Effort = Literal["normal", "high"]
EFFORTS: tuple[str, ...] = get_args(Effort)

MOST_TRIES = 6
"""How often a variant that exceeds its budget is encoded anew (`budget`)."""


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
class Step:
    """One step of a recipe: what is done to a picture once it has its size. Two are equal if they make the same pixels.

    Attributes:
        name: Its key in recipes.
        digest: 16 hex digits over all that decides its pixels: its options, the files that they name, its code.
        options: An instance of the dataclass in the step's module.
        apply: Does it: its function, of a `Picture` and the options, which returns a `Picture`.
        before_size: Whether it is done to the whole picture, and its result is what is fitted to the size.
        after: The pixels of a picture after the step, where they follow from those before it; None where not.
        swaps_sides: Whether it turns width into height.
        files: The names of the files beside recipes.toml that it needs.
    """

    name: str
    digest: str
    options: object = field(compare=False)
    apply: Callable[[Any, Any], Any] = field(compare=False)
    before_size: bool = field(default=False, compare=False)
    after: Callable[[Pixels], Pixels] | None = field(default=None, compare=False)
    swaps_sides: bool = field(default=False, compare=False)
    files: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Size:
    """A named size of a recipe: a box in pixels. A picture is never enlarged to fill it.

    Attributes:
        name: Its name in the recipe and in manifests.
        width: Of the box; None if only the height is limited.
        height: Of the box; None if only the width is limited.
        fit: "contain": the whole picture, inside the box. "cover": the box filled, what overhangs is cut off. "pad":
            the whole picture in the middle of a box that always has its full size.
        focus: With "cover", the point to keep, as shares (0 to 1) of the picture's width and height.
        steps: What is done to the picture, in this order; width and height are those before steps that add to them.
        auto_focus: Whether `focus` is looked for in each picture (`focus.focus_of`).
        max_bytes: What one file of it may have, at a lower quality if need be; None for any number.
        faces: With `auto_focus`, whether faces are looked for first (`faces.focus_on_faces`).
    """

    name: str
    width: int | None = None
    height: int | None = None
    fit: Fit = "contain"
    focus: tuple[float, float] = (0.5, 0.5)
    steps: tuple[Step, ...] = ()
    auto_focus: bool = False
    max_bytes: int | None = None
    faces: bool = False

    @property
    def shaping(self) -> tuple[Step, ...]:
        """The steps that are done to the whole picture before it is fitted."""
        return tuple(step for step in self.steps if step.before_size)

    @property
    def box(self) -> tuple[int | None, int | None]:
        """Width and height as the picture lies before its steps turn it."""
        turns = sum(step.swaps_sides for step in self.steps) % 2
        return (self.height, self.width) if turns else (self.width, self.height)

    def scale(self, picture: Pixels) -> float:
        """By how much the whole `picture` is reduced for this size: at most 1."""
        return min(1.0, self.factor(*picture))

    def factor(self, width: float, height: float) -> float:
        """By how much a picture without pixels of its own is scaled for this size, which may be more than 1."""
        ratios = [box / side for box, side in zip(self.box, (width, height), strict=True) if box]
        return max(ratios) if self.fit == "cover" else min(ratios)

    def cut(self, whole: Pixels) -> Cut:
        """What is shown of the reduced `whole` picture."""
        if self.fit == "contain":
            return Cut(0, 0, whole)
        width, height = self.box
        box = Pixels(width or whole.width, height or whole.height)
        if self.fit == "pad":
            return Cut((whole.width - box.width) // 2, (whole.height - box.height) // 2, box)
        result = Pixels(min(box.width, whole.width), min(box.height, whole.height))
        left, top = (_start(*along) for along in zip(self.focus, whole, result, strict=True))
        return Cut(left, top, result)


class Cut(NamedTuple):
    """A part of a reduced picture.

    Attributes:
        left: Its first column; negative where it begins outside of the picture, as with "pad".
        top: Its first row; negative as well.
        pixels: Its width and height.
    """

    left: int
    top: int
    pixels: Pixels


def _start(focus: float, whole: int, result: int) -> int:
    """Where `result` pixels begin, so that the focus is in their middle as far as the picture reaches."""
    return min(max(0, math.floor(focus * whole - result / 2)), whole - result)


class Rung(NamedTuple):
    """One reduction of a picture, and the sizes that it serves.

    A picture smaller than some of the sizes gets one rung for all of them: same pixels, encoded and stored once.

    Attributes:
        names: The sizes, by name.
        whole: The pixels of the whole reduced picture, before cutting.
        cut: The part of it that is shown.
        steps: What is done to that part.
        max_bytes: What a file may have; None for any number.
        pixels_so_far: Of it and all smaller ones, as often as they may be encoded (`outputs.Tier`).
    """

    names: tuple[str, ...]
    whole: Pixels
    cut: Cut
    steps: tuple[Step, ...] = ()
    max_bytes: int | None = None
    pixels_so_far: int = 0

    @property
    def result(self) -> Pixels:
        """The pixels of the variant, as far as they can be told beforehand."""
        pixels = self.cut.pixels
        for step in self.steps:
            pixels = step.after(pixels) if step.after else pixels
        return pixels

    @property
    def is_whole(self) -> bool:
        """Whether the whole picture is shown."""
        return self.cut == (0, 0, self.whole)

    @property
    def look(self) -> str | None:
        """How the variant differs from the plain picture; None where there are no steps (`job.EncodedVariant`)."""
        if not self.steps:
            return None
        steps = hashlib.sha256("".join(step.digest for step in self.steps).encode()).hexdigest()[:8]
        return f"{WHOLE if self.is_whole else CUT}-{steps}"


def _all_pixels(original: Pixels) -> Pixels:
    return original


def _as_it_says(width: float, height: float) -> float:  # noqa: ARG001  as `DecodeOptions.factor` is called
    return 1.0


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How a file is read, whatever is made of it.

    Attributes:
        limits: What the file may cost.
        metadata: What of its metadata is kept.
        accept: The formats that are read (names of rows in `formats.INPUTS`); a file of any other is refused before a
            decoder sees it.
        animation: Whether the frames of an animation are wanted, or its first alone.
        needed: How many pixels are needed of a file that has so many, both as seen upright.
        damaged: What becomes of a file that is cut short.
        gain_map: Whether a gain map in it is wanted.
        facts: What of its EXIF data is wanted besides (`capture`).
        factor: By how much a drawing of such a width and height is scaled, so that no size needs it any larger.
        native: Whether the pixel library helps to decode, or Pillow alone does it, later.
        planar: Whether a photo in JPEG is decoded to planes where it can be (`planar`): its variants need no RGB.
    """

    limits: Limits = field(default_factory=Limits)
    metadata: Metadata = "copyright"
    accept: tuple[str, ...] = ACCEPTED
    animation: bool = False
    needed: Callable[[Pixels], Pixels] = _all_pixels
    damaged: Damaged = "publish"
    gain_map: bool = False
    facts: tuple[str, ...] = ()
    factor: Callable[[float, float], float] = _as_it_says
    native: bool = False
    planar: bool = False

    def drawn(self, width: float, height: float, bytes_per_pixel: int) -> Pixels:
        """The pixels that a drawing is drawn with: as many as are needed, and as the limits allow."""
        most = min(self.limits.max_pixels, self.limits.max_decoded_bytes // bytes_per_pixel)
        allowed = min(self.limits.max_side / max(width, height), math.sqrt(most / (width * height)))
        factor = self.factor(width, height)
        if factor <= allowed:
            return Pixels(max(1, round(width * factor)), max(1, round(height * factor)))
        return Pixels(max(1, int(width * allowed)), max(1, int(height * allowed)))

    def check_cut(self, missing: str) -> None:
        """Reject a file that is cut short, where such files are refused."""
        if self.damaged == "refuse":
            raise FileCutShort(missing)


class WorkOptions(Protocol):
    """What a piece of work of the core is told beside the file."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats, by name, that are written whatever the file is."""

    @property
    def accept(self) -> tuple[str, ...]:
        """The formats, by name, that are read."""

    @property
    def native(self) -> bool:
        """Whether the pixel library is used where it can."""

    @property
    def finds_faces(self) -> bool:
        """Whether faces are looked for."""


def _added_up(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    """The rungs, each with the pixels of all that are as small; those with a budget count as often as they may be."""
    pixels, told = 0, []
    for rung in reversed(rungs):
        width, height = rung.result
        pixels += width * height * (1 + MOST_TRIES if rung.max_bytes else 1)
        told.append(rung._replace(pixels_so_far=pixels))
    return tuple(reversed(told))


@dataclass(frozen=True, slots=True)
class Spec:
    """Every variant that is made of an original: each of `sizes` in each of `formats`.

    Attributes:
        sizes: The sizes; some may come to the same pixels, which are then one variant.
        formats: Names of rows in `formats.OUTPUTS`; with `auto`, all of them.
        quality: By format name, one for all sizes, where it differs from the format's own.
        background: `#rrggbb`, put behind transparent pictures in formats without transparency.
        limits: What one file may cost.
        metadata: What variants keep of the file's metadata: artist and copyright ("copyright"), all of its EXIF data,
            the place where it was taken included ("all"), or nothing ("none").
        lossless: Whether a variant with the original's own pixels and format is packed without loss.
        animation: Whether variants of an animation move.
        accept: Names of rows in `formats.INPUTS`: the formats that are read.
        damaged: Whether what is there of a file that is cut short is published, with a note, or the file is refused.
        colors: The color space of the variants: sRGB ("srgb"), or Display P3 ("p3") where sRGB lacks colors of it.
        hdr: Whether JPEG variants keep the gain map of their original ("keep"), or are of standard range alone ("sdr").
        tone_mapping: How pictures of high dynamic range (PQ, HLG) are fitted to standard range (`tone_map`).
        auto: Whether each picture is written only in those of the formats that suit its kind (`kinds`).
        lazy: Pairs of size and format that are left out, for now. With `auto`, the largest size is made all the same:
            its files decide the formats.
        native: Whether the pixel library reads, resizes and writes where it can, or Pillow alone does, later: the same
            but for rounding.
        focus: The point to keep in all sizes that cover a box, as somebody has said for this picture; as in `Size`.
        facts: What is told of the file besides (`capture.OF_THE_FILE`).
        png_colors: How many colors PNG variants may have, where the difference is not seen (`palette`); None for any.
        moving: The formats, by name, that animations move in.
        effort: How much CPU still variants may take for fewer bytes: the knee ("normal"), or several times of that.
    """

    sizes: tuple[Size, ...]
    formats: tuple[str, ...]
    quality: Mapping[str, int] = field(default_factory=dict)
    background: str = "#ffffff"
    limits: Limits = field(default_factory=Limits)
    metadata: Metadata = "copyright"
    lossless: bool = False
    animation: bool = True
    accept: tuple[str, ...] = ACCEPTED
    damaged: Damaged = "publish"
    colors: Colors = "srgb"
    hdr: HighRangePolicy = "sdr"
    tone_mapping: ToneMapping = "st2094-50"
    auto: bool = False
    native: bool = True
    lazy: frozenset[tuple[str, str]] = frozenset()
    focus: tuple[float, float] | None = None
    facts: tuple[str, ...] = ()
    png_colors: int | None = None
    moving: tuple[str, ...] = MOVING_BY_DEFAULT
    effort: Effort = "normal"

    def leaves_out(self, names: Sequence[str], form: str) -> bool:
        """Whether the variant that serves these sizes is not made: it would have to be for any that is not lazy."""
        return bool(self.lazy) and all((name, form) in self.lazy for name in names)

    @property
    def decoding(self) -> DecodeOptions:
        """How the file is read for this."""
        return DecodeOptions(
            self.limits,
            self.metadata,
            self.accept,
            self.moves,
            self.needed,
            self.damaged,
            self.keeps_gain_maps,
            self.facts,
            self._factor,
            self.native,
            self._is_planar,
        )

    @property
    def _is_planar(self) -> bool:
        """Whether no variant of a photo needs more colors than a JPEG has, or other pixels than Pillow's in between."""
        halved = self.auto or all(output.halves_colors for output in self.outputs())
        return self.native and halved and not self.has_steps and self.colors == "srgb"

    def _factor(self, width: float, height: float) -> float:
        return max(size.factor(width, height) for size in self.sizes)

    @property
    def keeps_gain_maps(self) -> bool:
        """Whether a variant can have a gain map."""
        return self.hdr == "keep" and any(output.gain_map for output in self.outputs())

    @property
    def moves(self) -> bool:
        """Whether a variant can be animated."""
        return any(map(self.moves_in, self.outputs()))

    def moves_in(self, output: Output) -> bool:
        """Whether variants of an animation move in this format."""
        return self.animation and output.motion is not None and output.name in self.moving

    @property
    def has_steps(self) -> bool:
        """Whether any size has steps."""
        return any(size.steps for size in self.sizes)

    @property
    def is_shaped(self) -> bool:
        """Whether a step comes before any size, so that what is left of the picture is known late."""
        return any(size.shaping for size in self.sizes)

    def needed(self, original: Pixels) -> Pixels:
        """The pixels of the largest reduction; all of them, where a step comes before it."""
        return original if self.is_shaped else self.rungs(original)[0].whole

    def shaped(self, shaping: tuple[Step, ...]) -> Spec:
        """The same, but for sizes: those whose picture is the result of these steps."""
        return replace(self, sizes=tuple(size for size in self.sizes if size.shaping == shaping))

    def outputs(self) -> tuple[Output, ...]:
        """The rows of the formats."""
        return tuple(OUTPUTS[name] for name in self.formats)

    def tier_of(self, rung: Rung, *, screen: bool = False) -> Tier | None:
        """The rows that differ for its still variants, as there is time for them; None for the usual ones."""
        return next((one for one in SLOWER[self.effort, screen] if rung.pixels_so_far <= one.pixels), None)

    def row_of(self, output: Output, rung: Rung, *, screen: bool = False) -> Output:
        """The row with the settings for a still variant. screen: whether it shows one, which changes no quality."""
        tier = self.tier_of(rung, screen=screen)
        return tier.rows.get(output.name, output) if tier else output

    def packs(self, rung: Rung) -> bool:
        """Whether its still variants are packed without loss."""
        return self.effort == "high" and self.tier_of(rung) is not None

    def quality_of(self, output: Output, pixels: Pixels) -> int:
        """The quality to encode a variant of `pixels` as `output` with."""
        return next(quality for up_to, quality in self.qualities_of(output) if max(pixels) <= up_to)

    def qualities_of(self, output: Output) -> tuple[tuple[float, int], ...]:
        """The qualities of all sizes, as (longer side in pixels up to, quality), ascending."""
        return ((math.inf, self.quality[output.name]),) if output.name in self.quality else output.quality

    @property
    def has_auto_focus(self) -> bool:
        """Whether the subject of each picture is looked for."""
        return any(size.auto_focus for size in self.sizes)

    @property
    def finds_faces(self) -> bool:
        """Whether faces are looked for: nobody has said where the subject is."""
        return self.focus is None and any(size.auto_focus and size.faces for size in self.sizes)

    def around(self, point: tuple[float, float], *, by_hand: bool) -> Spec:
        """The same, cut around a point: the sizes that look for one or, where it was chosen by hand, all that cut."""
        return replace(
            self,
            sizes=tuple(
                replace(size, focus=point, auto_focus=size.auto_focus and not by_hand)
                if size.auto_focus or (by_hand and size.fit == "cover")
                else size
                for size in self.sizes
            ),
        )

    def with_subject(self, point: tuple[float, float] | None) -> Spec:
        """The same for a picture whose subject is known before: the sizes that look for one have it."""
        if point is None:
            return self
        sizes = (replace(size, focus=point, auto_focus=False) if size.auto_focus else size for size in self.sizes)
        return replace(self, sizes=tuple(sizes))

    def kept_in_focus(self, point: tuple[float, float] | None) -> Spec:
        """The same for a picture of which somebody has said where its subject is."""
        return self if point is None else replace(self, focus=point)

    def at_quality(self, output: Output, quality: int) -> Spec:
        """The same, but for the quality of one format."""
        return replace(self, quality={**self.quality, output.name: quality})

    def rungs(self, picture: Pixels) -> tuple[Rung, ...]:
        """Plan the reductions of `picture` (as seen upright), largest first."""
        longest = min(output.max_side for output in self.outputs())
        names: dict[tuple[Pixels, Cut, tuple[Step, ...], int | None], list[str]] = {}
        for size in self.sizes:
            # What covers a box is cut to it, so only whole pictures can be too long for a format.
            scale = size.scale(picture)
            whole = picture.times(scale if size.fit == "cover" else min(scale, longest / max(picture)))
            names.setdefault((whole, size.cut(whole), size.steps, size.max_bytes), []).append(size.name)
        largest_first = sorted(names.items(), key=lambda item: (*item[0][:2], item[1]), reverse=True)
        return _added_up([Rung(tuple(served), *reduction) for reduction, served in largest_first])
