"""The emulator's own virtual environment: it pins another botocore than Lightpress does."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.local.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCK = Path(__file__).with_name("requirements.txt")


def emulator_python(venv: Path, *, say: Callable[[str], None], lock: Path = _LOCK) -> Path:
    """The interpreter of the environment at `venv`, made anew when the lock or the running interpreter has changed."""
    python = venv / "bin" / "python"
    stamp = venv / "made-from"
    wanted = _made_from(lock)
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        say("Installing the emulator in its own virtual environment (once)")
        shutil.rmtree(venv, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(venv)])
        _run([*_pip(python), "install", "--quiet", "--require-hashes", "-r", str(lock)])
        stamp.write_text(wanted, encoding="utf-8")
    return python


def _pip(python: Path) -> list[str]:
    """Our own pip, at work on another environment: to install one there first takes longer than all else."""
    return [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--no-input"]


def _made_from(lock: Path) -> str:
    return "\n".join([hashlib.sha256(lock.read_bytes()).hexdigest(), sys.base_prefix, sys.version])


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if finished.returncode != 0:
        raise LocalCloudError(
            f"The emulator's virtual environment could not be created. {' '.join(command)} failed:\n{finished.stdout}"
        )
