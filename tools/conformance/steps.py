"""Each step of recipes beside ImageMagick doing the same to the same picture: `python -m tools.conformance.steps`.

Steps whose counterpart in ImageMagick means something else are left out: its saturation and tint are of other color
models (Chromium judges saturation, tests/image/test_steps_chromium.py), text is of another font engine, and corners
are a matter of geometry.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from PIL import Image, ImageChops, ImageOps, ImageStat

from lightpress.cli.demo.scenes import NOON, photo
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.image.stepping import built_in
from tools.drawing import disc, file_of
from tools.peers.install import install

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.peers.install import Environment

_PROJECT = Path(__file__).resolve().parents[2]
_PROGRAM = _PROJECT / "tools" / "peers" / "programs" / "magick_steps.js"
WIDTH, HEIGHT = 480, 320
ENTRIES: Mapping[str, str] = {
    "blur": "blur = 4",
    "sharpen": "sharpen = 0.5",
    "grayscale": "grayscale = true",
    "brightness": "brightness = 1.2",
    "contrast": "contrast = 1.2",
    "flip": 'flip = "horizontal"',
    "rotate": "rotate = 90",
    "trim": "trim = 10",
    "pad": 'pad = 16\ncolor = "#20407f"',
    "pixelate": "pixelate = [[0, 0, 1, 1]]\nblock = 8",
    "watermark": 'watermark = "mark.png"\nwidth = 60\nmargin = 10',
}
"""How each step is written that is compared, by name."""
LEFT_OUT = ("background", "circle", "round", "saturation", "text", "tint")


@dataclass(frozen=True, slots=True)
class Compared:
    """How far a step is from ImageMagick.

    Attributes:
        name: Of the step.
        mean: The mean difference of all channels, in levels of 255; infinite where the sizes differ.
        most: The largest.
    """

    name: str
    mean: float
    most: int


def compare(environment: Environment) -> list[Compared]:
    """Have both do each step to one drawn picture."""
    scene = photo(WIDTH, HEIGHT, mood=NOON, seed=3).convert("RGB")
    framed = ImageOps.expand(scene, (12, 20, 7, 9), "#d0d0d0")
    mark = file_of(disc(60, (255, 0, 0)))
    with tempfile.TemporaryDirectory() as folder, _magick(environment) as magick:
        found = []
        for name in ENTRIES:
            before = file_of(framed if name == "trim" else scene)
            ours = _ours(name, before, mark)
            theirs = _theirs(magick, name, Path(folder), before, mark)
            found.append(_compared(name, ours, theirs))
        return found


def table(found: list[Compared]) -> str:
    """As Markdown, the farthest first."""
    lines = ["| step | mean difference | largest |", "|---|--:|--:|"]
    rows = sorted(found, key=lambda one: one.mean, reverse=True)
    lines += [f"| `{ENTRIES[one.name].replace(chr(10), ', ')}` | {one.mean:.2f} | {one.most} |" for one in rows]
    return "\n".join(lines)


def _ours(name: str, before: bytes, mark: bytes) -> Image.Image:
    step = built_in()[name].step(tomllib.loads(ENTRIES[name]), {"mark.png": mark}.__getitem__)
    (variant,) = render(before, Spec((Size("s", 16_383, steps=(step,)),), ("png",))).variants
    return _opened(variant.data)


def _theirs(magick: subprocess.Popen[str], name: str, folder: Path, before: bytes, mark: bytes) -> Image.Image:
    picture, logo, out = (folder / f"{name}-{part}.png" for part in ("before", "mark", "after"))
    picture.write_bytes(before)
    logo.write_bytes(mark)
    job = {"do": name, "picture": str(picture), "mark": str(logo), "out": str(out)}
    answer = _asked(magick, job)
    if "error" in answer:
        raise RuntimeError(f"ImageMagick, {name}: {answer['error']}")
    return _opened(out.read_bytes())


def _compared(name: str, ours: Image.Image, theirs: Image.Image) -> Compared:
    if ours.size != theirs.size:
        return Compared(name, float("inf"), 255)
    stat = ImageStat.Stat(ImageChops.difference(ours, theirs))
    return Compared(name, sum(stat.mean) / len(stat.mean), max(int(high) for _, high in stat.extrema))


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _asked(magick: subprocess.Popen[str], job: dict[str, Any]) -> dict[str, Any]:
    cast("IO[str]", magick.stdin).write(json.dumps(job) + "\n")
    cast("IO[str]", magick.stdin).flush()
    answer: dict[str, Any] = json.loads(cast("IO[str]", magick.stdout).readline())
    return answer


def _magick(environment: Environment) -> subprocess.Popen[str]:
    modules = os.environ | {"NODE_PATH": str(environment.modules)}
    process = subprocess.Popen(
        [environment.node, _PROGRAM], env=modules, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    cast("IO[str]", process.stdout).readline()  # its version
    return process


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


def main() -> None:
    """Print the table."""
    environment = install(_PROJECT / ".local" / "bench" / "peers", _say)
    print(table(compare(environment)))  # noqa: T201  a command


if __name__ == "__main__":
    main()
