"""`lightpress render`: what a person, and a program that reads its JSON, can rely on."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from lightpress.pipeline.manifest import manifest_from_json
from tools.drawing import disc, file_of, ramp

SIZES, FORMATS = ("w320", "w640", "w1280", "w1920"), ("avif", "jpeg")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def results(result: Result, code: int = 0) -> list[dict[str, Any]]:
    assert result.exit_code == code, result.output
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
    first, second, third = results(run(text, photo, cut, "--out", tmp_path / "out", "--json"), code=1)
    assert (first["status"], first["reason"], first["variants"]) == ("failed", "not_a_picture", [])
    assert second["status"] == "ready"
    assert (third["status"], third["reason"]) == ("failed", "corrupt")
    assert "Truncated" in third["detail"]
    assert third["width"] is None


def test_a_format_is_read_where_the_recipe_accepts_it(tmp_path: Path) -> None:
    picture, recipes = tmp_path / "cat.jpg", tmp_path / "mine.toml"
    Image.new("RGB", (30, 20), "red").save(picture, "JPEG2000")
    (refused,) = results(run(picture, "--out", tmp_path / "out", "--json"), code=1)
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


ONE_SIZE = """
[[rules]]
path = "avatars/**"
recipe = "square"
[[rules]]
path = "**"
recipe = "tiny"
[recipes.square]
formats = ["webp"]
sizes.s = { width = 8, height = 8, fit = "cover" }
[recipes.tiny]
formats = ["webp"]
sizes.a.width = 10
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Five pictures in folders, two of one name, and what is no picture."""
    root = tmp_path / "site"
    for name in ("x.png", "a/x.png", "a/b/y.PNG", "avatars/z.jpg", "é ü/w.gif"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), "navy").save(path)
    (root / "notes.txt").write_text("no picture")
    (root / ".DS_Store").write_text("no picture")
    (root / ".hidden").mkdir()
    Image.new("RGB", (30, 20)).save(root / ".hidden" / "h.png")
    (tmp_path / "one-size.toml").write_text(ONE_SIZE)
    return root


def test_a_folder_is_rendered_with_all_below_it_under_its_own_paths(tree: Path, tmp_path: Path) -> None:
    ended = run(tree, "--out", tmp_path / "out", "--recipes", tmp_path / "one-size.toml", "--json")
    made = {result["source"]: result["variants"][0] for result in results(ended)}
    assert {Path(source).relative_to(tree).as_posix() for source in made} == {
        "a/b/y.PNG",
        "a/x.png",
        "avatars/z.jpg",
        "x.png",
        "é ü/w.gif",
    }
    assert Path(made[str(tree / "a/x.png")]["path"]) == tmp_path / "out/site/a/x.png/a.webp"
    assert Path(made[str(tree / "x.png")]["path"]) == tmp_path / "out/site/x.png/a.webp"
    assert f"Passed over, no pictures by their names: {tree / 'notes.txt'}" in ended.stderr


def test_rules_of_the_recipes_see_the_folders_of_a_folder(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    made = results(run(".", "--out", tmp_path / "out", "--recipes", tmp_path / "one-size.toml", "--json"))
    assert {(one["source"], one["variants"][0]["name"]) for one in made if "z.jpg" in one["source"]} == {
        ("avatars/z.jpg", "s")
    }


def test_a_pattern_is_expanded_and_files_that_are_named_twice_are_rendered_once(tree: Path, tmp_path: Path) -> None:
    options = ("--out", tmp_path / "out", "--recipes", tmp_path / "one-size.toml", "--json")
    assert len(results(run(f"{tree}/**/*.png", *options))) == 2
    assert len(results(run(f"{tree}/a/*", tree / "a", *options))) == 2


@pytest.mark.parametrize(
    "named", [(".",), ("**/*.*",), ("./**/*.*",), ("a", "avatars", "out")], ids=["folder", "pattern", "dotted", "shell"]
)
def test_what_was_written_before_is_no_picture_to_render(
    named: tuple[str, ...], tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder to write to is one of those that are read, as it is after `lightpress render . --out out`."""
    monkeypatch.chdir(tree)
    (tree / "out").mkdir()
    (tree / "notes.txt").unlink()
    options = ("--out", "out", "--recipes", tmp_path / "one-size.toml", "--json")
    first, second = ({one["source"] for one in results(run(*named, *options))} for _ in range(2))
    assert len(first) >= 3
    assert second == first


