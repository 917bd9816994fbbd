"""The CDK command line is locked, and runs the app with whatever Python the project has."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


def _checkout(folder: Path, *pythons: str) -> str:
    """A checkout whose app says which of these stand-ins for Python ran it; returns what `cdk.json` runs prints."""
    (folder / "scripts").mkdir()
    shutil.copy(PROJECT / "scripts" / "synth", folder / "scripts")
    for python in pythons:
        path = folder / python
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho {python} $1\n", encoding="utf-8")
        path.chmod(0o755)
    app = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["app"]
    search = f"{folder / 'active'}:/usr/bin:/bin"
    told = subprocess.run(app.split(), cwd=folder, env={"PATH": search}, check=True, capture_output=True, text=True)
    return told.stdout.strip()


def test_the_app_runs_on_the_venv_of_make_setup_where_there_is_one(tmp_path: Path) -> None:
    assert _checkout(tmp_path, ".venv/bin/python", "active/python3") == ".venv/bin/python app.py"


def test_without_it_the_app_runs_on_the_active_python_as_of_conda_or_poetry(tmp_path: Path) -> None:
    assert _checkout(tmp_path, "active/python3") == "active/python3 app.py"


def test_the_command_line_and_all_that_it_needs_are_locked_with_hashes() -> None:
    folder = PROJECT / "scripts" / "cdk"
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    locked = {name.removeprefix("node_modules/"): row for name, row in packages.items() if name}
    assert {name: locked[name]["version"] for name in wanted} == wanted
    assert all(row["integrity"].startswith("sha512-") for row in locked.values())
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert "npx" not in makefile, "npx fetches what no lock names"
