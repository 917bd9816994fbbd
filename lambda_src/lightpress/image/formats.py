"""The picture formats: one row each. Everything else asks the row, never the name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Output:
    """A format that variants are written in.

    quality: used where the recipe names none. The defaults give the three formats the same SSIMULACRA2 score on
    photos (docs/decisions.md, "Encoder settings"). options: the encoder's other settings, in Pillow's words.
    max_side: the longest side, in pixels, that the format can hold and its decoders accept.
    motion: the further settings for an animation; None where the format is written as a still picture only.
    """

    name: str
    pillow: str
    media_type: str
    extension: str
    alpha: bool
    quality: int
    max_side: int
    options: Mapping[str, Any] = field(default_factory=dict)
    motion: Mapping[str, Any] | None = None


# Each frame is lossy or lossless, whichever suits it, and only the first is a key frame: flat colours come out at two
# fifths of lossy frames, and both at a fraction of the CPU of minimize_size (docs/decisions.md, "Animation").
_WEBP_MOTION = {"method": 2, "allow_mixed": True, "kmin": 0, "kmax": 0}

_OUTPUTS = (
    # Speed 9 of the AOM encoder: a seventh of speed 6's CPU for a fifth more bytes. One thread: Lambda bills one CPU.
    Output("avif", "AVIF", "image/avif", "avif", True, 52, 32_768, {"speed": 9, "max_threads": 1}),
    # Method 2 is the knee: method 4 costs 2.3 times the CPU for 2 % fewer bytes.
    Output("webp", "WEBP", "image/webp", "webp", True, 74, 16_383, {"method": 2}, motion=_WEBP_MOTION),
    Output("jpeg", "JPEG", "image/jpeg", "jpg", False, 80, 65_500, {"optimize": True, "progressive": True}),
    Output("png", "PNG", "image/png", "png", True, 100, 65_535, {"compress_level": 6}),
)

OUTPUTS: Mapping[str, Output] = {row.name: row for row in _OUTPUTS}
"""By name, in the order of preference when a viewer accepts several: smallest first."""


# Pillow's names of the decoders that may be tried. Every other parser Pillow has (about 40, some of them start other
# programs) stays shut. Phone panoramas and 3-D shots (MPO) open as JPEG; naming MPO here breaks Pillow's look-up.
ACCEPTED = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP")


@dataclass(frozen=True, slots=True)
class Refused:
    """A format that is recognised only to be refused with a reason of its own."""

    name: str
    magic: bytes
    at: int = 0


# Beginnings of files that people upload by mistake or by malice, so that they read "SVG" and not "damaged".
REFUSED = (
    Refused("PDF", b"%PDF-"),
    Refused("PostScript", b"%!PS"),
    Refused("Photoshop", b"8BPS"),
    Refused("HEIC", b"ftypheic", 4),
    Refused("HEIC", b"ftypheix", 4),
    Refused("HEIF", b"ftypmif1", 4),
    Refused("JPEG 2000", b"\x00\x00\x00\x0cjP  "),
    Refused("JPEG XL", b"\x00\x00\x00\x0cJXL "),
    Refused("JPEG XL", b"\xff\x0a"),
    Refused("MP4 video", b"ftypisom", 4),
    Refused("QuickTime video", b"ftypqt  ", 4),
)

# How the accepted formats begin: what starts so and still cannot be opened is damaged, not foreign.
MAGIC = (
    (b"\xff\xd8\xff", 0),
    (b"\x89PNG\r\n\x1a\n", 0),
    (b"GIF8", 0),
    (b"WEBP", 8),
    (b"ftypavi", 4),
    (b"II*\x00", 0),
    (b"MM\x00*", 0),
    (b"BM", 0),
)

MARKUP = (b"<svg", b"<?xml", b"<!doctype", b"<html", b"<!--")
