"""What is deployed for arm64: the layer, the code, and the settings of each function, as the stack makes them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.cdk.code import compiled
from lightpress.cdk.layer_build import on_lambda, provide
from lightpress.cdk.native import EXTRA_LOCKS, LOCK
from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT, RECIPES
from tools.template_lint import Environment, template_of, without_references

if TYPE_CHECKING:
    from collections.abc import Mapping

_TARGET = on_lambda("aarch64", "3.13")
_LAYERS = PROJECT / ".local" / "layer-cache"
# Of an environment that has every function.
_OPTIONS = """
upload_auth = "iam"
url_ingest = true
[[attach]]
bucket = "my-shop"
[[in_place]]
bucket = "my-cms"
"""
# Lambda's runtime brings botocore, and what it needs. All of it is Python.
_OF_THE_RUNTIME = ("botocore", "dateutil", "jmespath", "six", "urllib3")


@dataclass(frozen=True)
class Artefact:
    """What is on a function's path: the layers, then its own code, then what the runtime brings."""

    layers: tuple[Path, ...]
    code: tuple[Path, ...]

    @property
    def python_path(self) -> str:
        """As PYTHONPATH has it."""
        return _joined((*self.layers, *self.code))

    def path_of(self, function: Deployed) -> str:
        """The same for one function, which may have no layer."""
        return self.python_path if function.has_layers else _joined(self.code)


@dataclass(frozen=True)
class Deployed:
    """A function, as the template has it. variables: its environment variables. has_layers: whether it has any."""

    variables: Mapping[str, str]
    has_layers: bool


def _joined(path: tuple[Path, ...]) -> str:
    return ":".join(map(str, path))


def artefact(folder: Path) -> Artefact:
    """Build it into `folder`, by what `cdk synth` calls."""
    shutil.rmtree(folder, ignore_errors=True)
    locks = {"layer": LOCK, **{f"layer-{name}": lock for name, lock in EXTRA_LOCKS.items()}}
    for name, lock in locks.items():
        provide(lock, _TARGET, out=folder / name, cache=_LAYERS)
    shutil.copytree(compiled(LAMBDA_SRC, _TARGET, RECIPES, faces=True), folder / "code")
    _copy_runtime(folder / "runtime")
    layers = tuple(folder / name / "python" for name in locks)
    return Artefact(layers, (folder / "code", folder / "runtime"))


def _copy_runtime(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in _OF_THE_RUNTIME:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ImportError(f"{name} is not installed; run make setup")
        origin = Path(spec.origin)
        if origin.name == "__init__.py":
            shutil.copytree(origin.parent, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, folder / origin.name)


def functions(folder: Path) -> Mapping[str, Deployed]:
    """Each function, by the module of its handler."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arm64.toml").write_text(_OPTIONS, encoding="utf-8")
    template = template_of(Environment(folder / "arm64.toml"), folder / "out")
    resources = template["Resources"]
    return {
        row["Properties"]["Handler"].removesuffix(".handler"): Deployed(
            _settings(row["Properties"], resources), bool(row["Properties"].get("Layers"))
        )
        for row in resources.values()
        if row["Type"] == "AWS::Lambda::Function"
    }


def _settings(function: Mapping[str, Any], resources: Mapping[str, Any]) -> dict[str, str]:
    variables = without_references(function["Environment"]["Variables"], resources)
    return {name: text if isinstance(text, str) else json.dumps(text) for name, text in variables.items()} | {
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
    }
