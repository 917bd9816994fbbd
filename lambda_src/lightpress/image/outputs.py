"""The formats that variants are written in: one row each. Everything else asks the row, never the name.

It imports nothing of the picture core, for functions that only deliver load it, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Output:
    """A format that variants are written in.

    Attributes:
        name: Its name in recipes, manifests and addresses.
        pillow: Pillow's name of its encoder.
        media_type: Content type of its files, and what a viewer that can show it names in its Accept header.
        extension: File name extension, without the dot.
        alpha: Whether it can hold transparency.
        quality: Used where the recipe names none, as (longer side in pixels up to, quality), ascending. The defaults
            give photos the same SSIMULACRA2 score in every lossy format and size (docs/performance.md, "Quality by
            width").
        max_side: The longest side, in pixels, that the format can hold and its decoders accept.
        label: Its name for people.
        universal: Whether every viewer can show it. Other formats are worth publishing where they are smaller, and are
            served to viewers that name their media type.
        options: The encoder's other settings, in Pillow's words.
        tables: Whose quantization tables to use, where it has any.
        lossy: Whether encoding at a quality below 100 loses something.
        motion: The further settings for an animation; None where the format is written as a still picture only.
        graphic: The settings that differ for pictures with few colors.
        lossless: All settings to encode pictures with few colors without loss, which is chosen where it is smaller.
        gain_map: Whether a gain map can be written along.
        profiles: Whether it can be written with an ICC profile.
        by_default: Whether it is written where a recipe names no formats.
        halves_colors: Whether photos are written with colors of half their size, as most JPEG files have them.
        in_boxes: Whether it is a file of boxes (`isobmff`): these tell how often an animation plays, and its frames are
            all see-through or none is.
    """

    name: str
    pillow: str
    media_type: str
    extension: str
    alpha: bool
    quality: tuple[tuple[float, int], ...]
    max_side: int
    label: str = field(kw_only=True)
    universal: bool = field(default=False, kw_only=True)
    options: Mapping[str, Any] = field(default_factory=dict)
    tables: str | None = None
    lossy: bool = True
    motion: Mapping[str, Any] | None = None
    graphic: Mapping[str, Any] = field(default_factory=dict)
    lossless: Mapping[str, Any] | None = None
    gain_map: bool = False
    profiles: bool = True
    by_default: bool = True
    halves_colors: bool = False
    in_boxes: bool = False


# Each frame is lossy or lossless, whichever suits it, and only the first is a key frame: flat colors come out at two
# fifths of lossy frames, and both at a fraction of the CPU of minimize_size (docs/decisions/0022).
_WEBP_MOTION = {"method": 2, "allow_mixed": True, "kmin": 0, "kmax": 0}

# Colors at half the sharpness are not seen in photos, but at the edges of a logo.
_SHARP_COLORS = {"subsampling": "4:4:4"}
_WEBP_LOSSLESS = {"lossless": True, "quality": 60, "method": 2}

# Of so few pixels each is seen, enlarged, and a file is hardly more than its header: the quality costs some bytes.
_ICON = 32

# Tuned for stills, it would take a third more bytes of what moves. Chromium 156 takes frames of full range for those of
# limited range, and shows them with too much contrast (docs/decisions/0130).
_AVIF_MOTION = {"speed": 9, "max_threads": 1, "range": "limited"}
_AOM = {"color:tune": "ssimulacra2", "color:disable-trellis-quant": "1"}


def _avif(speed: int, advanced: Mapping[str, str]) -> dict[str, Any]:
    """One thread: Lambda bills one CPU. One tile, unlike Pillow's default: 2 % fewer bytes from 1280 pixels on."""
    return {"speed": speed, "max_threads": 1, "autotiling": False, "advanced": advanced}


_OUTPUTS = (
    # Only where a recipe names it (docs/decisions/0119). Its encoder takes no profile, so it is sRGB. Effort 5 is the
    # first that takes fewer bytes than AVIF at the same score.
    Output(
        "jxl", "JXL", "image/jxl", "jxl", label="JPEG XL", by_default=False, profiles=False,
        alpha=True, quality=((_ICON, 95), (500, 78), (1_000, 64), (1_600, 57), (inf, 55)), max_side=65_535,
        options={"effort": 5, "num_threads": 0},
    ),
    # Speed 9 of the AOM encoder: a ninth of speed 6's CPU for a quarter more bytes. Tuned for what is seen, and without
    # its slow search for coefficients: a sixth less CPU at equal bytes and score.
    Output(
        "avif", "AVIF", "image/avif", "avif", label="AVIF",
        alpha=True, quality=((_ICON, 90), (500, 55), (1_000, 51), (1_600, 48), (inf, 46)), max_side=32_768,
        options=_avif(9, _AOM), graphic=_SHARP_COLORS,
        motion=_AVIF_MOTION, in_boxes=True, halves_colors=True,
    ),
    # Method 2 is the knee: method 4 costs 2.3 times the CPU for 2 % fewer bytes.
    Output(
        "webp", "WEBP", "image/webp", "webp", label="WebP",
        alpha=True, quality=((_ICON, 95), (500, 78), (inf, 75)), max_side=16_383,
        options={"method": 2}, lossless=_WEBP_LOSSLESS, motion=_WEBP_MOTION, halves_colors=True,
    ),
    # On jpegli's scale. At these qualities a progressive file is no smaller and costs 2.4 times the CPU.
    Output(
        "jpeg", "JPEG", "image/jpeg", "jpg", label="JPEG", universal=True,
        alpha=False, quality=((_ICON, 95), (500, 62), (1_000, 55), (1_600, 53), (inf, 51)), max_side=65_500,
        options={"optimize": True}, tables="jpegli", graphic=_SHARP_COLORS, gain_map=True,
        halves_colors=True,
    ),
    Output(
        "png", "PNG", "image/png", "png", label="PNG", universal=True,
        alpha=True, quality=((inf, 100),), max_side=65_535, lossy=False,
        options={"compress_level": 6},
    ),
)  # fmt: skip

OUTPUTS: Mapping[str, Output] = {row.name: row for row in _OUTPUTS}
"""By name, in the order of preference when a viewer accepts several: smallest first."""


class Tier(NamedTuple):
    """Rows that take more CPU than the usual ones.

    Attributes:
        pixels: Up to how many, over the sizes of a picture up to this one, the smallest first, there is time for them.
        rows: By name, those that differ.
    """

    pixels: int
    rows: Mapping[str, Output]


def _tier(pixels: int, **rows: Mapping[str, Any]) -> Tier:
    return Tier(pixels, {name: replace(OUTPUTS[name], **row) for name, row in rows.items()})


_SCREEN = {**_AOM, "color:tune-content": "screen"}
_HIGH_WEBP = {
    "options": {"method": 4},
    "quality": ((_ICON, 95), (500, 78), (inf, 76)),
    "lossless": {"lossless": True, "quality": 80, "method": 3},
}
_HIGH_AVIF = ((_ICON, 90), (500, 53), (1_000, 49), (1_600, 46), (inf, 45))

# A picture has 20 s of CPU (`pipeline.sandbox`). A million pixels in four formats take 1.4 s at most at high effort, if
# they are noise; those of a page full of small letters 0.7 s, and 1.5 s at high effort.
_ALL_TIME, _SOME_TIME = 10_000_000, 6_000_000

SLOWER: Mapping[tuple[str, bool], tuple[Tier, ...]] = {
    ("normal", False): (),
    # Speed 9 knows nothing of what text is made of: two fifths fewer bytes, and ten points more (docs/decisions/0162).
    ("normal", True): (_tier(_ALL_TIME, avif={"options": _avif(8, _SCREEN) | _SHARP_COLORS}),),
    # Speed 6 is the knee: speed 7 takes three quarters of its CPU and has a sixth more bytes, speed 5 takes five times
    # its CPU for a seventh fewer (docs/decisions/0161). The qualities give photos the same score as the usual ones.
    ("high", False): (_tier(_ALL_TIME, avif={"options": _avif(6, _AOM), "quality": _HIGH_AVIF}, webp=_HIGH_WEBP),),
    ("high", True): tuple(
        _tier(pixels, avif={"options": _avif(speed, _SCREEN) | _SHARP_COLORS, "quality": _HIGH_AVIF}, webp=_HIGH_WEBP)
        for pixels, speed in ((_SOME_TIME, 7), (_ALL_TIME, 8))
    ),
}
"""By effort, and by whether the picture shows a screen, text or a drawing (`screen`): what differs where there is time,
the tier of the fewest pixels first. At high effort, JPEG and PNG are packed without loss besides (`writers`)."""

WRITTEN = tuple(row.name for row in _OUTPUTS if row.by_default)
"""The names of those that are written where a recipe does not say."""

FALLBACKS = tuple(row.name for row in _OUTPUTS if row.universal)
"""The names of those that every viewer can show."""

MOVING = tuple(row.name for row in _OUTPUTS if row.motion is not None)
"""The names of those that animations can move in."""

MOVING_BY_DEFAULT = ("webp",)
"""The names of those that they move in where a recipe does not say."""

WHOLE, CUT = "whole", "cut"
"""How the look of a variant begins, where there are steps: whether it shows the whole picture, or a part of it."""
