"""What photos lose by the pixel library: score, bytes and luma, beside the same core with Pillow alone.

Both render the same photos with the same settings. SSIMULACRA2 judges each file beside the original; luma is compared
as the encoders get it, so that it tells of decoding, reducing, turning and colors without what encoding loses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from PIL import ImageChops, ImageStat

from lightpress.image.encode import encode
from lightpress.image.planar import Planar
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from PIL import Image

    from lightpress.image.job import Embedded
    from lightpress.image.outputs import Output

    Scores = Callable[[Path, Iterable[Path]], Mapping[Path, float]]

SPEC = Spec(tuple(Size(f"w{width}", width) for width in (1280, 640)), ("avif", "webp", "jpeg"))
LEAST_POINTS, MOST_BYTES, MOST_LEVELS = -0.3, 1.02, 0.5
"""Of a format on average: points of SSIMULACRA2, and bytes, beside Pillow; levels of luma, of 255."""


class Variant(NamedTuple):
    """One variant, written with the pixel library, beside the same with Pillow alone.

    Attributes:
        format: Its format.
        photo: The original.
        points: By how much its SSIMULACRA2 is higher.
        size: Its bytes over those of the other.
        levels: By how much luma differs, of 255: the mean over its pixels.
    """

    format: str
    photo: str
    points: float
    size: float
    levels: float


@dataclass(frozen=True, slots=True)
class _Made:
    """What one of the two ways made of a photo, by format and width: files, and the luma that encoders got."""

    files: dict[tuple[str, int], Path]
    luma: dict[tuple[str, int], Image.Image]


class _Watched:
    """The encoders, and the luma that each was given."""

    def __init__(self) -> None:
        self.luma: dict[tuple[str, int], Image.Image] = {}

    def __call__(self, image: Image.Image, output: Output, spec: Spec, embedded: Embedded) -> bytes:
        luma = image.planes[0] if isinstance(image, Planar) else image.convert("L")
        self.luma[output.name, image.width] = luma
        return encode(image, output, spec, embedded)


def measure(photos: Sequence[Path], home: Path, scores: Scores, say: Callable[[str], None]) -> list[Variant]:
    """Render each photo both ways into the folder `home`. scores: of files beside their original; higher is nearer."""
    found = []
    for photo in photos:
        say(photo.name)
        found += _beside(photo, home, scores)
    return found


def table(found: Sequence[Variant]) -> str:
    """As Markdown: means over all variants of a format, and the largest difference of luma."""
    lines = ["| | SSIMULACRA2 | bytes | levels of luma | at most |", "|---|--:|--:|--:|--:|"]
    for name, those in _by_format(found).items():
        points, size, levels = _means(those)
        most = max(one.levels for one in those)
        lines.append(f"| {name} | {points:+.2f} | {size:.3f} | {levels:.2f} | {most:.2f} |")
    return "\n".join(lines)


def beyond(found: Sequence[Variant]) -> list[str]:
    """A sentence for each limit that is not kept."""
    sentences = []
    for name, those in _by_format(found).items():
        points, size, levels = _means(those)
        if points < LEAST_POINTS:
            sentences.append(f"{name} scores {points:+.2f} points beside Pillow; {LEAST_POINTS} is the limit.")
        if size > MOST_BYTES:
            sentences.append(f"{name} takes {size:.3f} of the bytes of Pillow; {MOST_BYTES} is the limit.")
        if levels > MOST_LEVELS:
            sentences.append(f"Luma of {name} is {levels:.2f} levels from Pillow's; {MOST_LEVELS} is the limit.")
    return sentences


def _means(those: Sequence[Variant]) -> tuple[float, float, float]:
    return mean(one.points for one in those), mean(one.size for one in those), mean(one.levels for one in those)


def _by_format(found: Sequence[Variant]) -> dict[str, list[Variant]]:
    return {name: [one for one in found if one.format == name] for name in dict.fromkeys(one.format for one in found)}


def _beside(photo: Path, home: Path, scores: Scores) -> list[Variant]:
    ours = _made(photo, SPEC, home / "library")
    pillows = _made(photo, replace(SPEC, native=False), home / "pillow")
    score = scores(photo, [*ours.files.values(), *pillows.files.values()])
    return [
        Variant(
            format=of[0],
            photo=photo.name,
            points=score[file] - score[pillows.files[of]],
            size=file.stat().st_size / pillows.files[of].stat().st_size,
            levels=ImageStat.Stat(ImageChops.difference(ours.luma[of], pillows.luma[of])).mean[0],
        )
        for of, file in ours.files.items()
    ]


def _made(photo: Path, spec: Spec, folder: Path) -> _Made:
    folder.mkdir(parents=True, exist_ok=True)
    watched, files = _Watched(), {}
    for variant in render(photo.read_bytes(), spec, encode=watched).variants:
        path = folder / f"{photo.stem}-{variant.width}.{variant.format}"
        path.write_bytes(variant.data)
        files[variant.format, variant.width] = path
    return _Made(files, watched.luma)
