"""CIEDE2000, the visible difference of two colors.

Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test Data, and
Mathematical Observations" (2005), whose variable names are used here.
"""

from __future__ import annotations

from functools import cache
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Lab = tuple[float, float, float]

_WHITE = (0.95047, 1.0, 1.08883)
_LINEAR_BELOW = 0.04045
_EPSILON = 216 / 24389
_KAPPA = 24389 / 27
_TWENTY_FIVE_TO_THE_SEVENTH = 25.0**7
_FULL, _HALF = 360.0, 180.0


def delta_e(first: Lab, second: Lab) -> float:
    """The CIEDE2000 difference; about 1 is just noticeable side by side."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    g = 0.5 * (1 - _chroma_weight((hypot(a1, b1) + hypot(a2, b2)) / 2))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = hypot(a1, b1), hypot(a2, b2)
    h1, h2 = degrees(atan2(b1, a1)) % _FULL, degrees(atan2(b2, a2)) % _FULL

    turn = h2 - h1 if c1 * c2 else 0.0
    if abs(turn) > _HALF:
        turn -= _FULL if turn > 0 else -_FULL
    dl, dc, dh = l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn / 2))

    l, c, h = (l1 + l2) / 2, (c1 + c2) / 2, _mean_hue(h1, h2) if c1 * c2 else h1 + h2  # noqa: E741
    t = (
        1
        - 0.17 * cos(radians(h - 30))
        + 0.24 * cos(radians(2 * h))
        + 0.32 * cos(radians(3 * h + 6))
        - 0.20 * cos(radians(4 * h - 63))
    )
    sl = 1 + 0.015 * (l - 50) ** 2 / sqrt(20 + (l - 50) ** 2)
    sc = 1 + 0.045 * c
    sh = 1 + 0.015 * c * t
    rt = -sin(radians(60 * exp(-(((h - 275) / 25) ** 2)))) * 2 * _chroma_weight(c)
    return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * (dc / sc) * (dh / sh))


def _chroma_weight(c: float) -> float:
    return sqrt(c**7 / (c**7 + _TWENTY_FIVE_TO_THE_SEVENTH))


def _mean_hue(h1: float, h2: float) -> float:
    if abs(h1 - h2) <= _HALF:
        return (h1 + h2) / 2
    return (h1 + h2 + (_FULL if h1 + h2 < _FULL else -_FULL)) / 2


@cache
def _linear(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= _LINEAR_BELOW else float(((value + 0.055) / 1.055) ** 2.4)


def _f(t: float) -> float:
    return float(t ** (1 / 3)) if t > _EPSILON else (_KAPPA * t + 16) / 116


def lab(red: int, green: int, blue: int) -> Lab:
    """An sRGB color, eight bits per channel, in CIELAB under D65."""
    r, g, b = _linear(red), _linear(green), _linear(blue)
    x = _f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / _WHITE[0])
    y = _f((0.2126729 * r + 0.7151522 * g + 0.0721750 * b) / _WHITE[1])
    z = _f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / _WHITE[2])
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def mean_delta_e(first: Sequence[int], second: Sequence[int]) -> float:
    """The mean difference of two images, given as bytes: red, green, blue, red..."""
    total = 0.0
    for at in range(0, len(first), 3):
        one, other = first[at : at + 3], second[at : at + 3]
        if one != other:
            total += delta_e(lab(*one), lab(*other))
    return total / max(1, len(first) // 3)
