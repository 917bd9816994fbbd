"""The color space that a file declares, where it does so otherwise than by a profile alone.

The order of precedence is that of the formats' standards, as Chromium follows it:

    PNG          cICP, iCCP, sRGB, gAMA with cHRM                  (PNG, third edition, 4.3)
    AVIF, HEIC   the ICC profile, else the code points (nclx)      (ISO/IEC 23000-22, 7.3.6.4)
    any          in an ICC profile: its cicp tag                   (ICC.1:2022, 9.2.17)

Code points that are unknown, unspecified or malformed declare nothing.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.image.isobmff import properties
from lightpress.image.png import chunks_before_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.image.cicp import HighRange, Primaries

_SRGB_GAMMA = 1 / 2.2
_NO_DIFFERENCE = 0.05  # of its quotient with sRGB's, as in libpng's PNG_GAMMA_THRESHOLD
_BELIEVABLE_GAMMA = (0.1, 10.0)
_RGB_OF_FULL_RANGE = b"\0\1"  # what is the only way for a PNG, and the end of its chunk
_OF_COLOR = {b"cICP", b"cHRM", b"cLLI", b"mDCV"}
_MOST_TAGS = 100
_SRGB_POINTS = (1, 13)
_TEN_THOUSANDTHS = 10_000  # of a cd/m2: the unit of light levels in PNG and in mastering displays


@dataclass(frozen=True, slots=True)
class DeclaredColor:
    """What is to be done to a picture's colors.

    Attributes:
        profile: The ICC profile to convert from; None for sRGB.
        fallback: The profile to convert from where `profile` is unusable.
        high_range: How it is encoded, where it is of high dynamic range: then no profile counts.
    """

    profile: bytes | None = None
    fallback: bytes | None = None
    high_range: HighRange | None = None


UNDECLARED = DeclaredColor()
"""What says nothing is in sRGB."""


def declared_color(form: str | None, info: Mapping[Any, Any], data: bytes) -> DeclaredColor:
    """The color space of the file `data`, of which Pillow says that it is a `form`, with `info`."""
    embedded = info.get("icc_profile") or None
    if form == "PNG":
        return _of_png(embedded, info, data)
    if embedded:
        return _of_profile(embedded)
    return _of_items(data) if form in {"AVIF", "HEIF"} else UNDECLARED


def _of_png(embedded: bytes | None, info: Mapping[Any, Any], data: bytes) -> DeclaredColor:
    chunks = chunks_before_pixels(data, _OF_COLOR)
    points = chunks.get(b"cICP", b"")
    if points[2:] == _RGB_OF_FULL_RANGE:
        found = _of_points(points[0], points[1], _peak_in_png(chunks), television_as_srgb=False)
        if found is not None:
            return found
    other = None if "srgb" in info else _of_gamma(info.get("gamma"), chunks.get(b"cHRM"))
    if embedded is None:
        return DeclaredColor(other)
    found = _of_profile(embedded)
    return DeclaredColor(found.profile, other, found.high_range)


def _of_profile(embedded: bytes) -> DeclaredColor:
    points = _cicp_tag(embedded)
    found = _of_points(*points) if points else None
    return found or DeclaredColor(embedded)


def _of_items(data: bytes) -> DeclaredColor:
    found = properties(data)
    points = next((body for kind, body in found if kind == b"colr" and body.startswith(b"nclx")), b"")
    if len(points) < 10:  # noqa: PLR2004  up to the code point of the matrix
        return UNDECLARED
    primaries, transfer = struct.unpack_from(">HH", points, 4)
    return _of_points(primaries, transfer, _peak_in_items(dict(found)), instead=_SRGB_POINTS) or UNDECLARED


def _of_points(
    primaries: int,
    transfer: int,
    peak: float | None = None,
    *,
    television_as_srgb: bool = True,
    instead: tuple[int, int] | None = None,
) -> DeclaredColor | None:
    """What the code points declare; None where they are unknown and there is nothing to take `instead` of one.

    television_as_srgb: In AVIF files and profiles, Chromium takes television's curves as sRGB's; in a PNG it does not.
    """
    from lightpress.image import cicp  # noqa: PLC0415  few files declare any

    curves = cicp.CURVES | dict.fromkeys(cicp.TELEVISION, cicp.SRGB_CURVE) if television_as_srgb else cicp.CURVES
    if instead is not None:
        primaries = primaries if primaries in cicp.PRIMARIES else instead[0]
        transfer = transfer if transfer in {*curves, cicp.PQ, cicp.HLG} else instead[1]
    found = cicp.PRIMARIES.get(primaries)
    if found is not None and transfer in {cicp.PQ, cicp.HLG}:
        return DeclaredColor(high_range=cicp.HighRange(found, transfer, peak or cicp.USUAL_PEAK))
    curve = curves.get(transfer)
    if found is None or curve is None:
        return None
    is_srgb = found.is_close(cicp.SRGB) and curve == cicp.SRGB_CURVE
    return UNDECLARED if is_srgb else DeclaredColor(cicp.profile(found, curve))


def _of_gamma(gamma: float | None, chromaticities: bytes | None) -> bytes | None:
    """The profile that cHRM and gAMA describe. Without gAMA, cHRM says nothing; without sense, neither does."""
    if not gamma or not _BELIEVABLE_GAMMA[0] <= gamma <= _BELIEVABLE_GAMMA[1]:
        return None
    off = abs(gamma / _SRGB_GAMMA - 1)
    if chromaticities is None and off < _NO_DIFFERENCE:
        return None
    from lightpress.image import cicp  # noqa: PLC0415  as above

    primaries = cicp.SRGB if chromaticities is None else _primaries(chromaticities)
    if primaries is None:
        return None
    # What the standard has writers put beside sRGB for old readers (11.3.2.5), nothing else: sRGB is meant.
    if primaries.is_close(cicp.SRGB) and off < _NO_DIFFERENCE:
        return None
    return cicp.profile(primaries, cicp.Curve(1 / gamma))


def _primaries(chunk: bytes) -> Primaries | None:
    if len(chunk) != 32:  # noqa: PLR2004  eight numbers
        return None
    from lightpress.image.cicp import Primaries  # noqa: PLC0415  as above

    white_x, white_y, *rest = (number / 100_000 for number in struct.unpack(">8I", chunk))
    red, green, blue = zip(rest[::2], rest[1::2], strict=True)
    found = Primaries(red, green, blue, (white_x, white_y))
    return found if found.is_possible() else None


def _peak_in_png(chunks: Mapping[bytes, bytes]) -> float | None:
    """The brightest of the content, else of the display that it was made on (PNG, third edition, 11.3.2.7 and 8)."""
    level, display = chunks.get(b"cLLI", b""), chunks.get(b"mDCV", b"")
    content = struct.unpack_from(">I", level)[0] / _TEN_THOUSANDTHS if len(level) >= 8 else 0.0  # noqa: PLR2004
    return content or _of_display(display) or None


def _peak_in_items(found: Mapping[bytes, bytes]) -> float | None:
    """The same (ISO/IEC 23008-12, 6.5.40 and ISO/IEC 14496-12, 12.1.6)."""
    level, display = found.get(b"clli", b""), found.get(b"mdcv", b"")
    content = float(struct.unpack_from(">H", level)[0]) if len(level) >= 4 else 0.0  # noqa: PLR2004
    return content or _of_display(display) or None


def _of_display(body: bytes) -> float:
    at = 16  # behind four chromaticities
    return struct.unpack_from(">I", body, at)[0] / _TEN_THOUSANDTHS if len(body) >= at + 8 else 0.0


def _cicp_tag(embedded: bytes) -> tuple[int, int] | None:
    """The code points (primaries, transfer) in a profile, which count for more than the rest of it."""
    try:
        count = min(struct.unpack_from(">I", embedded, 128)[0], _MOST_TAGS)
        entries = [struct.unpack_from(">4sI", embedded, 132 + 12 * number) for number in range(count)]
        at = next(at for name, at in entries if name == b"cicp")
        primaries, transfer = struct.unpack_from(">BB", embedded, at + 8)
    except (struct.error, StopIteration):
        return None
    return primaries, transfer
