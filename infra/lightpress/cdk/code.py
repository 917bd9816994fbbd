"""The functions' own code, with its byte code beside it.

A function cannot keep what Python compiles: its folder is read-only. Left to itself, every cold start would compile all
of the package again, for some 50 ms of CPU.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from lightpress.cdk.layer_build import precompile, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.cdk.layer_build import Target

_PACKAGE = "lightpress"
_LEFT_OUT = ("__pycache__", "*.pyc", ".*")
# Parts of the package that deploy and operate; a checkout has them elsewhere.
_NOT_IN_LAMBDA = ("cdk", "cli", "client", "costs", "local", "packaged")
_RECIPES = "recipes.toml"
_MODEL_OF_FACES = "faces.tflite"  # half as large as all of the code
_FOLDER_IN_LAMBDA = "/var/task"


def compiled(source: Path, target: Target, recipes: Path, files: tuple[str, ...] = (), *, faces: bool = False) -> Path:
    """A copy of the package in `source` as it runs on `target`, with recipes; it is there until this process ends.

    files: those beside `recipes` that they name. faces: whether they look for faces, and so need the model that does.

    Only the Python version that the functions run on can write their byte code; synthesized with another, they go
    without.
    """
    package = source / _PACKAGE
    beside = ((_RECIPES, recipes), *((name, recipes.parent / name) for name in files))
    code = _package(package, target, _fingerprint(_sources(package)), faces=faces)
    return _with(code, target, beside, _fingerprint(path for _, path in beside))


@cache
def _package(package: Path, target: Target, _: str, *, faces: bool) -> Path:
    """A folder with the package alone: whatever the recipes are, it is compiled once."""
    folder = _new_folder()
    shutil.copytree(package, folder / _PACKAGE, ignore=partial(_left_out, package, faces))
    if target.precompiled:
        _precompile(folder)
    return folder


@cache
def _with(code: Path, target: Target, beside: tuple[tuple[str, Path], ...], _: str) -> Path:
    """A copy with what lies beside the package."""
    folder = _new_folder()
    for name, path in beside:
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copyfile(path, folder / name)
    if target.precompiled and any(path.suffix == ".py" for _, path in beside):
        _precompile(folder)  # steps of one's own, and not the package again
    shutil.copytree(code, folder, dirs_exist_ok=True)
    settle(folder)
    return folder


def _precompile(folder: Path) -> None:
    precompile(folder, _FOLDER_IN_LAMBDA, unless_edited=True)  # as one may in the console


def _new_folder() -> Path:
    folder = Path(mkdtemp(prefix="lightpress-code-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _left_out(package: Path, faces: bool, folder: str, names: list[str]) -> set[str]:  # noqa: FBT001  by partial
    """What of a folder is not copied, as `shutil.copytree` asks."""
    left_out = shutil.ignore_patterns(*_LEFT_OUT, *(() if faces else (_MODEL_OF_FACES,)))(folder, names)
    return left_out | set(_NOT_IN_LAMBDA) if Path(folder) == package else left_out


def _sources(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _fingerprint(files: Iterable[Path]) -> str:
    """So that what was changed since is copied anew."""
    parts = hashlib.sha256()
    for path in files:
        parts.update(hashlib.sha256(str(path).encode()).digest() + hashlib.sha256(path.read_bytes()).digest())
    return parts.hexdigest()
