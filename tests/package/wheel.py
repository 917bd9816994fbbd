"""The wheel, in environments that have nothing but what its metadata asks for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHARED = {"bin", "lib", "share", "__pycache__"}


def build(folder: Path, kind: str = "wheel") -> Path:
    """Build the wheel, as the release does. kind: "wheel:editable" for one that only leads to this checkout."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def site(self) -> Path:
        return self.folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    def run(self, *command: str, cwd: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, with no other way to find modules."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JSII", "AWS_"))}
        return subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            cwd=cwd,
            env={**kept, "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(cwd / "cache"), "CDK_VALIDATION": "false"},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )


def installed(wheel: Path, extras: Iterable[str], folder: Path) -> Environment:
    """An environment with the wheel, and links to those packages of this one that it requires with its extras."""
    venv.create(folder, with_pip=False, symlinks=True)
    environment = Environment(folder)
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "--disable-pip-version-check")
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)],
        check=True,
        capture_output=True,
    )
    (metadata,) = environment.site.glob("lightpress-*.dist-info")
    wanted, seen = [*_required(Distribution.at(metadata), set(extras))], set[str]()
    while wanted:
        name, more = wanted.pop()
        if (key := f"{name}{sorted(more)}") in seen:
            continue
        seen.add(key)
        if name == "lightpress":
            wanted += _required(Distribution.at(metadata), more)
            continue
        found = distribution(name)
        _link(found, environment.site)
        wanted += _required(found, more)
    return environment


def _required(one: Distribution, extras: set[str]) -> list[tuple[str, set[str]]]:
    """What it requires on this machine; fails where another version is here than it asks for."""
    found = []
    for line in one.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""}) | {""}):
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if name != "lightpress":
                assert requirement.specifier.contains(distribution(name).version, prereleases=True), line
            found.append((name, requirement.extras))
    return found


def _link(one: Distribution, site: Path) -> None:
    for top in {file.parts[0] for file in one.files or () if file.parts[0] not in {"..", *_SHARED}}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(one.locate_file(top))))
