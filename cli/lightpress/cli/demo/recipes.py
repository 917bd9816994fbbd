"""The demo's recipes: those of the project, and one more that keeps the subject of a picture and puts a mark on it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lightpress.cli.demo.graphics import logo
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "marked-by-the-demo/"
"""Of the keys that the recipe is for."""

_LOGO = "logo-of-the-demo.png"
_RULE = f"""
[[rules]]
path = "{PREFIX}**"
recipe = "marked-by-the-demo"

[[rules]]"""
_RECIPE = f"""

[recipes.marked-by-the-demo]
steps = [{{ watermark = "{_LOGO}", width = "40%", opacity = 0.85 }}]

[recipes.marked-by-the-demo.sizes]
whole = {{ width = 640 }}
square = {{ width = 300, height = 300, fit = "cover", focus = "auto" }}
tall = {{ width = 180, height = 320, fit = "cover", focus = "auto" }}
"""


def write_recipes(project: Path, folder: Path) -> Path:
    """Write the recipes and the files that they name into `folder`; the same bytes of the same project every time.

    project: The project's recipes.toml.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in load_recipes(project).files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project.parent / name, folder / name)
    logo(300, 120).save(folder / _LOGO)
    written = folder / "recipes.toml"
    said = project.read_text(encoding="utf-8").replace("\n[[rules]]", _RULE, 1) + _RECIPE
    written.write_text(said, encoding="utf-8", newline="\n")
    return written
