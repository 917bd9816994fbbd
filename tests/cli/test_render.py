"""`lightpress render`: what a person, and a program that reads its JSON, can rely on."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from lightpress.cli.main import app
from lightpress.pipeline.manifest import manifest_from_json
from tools.drawing import ramp

SIZES, FORMATS = ("w320", "w640", "w1280", "w1920"), ("avif", "jpeg")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def results(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def words(result: Result) -> str:
    """What was said, however it was wrapped and framed."""
    return " ".join(result.output.replace("│", " ").split())


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "originals" / "é + photo.jpg"
    path.parent.mkdir()
    ramp((2000, 1000)).save(path, exif=_turned())
    return path


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_json_names_every_variant_and_the_files_are_there(photo: Path, tmp_path: Path) -> None:
    (result,) = results(run(photo, "--out", tmp_path / "out", "--json"))
    assert (result["source"], result["status"], result["reason"]) == (str(photo), "ready", None)
    assert (result["width"], result["height"]) == (1000, 2000)
    assert {(one["name"], one["format"]) for one in result["variants"]} == {(s, f) for s in SIZES for f in FORMATS}
    assert result["cpu_ms"] > 0
    assert 10 < result["peak_rss_mb"] < 1000
    for variant in result["variants"]:
        data = Path(variant["path"]).read_bytes()
        assert len(data) == variant["bytes"]
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (variant["width"], variant["height"])
            assert str(image.format).lower() == variant["format"]


def test_each_picture_has_a_manifest_beside_its_variants(photo: Path, tmp_path: Path) -> None:
    run(photo, "--out", tmp_path / "out")
    manifest = manifest_from_json((tmp_path / "out" / photo.name / "manifest.json").read_bytes())
    assert manifest.key == photo.name
    assert {variant.path for variant in manifest.variants} == {
        path.name for path in (tmp_path / "out" / photo.name).iterdir() if path.name != "manifest.json"
    }


def test_a_bad_picture_is_a_result_and_no_crash(photo: Path, tmp_path: Path) -> None:
    text, cut = tmp_path / "notes.jpg", tmp_path / "cut.jpg"
    text.write_text("no picture")
    cut.write_bytes(photo.read_bytes()[:100])
    first, second, third = results(run(text, photo, cut, "--out", tmp_path / "out", "--json"))
    assert (first["status"], first["reason"], first["variants"]) == ("failed", "not_a_picture", [])
    assert second["status"] == "ready"
    assert (third["status"], third["reason"]) == ("failed", "corrupt")
    assert "Truncated" in third["detail"]
    assert third["width"] is None


def test_a_format_is_read_where_the_recipe_accepts_it(tmp_path: Path) -> None:
    picture, recipes = tmp_path / "cat.jpg", tmp_path / "mine.toml"
    Image.new("RGB", (30, 20), "red").save(picture, "JPEG2000")
    (refused,) = results(run(picture, "--out", tmp_path / "out", "--json"))
    assert (refused["status"], refused["reason"]) == ("failed", "format_not_accepted")
    assert refused["detail"].startswith("The file is JPEG 2000, which is not accepted. Accepted: JPEG, PNG, GIF, WebP,")
    rules = '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["jpeg"]\nsizes.a.width = 5\n'
    recipes.write_text(rules + 'accept = ["jpeg", "jpeg2000"]')
    (made,) = results(run(picture, "--recipes", recipes, "--out", tmp_path / "out", "--json"))
    assert (made["status"], made["width"], len(made["variants"])) == ("ready", 30, 1)


def test_pictures_of_the_same_name_do_not_overwrite_each_other(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / photo.name
    Image.new("RGB", (30, 20)).save(other)
    first, second = results(run(photo, other, "--out", tmp_path / "out", "--json"))
    paths = [{one["path"] for one in result["variants"]} for result in (first, second)]
    assert not paths[0] & paths[1]
    assert all(Path(path).is_file() for path in paths[0] | paths[1])


def test_a_recipe_can_be_named(photo: Path, tmp_path: Path) -> None:
    (result,) = results(run(photo, "--out", tmp_path, "--recipe", "avatar", "--json"))
    assert {(one["name"], one["width"], one["height"]) for one in result["variants"]} == {
        ("small", 96, 96),
        ("large", 384, 384),
    }


def test_an_unknown_recipe_is_refused_with_the_known_ones(photo: Path, tmp_path: Path) -> None:
    result = run(photo, "--out", tmp_path, "--recipe", "avatars")
    assert result.exit_code == 2
    assert "allowed: web, avatar" in words(result)


def test_a_broken_recipes_file_is_refused_with_its_key(photo: Path, tmp_path: Path) -> None:
    recipes = tmp_path / "mine.toml"
    recipes.write_text('[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["jpg"]\nsizes.a.width = 5')
    result = run(photo, "--out", tmp_path, "--recipes", recipes)
    assert result.exit_code == 1
    assert "mine.toml: recipes.web.formats: 'jpg' is not allowed" in words(result)


def test_a_missing_file_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    assert run(tmp_path / "absent.jpg", "--out", tmp_path).exit_code == 2


def test_the_table_tells_how_much_was_saved(photo: Path, tmp_path: Path) -> None:
    result = run(photo, "--out", tmp_path)
    assert result.exit_code == 0
    assert "w640 avif" in result.output
    assert "640 x 1280" in result.output
    assert "%" in result.output
