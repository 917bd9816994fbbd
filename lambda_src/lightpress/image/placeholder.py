"""What a page shows until a picture has arrived: one color, or a blurred likeness of some 25 or 200 bytes."""

from __future__ import annotations

import base64
import io
import math
from operator import mul
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.codecs import load_codecs

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLORS = 6
_LQIP_SIDE, _LQIP_QUALITY = 20, 40
_OPAQUE = 255
_SIDE = 48
"""ThumbHash keeps 7 waves a side at most, so more pixels change nothing that can be seen."""


def reduced(image: Image.Image, profile: bytes = b"") -> Image.Image:
    """The picture, RGBA, small and in sRGB: both placeholders are made of it.

    profile: of Display P3 where the picture is in that; empty for sRGB.
    """
    small = image.reduce(max(1, min(image.size) // (2 * _SIDE)))
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return _as_srgb(small.convert("RGBA"), profile) if profile else small.convert("RGBA")


def _as_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    from lightpress.image.wide_gamut import through  # noqa: PLC0415  few pictures need it

    shown = through(image.convert("RGB"), profile)
    shown.putalpha(image.getchannel("A"))
    return shown


def dominant_color(small: Image.Image, background: str) -> str:
    """The color (`#rrggbb`) that most of the picture has, see-through parts as they look on `background`."""
    flat = Image.new("RGBA", small.size, background)
    flat.alpha_composite(small)
    counted = flat.convert("RGB").quantize(_COLORS)
    _, most = max((count, -index) for count, index in counted.getcolors() or [(0, 0)])  # type: ignore[operator]
    start = -int(most) * 3
    red, green, blue = (counted.getpalette() or [0, 0, 0])[start : start + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def thumbhash(small: Image.Image) -> str:
    """The ThumbHash (evanw.github.io/thumbhash) of a picture of at most 100 pixels a side, in base64."""
    width, height = small.size
    red, green, blue, alpha = ([value / 255 for value in small.getchannel(name).tobytes()] for name in "RGBA")
    opacity = sum(alpha)
    seen = opacity or 1.0
    mean_red, mean_green, mean_blue = (sum(map(mul, channel, alpha)) / seen for channel in (red, green, blue))
    has_alpha = opacity < width * height
    if has_alpha:  # see-through pixels take the mean color, so that no edge of theirs shows
        red, green, blue = (
            [mean * (1 - a) + a * value for value, a in zip(channel, alpha, strict=True)]
            for channel, mean in ((red, mean_red), (green, mean_green), (blue, mean_blue))
        )
    light = [(r + g + b) / 3 for r, g, b in zip(red, green, blue, strict=True)]
    yellow = [(r + g) / 2 - b for r, g, b in zip(red, green, blue, strict=True)]
    reddish = [r - g for r, g in zip(red, green, strict=True)]

    limit, longest = (5 if has_alpha else 7), max(width, height)
    waves_x, waves_y = max(1, _round(limit * width / longest)), max(1, _round(limit * height / longest))
    l_dc, l_ac, l_scale = _waves(light, width, max(3, waves_x), max(3, waves_y))
    p_dc, p_ac, p_scale = _waves(yellow, width, 3, 3)
    q_dc, q_ac, q_scale = _waves(reddish, width, 3, 3)
    landscape = width > height
    head = (
        _round(63 * l_dc)
        | _round(31.5 + 31.5 * p_dc) << 6
        | _round(31.5 + 31.5 * q_dc) << 12
        | _round(31 * l_scale) << 18
        | has_alpha << 23
    )
    more = (waves_y if landscape else waves_x) | _round(63 * p_scale) << 3 | _round(63 * q_scale) << 9 | landscape << 15
    data = head.to_bytes(3, "little") + more.to_bytes(2, "little")
    levels = [*l_ac, *p_ac, *q_ac]
    if has_alpha:
        a_dc, a_ac, a_scale = _waves(alpha, width, 5, 5)
        data += bytes((_round(15 * a_dc) | _round(15 * a_scale) << 4,))
        levels += a_ac
    halves = [_round(15 * level) for level in levels] + [0] * (len(levels) % 2)
    data += bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))
    return base64.b64encode(data).decode()


def lqip(small: Image.Image) -> str:
    """A likeness of at most 20 pixels a side as a data URI: WebP, which every browser shows that shows AVIF.

    Where a ThumbHash needs a script to become a picture, this is one: some 200 characters, 400 at most.
    """
    tiny = small.copy()
    tiny.thumbnail((_LQIP_SIDE, _LQIP_SIDE), Image.Resampling.BOX)
    if tiny.getchannel("A").getextrema()[0] == _OPAQUE:
        tiny = tiny.convert("RGB")
    file = io.BytesIO()
    load_codecs(("webp",))  # else Pillow loads all that it has to find it
    tiny.save(file, "WEBP", quality=_LQIP_QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _waves(channel: Sequence[float], width: int, across: int, down: int) -> tuple[float, list[float], float]:
    """The mean of a channel, its slow waves (each 0 to 1), and by how much they swing.

    First along the rows, then down the columns: the same sums as over all pixels at once, a tenth of the work.
    """
    rows = [channel[start : start + width] for start in range(0, len(channel), width)]
    wave_x = [[math.cos(math.pi / width * x * (at + 0.5)) for at in range(width)] for x in range(across)]
    wave_y = [[math.cos(math.pi / len(rows) * y * (at + 0.5)) for at in range(len(rows))] for y in range(down)]
    along = [[sum(map(mul, row, wave)) for row in rows] for wave in wave_x]
    mean, swings = 0.0, []
    for y in range(down):
        x = 0
        while x * down < across * (down - y):
            value = sum(map(mul, along[x], wave_y[y])) / len(channel)
            if x or y:
                swings.append(value)
            else:
                mean = value
            x += 1
    scale = max(map(abs, swings))
    return mean, [0.5 + 0.5 / scale * value if scale else value for value in swings], scale


def _round(value: float) -> int:
    return math.floor(value + 0.5)
