"""docs/recipes-reference.md and the JSON Schemas say what the code that reads recipes and environments does."""

from __future__ import annotations

import io
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from PIL import Image

from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.readiness import PROJECT, RECIPES
from lightpress.image.stepping import built_in
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError
from tests.image.stepping import LOGO, ONE_OF_EACH
from tests.pipeline.test_recipe_steps import BROKEN as BROKEN_STEPS
from tests.pipeline.test_recipes import BROKEN, RECIPE, RULE, SIZES
from tools.documents.recipes import (
    ENVIRONMENT_SCHEMA,
    EXAMPLES,
    PAGE,
    PICTURES,
    RECIPES_SCHEMA,
    environment_schema,
    pictures,
    recipes_schema,
    reference_page,
    written,
)
from tools.documents.recipes import (
    RECIPE as RECIPE_KEYS,
)
from tools.documents.recipes import (
    RULE as RULE_KEYS,
)
from tools.documents.recipes import (
    SIZE as SIZE_KEYS,
)
from tools.drawing import mean_difference

if TYPE_CHECKING:
    from pathlib import Path

IS_RECIPES = jsonschema_rs.validator_for(recipes_schema()).is_valid
IS_ENVIRONMENT = jsonschema_rs.validator_for(environment_schema()).is_valid

# What a schema cannot know: it depends on other keys, on files, or on fonts.
ONLY_THE_READER_KNOWS = {
    *(name for name in BROKEN if name.startswith("copies") and name != "copies to {stem}-{size}.{ext}"),
    "faces in one size and what stands out in another",
    "fewer colors of no PNG",
    "fewer colors without loss",
    "colors that a format has no profile for",
    "a budget of what is made later",
    "a rule with a recipe that is none", "nothing for the rest", "no recipes", "a quality of PNG beside auto",
    "a box with one side", "a pad with one side", "a pad without end", "a focus where nothing is cut off",
    "quality of a format that is not made", "a rule behind the one for every key", "a rule twice",
    "gain maps where no format holds them", "a file that is not there", "a mark that is no picture",
    "a ladder that goes down", "a size that widths make, too", "a density that is too much",
    "a density that pads without end", "text from right to left", "trimming late", "a region of nothing",
    "a length of 60 %", "an unknown step", "a lazy format that is not written",
    "originals that leave, with lazy variants", "originals that leave, with a gate",
    "originals that leave, with faces that sizes are cut around",
    "originals that are moved by something else than the beginning of their keys",
    "originals that are kept among those that are moved",
    "a lazy name that is a size and a format", "lazy variants with steps", "a lazy size that there is not",
}  # fmt: skip


def test_the_page_and_the_schemas_are_what_make_docs_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page()
    assert RECIPES_SCHEMA.read_text(encoding="utf-8") == written(recipes_schema())
    assert ENVIRONMENT_SCHEMA.read_text(encoding="utf-8") == written(environment_schema())


def test_the_page_shows_each_step_as_it_is_within_two_levels_and_in_few_bytes() -> None:
    made = pictures()
    assert {path.stem for path in PICTURES.iterdir()} == set(made) == {"none", "untrimmed", *built_in()}
    for name, data in made.items():
        committed = (PICTURES / f"{name}.webp").read_bytes()
        assert mean_difference(opened(committed), opened(data)) <= 2.0
        assert len(committed) < 5_000


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_every_step_but_trim_and_background_shows_something_else_than_the_plain_picture() -> None:
    plain = opened((PICTURES / "none.webp").read_bytes())
    for name in EXAMPLES.keys() - {"trim"}:
        shown = opened((PICTURES / f"{name}.webp").read_bytes())
        assert shown.size != plain.size or mean_difference(shown, plain) > 1.0, name


def test_the_page_names_every_option_of_every_step() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for definition in built_in().values():
        _, _, section = page.partition(f"\n### {definition.name}\n")
        section, _, _ = section.partition("\n### ")
        assert [name for name in definition.allowed if f"| `{name}` |" not in section] == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (RULE + "nothing = 1\n" + RECIPE + SIZES, RULE_KEYS),
        (RULE + RECIPE + "nothing = 1\n" + SIZES, RECIPE_KEYS),
        (RULE + RECIPE + "[recipes.web.sizes]\nw = { width = 1, nothing = 1 }\n", SIZE_KEYS),
    ],
    ids=["rules", "recipes", "sizes"],
)
def test_the_page_has_the_keys_that_are_read_and_no_others(tmp_path: Path, text: str, keys: dict[str, Any]) -> None:
    (tmp_path / "recipes.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_recipes(tmp_path / "recipes.toml")
    (allowed,) = re.findall(r"allowed: (.+)$", str(caught.value))
    assert set(allowed.split(", ")) == set(keys)


def test_the_schema_takes_the_files_that_ship_and_they_name_it() -> None:
    assert IS_RECIPES(tomllib.loads(RECIPES.read_text(encoding="utf-8")))
    files = [RECIPES, *ENVIRONMENTS.glob("*.toml")]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert path is RECIPES or IS_ENVIRONMENT(tomllib.loads(text)), path
        (named,) = re.findall(r"^#:schema (\S+)$", text, re.MULTILINE)
        assert json.loads((path.parent / named).resolve().read_text(encoding="utf-8"))["title"]
        assert text.startswith("#:schema ")


def _parsed(text: str) -> Any:  # noqa: ANN401
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - ONLY_THE_READER_KNOWS))
def test_the_schema_refuses_what_the_reader_refuses(name: str) -> None:
    text, *_ = BROKEN[name]
    found = _parsed(text)
    assert found is None or not IS_RECIPES(found)


@pytest.mark.parametrize("name", sorted(BROKEN_STEPS.keys() - ONLY_THE_READER_KNOWS))
def test_the_schema_refuses_the_steps_that_the_reader_refuses(name: str) -> None:
    steps, *_ = BROKEN_STEPS[name]
    assert not IS_RECIPES(tomllib.loads(f"{RULE}[recipes.web]\nsteps = {steps}\n{SIZES}"))


def test_the_schema_takes_every_step_that_the_reader_takes(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(LOGO)
    examples = [*EXAMPLES.values(), *(f"{{ {_inline(entry)} }}" for entry in ONE_OF_EACH.values())]
    for entries in examples:
        text = f"{RULE}[recipes.web]\nsteps = [{entries}]\n{SIZES}"
        (tmp_path / "recipes.toml").write_text(text, encoding="utf-8")
        load_recipes(tmp_path / "recipes.toml")
        assert IS_RECIPES(tomllib.loads(text)), entries


def _inline(entry: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items())


WRONG_OPTIONS = {
    "a number out of bounds": "max_concurrency = 0",
    "a word that is none": 'removal = "keep"',
    "a flag in quotes": 'url_ingest = "yes"',
    "an unknown option": "colour = 3",
    "a list that is a text": 'allowed_origins = "*"',
}


@pytest.mark.parametrize("line", WRONG_OPTIONS.values(), ids=WRONG_OPTIONS)
def test_the_schema_of_environments_refuses_what_the_reader_refuses(tmp_path: Path, line: str) -> None:
    (tmp_path / "dev.toml").write_text(line)
    with pytest.raises(ConfigError):
        load_config(tmp_path / "dev.toml")
    assert not IS_ENVIRONMENT(tomllib.loads(line))


def test_the_readme_leads_to_the_page() -> None:
    assert "(docs/recipes-reference.md)" in (PROJECT / "README.md").read_text(encoding="utf-8")
