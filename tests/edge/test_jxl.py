"""JPEG XL goes to viewers that name it, where a recipe writes it; elsewhere nobody's cache has another key for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.delivery import viewer_request
from lightpress.delivery.resolve import read
from lightpress.pipeline.recipe_file import load_recipes
from tests.delivery.paths import resolver_path
from tests.edge.engine import Request, answers_to
from tests.edge.test_permalinks import ACCEPT

if TYPE_CHECKING:
    from pathlib import Path

RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
formats = {formats}
sizes = {{ w320 = {{ width = 320 }} }}
"""


def accepted(folder: Path, formats: str) -> dict[str, str]:
    """What the resolver is told that each viewer can show."""
    path = folder / "recipes.toml"
    path.write_text(RECIPES.format(formats=formats))
    requests = [Request("/cat.jpg", headers={"accept": {"value": words}}) for words in ACCEPT.values()]
    answers = answers_to(requests, viewer_request(load_recipes(path)))
    return {viewer: answer["uri"].split("/")[3] for viewer, answer in zip(ACCEPT, answers, strict=True)}


def test_a_recipe_that_writes_jpeg_xl_has_it_served_to_those_who_name_it(tmp_path: Path) -> None:
    told = accepted(tmp_path, '["jxl", "avif", "webp", "jpeg"]')
    assert (told["Safari 26"], told["Chrome 142"], told["curl"]) == ("jxl.avif.webp", "avif.webp", "-")
    asked = read(resolver_path("cat.jpg", accepted=told["Safari 26"]))
    assert asked is not None
    assert asked.formats == {"jxl", "avif", "webp"}


@pytest.mark.parametrize("formats", ['"auto"', '["avif", "jpeg"]'])
def test_without_such_a_recipe_nobody_is_told_apart_by_it(formats: str, tmp_path: Path) -> None:
    assert accepted(tmp_path, formats)["Safari 26"] == "avif.webp"
