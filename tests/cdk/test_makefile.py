"""What the Makefile runs with `python -m` exists."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from lightpress.cdk.readiness import PROJECT

_MODULES = sorted(set(re.findall(r"python -m ([\w.]+)", (PROJECT / "Makefile").read_text(encoding="utf-8"))))


def test_the_makefile_runs_at_least_eight_modules_of_python() -> None:
    assert len(_MODULES) >= 8


@pytest.mark.parametrize("module", _MODULES)
def test_each_module_that_the_makefile_runs_can_be_imported(module: str) -> None:
    assert find_spec(module), f"the Makefile runs `python -m {module}`, which no folder of the project has"
