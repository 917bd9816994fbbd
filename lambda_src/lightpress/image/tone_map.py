"""High dynamic range (ITU-R BT.2100, PQ and HLG) made to fit a screen of standard range.

The usual tone mapping is the Reference White Tone Mapping Operator of SMPTE ST 2094-50, annex C, for a screen without
headroom: what Chromium applies. Up to reference white (203 cd/m2, ITU-R BT.2408) it is linear; above, a curve rolls off
to the peak of the content. The other is the EETF of Report ITU-R BT.2390 (10, section 5.4.1), for a screen whose peak
is reference white: linear up to a knee below it, so that midtones stay as bright as they were made. All channels are
multiplied by the same gain, that of the largest one, so hues stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageMath

from lightpress.image.cicp import BT_2020, PQ, USUAL_PEAK, Curve, HighRange, between, profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.image.spec import ToneMapping

_REFERENCE_WHITE = 203.0  # cd/m2 of a white sheet, which standard range shows as white
_MOST_HEADROOM = math.log2(USUAL_PEAK / _REFERENCE_WHITE)
_ROUNDNESS = 0.65  # how far the curve's control point lies on its tangent
_LUMINANCE = (0.2627, 0.6780, 0.0593)  # of BT.2020
_HLG_GAMMA = 1.2  # of a display of 1000 cd/m2, ITU-R BT.2100
_SHOWN_GAMMA = 2.4
_ROWS_AT_ONCE = 128
_M1, _M2, _C1, _C2, _C3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128  # of PQ, ITU-R BT.2100
_LEAST_LIGHT = 1e-4  # of reference white: less is black on every screen, and a gain of it would be nothing by nothing

Names = dict[str, Any]  # ImageMath's functions and operands, which have no type
Gain = Callable[[Any, float, Names], Any]
"""Of colors, by their largest channel, the peak of the content in cd/m2, and ImageMath's functions."""


def profile_of_tone_mapped() -> bytes:
    """The ICC profile of what `tone_mapped` returns: BT.2020 with a gamma of 2.4."""
    return profile(BT_2020, Curve(_SHOWN_GAMMA))


def tone_mapped(image: Image.Image, source: HighRange, curve: ToneMapping = "st2094-50") -> Image.Image:
    """The image (8 bits a channel) in standard range, RGB or RGBA, in the color space of `profile_of_tone_mapped`.

    Some rows at a time: the way leads through 32-bit numbers, several of each pixel.
    """
    shown = Image.new("RGB", image.size)
    table = _light_table(source.transfer)
    for top in range(0, image.height, _ROWS_AT_ONCE):
        rows = image.crop((0, top, image.width, min(top + _ROWS_AT_ONCE, image.height))).convert("RGB")
        light = [channel.point(table, "F") for channel in rows.split()]
        shown.paste(Image.merge("RGB", _mapped(light, source, curve)), (0, top))
    if "A" in image.getbands():
        shown.putalpha(image.getchannel("A"))
    return shown


def _mapped(light: list[Image.Image], source: HighRange, curve: ToneMapping) -> list[Image.Image]:
    if source.primaries != BT_2020:
        light = [_evaluated(partial(_mixed, row), light) for row in between(source.primaries, BT_2020)]
    factor = _evaluated(partial(_factor, source, _GAINS[curve]), light)
    return [_evaluated(_encoded, [channel, factor]) for channel in light]


def _evaluated(formula: Callable[[Names, list[Any]], Any], images: list[Image.Image]) -> Image.Image:
    """The formula over every pixel; it gets ImageMath's functions by name, and the images."""
    keys = [f"image_{number}" for number in range(len(images))]
    named: dict[str, Any] = dict(zip(keys, images, strict=True))
    made = ImageMath.lambda_eval(lambda names: formula(names, [names[key] for key in keys]), **named)
    assert isinstance(made, Image.Image)  # noqa: S101  for mypy: a number where there was no image
    return made


def _mixed(row: Sequence[float], _: Names, light: list[Any]) -> Any:  # noqa: ANN401  of ImageMath
    return light[0] * row[0] + light[1] * row[1] + light[2] * row[2]


