"""What `lightpress estimate` assumes of a photo: CPU and bytes of all variants, of an upload with lazy ones, of one.

The recipe is the project's `web`; lazy are its three smaller sizes. Each render has a child process of its own, as in a
function, and the CPU time is that child's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import mean, median
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import Cost, SandboxLimits, render_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lightpress.image.spec import Effort, Spec

ALL, AT_UPLOAD, LAZY = "all variants", "at upload, where the smaller sizes are lazy", "one lazy variant, mean of all"
_MEGAPIXELS = (8, 15)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a photo takes; of several, the mean.

    Attributes:
        cpu_ms: CPU time of the child, in milliseconds: for each photo the median of all turns.
        size: Bytes of all files together.
        files: How many.
    """

    cpu_ms: float
    size: float
    files: float


def of_twelve_megapixels(photos: Iterable[Path]) -> list[Path]:
    """Those of 8 to 15 megapixels."""
    least, most = _MEGAPIXELS
    chosen = []
    for photo in photos:
        with Image.open(photo) as opened:
            if least < opened.width * opened.height / 1e6 < most:
                chosen.append(photo)
    return chosen


def measure(photos: Sequence[Path], recipes: Path, turns: int, effort: Effort = "normal") -> dict[str, Assumed]:
    """Render each photo in turns. recipes: the file whose recipe `web` is taken, with this `effort`."""
    spec = replace(load_recipes(recipes).recipes["web"].spec, effort=effort)
    found = [_measured(photo.read_bytes(), spec, turns) for photo in photos]
    return {name: _mean_of([one[name] for one in found]) for name in found[0]}


def table(found: dict[str, Assumed]) -> str:
    """As Markdown."""
    lines = ["| | CPU ms | bytes | files |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {one.cpu_ms:.0f} | {one.size:,.0f} | {one.files:.0f} |" for name, one in found.items()]
    return "\n".join(lines)


def _measured(data: bytes, web: Spec, turns: int) -> dict[str, Assumed]:
    """Of one photo."""
    formats = _formats_of(data, web)
    smaller = [(size.name, form) for size in web.sizes[:-1] for form in formats]
    listed = replace(web, formats=formats, auto=False)
    everyone = {(size.name, form) for size in web.sizes for form in formats}
    specs = {
        ALL: [web],
        AT_UPLOAD: [replace(web, lazy=frozenset((size.name, form) for size in web.sizes[:-1] for form in web.formats))],
        LAZY: [replace(listed, lazy=frozenset(everyone - {one})) for one in smaller],
    }
    return {name: _mean_of([_rendered(data, spec, turns) for spec in these]) for name, these in specs.items()}


def _mean_of(found: Sequence[Assumed]) -> Assumed:
    return Assumed(mean(one.cpu_ms for one in found), mean(one.size for one in found), mean(one.files for one in found))


def _formats_of(data: bytes, web: Spec) -> tuple[str, ...]:
    """Those in which the photo is published."""
    return tuple(dict.fromkeys(variant.format for variant in render_in_sandbox(data, web, SandboxLimits()).variants))


def _rendered(data: bytes, spec: Spec, turns: int) -> Assumed:
    costs: list[Cost] = []
    for _ in range(turns):
        made = list(render_in_sandbox(data, spec, SandboxLimits(), on_cost=costs.append).variants)
    return Assumed(median(cost.cpu_ms for cost in costs), sum(len(one.data) for one in made), len(made))
