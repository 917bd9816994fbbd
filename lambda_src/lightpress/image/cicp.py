"""Color spaces declared by numbers instead of a profile: code points (ITU-T H.273), or a PNG's cHRM and gAMA.

They become an ICC profile, so that one path leads to sRGB. Where standards leave a choice, Chromium decides:
its choices were measured, and tests compare with it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Matrix = tuple[tuple[float, float, float], ...]
Chromaticity = tuple[float, float]


class Curve(NamedTuple):
    """A transfer function, from encoded values to light, both 0 to 1.

    Attributes:
        gamma: The exponent in (a x + b) ^ gamma, from `threshold` on.
        a: The factor in it.
        b: The offset in it.
        slope: The factor of x below `threshold`.
        threshold: The encoded value at which the power begins; 0 where there is no linear part.
    """

    gamma: float
    a: float = 1.0
    b: float = 0.0
    slope: float = 0.0
    threshold: float = 0.0


@dataclass(frozen=True, slots=True)
class Primaries:
    """The chromaticities (x, y of CIE 1931) of a color space.

    Attributes:
        red: Of the first channel.
        green: Of the second channel.
        blue: Of the third channel.
        white: Of equal amounts of all three.
    """

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity

    def is_close(self, other: Primaries) -> bool:
        """Whether nobody would see the difference."""
        pairs = zip(_flat(self), _flat(other), strict=True)
        return all(abs(one - another) < _SAME_CHROMATICITY for one, another in pairs)

    def is_possible(self) -> bool:
        """Whether these are colors, and white is a mixture of the other three."""
        values = _flat(self)
        corners = (self.red, self.green, self.blue, self.red)
        sides = [_cross(one, two, self.white) for one, two in pairwise(corners)]
        inside = all(side > _SMALLEST_AREA for side in sides) or all(side < -_SMALLEST_AREA for side in sides)
        return inside and all(0 <= value <= 1 for value in values) and all(y > 0 for y in values[1::2])


_SAME_CHROMATICITY = 0.002
_SMALLEST_AREA = 1e-3

_D65, _C, _DCI, _E = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351), (1 / 3, 1 / 3)
_D50_XYZ = (0.9642, 1.0, 0.8249)  # ICC.1:2022, 6.3.1: of the connection space

SRGB = Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65)
BT_2020 = Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65)
DISPLAY_P3 = Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65)
_BT_601_525 = Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)

# ITU-T H.273, table 2.
PRIMARIES: Mapping[int, Primaries] = {
    1: SRGB,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _BT_601_525,
    7: _BT_601_525,
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: BT_2020,
    10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), _E),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _DCI),
    12: DISPLAY_P3,
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}

SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_LINEAR = Curve(1.0)
TELEVISION = (1, 6, 11, 14, 15)
"""The transfer characteristics of cameras for standard range."""

# ITU-T H.273, table 3, without PQ and HLG.
CURVES: dict[int, Curve] = {
    **dict.fromkeys(TELEVISION, Curve(2.4)),  # as displays show it: ITU-R BT.1886
    4: Curve(2.2),
    5: Curve(2.8),
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: _LINEAR,
    13: SRGB_CURVE,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),
}

PQ, HLG = 16, 18
"""The transfer characteristics of high dynamic range (ITU-R BT.2100)."""
USUAL_PEAK = 1000.0
"""cd/m2 of the brightest that is expected where a file does not say, and of the display that HLG is made for."""


@dataclass(frozen=True, slots=True)
class HighRange:
    """How a picture of high dynamic range is encoded.

    Attributes:
        primaries: Of its channels.
        transfer: `PQ` or `HLG`, code points of ITU-T H.273.
        peak: cd/m2 of its brightest, where the file says so.
    """

    primaries: Primaries
    transfer: int
    peak: float = USUAL_PEAK


def to_xyz(primaries: Primaries) -> Matrix:
    """The matrix from linear RGB to XYZ under D50 (adapted by Bradford's method, as in ICC profiles)."""
    columns = [_xyz(primaries.red), _xyz(primaries.green), _xyz(primaries.blue)]
    unscaled = tuple(zip(*columns, strict=True))
    white = _xyz(primaries.white)
    amounts = apply(inverse(unscaled), white)
    scaled = tuple(tuple(cell * by for cell, by in zip(row, amounts, strict=True)) for row in unscaled)
    return product(_adaptation(white), scaled)


def between(source: Primaries, target: Primaries) -> Matrix:
    """The matrix from linear RGB of one color space to that of another."""
    return product(inverse(to_xyz(target)), to_xyz(source))


def profile(primaries: Primaries, curve: Curve) -> bytes:
    """An ICC profile (version 4.3) of the color space."""
    return _profile_of("RGB", _tags(primaries, curve))


def published_profile(name: str, primaries: Primaries, curve: Curve) -> bytes:
    """The same with what only a profile needs that leaves this program: a name, and how its white was adapted."""
    adaptation = b"sf32\0\0\0\0" + _fixed([cell for row in _adaptation(_xyz(primaries.white)) for cell in row])
    return _profile_of(name, {b"chad": adaptation, **_tags(primaries, curve)})


def _tags(primaries: Primaries, curve: Curve) -> dict[bytes, bytes]:
    columns = zip(*to_xyz(primaries), strict=True)
    tags = {name: _xyz_tag(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    shape = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(curve)
    return tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), shape)


def apply(matrix: Matrix, vector: Sequence[float]) -> tuple[float, float, float]:
    """The matrix times a column of three."""
    x, y, z = vector
    first, second, third = (a * x + b * y + c * z for a, b, c in matrix)
    return first, second, third


def product(left: Matrix, right: Matrix) -> Matrix:
    """One matrix that does what `right` and then `left` do."""
    columns = (apply(left, column) for column in zip(*right, strict=True))
    return tuple(zip(*columns, strict=True))


def inverse(matrix: Matrix) -> Matrix:
    """The matrix that takes back what this one does."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return tuple((x / determinant, y / determinant, z / determinant) for x, y, z in cofactors)


def _flat(primaries: Primaries) -> tuple[float, ...]:
    return (*primaries.red, *primaries.green, *primaries.blue, *primaries.white)


def _cross(one: Chromaticity, two: Chromaticity, three: Chromaticity) -> float:
    return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])


def _xyz(color: Chromaticity) -> tuple[float, float, float]:
    x, y = color
    scale = y or 1.0  # the blue of XYZ itself has no luminance
    return x / scale, y / scale, (1 - x - y) / scale


_BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def _adaptation(white: Sequence[float]) -> Matrix:
    there, here = apply(_BRADFORD, white), apply(_BRADFORD, _D50_XYZ)
    ratios = [b / a for a, b in zip(there, here, strict=True)]
    cones: Matrix = ((ratios[0], 0.0, 0.0), (0.0, ratios[1], 0.0), (0.0, 0.0, ratios[2]))
    return product(inverse(_BRADFORD), product(cones, _BRADFORD))


def _fixed(numbers: Sequence[float]) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def _xyz_tag(numbers: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(numbers)


def _text_tag(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _profile_of(name: str, tags: Mapping[bytes, bytes]) -> bytes:
    """The profile; tags that say the same share their bytes (ICC.1:2022, 7.3.1)."""
    tags = {b"desc": _text_tag(name), b"cprt": _text_tag("CC0"), b"wtpt": _xyz_tag(_D50_XYZ), **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for signature, data in tags.items():
        at = places.setdefault(data, start + len(body))
        table += struct.pack(">4sII", signature, at, len(data))
        body += data + bytes(-len(data) % 4) if at == start + len(body) else b""
    header = struct.pack(">I4xI4s4s4s", start + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(_D50_XYZ)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
