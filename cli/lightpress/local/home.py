"""The files of one local cloud, and those that all local clouds of a checkout share."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.local.processes import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one local cloud."""

    path: Path

    @property
    def emulator(self) -> Daemon:
        return Daemon(self.path / "emulator.pid", self.path / "emulator.log")

    @property
    def cdn(self) -> Daemon:
        return Daemon(self.path / "cdn.pid", self.path / "cdn.log")

    @property
    def outputs(self) -> Path:
        return self.path / "outputs.json"

    @property
    def certificates(self) -> Path:
        return self.path / "tls"

    @property
    def scratch(self) -> Path:
        """TMPDIR and HOME of the emulator and of the functions it runs."""
        return self.path / "tmp"

    @property
    def state(self) -> Path:
        """What an emulator that keeps its state writes when it ends."""
        return self.path / "state"


@dataclass(frozen=True, slots=True)
class Shared:
    """The folder of a checkout with what is slow to make, and the same for all its local clouds."""

    path: Path

    @property
    def venv(self) -> Path:
        return self.path / "venv"

    @property
    def assembly(self) -> Path:
        return self.path / "cdk.out"

    @property
    def assembly_of_other_recipes(self) -> Path:
        return self.path / "cdk.out-other-recipes"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a path against other processes; waits for those that hold it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
