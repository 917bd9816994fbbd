import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lightpress.local import LocalCloudError
from lightpress.local.synth import synthesize
from tools.drawing import file_of, four_corners

APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir()
(out / "environment.json").write_text(json.dumps(dict(os.environ)))
print(open("runs", "a").write("x"))
"""

Synthesize = Callable[[], int]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for name in ("infra/stack.py", "lambda_src/lightpress/reconcile.py", "layers/pillow/requirements.txt", "cdk.json"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("1")
    (project / "app.py").write_text(APP)
    (project / "runs").touch()
    return project


@pytest.fixture
def runs_after_synthesis(project: Path) -> Synthesize:
    def synthesize_and_count() -> int:
        synthesize(project, project / "cdk.out", say=lambda _: None)
        return len((project / "runs").read_text())

    return synthesize_and_count


def test_nothing_is_synthesized_twice(runs_after_synthesis: Synthesize) -> None:
    assert [runs_after_synthesis() for _ in range(2)] == [1, 1]


@pytest.mark.parametrize(
    "path",
    ["app.py", "cdk.json", "infra/stack.py", "lambda_src/lightpress/reconcile.py", "layers/pillow/requirements.txt"],
)
def test_a_change_of_what_the_stack_is_made_from_is_seen(
    project: Path, runs_after_synthesis: Synthesize, path: str
) -> None:
    runs_after_synthesis()
    with (project / path).open("a") as file:
        file.write("\n")
    assert runs_after_synthesis() == 2


@pytest.mark.parametrize("path", ["infra/new.py", "lambda_src/lightpress/new.py"])
def test_a_new_file_and_a_removed_one_are_changes(project: Path, runs_after_synthesis: Synthesize, path: str) -> None:
    runs_after_synthesis()
    (project / path).touch()
    assert runs_after_synthesis() == 2
    (project / path).unlink()
    assert runs_after_synthesis() == 3


def test_a_file_that_was_moved_is_a_change(project: Path, runs_after_synthesis: Synthesize) -> None:
    runs_after_synthesis()
    (project / "infra" / "stack.py").rename(project / "infra" / "story.py")
    assert runs_after_synthesis() == 2


def test_what_python_caches_is_no_change(project: Path, runs_after_synthesis: Synthesize) -> None:
    runs_after_synthesis()
    (project / "infra" / "__pycache__").mkdir()
    (project / "infra" / "__pycache__" / "stack.cpython-313.pyc").touch()
    assert runs_after_synthesis() == 1


def test_the_app_gets_its_environment_and_nothing_of_an_account(
    project: Path, runs_after_synthesis: Synthesize, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    runs_after_synthesis()
    environment = json.loads((project / "cdk.out" / "environment.json").read_text())
    assert json.loads(environment["CDK_CONTEXT_JSON"]) == {"env": "local"}
    assert environment["CDK_DEFAULT_ACCOUNT"] == "000000000000"
    assert not [name for name in environment if name.startswith("AWS_")]


def test_the_app_says_itself_what_is_wrong_and_is_asked_again(project: Path, runs_after_synthesis: Synthesize) -> None:
    (project / "app.py").write_text("raise SystemExit('lightpress: recipes.toml: quality: 101 is too much')")
    for _ in range(2):
        with pytest.raises(LocalCloudError, match=r"quality: 101 is too much"):
            runs_after_synthesis()


def test_other_recipes_are_named_to_the_app_and_a_change_of_one_or_of_a_file_that_it_names_is_seen(
    project: Path, tmp_path: Path
) -> None:
    recipes = tmp_path / "mine" / "recipes.toml"
    recipes.parent.mkdir()
    recipes.write_text(
        '[recipes.web]\nwidths = [320]\nsteps = [{ watermark = "logo.png" }]\n[[rules]]\npath = "**"\nrecipe = "web"\n'
    )
    recipes.with_name("logo.png").write_bytes(file_of(four_corners()))

    def runs() -> int:
        synthesize(project, project / "cdk.out", say=lambda _: None, recipes=recipes)
        return len((project / "runs").read_text())

    assert runs() == 1
    context = json.loads((project / "cdk.out" / "environment.json").read_text())["CDK_CONTEXT_JSON"]
    assert json.loads(context)["recipes"] == str(recipes)
    recipes.with_name("notes.txt").write_text("of nobody")
    assert runs() == 1
    recipes.with_name("logo.png").write_bytes(file_of(four_corners((48, 32))))
    assert runs() == 2
    recipes.write_text(recipes.read_text().replace("320", "640"))
    assert runs() == 3
