"""What is installed for which purpose: the demo and deployments need nothing that only developers have."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.cdk.native import FACES
from lightpress.image.inputs import EXTRA_INPUTS
from tools.documents.licenses import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
SHIPPED = [*PROJECT.glob("lambda_src/**/*.py"), *PROJECT.glob("infra/**/*.py"), *PROJECT.glob("cli/**/*.py")]
ONLY_FOR_TESTS = {"trustme", "ministack"}
"""Of the strict local cloud, which tests start, and of the emulator's own environment."""
OWN = {"lightpress", "batching", "bedrock", "edge_cache", "guardduty", "origin_groups", "rekognition", "stand_ins"}
"""And modules that run inside the emulator, beside their neighbor."""


def imported(path: Path) -> Iterator[str]:
    """The packages that a module imports as it runs, by their first name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


def versions(lock: str) -> dict[str, str]:
    return {package.name: package.version for package in locked(lock)}


def test_nothing_that_is_shipped_imports_what_only_developers_install() -> None:
    of_module, installed = packages_distributions(), versions("requirements.txt")
    for extra in (*EXTRA_INPUTS, FACES):  # by an option, or lightpress[NAME]
        installed |= versions(f"layers/{extra}/requirements.txt")
    assert len(SHIPPED) > 200
    found = {name for path in SHIPPED for name in imported(path)} - sys.stdlib_module_names - OWN - ONLY_FOR_TESTS
    assert {"aws_cdk", "boto3", "PIL", "typer", "s3transfer", "urllib3"} <= found
    missing = {
        name
        for name in found
        if not {one.lower().replace("_", "-") for one in of_module.get(name, [name])} & installed.keys()
    }
    assert not missing


def test_what_make_setup_adds_leaves_what_make_install_has_installed_as_it_is() -> None:
    small, large = versions("requirements.txt"), versions("requirements-dev.txt")
    assert {"hatchling", "aws-cdk-lib"} <= small.keys()
    assert small.items() <= large.items()
    assert len(large) > 2 * len(small)
