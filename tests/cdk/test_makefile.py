"""What the Makefile runs with `python -m` exists."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from lightpress.cdk.native import EXTRA_LOCKS, FACES
from lightpress.cdk.readiness import PROJECT

_MODULES = sorted(set(re.findall(r"python -m ([\w.]+)", (PROJECT / "Makefile").read_text(encoding="utf-8"))))


def test_the_makefile_runs_at_least_eight_modules_of_python() -> None:
    assert len(_MODULES) >= 8


@pytest.mark.parametrize("module", _MODULES)
def test_each_module_that_the_makefile_runs_can_be_imported(module: str) -> None:
    assert find_spec(module), f"the Makefile runs `python -m {module}`, which no folder of the project has"


def test_every_layer_is_locked_audited_and_in_an_sbom() -> None:
    """What is compiled into them is asked about by `lightpress.cdk.advisories`, which goes by the same names."""
    made = (PROJECT / "Makefile").read_text(encoding="utf-8")
    locks = {path.parent.name for path in (PROJECT / "layers").glob("*/requirements.txt")}
    assert locks == {"pillow", *EXTRA_LOCKS}
    audited = re.findall(r"layers/(\w+)/requirements", made.partition("LOCKS :=")[2].partition("audit:")[0])
    extras = re.findall(r"layers/(\w+)/requirements", made.partition("EXTRAS :=")[2].partition("LOCKS :=")[0])
    assert {*audited, *extras} == locks
    sbom = made.partition("sbom:")[2].partition("$(SDK)/.ready")[0]
    assert set(re.findall(r"(\w+) layers/\w+/requirements", sbom)) - {"functions"} == set(EXTRA_LOCKS)
    named = re.search(r"for part in functions ([\w ]+); do", sbom)
    assert named
    assert set(named[1].split()) == set(EXTRA_LOCKS)
    locking = (PROJECT / "scripts" / "lock").read_text(encoding="utf-8")
    assert set(re.findall(r"layers/(\w+)/requirements.in", locking)) >= {"pillow", FACES}
