"""The sizes of a recipe, as recipes.toml has them: a table of names, or the widths of a ladder."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from lightpress.image.spec import FITS, Fit, Size
from lightpress.pipeline.recipe import AUTO, FACES

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.image.spec import Step
    from lightpress.toml_reader import Table

NAME = r"[a-z0-9][a-z0-9_-]{0,39}"
LONGEST_SIDE = 16_383
_LARGEST_PADDED = 16_000_000  # such a box costs its full memory even for a picture of one pixel
_LEAST_FACTOR = 1.1
LARGEST_BUDGET = 65_536
"""Of `max_kb`, in KB."""


def read_sizes(recipe: Table, folder: Path) -> tuple[Size, ...]:
    """The sizes of a recipe; raises ConfigError.

    Args:
        recipe: Its table.
        folder: Where the files are that its steps name.
    """
    table = recipe.table("sizes")
    common = _steps(recipe, folder) or ()
    named = [size for name in table.names() for size in _at_densities(_size(name, table, folder, common), table)]
    sizes = (*named, *(Size(f"w{width}", width, steps=common) for width in _widths(recipe)))
    if not sizes:
        raise recipe.error("sizes", "is missing; it must be a table of names, such as w640 = { width = 640 }")
    names = [size.name for size in sizes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise recipe.error("sizes", f"{twice!r} is there twice, counting those that widths and dpr make")
    if len({size.faces for size in sizes if size.auto_focus}) > 1:
        auto = next(size.name for size in named if size.auto_focus and not size.faces)
        raise table.table(auto).error(
            "focus",
            f'is "{AUTO}", and "{FACES}" in another size of the recipe: all sizes of a picture are cut around one '
            f'point, so say the same in each ("{FACES}" does as "{AUTO}" does where there is no face)',
        )
    return sizes


def check_name(name: str, table: Table) -> None:
    """Refuse a name of a size or a recipe that no address could have; raises ConfigError."""
    if not re.fullmatch(NAME, name):
        raise table.error(name, "is not a usable name: lower case letters, digits, - and _, at most 40 characters")


def _widths(recipe: Table) -> tuple[int, ...]:
    """The widths of a ladder: a list of them, or the smallest, the largest and the factor between two."""
    if not recipe.has("widths"):
        return ()
    if not recipe.is_table("widths"):
        return recipe.integers("widths", (), low=1, high=LONGEST_SIDE)
    row = recipe.table("widths")
    smallest, largest = (row.integer(end, low=1, high=LONGEST_SIDE) for end in ("from", "to"))
    factor = row.number("factor", 1.5, low=_LEAST_FACTOR, high=4)
    row.close()
    if smallest >= largest:
        raise row.error("to", f"{largest} is not more than from = {smallest}")
    widths = [smallest]
    while (wider := max(round(widths[-1] * factor), widths[-1] + 1)) < largest:
        widths.append(wider)
    return (*widths, largest)


def _at_densities(size: Size, sizes: Table) -> tuple[Size, ...]:
    """The size for each density of a screen: a box of 96 pixels is one of 192, named NAME-2x, at twice the density."""
    row = sizes.table(size.name)
    made = tuple(
        size if density == 1 else _times(size, density) for density in row.integers("dpr", (1,), low=1, high=4)
    )
    for one in made:
        check_name(one.name, sizes)
        if max(one.width or 0, one.height or 0) > LONGEST_SIDE:
            raise row.error("dpr", f"{one.name} would be longer than {LONGEST_SIDE} pixels")
        if one.fit == "pad":
            _check_padded(one, row)
    return made


def _times(size: Size, density: int) -> Size:
    width, height = (side and side * density for side in (size.width, size.height))
    return replace(size, name=f"{size.name}-{density}x", width=width, height=height)


def _check_padded(size: Size, row: Table) -> None:
    if (size.width or 0) * (size.height or 0) > _LARGEST_PADDED:
        raise row.error("fit", f'"pad" fills at most {_LARGEST_PADDED} pixels, whatever the size of the picture')


def _size(name: str, sizes: Table, folder: Path, common: tuple[Step, ...]) -> Size:
    check_name(name, sizes)
    row = sizes.table(name)
    width, height = (
        row.integer(side, low=1, high=LONGEST_SIDE) if row.has(side) else None for side in ("width", "height")
    )
    fit = cast("Fit", row.text("fit", "contain", allowed=FITS))
    if width is None and height is None:
        row.refuse_misspelled("width", "height")
        raise row.error("width", "is missing, and so is height: a size needs at least one of them")
    if fit != "contain" and (width is None or height is None):
        raise row.error("fit", f'"{fit}" fills a box, so it needs width and height')
    if fit != "cover" and row.has("focus"):
        raise row.error("focus", 'is the point that fit = "cover" keeps; nothing else cuts anything off')
    focus, looks_for = _focus(row)
    steps = _steps(row, folder)
    most = row.integer("max_kb", low=1, high=LARGEST_BUDGET) << 10 if row.has("max_kb") else None
    row.has("dpr")  # read by `_at_densities`
    row.close()
    steps = common if steps is None else steps
    return Size(name, width, height, fit, focus, steps, looks_for is not None, most, looks_for == FACES)


def _focus(row: Table) -> tuple[tuple[float, float], str | None]:
    """The point to keep, and what is looked for in each picture instead."""
    if not row.is_text("focus"):
        x, y = row.parts("focus", (0.5, 0.5))
        return (x, y), None
    word = row.text("focus")
    if word not in {AUTO, FACES}:
        raise row.error(
            "focus", f'{word!r} is neither "{AUTO}" nor "{FACES}" nor two numbers from 0 to 1, such as [0.5, 0.3]'
        )
    return (0.5, 0.5), word


def _steps(row: Table, folder: Path) -> tuple[Step, ...] | None:
    """Those that a recipe or a size names; None where it names none."""
    if not row.has("steps"):
        return None
    from lightpress.pipeline.recipe_steps import read_steps  # noqa: PLC0415  few recipes have steps

    return read_steps(row, folder)
