"""Synthesizes the CDK app into a cloud assembly, without the CDK command line, if its files have changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from lightpress.local.errors import LocalCloudError
from lightpress.local.session import ACCOUNT, REGION
from lightpress.pipeline.recipe_file import load_recipes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENVIRONMENT = "local"
STACK = f"Lightpress-{ENVIRONMENT}"

_SOURCES = ("app.py", "cdk.json", "requirements.txt", "infra", "lambda_src", "layers")


_PACKAGED = "packaged"


def synthesize(project: Path, assembly: Path, *, say: Callable[[str], None], recipes: Path | None = None) -> None:
    """Write the cloud assembly of the local environment to the folder `assembly`, unless it is up to date.

    recipes: Other recipes than the project's.
    """
    stamp = assembly / "made-from"
    wanted = _digest(project, recipes)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say("Synthesizing the stack")
    shutil.rmtree(assembly, ignore_errors=True)
    finished = subprocess.run(
        [sys.executable, "app.py"],
        cwd=project,
        env=_environment(assembly, recipes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise LocalCloudError(f"The stack could not be synthesized. The output of app.py:\n{finished.stdout}")
    stamp.write_text(wanted, encoding="utf-8")


def _environment(assembly: Path, recipes: Path | None) -> dict[str, str]:
    """The variables that the CDK command line sets, without AWS settings: nothing may be looked up in an account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return kept | {
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps({"env": ENVIRONMENT} | ({"recipes": str(recipes)} if recipes else {})),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
    }


def _digest(project: Path, recipes: Path | None) -> str:
    """A digest of everything that the assembly is made from."""
    digest = hashlib.sha256(f"{sys.base_prefix}\n{sys.version}\n".encode())
    for path in _files(project):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(project.parent)} {content}\n".encode())
    for path in _with_files(recipes) if recipes else ():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _with_files(recipes: Path) -> list[Path]:
    """Recipes, and the files beside them that they name."""
    return [recipes, *(recipes.parent / name for name in load_recipes(recipes).files)]


def _files(project: Path) -> Iterator[Path]:
    # In what pip installed, the project is a folder of the package, and the code is around it.
    sources = [project.parent] if project.name == _PACKAGED else [project / source for source in _SOURCES]
    for path in sources:
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)
