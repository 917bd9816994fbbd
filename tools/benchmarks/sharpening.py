"""What sharpening does to reduced photos, by SSIMULACRA2: ours at several amounts, sharp's default, and thumbor's.

Each photo is reduced by the core, without loss. Two questions are asked of each result. Beside the original reduced to
the same size: is it still the same picture? Enlarged to twice its size, as a dense screen shows it, beside the original
reduced to that: how much of the detail that was lost does it seem to have?
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.image.stepping import built_in
from tools.benchmarks.engines import running_scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tools.peers.install import Environment

WIDTH = 640
OURS: dict[str, dict[str, float]] = {
    "`{ sharpen = 0.25 }`": {"sharpen": 0.25},
    "`{ sharpen = 0.5 }`": {"sharpen": 0.5},
    "`{ sharpen = 0.75 }`": {"sharpen": 0.75},
    "`{ sharpen = 1 }`": {"sharpen": 1.0},
    "`{ sharpen = 1.5 }`": {"sharpen": 1.5},
    "`{ sharpen = 0.5, radius = 1 }`": {"sharpen": 0.5, "radius": 1.0},
}
PLAIN, SHARP, THUMBOR = "not sharpened", "sharp, `sharpen()`", "thumbor, `sharpen(2,1.0,true)`"
_SHARP = "const [, from, to] = process.argv; require('sharp')(from).sharpen().png().toFile(to)"
_THUMBOR = """
import sys
from PIL import Image
from thumbor.ext.filters import _sharpen
image = Image.open(sys.argv[1]).convert("RGB")
done = _sharpen.apply("RGB", image.width, image.height, 2.0, 1.0, True, image.tobytes())
Image.frombytes("RGB", image.size, done).save(sys.argv[2])
"""


@dataclass(frozen=True, slots=True)
class Sharpened:
    """Mean scores over all photos.

    Attributes:
        name: What was done.
        same: SSIMULACRA2 beside the original reduced to the same size.
        doubled: Enlarged to twice the size, beside the original reduced to that.
    """

    name: str
    same: float
    doubled: float


def measure(
    photos: Sequence[Path], home: Path, environment: Environment, thumbor: Path | None, say: Callable[[str], None]
) -> list[Sharpened]:
    """Score every way of sharpening on every photo. thumbor: a Python that has it; None leaves it out."""
    home.mkdir(parents=True, exist_ok=True)
    scores: dict[str, list[tuple[float, float]]] = {}
    with running_scorer(environment) as scorer:
        for photo in photos:
            say(photo.name)
            made = _made(photo, home, environment, thumbor)
            doubled = {name: _doubled(path) for name, path in made.items()}
            found = scorer.scores(photo, [*made.values(), *doubled.values()])
            for name, path in made.items():
                scores.setdefault(name, []).append((found[path], found[doubled[name]]))
    return [
        Sharpened(name, mean(same for same, _ in pairs), mean(twice for _, twice in pairs))
        for name, pairs in scores.items()
    ]


def table(found: Sequence[Sharpened]) -> str:
    """As Markdown."""
    lines = ["| | the same picture | its detail, at twice the size |", "|---|--:|--:|"]
    lines += [f"| {one.name} | {one.same:.1f} | {one.doubled:.1f} |" for one in found]
    return "\n".join(lines)


def _made(photo: Path, home: Path, environment: Environment, thumbor: Path | None) -> dict[str, Path]:
    """Files of one photo, by what was done."""
    data, step = photo.read_bytes(), built_in()["sharpen"].step
    made = {PLAIN: home / f"{photo.stem}-plain.png"}
    made[PLAIN].write_bytes(_reduced(data, Size("s", WIDTH)))
    for number, (name, entry) in enumerate(OURS.items()):
        made[name] = home / f"{photo.stem}-ours-{number}.png"
        made[name].write_bytes(_reduced(data, Size("s", WIDTH, steps=(step(entry, _no_file),))))
    made[SHARP] = home / f"{photo.stem}-sharp.png"
    modules = os.environ | {"NODE_PATH": str(environment.modules)}
    subprocess.run([environment.node, "-e", _SHARP, made[PLAIN], made[SHARP]], env=modules, check=True)
    if thumbor:
        made[THUMBOR] = home / f"{photo.stem}-thumbor.png"
        subprocess.run([thumbor, "-c", _THUMBOR, made[PLAIN], made[THUMBOR]], check=True)
    return made


def _reduced(data: bytes, size: Size) -> bytes:
    (variant,) = render(data, Spec((size,), ("png",), metadata="none")).variants
    return variant.data


def _doubled(path: Path) -> Path:
    """A copy of twice the size, as browsers enlarge pictures."""
    target = path.with_name(f"{path.stem}-doubled.png")
    with Image.open(path) as image:
        image.convert("RGB").resize((2 * image.width, 2 * image.height), Image.Resampling.BICUBIC).save(target)
    return target


def _no_file(name: str) -> bytes:
    raise FileNotFoundError(name)
