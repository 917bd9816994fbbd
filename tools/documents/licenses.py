"""Writes docs/licences.md: whose work Lightpress is built on, under which licences. `make licences`; asks a registry.

The names and versions are those of the locks, the licences those that each package tells the registry.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE = PROJECT / "docs" / "licences.md"

LOCKS = {
    "In the function": (
        "layers/pillow/requirements.txt",
        "Deployed as the layer, together with our own code (MIT). Lambda's runtime brings boto3 (Apache-2.0).",
    ),
    "On the deployer's machine": (
        "requirements.txt",
        "Synthesizes, deploys, and is the command line. Nothing of it is deployed, but what is named above too.",
    ),
    "For working on Lightpress": ("requirements-dev.txt", "Tests, linters and types, beside the above."),
    "For auditing": ("requirements-audit.txt", "`make audit` and `make sbom`, in an environment of their own."),
    "For the local cloud": (
        "cli/lightpress/local/requirements.txt",
        "An emulator of AWS on this machine, in an environment of its own.",
    ),
}

# What a package does not tell of itself.
_REMARKS = {
    "pillow-heif": "**the wheel as a whole is GPL-2.0**: see above",
}
# Those without a file that this machine could take: for Windows alone.
_ELSEWHERE = {"pywin32": "PSF-2.0"}
_HEAD = """\
# Licences

Lightpress is MIT licensed. What it is built on, as locked, with the licences that the packages tell the registry. This
page is written by `make licences`; a test fails where a locked version is not in it.

**HEIC and the GPL.** The code of pillow-heif is BSD-3-Clause, but its wheels hold libheif and libde265 (LGPL-3.0) and
x265 (GPL-2.0). So the wheel as a whole, and the layer that holds it, is under the GPL-2.0. Deploying the layer into an
account of your own gives it to nobody. If you hand the built layer, or an image that holds it, to others, the GPL's
terms go along. If that cannot be, take `pillow-heif` out of `layers/pillow/requirements.in` and `pyproject.toml`, and
its row out of `INPUTS` in `lambda_src/lightpress/image/formats.py`; then `make lock` and `make test`. HEIC files are
refused from then on.
"""
HEAD_OF_TABLE = "package"
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_LONGEST_NAME = 60


@dataclass(frozen=True, order=True)
class Locked:
    """One line of a lock."""

    name: str
    version: str


def locked(path: str) -> set[Locked]:
    """What a lock names, for every platform."""
    return {Locked(_plain(name), version) for name, version in _LOCKED.findall((PROJECT / path).read_text("utf-8"))}


def page(licences: Mapping[Locked, str]) -> str:
    """The page; each package stands where it is needed first."""
    parts, seen = [_HEAD], set[Locked]()
    for title, (path, note) in LOCKS.items():
        rows = sorted(locked(path) - seen)
        seen.update(rows)
        parts.append(f"## {title}\n\n{note} `{path}`\n\n| {HEAD_OF_TABLE} | version | licence |\n|---|---|---|\n")
        parts[-1] += "".join(f"| {row.name} | {row.version} | {_licence(row, licences)} |\n" for row in rows)
    return "\n".join(parts)


def _licence(row: Locked, licences: Mapping[Locked, str]) -> str:
    remark = _REMARKS.get(row.name)
    return f"{licences[row]}; {remark}" if remark else licences[row]


def fetch(wanted: Iterable[Locked], python: str) -> dict[Locked, str]:
    """Ask the registry for the licences; nothing is installed. python: one whose pip tells licence expressions."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{row.name}=={row.version}\n" for row in sorted(wanted))
        file.flush()
        command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
        command += ["--ignore-requires-python"]
        ran = subprocess.run([*command, "--report", "-", "-r", file.name], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(ran.stderr)
    told = [row["metadata"] for row in json.loads(ran.stdout)["install"]]
    return {Locked(_plain(metadata["name"]), metadata["version"]): licence_of(metadata) for metadata in told}


def licence_of(metadata: Mapping[str, Any]) -> str:
    """The expression if there is one, else the name, else the classifiers."""
    if expression := metadata.get("license_expression"):
        return str(expression)
    name = str(metadata.get("license") or "").strip()
    if name and len(name) <= _LONGEST_NAME and "\n" not in name and name.lower() not in {"unknown", "none"}:
        return name.strip('"')
    named = [row.removeprefix(_CLASSIFIER) for row in metadata.get("classifier", []) if row.startswith(_CLASSIFIER)]
    return ", ".join(named) or "not told: look at its source"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    left = {row for path, _ in LOCKS.values() for row in locked(path)}
    found = {row: _ELSEWHERE[row.name] for row in left if row.name in _ELSEWHERE}
    left -= found.keys()
    while left:  # one version of each package at a time: locks may hold several, for several Pythons
        found |= fetch({row.name: row for row in left}.values(), python=sys.argv[1])
        left -= found.keys()
    PAGE.write_text(page(found), encoding="utf-8")
