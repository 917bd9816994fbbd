"""The tutorial, done as it says: its `sh` blocks by a shell, and the files that it has one write."""

from __future__ import annotations

import html.parser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.cdk.config import load_config
from lightpress.pipeline.recipe_file import load_recipes
from tests.pages import DOCS, block, blocks
from tools.drawing import ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = ("tutorial/first-picture.md", "tutorial/first-recipe.md", "tutorial/production.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the reader is, with a picture of their own."""
    folder = tmp_path_factory.mktemp("reader")
    ramp((1800, 1200)).save(folder / "cat.jpg", quality=90)
    yield folder
    shutil.rmtree(folder)


def run(script: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_first_picture_has_four_widths_in_two_formats(folder: Path) -> None:
    (render,) = blocks(PAGES[0], "sh")
    said = run(render, folder)
    assert "w640 avif" in said
    made = {path.name: path for path in (folder / "out" / "cat.jpg").iterdir()}
    assert {f"w{width}.{kind}" for width in (320, 640, 1280) for kind in ("avif", "jpg")} <= made.keys()
    with Image.open(made["w640.jpg"]) as picture:
        assert picture.size == (640, 427)


def test_the_first_recipe_makes_a_square_card_of_a_product_and_names_what_is_wrong_with_a_fit(folder: Path) -> None:
    init, render = blocks(PAGES[1], "sh")
    assert "recipes.toml" in run(init, folder)
    recipes = folder / "shop" / "recipes.toml"
    recipes.write_text(block(PAGES[1], "recipes.toml"), encoding="utf-8")
    run(render, folder)
    with Image.open(folder / "product" / "cat.jpg" / "card.jpg") as picture:
        assert picture.size == (400, 400)
    book = load_recipes(recipes)
    assert [book.recipe_for(key).name for key in ("products/cat.jpg", "cat.jpg")] == ["product", "web"]  # type: ignore[union-attr]
    recipes.write_text(recipes.read_text(encoding="utf-8").replace('"cover"', '"crop"'), encoding="utf-8")
    with pytest.raises(AssertionError, match=r"(?s)fit.*cover"):
        run(render, folder)


def test_the_environment_for_production_is_one(tmp_path: Path) -> None:
    path = tmp_path / "prod.toml"
    path.write_text(block(PAGES[2], "prod.toml"), encoding="utf-8")
    config = load_config(path)
    assert (config.storage.removal, config.storage.termination_protection) == ("retain", True)
    assert config.processing.max_concurrency == 50, "as the page says"


def test_it_takes_the_three_limits_of_the_first_environment_besides(tmp_path: Path) -> None:
    (init, _) = blocks(PAGES[1], "sh")
    run(init, tmp_path)
    first = (tmp_path / "shop" / "environments" / "dev.toml").read_text(encoding="utf-8")
    limits = re.findall(r"^(?:max|backfill)_\w+ = .+\n", first, re.MULTILINE)
    assert len(limits) == 3
    path = tmp_path / "shop" / "environments" / "prod.toml"
    path.write_text(block(PAGES[2], "prod.toml") + "".join(limits), encoding="utf-8")
    assert load_config(path).processing.max_concurrency == 2


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_the_tutorial_is_run_or_says_that_it_is_not(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    heads = re.findall(r"^```(\w.*)$", text, re.MULTILINE)
    assert heads
    assert set(heads) <= {"sh", "console", "html", "toml recipes.toml", "toml prod.toml"}
    for markup in blocks(page, "html"):
        html.parser.HTMLParser().feed(markup)
