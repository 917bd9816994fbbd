"""What functions run is compiled before it is deployed, so that no cold start has to."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.code import compiled
from lightpress.cdk.layer_build import Target, on_lambda, on_this_host
from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT, RECIPES
from lightpress.pipeline.recipe_file import load_recipes
from tools.drawing import file_of, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_HASHED_AND_CHECKED = b"\3\0\0\0"


def modules(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if path.stat().st_size)


def test_every_module_comes_with_byte_code_that_an_edited_source_overrules() -> None:
    folder = compiled(LAMBDA_SRC, on_this_host(), RECIPES)
    assert len(list(modules(folder))) > 80
    for module in modules(folder):
        code = Path(importlib.util.cache_from_source(module)).read_bytes()
        assert code[:8] == importlib.util.MAGIC_NUMBER + _HASHED_AND_CHECKED, module


def test_another_python_s_byte_code_is_not_even_tried() -> None:
    folder = compiled(LAMBDA_SRC, on_lambda("aarch64", "3.9"), RECIPES)
    assert list(folder.rglob("*.pyc")) == []
    assert {path.name for path in folder.iterdir()} == {"lightpress", "recipes.toml"}


@pytest.mark.parametrize("target", [on_this_host(), Target("other", "3.9")], ids=["this Python", "another"])
def test_what_was_changed_since_is_there(tmp_path: Path, target: Target) -> None:
    (package := tmp_path / "lightpress").mkdir()
    module = package / "module.py"
    module.write_text("one = 1\n")
    before = compiled(tmp_path, target, RECIPES)
    assert compiled(tmp_path, target, RECIPES) == before
    module.write_text("two = 2\n")
    assert (compiled(tmp_path, target, RECIPES) / "lightpress" / "module.py").read_text() == "two = 2\n"
    assert (before / "lightpress" / "module.py").read_text() == "one = 1\n"


def test_recipes_of_ones_own_are_what_functions_read(tmp_path: Path) -> None:
    (tmp_path / "lightpress").mkdir()
    mine = tmp_path / "mine.toml"
    for words in ("# mine\n", "# changed\n"):
        mine.write_text(words)
        assert (compiled(tmp_path, on_lambda("aarch64", "3.9"), mine) / "recipes.toml").read_text() == words


def test_what_deploys_and_operates_is_not_in_lambda_where_pip_installed_it_beside(tmp_path: Path) -> None:
    for part in ("image", "cdk", "cli", "client", "costs", "local", "image/local"):
        (tmp_path / "lightpress" / part).mkdir(parents=True)
        (tmp_path / "lightpress" / part / "module.py").touch()
    (tmp_path / "boto3").mkdir()
    folder = compiled(tmp_path, on_lambda("aarch64", "3.9"), RECIPES)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.py")}
    assert found == {"lightpress/image/module.py", "lightpress/image/local/module.py"}


def test_recipes_from_elsewhere_bring_the_files_that_their_steps_name_and_no_others(tmp_path: Path) -> None:
    ((source := tmp_path / "source") / "lightpress").mkdir(parents=True)
    (mine := tmp_path / "mine" / "brand").mkdir(parents=True)
    (mine.parent / "steps").mkdir()
    shutil.copy(PROJECT / "docs" / "own-steps" / "duotone.py", mine.parent / "steps")
    (mine / "logo.png").write_bytes(file_of(plain()))
    (mine / "secret.png").write_bytes(b"")
    (recipes := mine.parent / "my-recipes.toml").write_text(
        '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web.sizes]\n'
        'a = { width = 9, steps = [{ duotone = "#000000" }, { watermark = "brand/logo.png" }] }\n'
    )
    folder = compiled(source, on_this_host(), recipes, load_recipes(recipes).files)
    found = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in {".toml", ".png", ".py"}
    }
    assert found == {"recipes.toml", "brand/logo.png", "steps/duotone.py"}
    assert Path(importlib.util.cache_from_source(folder / "steps" / "duotone.py")).exists()
    assert load_recipes(folder / "recipes.toml").digest == load_recipes(recipes).digest
    (mine / "logo.png").write_bytes(file_of(plain((9, 9, 9))))
    assert compiled(source, on_this_host(), recipes, load_recipes(recipes).files) != folder
