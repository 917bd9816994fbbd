"""Copies of this checkout with recipes of their own, for clouds that run beside the one of most tests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.pages import block

_PROJECT = Path(__file__).resolve().parents[2]
_RECIPES = _PROJECT / "lambda_src" / "recipes.toml"

_BY_FOLDER = """\
[[rules]]
path = "held/**"
recipe = "held"

[[rules]]
path = "facts/**"
recipe = "held"

[[rules]]
path = "dropped/**"
recipe = "dropped"

{copies}
[recipes.held]
formats = "auto"
gate = ["person"]
facts = ["likeness", "duplicates", "own"]
sizes = {sizes}

[recipes.dropped]
formats = "auto"
originals = "drop_after_publish"
sizes = {sizes}
"""


def checkout_with(line: str, folder: Path) -> Path:
    """A copy of this checkout in a folder, with one more line in its recipe."""
    usual = '[recipes.web]\nformats = "auto"\n'
    shipped = _RECIPES.read_text(encoding="utf-8")
    assert usual in shipped
    return _checkout(shipped.replace(usual, f"{usual}{line}\n"), folder)


def checkout_by_folder(folder: Path) -> Path:
    """One whose originals below held/ and facts/ wait for a person, and are enriched then; those below dropped/ leave.

    All others have copies, by the recipes of docs/how-to/copies.md.
    """
    shipped = re.search(r"\[recipes\.web\.sizes\]\n(.*?)\n\n", _RECIPES.read_text(encoding="utf-8"), re.DOTALL)
    assert shipped is not None
    sizes = f"{{ {', '.join(shipped[1].splitlines())} }}"
    return _checkout(
        _BY_FOLDER.format(copies=block("how-to/copies.md", "lambda_src/recipes.toml"), sizes=sizes), folder
    )


def _checkout(recipes: str, folder: Path) -> Path:
    for name in ("infra", "lambda_src", "layers", "web"):
        shutil.copytree(_PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "cdk.json"):
        shutil.copy(_PROJECT / name, folder / name)
    (folder / ".local").mkdir()
    for slow in ("venv", "layer-cache"):
        (_PROJECT / ".local" / slow).mkdir(parents=True, exist_ok=True)
        (folder / ".local" / slow).symlink_to(_PROJECT / ".local" / slow)
    (folder / "lambda_src" / "recipes.toml").write_text(recipes, encoding="utf-8")
    return folder
