"""The example of a step of one's own, docs/own-steps/duotone.py, is found in a project and does what it says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lightpress.cdk.readiness import PROJECT
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tools.drawing import distance, file_of, pixel, seen, stripes

if TYPE_CHECKING:
    from pathlib import Path


def test_black_white_and_gray_get_the_two_colors_and_what_is_between(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    shutil.copy(PROJECT / "docs" / "own-steps" / "duotone.py", tmp_path / "steps")
    (tmp_path / "recipes.toml").write_text(
        '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["png"]\n'
        'steps = [{ duotone = "#1a1a4a", light = "#ffe9c4" }]\nsizes = { w = { width = 300 } }\n'
    )
    spec = load_recipes(tmp_path / "recipes.toml").recipes["web"].spec
    (variant,) = render_in_sandbox(
        file_of(stripes([(0, 0, 0), (128,) * 3, (255,) * 3])), spec, SandboxLimits()
    ).variants
    shades = [pixel(seen(variant), (at, 0.5)) for at in (0.15, 0.5, 0.85)]
    assert shades[0] == (0x1A, 0x1A, 0x4A)
    assert shades[2] == (0xFF, 0xE9, 0xC4)
    assert distance(shades[1], (0x8D, 0x82, 0x87)) <= 2
