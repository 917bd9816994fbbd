"""Where the subject of a picture is, so that a crop keeps it: one point, found on a copy of some 700 pixels.

What touches the edge of a picture is mostly background. So each pixel's way to the edge is measured by the range of
levels along the best path there: the minimum barrier distance (Zhang et al., "Minimum Barrier Salient Object Detection
at 80 FPS", 2015). Textures are crossed cheaply, and what is enclosed by an outline is not. What is far in color from
all of the edge, skin, and detail count, too, and the middle a little more than the rest.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    Map = list[float]

FOCUS_REVISION = 1
"""Raised by hand when other points are found: recipes that look for them are then stale."""

_LONGEST = 32
_EVEN = 12.0  # levels of 255: less than this nobody would call a subject
_CHANNELS = (  # lightness, red against green, blue against yellow
    (0.299, 0.587, 0.114, 0),
    (0.5, -0.5, 0, 128),
    (-0.25, -0.25, 0.5, 128),
)
_CHANNEL_WEIGHTS = (0.6, 1.0, 1.0)
_PASSES = 3
_FAR, _DETAIL, _SKIN = 0.8, 0.35, 0.5
_SKIN_SHARES = (0.36, 0.56), (0.26, 0.37)  # of red and green in the sum of all three, of skin light or dark
_SKIN_CHROMA, _SKIN_LIGHT, _SKIN_LEVEL = 25, 120, 60.0
_MIDDLE = 0.55  # of the half diagonal: the width of the preference for the middle
_WINDOW = 0.42  # of the shorter side: what a narrow crop shows


def focus_of(image: Image.Image) -> tuple[float, float]:
    """The point to keep, as shares of width and height; the middle, where nothing stands out. image: RGB or RGBA."""
    small = _small(image)
    width, height = small.size
    salient = _saliency(small)
    if max(salient) < _EVEN:
        return 0.5, 0.5
    x, y = _densest(salient, width, height)
    return round((x + 0.5) / width, 3), round((y + 0.5) / height, 3)


def _small(image: Image.Image) -> Image.Image:
    """At most 32 pixels a side, see-through parts on gray."""
    factor = max(1, max(image.size) // (4 * _LONGEST))
    small = image.reduce(factor) if factor > 1 else image
    share = min(1.0, _LONGEST / max(small.size))
    size = (max(1, round(small.width * share)), max(1, round(small.height * share)))
    small = small.resize(size, Image.Resampling.BOX)
    if small.mode != "RGBA":
        return small.convert("RGB")
    flat = Image.new("RGB", small.size, (128, 128, 128))
    flat.paste(small, mask=small.getchannel("A"))
    return flat


def _saliency(small: Image.Image) -> Map:
    width, height = small.size
    channels = [list(small.convert("L", matrix).tobytes()) for matrix in _CHANNELS]
    barrier = [0.0] * (width * height)
    for channel, weight in zip(channels, _CHANNEL_WEIGHTS, strict=True):
        for at, distance in enumerate(_barrier_distance(channel, width, height)):
            barrier[at] += weight * distance
    far = _far_from_edge(channels, width, height)
    detail = list(small.convert("L").filter(ImageFilter.FIND_EDGES).filter(ImageFilter.BoxBlur(1)).tobytes())
    skin = _skin(small)
    result = []
    for at, distance in enumerate(barrier):
        y, x = divmod(at, width)
        off = math.hypot((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5) / math.sqrt(0.5)
        prior = math.exp(-((off / _MIDDLE) ** 2) / 2)
        said = distance + _FAR * far[at]
        result.append((said + _DETAIL * detail[at] * min(1.0, said / 40) + _SKIN * skin[at]) * (0.35 + 0.65 * prior))
    return result


def _barrier_distance(levels: Sequence[int], width: int, height: int) -> Map:
    """Of each pixel, the smallest range of levels on a path to the edge, nearly: three passes to and fro."""
    count = width * height
    low, high = list(levels), list(levels)
    found = [math.inf] * count
    for x in range(width):
        found[x] = found[count - 1 - x] = 0
    for y in range(height):
        found[y * width] = found[y * width + width - 1] = 0
    for number in range(_PASSES):
        forward = number % 2 == 0
        step = 1 if forward else -1
        for at in range(count) if forward else range(count - 1, -1, -1):
            here = levels[at]
            for other in (at - step, at - step * width):
                if 0 <= other < count and found[other] < found[at]:
                    least, most = min(low[other], here), max(high[other], here)
                    if most - least < found[at]:
                        found[at], low[at], high[at] = most - least, least, most
    return found


def _far_from_edge(channels: Sequence[Sequence[int]], width: int, height: int) -> Map:
    """Of each pixel, how far its color is from the most alike of the four edges' mean colors."""
    edges = (
        range(width),
        range(width * (height - 1), width * height),
        range(0, width * height, width),
        range(width - 1, width * height, width),
    )
    means = [[sum(channel[at] for at in edge) / len(edge) for channel in channels] for edge in edges]
    return [min(math.dist(color, mean) for mean in means) for color in zip(*channels, strict=True)]


def _skin(small: Image.Image) -> Map:
    """How much each pixel is of the hue of skin, light or dark: 0 or some 60 levels."""
    data = small.tobytes()
    result = []
    for at in range(0, len(data), 3):
        red, green, blue = data[at : at + 3]
        total = red + green + blue or 1
        shares = red / total, green / total
        is_hue = all(low < share < high for share, (low, high) in zip(shares, _SKIN_SHARES, strict=True))
        is_skin = is_hue and red > green > blue and red - blue > _SKIN_CHROMA and total > _SKIN_LIGHT
        result.append(_SKIN_LEVEL if is_skin else 0.0)
    return result


def _densest(salient: Map, width: int, height: int) -> tuple[float, float]:
    """The middle of what is salient where a window of a narrow crop holds most of it."""
    side = max(2, round(_WINDOW * min(width, height)))
    floor = sum(salient) / len(salient)
    clear = [max(0.0, value - floor) for value in salient]
    sums = _sums(clear, width, height)
    best, at = -1.0, (0, 0)
    for top in range(max(1, height - side + 1)):
        for left in range(max(1, width - side + 1)):
            right, bottom = min(width, left + side), min(height, top + side)
            held = sums[bottom][right] - sums[top][right] - sums[bottom][left] + sums[top][left]
            if held > best:
                best, at = held, (left, top)
    return _centroid(clear, width, height, at, side)


def _sums(values: Map, width: int, height: int) -> list[Map]:
    """Of each corner, the sum of what is above and left of it."""
    sums = [[0.0] * (width + 1)]
    for y in range(height):
        row = accumulate(values[y * width : (y + 1) * width], initial=0.0)
        sums.append([above + along for above, along in zip(sums[-1], row, strict=True)])
    return sums


def _centroid(values: Map, width: int, height: int, at: tuple[int, int], side: int) -> tuple[float, float]:
    """Of what is salient in the window."""
    total, x_sum, y_sum = 0.0, 0.0, 0.0
    for y in range(at[1], min(height, at[1] + side)):
        for x in range(at[0], min(width, at[0] + side)):
            value = values[y * width + x]
            total, x_sum, y_sum = total + value, x_sum + value * x, y_sum + value * y
    if not total:
        return (width - 1) / 2, (height - 1) / 2
    return x_sum / total, y_sum / total
