"""What the stand-ins of Rekognition and Bedrock see in a picture: `python look.py < PICTURE` prints a JSON object.

A program of its own, run by the interpreter that has Pillow: the emulator's environment has not, so that no function
that lacks its layer finds Pillow there. It imports the standard library and Pillow only.

    format   "JPEG" or "PNG"
    width    in pixels
    height   in pixels
    shares   of each color that is there, the part of the picture that has it, from 0 to 1
    magenta  the box around everything magenta, as left, top, width and height in parts of the picture; null without

It ends with 1 where the input is no picture of these formats that can be read.
"""

from __future__ import annotations

import colorsys
import io
import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIDE = 64
_FORMATS = ("JPEG", "PNG")
_DARK, _PALE, _BRIGHT, _VIVID = 0.2, 0.2, 0.8, 0.6
# The hue in degrees at which a color ends and the next one begins; red is also what is above the last.
_HUES = ((15, "red"), (45, "orange"), (70, "yellow"), (170, "green"), (260, "blue"), (285, "purple"), (335, "magenta"))


def seen(data: bytes) -> dict[str, Any]:
    """What is in a picture; raises whatever Pillow does where it cannot be read."""
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        size, form = picture.size, picture.format
        small = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    pixels = small.tobytes()
    colors = [name_of(*pixels[place : place + 3]) for place in range(0, len(pixels), 3)]
    places = [place for place, color in enumerate(colors) if color == "magenta"]
    return {
        "format": form,
        "width": size[0],
        "height": size[1],
        "shares": {color: count / len(colors) for color, count in Counter(colors).most_common()},
        "magenta": _box(places) if places else None,
    }


def name_of(red: int, green: int, blue: int) -> str:
    """The name of a color. red, green, blue: from 0 to 255."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < _DARK:
        return "black"
    if saturation < _PALE:
        return "white" if value > _BRIGHT else "gray"
    name = next((color for end, color in _HUES if hue * 360 < end), "red")
    # Where red meets blue, JPEG makes a dull magenta that nobody has drawn.
    return "purple" if name == "magenta" and min(saturation, value) < _VIVID else name


def _box(places: Iterable[int]) -> tuple[float, float, float, float]:
    rows, columns = zip(*(divmod(place, _SIDE) for place in places), strict=True)
    left, top = min(columns), min(rows)
    return left / _SIDE, top / _SIDE, (max(columns) + 1 - left) / _SIDE, (max(rows) + 1 - top) / _SIDE


if __name__ == "__main__":
    try:
        found = seen(sys.stdin.buffer.read())
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        sys.exit(1)
    sys.stdout.write(json.dumps(found))