def _encoded(names: Names, images: list[Any]) -> Any:  # noqa: ANN401  of ImageMath
    shown = names["max"](images[0] * images[1], 0.0) ** (1 / _SHOWN_GAMMA)
    return names["convert"](shown * 255.0 + 0.5, "L")


def _factor(source: HighRange, gain: Gain, names: Names, light: list[Any]) -> Any:  # noqa: ANN401  of ImageMath
    """By how much to multiply all channels of each pixel."""
    largest = names["max"](names["max"](light[0], light[1]), light[2])
    if source.transfer == PQ:
        return gain(largest, source.peak, names)
    luminance = names["max"](_mixed(_LUMINANCE, names, light), 0.0)
    system = luminance ** (_HLG_GAMMA - 1) * (USUAL_PEAK / _REFERENCE_WHITE)
    return system * gain(largest * system, source.peak, names)


def _bezier_gain(x: Any, peak: float, names: Names) -> Any:  # noqa: ANN401  of ImageMath
    """The gain of ST 2094-50 for a color whose largest channel is `x`, 1 being reference white."""
    brightest = peak / _REFERENCE_WHITE
    if brightest <= 1:
        return x * 0.0 + 1.0
    white = 1 - 0.5 * min(math.log2(brightest) / _MOST_HEADROOM, 1.0)
    across = 1 - _ROUNDNESS + _ROUNDNESS / white
    up = across * white  # the control point lies on the straight line through white
    # A quadratic Bezier curve from (1, white) to (brightest, 1): solve for where its first coordinate is x.
    above = names["min"](names["max"](x, 1.0), brightest) - 1.0
    a, b = 1 - 2 * across + brightest, 2 * (across - 1)
    t = above * 2.0 / ((above * (4 * a) + b * b) ** 0.5 + b)
    rest = t * -1.0 + 1.0
    y = rest * rest * white + t * rest * (2 * up) + t * t
    return y / names["max"](x, 1.0)


def _spline_gain(x: Any, peak: float, names: Names) -> Any:  # noqa: ANN401  of ImageMath
    """The gain of BT.2390 for a color whose largest channel is `x`, 1 being reference white and the screen's peak."""
    brightest = peak / _REFERENCE_WHITE
    if brightest <= 1:
        return x * 0.0 + 1.0
    top = _pq_signal(brightest)
    white = _pq_signal(1.0) / top
    knee = 1.5 * white - 0.5
    lit = names["min"](names["max"](x, _LEAST_LIGHT), brightest)
    power = (lit * (_REFERENCE_WHITE / 10_000)) ** _M1
    signal = ((power * _C2 + _C1) / (power * _C3 + 1.0)) ** _M2 * (1 / top)
    # A Hermite spline from the knee, with the slope of what lies below, to the peak, where it is flat.
    t = names["max"](signal - knee, 0.0) * (1 / (1 - knee))
    t2, t3 = t * t, t * t * t
    spline = (t3 * 2.0 - t2 * 3.0 + 1.0) * knee + (t3 - t2 * 2.0 + t) * (1 - knee) + (t2 * 3.0 - t3 * 2.0) * white
    mapped = (spline + names["min"](signal - knee, 0.0)) * top
    power = mapped ** (1 / _M2)
    light = (names["max"](power - _C1, 0.0) / (power * -_C3 + _C2)) ** (1 / _M1) * (10_000 / _REFERENCE_WHITE)
    return light / names["max"](x, _LEAST_LIGHT)


_GAINS: dict[ToneMapping, Gain] = {"st2094-50": _bezier_gain, "bt2390": _spline_gain}


def _pq_signal(light: float) -> float:
    """The inverse of `_pq_light`."""
    power = (light * _REFERENCE_WHITE / 10_000) ** _M1
    signal: float = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return signal


def _light_table(transfer: int) -> list[float]:
    decode = _pq_light if transfer == PQ else _hlg_light
    return [decode(level / 255) for level in range(256)]


def _pq_light(value: float) -> float:
    """Light, 1 being reference white (ITU-R BT.2100, table 4)."""
    power: float = value ** (1 / _M2)
    nits: float = 10_000 * (max(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return nits / _REFERENCE_WHITE


def _hlg_light(value: float) -> float:
    """Light of the scene, 0 to 1 (ITU-R BT.2100, table 5)."""
    if value <= 1 / 2:
        return value * value / 3
    return (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
