"""The demo's own recipes: what they add to those of a project, and what they make of the picture that is for them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.cdk.readiness import RECIPES
from lightpress.cli.demo.graphics import logo
from lightpress.cli.demo.pictures import draw_demo_set
from lightpress.cli.demo.recipes import PREFIX, write_recipes
from lightpress.image.render import render
from lightpress.pipeline.recipe_file import load_recipes
from tools.drawing import distance, pixel

if TYPE_CHECKING:
    from pathlib import Path


def test_a_projects_own_recipes_stay_as_they_are_and_only_the_demos_keys_have_another(tmp_path: Path) -> None:
    book, of_project = load_recipes(write_recipes(RECIPES, tmp_path)), load_recipes(RECIPES)
    for key in ("a.jpg", "avatars/a.jpg", "marked-by-the-demo.jpg"):
        mine, theirs = book.recipe_for(key), of_project.recipe_for(key)
        assert mine
        assert theirs
        assert mine.digest == theirs.digest
    demos = book.recipe_for(f"{PREFIX}a.jpg")
    assert demos
    assert (demos.spec.has_auto_focus, demos.spec.has_steps) == (True, True)


def test_files_that_a_projects_recipes_name_come_along_and_the_bytes_are_the_same_each_time(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    Image.new("RGBA", (4, 4), "red").save(project / "mine.png")
    text = RECIPES.read_text(encoding="utf-8")
    steps = '[recipes.web]\nsteps = [{ watermark = "mine.png" }]'
    (project / "recipes.toml").write_text(text.replace("[recipes.web]", steps, 1), encoding="utf-8")
    for folder in ("a", "b"):
        assert load_recipes(write_recipes(project / "recipes.toml", tmp_path / folder)).recipe_for("a.jpg")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["logo-of-the-demo.png", "mine.png", "recipes.toml"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)


@pytest.mark.nightly
def test_the_boat_is_kept_where_the_middle_is_water_and_carries_the_logo(tmp_path: Path) -> None:
    (drawn,) = [one for one in draw_demo_set() if one.key.startswith(PREFIX)]
    recipe = load_recipes(write_recipes(RECIPES, tmp_path)).recipe_for(drawn.key)
    assert recipe
    result = render(drawn.data, recipe.spec)
    assert result.original.focus
    assert result.original.focus[0] == pytest.approx(boat_of(drawn.data)[0], abs=0.1)
    shown = {names: variant for variant in result.variants for names in variant.names if variant.format == "jpeg"}
    tall = Image.open(io.BytesIO(shown["tall"].data)).convert("RGB")
    reduced = (320 / 360) ** 2
    assert red_pixels(tall) > 0.9 * reduced * red_pixels(Image.open(io.BytesIO(drawn.data)).convert("RGB"))
    mark = logo(300, 120)
    square = Image.open(io.BytesIO(shown["square"].data)).convert("RGB")
    # 40 % of 300 pixels, in the corner at 2 % from the edges: where the logo is opaque, its color is there.
    small = mark.resize((120, 48))
    x, y = next((x, y) for x in range(10, 120) for y in range(5, 40) if small.getpixel((x, y))[3] == 255)  # type: ignore[index]
    place = ((300 - 6 - 120 + x + 0.5) / 300, (300 - 6 - 48 + y + 0.5) / 300)
    assert distance(pixel(square, place), small.getpixel((x, y))[:3]) < 70  # type: ignore[index]


def boat_of(data: bytes) -> tuple[float, float]:
    """Where the middle of the red sail is."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    found = reds(image)
    assert len(found) > 200
    return (
        sum(x for x, _ in found) / len(found) / image.width,
        sum(y for _, y in found) / len(found) / image.height,
    )


def red_pixels(image: Image.Image) -> int:
    return len(reds(image))


def reds(image: Image.Image) -> list[tuple[int, int]]:
    red, green, blue = (list(band.tobytes()) for band in image.split())
    found = [at for at in range(len(red)) if red[at] > 190 and green[at] < 100 and blue[at] < 90]
    return [(at % image.width, at // image.width) for at in found]
