"""What the README says in numbers and code is what the code says."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from pathlib import Path

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_costs_are_those_of_the_estimate() -> None:
    (once, monthly) = re.findall(r"\$(\d+\.\d\d) (?:once|a month)", README)
    said = CliRunner().invoke(app, ["estimate", "--pictures", "1M"], env={"COLUMNS": "200"}).output
    assert re.search(rf"together +{re.escape(once)} once +{re.escape(monthly)} a month", said), said


def test_the_recipe_is_one(tmp_path: Path) -> None:
    (recipe,) = re.findall(r"^```toml\n(.+?)^```$", README, re.MULTILINE | re.DOTALL)
    path = tmp_path / "recipes.toml"
    path.write_text(recipe + '[[rules]]\npath = "**"\nignore = true\n', encoding="utf-8")
    chosen = load_recipes(path).recipe_for("products/cat.jpg")
    assert chosen is not None
    assert len(tomllib.loads(recipe)["recipes"]["product"]["widths"]) == 3


def test_it_is_read_in_five_minutes() -> None:
    assert len(README.split()) < 1_200
