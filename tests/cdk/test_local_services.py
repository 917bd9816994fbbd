"""What the environment of the local cloud has answer, where recipes ask for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.cdk.app import make_app
from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.local_services import with_local_services
from lightpress.cdk.options.environment import LOCAL
from lightpress.cdk.readiness import RECIPES
from lightpress.pipeline.recipe_file import load_recipes
from tests.cdk.templates import NO_ASSETS

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.cdk.config import Config
    from lightpress.pipeline.recipe import RecipeBook

LOCAL_CONFIG = load_config(ENVIRONMENTS / f"{LOCAL}.toml")
OF_SERVICES = {"Moderate", "DetectLabels", "DetectFaces", "DescribePicture", "Operators", "Preview"}


def book(folder: Path, lines: str) -> RecipeBook:
    return load_recipes(written(folder, lines))


def written(folder: Path, lines: str) -> Path:
    path = folder / "recipes.toml"
    sizes = 'sizes = { w640 = { width = 640 } }\nformats = ["jpeg"]'
    path.write_text(f'[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\n{sizes}\n{lines}\n')
    return path


def chosen(config: Config) -> tuple[object, ...]:
    options = config.processing
    return (
        bool(options.moderation_reject),
        bool(options.moderation_doubt),
        options.detect_labels,
        options.detect_faces,
        bool(options.alt_text_model),
        bool(config.uploads.operators_scope),
    )


def test_recipes_that_ask_nobody_leave_the_environment_as_it_is() -> None:
    assert with_local_services(LOCAL_CONFIG, load_recipes(RECIPES)) == LOCAL_CONFIG


def test_each_reviewer_and_enricher_that_ships_is_there_where_a_recipe_asks_for_it(tmp_path: Path) -> None:
    asks = {
        'gate = ["moderation"]': (True, True, False, False, False, True),
        'gate = ["malware", "person"]': (False, False, False, False, False, True),
        'facts = ["labels"]': (False, False, True, False, False, False),
        'facts = ["faces"]': (False, False, False, True, False, False),
        'facts = ["alt"]': (False, False, False, False, True, False),
        'facts = ["capture", "own"]': (False, False, False, False, False, False),
    }
    assert {line: chosen(with_local_services(LOCAL_CONFIG, book(tmp_path, line))) for line in asks} == asks


def test_options_that_are_given_stay(tmp_path: Path) -> None:
    processing = replace(LOCAL_CONFIG.processing, moderation_reject=(("Alcohol", 90),), alt_text_model="a.model")
    given = replace(LOCAL_CONFIG, processing=processing)
    made = with_local_services(given, book(tmp_path, 'gate = ["moderation"]\nfacts = ["alt"]'))
    assert (made.processing, made.uploads.operators_scope) == (processing, "lightpress/operate")


def test_they_are_in_the_stack_of_the_local_cloud_and_of_no_other(tmp_path: Path) -> None:
    recipes = written(tmp_path, 'gate = ["moderation", "malware"]\nfacts = ["labels", "faces", "alt"]')
    found = {}
    for env in (LOCAL, "dev"):
        app = make_app({"env": env, "recipes": str(recipes), **NO_ASSETS}, str(tmp_path / env))
        found[env] = {one.node.id for one in app.node.find_all() if isinstance(one, PythonFunction)} & OF_SERVICES
    assert found == {LOCAL: OF_SERVICES, "dev": set()}
