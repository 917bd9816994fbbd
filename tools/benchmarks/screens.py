"""AVIF of screens, text and drawings of other projects, beside the settings for photos (docs/decisions/0162).

SSIMULACRA2 judges both files of each picture that `image.screen` tells as one.
"""

from __future__ import annotations

import io
from random import Random
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from lightpress.image.encode import encode
from lightpress.image.errors import PictureRejected
from lightpress.image.outputs import OUTPUTS, SLOWER
from lightpress.image.render import render
from lightpress.image.screen import shows_screen
from lightpress.image.spec import Size, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    Scores = Callable[[Path, Iterable[Path]], Mapping[Path, float]]

_WHOLE = Spec((Size("w", 1280),), ("png",), animation=False)
_LEAST_PIXELS = 20_000
_LEAST_BYTES, _MOST_BYTES = 3_000, 3_000_000
_LOWER = -1.5
MOST_OF_BYTES, LEAST_POINTS, MOST_LOWER = 0.8, 5.0, 0.1
"""Of all bytes beside those of photos' settings; the median of points; and how many lose more than 1.5 of them."""


class Screen(NamedTuple):
    """One picture.

    Attributes:
        size: The bytes of its AVIF, written as that of a screen.
        usual: As that of a photo.
        points: By how much its SSIMULACRA2 is higher.
    """

    size: int
    usual: int
    points: float


def measure(folder: Path, count: int, home: Path, scores: Scores, say: Callable[[str], None]) -> list[Screen]:
    """Of so many pictures in `folder`, chosen by chance but always the same, those that are screens.

    home: a folder for files. scores: of files beside their original; higher is nearer.
    """
    home.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    Random(5).shuffle(files)  # noqa: S311  not for security
    found: list[Screen] = []
    for path in files:
        if len(found) == count:
            break
        image = _reduced(path)
        if image is not None and shows_screen(image):
            say(path.name)
            found.append(_beside(image, home, scores))
    return found


def table(found: Sequence[Screen]) -> str:
    """As Markdown."""
    points, lower = _points(found), _lower(found)
    head = "| pictures | bytes | points, median | lose more than 1.5 |\n|--:|--:|--:|--:|"
    return f"{head}\n| {len(found)} | {_bytes(found):.2f} | {points:+.1f} | {lower:.0%} |"


def beyond(found: Sequence[Screen]) -> list[str]:
    """A sentence for each limit that is not kept."""
    sentences = []
    if _bytes(found) > MOST_OF_BYTES:
        sentences.append(f"AVIF of screens takes {_bytes(found):.2f} of the bytes; {MOST_OF_BYTES} is the limit.")
    if _points(found) < LEAST_POINTS:
        sentences.append(f"AVIF of screens scores {_points(found):+.1f} points; {LEAST_POINTS:+.1f} is the limit.")
    if _lower(found) > MOST_LOWER:
        sentences.append(f"{_lower(found):.0%} of screens lose more than 1.5 points; {MOST_LOWER:.0%} is the limit.")
    return sentences


def _bytes(found: Sequence[Screen]) -> float:
    return sum(one.size for one in found) / sum(one.usual for one in found)


def _points(found: Sequence[Screen]) -> float:
    return median(one.points for one in found)


def _lower(found: Sequence[Screen]) -> float:
    return sum(one.points < _LOWER for one in found) / len(found)


def _reduced(path: Path) -> Image.Image | None:
    """What is encoded of a file, in RGB; None for what is no picture, and for the smallest."""
    if not _LEAST_BYTES <= path.stat().st_size <= _MOST_BYTES:
        return None
    try:
        (variant,) = render(path.read_bytes(), _WHOLE).variants
    except PictureRejected:
        return None
    image = Image.open(io.BytesIO(variant.data))
    is_large = image.width * image.height >= _LEAST_PIXELS
    return image.convert("RGB") if is_large and not image.has_transparency_data else None


def _beside(image: Image.Image, home: Path, scores: Scores) -> Screen:
    spec, ((_, rows),) = Spec(_WHOLE.sizes, ("avif",)), SLOWER["normal", True]
    original, screen, usual = (home / name for name in ("original.png", "screen.avif", "usual.avif"))
    image.save(original)
    screen.write_bytes(encode(image, rows["avif"], spec))
    usual.write_bytes(encode(image, OUTPUTS["avif"], spec))
    score = scores(original, [screen, usual])
    return Screen(screen.stat().st_size, usual.stat().st_size, score[screen] - score[usual])
