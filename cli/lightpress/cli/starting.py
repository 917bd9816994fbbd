"""`lightpress init`: the files of a new project."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from lightpress.cli.project import PROJECT, RECIPES

_FILES = Path(__file__).parent / "new_project"
_SCHEMAS = tuple(PROJECT / "docs" / name for name in ("recipes.schema.json", "environment.schema.json"))
_OPTIONS, _OPTIONS_BY_NAME = "environment.toml", {"prod": "prod.toml"}
"""The options of a first environment; those for trying things out delete what they keep, and those of prod do not."""
_IGNORED = ".venv/\ncdk.out/\n__pycache__/\nout/\n"
_CDK = '{\n  "app": ".venv/bin/python app.py",\n  "versionReporting": false\n}\n'


class ExistsError(Exception):
    """A file of the project is there already; the message names it."""


class NoProjectError(Exception):
    """There is no project in a folder; the message says what to do."""


def start(folder: Path, environment: str) -> list[Path]:
    """Write a project with one environment to `folder`; returns its files. Nothing is overwritten.

    Raises:
        ExistsError: One of the files exists. None is written then.

    """
    files = {folder / name: text for name, text in _project(environment).items()}
    taken = next((path for path in files if path.exists()), None)
    if taken is not None:
        raise ExistsError(f"{taken} exists: choose an empty folder, or move it out of the way.")
    return _written(files)


def renew_schemas(folder: Path) -> list[Path]:
    """Write the JSON Schemas of this release over those of a project, which are of the one that wrote it.

    Raises:
        NoProjectError: There is no project in the folder.
    """
    if not (folder / "recipes.toml").is_file():
        raise NoProjectError(f"{folder} has no recipes.toml: name the folder of a project, or leave out --schemas.")
    return _written({folder / name: text for name, text in _schemas().items()})


def _written(files: dict[Path, str]) -> list[Path]:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _schemas() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in _SCHEMAS}


def _project(environment: str) -> dict[str, str]:
    """The text of each file by its name."""
    return {
        "README.md": _named("README.md", environment),
        "app.py": _named("app.py", environment),
        "recipes.toml": RECIPES.read_text(encoding="utf-8").replace("#:schema ../docs/", "#:schema "),
        **_schemas(),
        f"environments/{environment}.toml": _named(_OPTIONS_BY_NAME.get(environment, _OPTIONS), environment),
        "requirements.txt": f"lightpress[cli,cdk]=={version('lightpress')}\n",
        "cdk.json": _CDK,
        ".gitignore": _IGNORED,
        ".github/workflows/deploy.yml": _named("deploy.yml", environment),
    }


def _named(name: str, environment: str) -> str:
    """A file that speaks of the environment `dev`, for one of another name."""
    text = (_FILES / name).read_text(encoding="utf-8")
    for said in ("env=dev", "--env dev", "environments/dev.toml"):
        text = text.replace(said, said.replace("dev", environment))
    return text.replace('or "dev"', f'or "{environment}"').replace("(dev unless", f"({environment} unless")
