"""The functions' own code, with its byte code beside it.

A function cannot keep what Python compiles: its folder is read-only. Left to itself, every cold start would compile all
of the package again, for some 50 ms of CPU.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from lightpress.cdk.layer_build import precompile, settle

if TYPE_CHECKING:
    from lightpress.cdk.layer_build import Target

_LEFT_OUT = ("__pycache__", "*.pyc", ".*")
_RECIPES = "recipes.toml"
_FOLDER_IN_LAMBDA = "/var/task"


def compiled(source: Path, target: Target, recipes: Path | None = None, files: tuple[str, ...] = ()) -> Path:
    """A copy of the folder `source` as it runs on `target`, there until this process ends; `recipes` replace its own.

    files: those beside `recipes` that they name.

    Only the Python version that the functions run on can write their byte code; synthesized with another, they go
    without.
    """
    if recipes is None:
        return _copy(source, target, (), _fingerprint(source, ()))
    others = ((_RECIPES, recipes), *((name, recipes.parent / name) for name in files))
    return _copy(source, target, others, _fingerprint(source, tuple(path for _, path in others)))


@cache
def _copy(source: Path, target: Target, others: tuple[tuple[str, Path], ...], _: str) -> Path:
    folder = Path(mkdtemp(prefix="lightpress-code-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for name, path in others:
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copyfile(path, folder / name)
    if target.precompiled:
        precompile(folder, _FOLDER_IN_LAMBDA, unless_edited=True)  # as one may in the console
    settle(folder)
    return folder


def _fingerprint(source: Path, others: tuple[Path, ...]) -> str:
    """Of all files, so that what was changed since is copied anew."""
    parts = hashlib.sha256()
    files = sorted(path for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in (*files, *others):
        parts.update(hashlib.sha256(str(path).encode()).digest() + hashlib.sha256(path.read_bytes()).digest())
    return parts.hexdigest()
