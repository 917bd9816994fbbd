"""Builds a layer from locked wheels with pip alone: any processor's on any machine, the same bytes every time.

Nothing is compiled, so no Docker is needed. What is built once is kept, and copied from then on.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Python 3.13 on Lambda runs on Amazon Linux 2023, which has glibc 2.34. 2.17 is the oldest that wheels are made for.
_NEWEST_GLIBC, _OLDEST_GLIBC = 34, 17
# Any moment a zip can hold in every time zone.
_LONG_AGO = 946_684_800
# pip's notes about this installation, which would differ from one to the next.
_INSTALLATION_NOTES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_FOLDER_IN_LAMBDA = "/opt/python"
_FOR_TYPE_CHECKERS = {"py.typed"}
_OMITTED = "omit.txt"  # beside a lock
_RUNNING_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class LayerError(Exception):
    """The layer cannot be built; the message holds pip's own words."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a layer is built for.

    Attributes:
        name: Part of the cache's key: processor and Python.
        python: Version of Python, such as "3.13".
        pip_options: What pip must be told to build for another machine than this one.
    """

    name: str
    python: str
    pip_options: tuple[str, ...] = ()

    @property
    def precompiled(self) -> bool:
        """Whether the running Python writes byte code that the target reads."""
        return self.python == _RUNNING_PYTHON


def on_lambda(machine: str, python: str) -> Target:
    """Lambda with an `aarch64` or `x86_64` processor. pip does not know that the tags nest, so it is told each."""
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1)]
    platforms = [word for tag in (*tags, f"manylinux2014_{machine}") for word in ("--platform", tag)]
    return Target(f"{machine}-{python}", python, ("--implementation", "cp", "--python-version", python, *platforms))


def on_this_host() -> Target:
    """The machine and the Python that build it: what the local cloud runs functions on."""
    return Target(f"{platform.machine()}-{sysconfig.get_platform()}-{sys.implementation.cache_tag}", _RUNNING_PYTHON)


def digest(requirements: Path, target: Target) -> str:
    """Everything that decides the bytes of the layer."""
    parts = (
        requirements.read_bytes(),
        "\n".join(_omitted(requirements)).encode(),
        Path(__file__).read_bytes(),
        target.name.encode(),
        MAGIC_NUMBER if target.precompiled else b"not precompiled",
    )
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def provide(requirements: Path, target: Target, *, out: Path, cache: Path) -> None:
    """Put the layer into the folder `out`, built now or kept from before."""
    kept = cache / digest(requirements, target)
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as scratch:
            built = Path(scratch) / "layer"
            build(requirements, target, built)
            _move(built, kept)
    shutil.copytree(kept, out, dirs_exist_ok=True)


def build(requirements: Path, target: Target, out: Path) -> None:
    """Build the layer in the folder `out`. Lambda finds modules in its subfolder `python`."""
    modules = out / "python"
    modules.mkdir(parents=True)
    _install(requirements, target, modules)
    _prune(modules, _omitted(requirements))
    if target.precompiled:
        precompile(modules, _FOLDER_IN_LAMBDA, unless_edited=False)
    settle(out)


def _install(requirements: Path, target: Target, modules: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    locked = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
    where = ["--target", str(modules), "--requirement", str(requirements)]
    finished = subprocess.run(
        [*pip, *locked, *target.pip_options, *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if "No module named pip" in finished.stdout:
        raise LayerError("the layer is built with pip, which this environment has not: python -m ensurepip")
    if finished.returncode != 0:
        raise LayerError(f"pip could not install {requirements} for {target.name}. It said:\n{finished.stdout}")


def _omitted(requirements: Path) -> list[str]:
    """Patterns of what the packages of this lock bring and no function reads: most layers need none."""
    beside = requirements.with_name(_OMITTED)
    lines = beside.read_text("utf-8").splitlines() if beside.exists() else ()
    return [line for line in lines if line and not line.startswith("#")]


def _prune(modules: Path, omitted: Iterable[str]) -> None:
    """Remove what a function never reads. Not every wheel has all that is omitted: it depends on the processor."""
    for path in [path for pattern in omitted for path in sorted(modules.glob(pattern))]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(modules / "bin", ignore_errors=True)
    for path in modules.rglob("*"):
        installation_note = path.parent.suffix == ".dist-info" and path.name in _INSTALLATION_NOTES
        if installation_note or path.name in _FOR_TYPE_CHECKERS or path.suffix == ".pyi":
            path.unlink()


def precompile(modules: Path, folder_in_lambda: str, *, unless_edited: bool) -> None:
    """Compile the modules to byte code, whose validity does not depend on the time stamps of the sources.

    Everything that is deployed has the same time stamp, so without this Python would compile everything at every cold
    start. This runs in a process of its own, where nothing that this one has loaded can find its way into the bytes.

    Args:
        modules: The folder of the sources; the byte code goes beside them.
        folder_in_lambda: What tracebacks say instead of `modules`.
        unless_edited: Whether Python compares the source with the byte code before using it.
    """
    mode = "checked-hash" if unless_edited else "unchecked-hash"
    compileall = [sys.executable, "-P", "-m", "compileall", "-q", "-f", "--invalidation-mode", mode]
    paths_in_tracebacks = ["-s", str(modules), "-p", folder_in_lambda]
    subprocess.run(
        [*compileall, *paths_in_tracebacks, str(modules)], env={**os.environ, "PYTHONHASHSEED": "0"}, check=True
    )


def settle(out: Path) -> None:
    """Give every file the same times and permissions, on whichever machine it was built."""
    for path in (out, *out.rglob("*")):
        path.chmod(0o755 if path.is_dir() or ".so" in path.suffixes else 0o644)
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def _move(built: Path, kept: Path) -> None:
    try:
        built.rename(kept)
    except OSError:
        if not kept.exists():  # it does when another synth was faster, with the same bytes
            raise
