"""What makes .venv touches no environment elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("what", ["demo", "all"])
def test_an_environment_that_is_linked_to_is_left_as_it_is(tmp_path: Path, what: str) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (checkout / "scripts").mkdir(parents=True)
    elsewhere.mkdir()
    shutil.copy(PROJECT / "scripts" / "setup.py", checkout / "scripts")
    (elsewhere / "installed").write_text("by somebody", encoding="utf-8")
    (checkout / ".venv").symlink_to(elsewhere)
    command = [sys.executable, str(checkout / "scripts" / "setup.py"), what]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f".venv is a symbolic link to {elsewhere}" in ended.stderr
    assert "Remove the link (rm .venv)" in ended.stderr
    assert [path.name for path in elsewhere.iterdir()] == ["installed"]
