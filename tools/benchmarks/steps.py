"""What each step of recipes costs: CPU for each megapixel, beside what the plain picture takes in the same run."""

from __future__ import annotations

import datetime as dt
import time
import tomllib
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from lightpress.cli.demo.graphics import logo
from lightpress.cli.demo.scenes import NOON, photo
from lightpress.image.decode import decode
from lightpress.image.outputs import WRITTEN
from lightpress.image.render import render
from lightpress.image.spec import DecodeOptions, Size, Spec
from lightpress.image.stepping import built_in
from tools.benchmarks.report import machine
from tools.drawing import file_of
from tools.markdown import replace_between

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightpress.image.spec import Step

WIDTH, HEIGHT = 1920, 1280
ENTRIES: Mapping[str, str] = {
    "background": 'background = "#20407f"',
    "blur": "blur = 4",
    "brightness": "brightness = 1.2",
    "circle": "circle = true",
    "contrast": "contrast = 1.2",
    "flip": 'flip = "horizontal"',
    "grayscale": "grayscale = true",
    "pad": "pad = 16",
    "pixelate": "pixelate = [[0.25, 0.25, 0.5, 0.5]]",
    "rotate": "rotate = 90",
    "round": "round = 24",
    "saturation": "saturation = 1.2",
    "sharpen": "sharpen = 0.5",
    "text": 'text = "© Ada Lovelace"',
    "tint": 'tint = "#704214"',
    "trim": "trim = 10",
    "watermark": 'watermark = "logo.png"',
}
"""How each step is written that is measured, by name."""

_BEGIN, _END = "<!-- steps: written by python -m tools.benchmarks steps -->", "<!-- end of steps -->"
_MEGAPIXELS = WIDTH * HEIGHT / 1e6


@dataclass(frozen=True, slots=True)
class Measured:
    """What one step costs.

    Attributes:
        name: Of the step.
        ms: CPU milliseconds for each megapixel of the picture before it: a median.
        ratio: That, as a share of what rendering the plain picture takes: a median of pairs.
    """

    name: str
    ms: float
    ratio: float


def measure(turns: int) -> tuple[float, tuple[Measured, ...]]:
    """CPU milliseconds of the plain picture for each megapixel, and what each step costs.

    In each turn the plain picture is rendered in one size, from its file to two files, and then each step is done once,
    so that what else the machine does affects all alike.
    """
    data = file_of(photo(WIDTH, HEIGHT, mood=NOON, seed=3), "JPEG", quality=92)
    spec = Spec((Size("w", WIDTH),), WRITTEN, auto=True)
    picture = decode(data, DecodeOptions())
    picture.image.load()
    see_through = replace(picture, image=picture.image.convert("RGBA"))
    found: dict[str, list[float]] = {name: [] for name in ENTRIES}
    plain = []
    for _ in range(turns):
        plain.append(_cpu_ms(lambda: list(render(data, spec).variants)))
        for name, step in steps().items():
            before = see_through if name == "background" else picture
            found[name].append(_cpu_ms(lambda step=step, before=before: step.apply(before, step.options)))  # type: ignore[misc]
    pairs = {name: list(zip(taken, plain, strict=True)) for name, taken in found.items()}
    return median(plain) / _MEGAPIXELS, tuple(
        Measured(name, median(found[name]) / _MEGAPIXELS, median(taken / whole for taken, whole in pairs[name]))
        for name in ENTRIES
    )


def steps() -> dict[str, Step]:
    """Each entry as recipes.toml would have it read."""
    files = {"logo.png": file_of(logo(600, 240))}
    known = built_in()
    return {name: known[name].step(tomllib.loads(entry), files.__getitem__) for name, entry in ENTRIES.items()}


def table(plain_ms: float, found: tuple[Measured, ...]) -> str:
    """As Markdown, the dearest first."""
    rows = sorted(found, key=lambda one: one.ratio, reverse=True)
    lines = ["| step | CPU, ms a megapixel | of the plain picture |", "|---|--:|--:|"]
    lines += [f"| `{ENTRIES[one.name]}` | {one.ms:.1f} | {one.ratio:.1%} |" for one in rows]
    lines.append(f"| the plain picture | {plain_ms:.1f} | 100.0% |")
    return "\n".join(lines)


def said(turns: int, plain_ms: float, found: tuple[Measured, ...]) -> str:
    """The text between the marks: date and machine, then the table."""
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"On {today}, {turns} turns. {machine()}.\n\n{table(plain_ms, found)}"


def with_table(page: str, said: str) -> str:
    """The page with the table between its marks. Raises ValueError where it has no marks."""
    return replace_between(page, _BEGIN, _END, f"\n\n{said}\n\n")


def _cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000
