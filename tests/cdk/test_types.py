"""mypy follows imports of those CDK modules alone that pyproject.toml names: all that the code uses are among them."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.nightly
def test_every_module_of_cdk_that_the_code_imports_is_type_checked() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    followed = {
        module
        for override in declared["tool"]["mypy"]["overrides"]
        if override.get("follow_imports") == "normal"
        for module in override["module"]
    }
    used = set(_modules_of_cdk())
    assert {"aws_cdk.aws_iam", "aws_cdk.aws_cloudfront", "aws_cdk.assertions"} <= used
    assert used <= followed, f"add to the second list of pyproject.toml's [tool.mypy]: {sorted(used - followed)}"


def _modules_of_cdk() -> Iterator[str]:
    for folder in ("infra", "tests", "tools"):
        for path in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("aws_cdk"):
                    continue
                names = [f"aws_cdk.{name.name}" for name in node.names if not name.name[0].isupper()]
                yield from names if node.module == "aws_cdk" else [str(node.module)]
