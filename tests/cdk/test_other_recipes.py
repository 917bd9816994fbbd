"""`cdk deploy -c recipes=FILE`: the stack is that of another recipes file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lightpress.cdk.app import make_app
from lightpress.cdk.readiness import RECIPES
from lightpress.cli.demo.recipes import write_recipes
from lightpress.pipeline.recipe_file import load_recipes
from tests.cdk.templates import NO_LAYER

if TYPE_CHECKING:
    from pathlib import Path


def test_the_recipes_that_the_context_names_are_deployed_with_their_files(tmp_path: Path) -> None:
    recipes = write_recipes(RECIPES, tmp_path / "other")
    made = make_app({"env": "dev", "recipes": str(recipes), **NO_LAYER}, str(tmp_path / "out")).synth()
    outputs = json.loads(json.dumps(made.get_stack_by_name("Lightpress-dev").template))["Outputs"]
    assert outputs["RecipesDigest"]["Value"] == load_recipes(recipes).digest
    assert outputs["RecipesDigest"]["Value"] != load_recipes(RECIPES).digest
    assert any((tmp_path / "out").glob("asset.*/logo-of-the-demo.png"))