def test_files_below_the_folder_to_write_to_are_rendered_where_they_are_named(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--out", ".", "--recipes", "one-size.toml", "--json")
    for named in (f"{tree}/a/b/*.*", "site/a/b/*.*", "site/avatars/z.jpg"):
        assert len(results(run(named, *options))) == 1


def test_to_write_to_the_one_folder_that_is_read_is_refused_with_why(tree: Path) -> None:
    result = run(tree, "--out", tree)
    assert result.exit_code == 2
    assert "taken for what was written there before." in words(result)


def test_the_standard_input_is_a_picture(tmp_path: Path) -> None:
    data = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(data, "JPEG")
    ended = CliRunner().invoke(app, ["render", "-", "--out", str(tmp_path / "out"), "--json"], input=data.getvalue())
    (made,) = results(ended)
    assert (made["source"], made["status"], made["width"]) == ("-", "ready", 300)
    assert Path(made["variants"][0]["path"]).parent == tmp_path / "out" / "stdin"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nowhere/*.jpg"], "'nowhere/*.jpg' is no file, no folder, and no pattern that matches any."),
        (["empty"], "There are no pictures in these folders, going by the names of the files."),
        (["/dev/null"], "'/dev/null' is neither a file nor a folder."),
    ],
)
def test_names_that_lead_to_no_picture_are_mistakes_of_the_caller(
    names: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    result = run(*names, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert said in words(result)


def test_files_that_a_rule_leaves_alone_are_named_and_are_no_failure_unless_nothing_is_left(
    tree: Path, tmp_path: Path
) -> None:
    recipes = tmp_path / "mine.toml"
    recipes.write_text(ONE_SIZE.replace('"avatars/**"\nrecipe = "square"', '"**.png"\nignore = true'))
    options = ("--out", tmp_path / "out", "--recipes", recipes, "--json")
    ended = run(tree, *options)
    assert len(results(ended)) == 3
    assert "x.png: left alone, as a rule of the recipes file says; --recipe renders it all the same" in ended.stderr
    assert results(run(tree / "x.png", *options), code=1) == []
    assert len(results(run(tree / "x.png", *options, "--recipe", "tiny"))) == 1


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


def test_steps_find_their_files_beside_the_recipes_file_that_names_them(photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "steps").mkdir(parents=True)
    shutil.copy(PROJECT / "docs" / "own-steps" / "duotone.py", folder / "steps")
    (folder / "logo.png").write_bytes(file_of(disc(60, (255, 0, 0))))
    (folder / "recipes.toml").write_text(
        '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["png"]\nsizes.a.width = 90\n'
        'steps = [{ duotone = "#000040" }, { watermark = "logo.png", width = "50%", at = "center", opacity = 0.9 }]\n'
    )
    out = tmp_path / "out"
    (made,) = results(run(photo, "--recipes", folder / "recipes.toml", "--out", out, "--json"))
    (variant,) = made["variants"]
    with Image.open(variant["path"]) as image:
        middle = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
    assert isinstance(middle, tuple)
    assert middle[0] > 220
    assert max(middle[1:]) < 40

    (folder / "logo.png").unlink()
    refused = run(photo, "--recipes", folder / "recipes.toml", "--out", out)
    assert refused.exit_code == 1
    assert "logo.png: there is no such file beside recipes.toml" in words(refused)


def test_a_format_whose_package_is_not_installed_is_named_with_the_package_before_any_work(tmp_path: Path) -> None:
    """In a Python that has Pillow and the command line's own packages, and none of the optional ones."""
    (tmp_path / "recipes.toml").write_text(
        '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["jxl", "jpeg"]\naccept = ["svg", "jpeg"]\n'
        "sizes = { w8 = { width = 8 } }\n"
    )
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
    hidden = "import sys; sys.modules.update(dict.fromkeys(('pillow_jxl', 'resvg_py', 'ai_edge_litert')));"
    hidden += "from lightpress.cli.main import app; app()"
    command = [sys.executable, "-c", hidden, "render", "a.svg", "--out", "out", "--recipes", "recipes.toml"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert 'pip install "lightpress[jxl]"' in " ".join((ran.stdout + ran.stderr).split())
    recipes = (tmp_path / "recipes.toml").read_text().replace('"jxl", ', "")
    (tmp_path / "recipes.toml").write_text(recipes)
    ran = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "resvg-py, which reads it, is not installed" in ran.stdout
    assert "extra_inputs" in ran.stdout
    cut = 'w8 = { width = 8, height = 8, fit = "cover", focus = "faces" }'
    (tmp_path / "recipes.toml").write_text(recipes.replace("w8 = { width = 8 }", cut))
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    said = " ".join((ran.stdout + ran.stderr).split())
    assert "looks for faces, and ai-edge-litert, which finds them, is not installed" in said
    assert 'pip install "lightpress[faces]"' in said
