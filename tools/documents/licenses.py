"""Writes docs/licenses.md: every locked package, its license, and what requires it (`make licenses`).

Names and versions are those of the locks. Licenses are what cyclonedx-py, which also writes the SBOM, reads in the
metadata of the installed environments; the network is needed only to install these.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lightpress.cdk.readiness import PROJECT
from lightpress.local.emulator_python import emulator_python
from lightpress.local.home import Shared

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = PROJECT / "docs" / "licenses.md"

LOCKS = {
    "In the functions": (
        "layers/pillow/requirements.txt",
        "Deployed as the layer, together with our own code (MIT). Lambda's runtime brings boto3 (Apache-2.0).",
    ),
    "For SVG": ("layers/svg/requirements.txt", 'In a layer of its own, with `extra_inputs = ["svg"]`.'),
    "For PDF": ("layers/pdf/requirements.txt", 'In a layer of its own, with `extra_inputs = ["pdf"]`.'),
    "For JPEG XL": ("layers/jxl/requirements.txt", 'In a layer of its own, with `extra_inputs = ["jxl"]`.'),
    "For faces": ("layers/faces/requirements.txt", "In a layer of its own, with `face_focus = true`."),
    "On the deployer's machine": (
        "requirements.txt",
        "Synthesis, deployment and the command line. Of these, only what is listed above is deployed.",
    ),
    "For development": ("requirements-dev.txt", "Tests, linters and types, in addition to the above."),
    "For auditing": (
        "requirements-audit.txt",
        "`make audit`, `make sbom` and `make licenses`, in an environment of their own.",
    ),
    "For the local cloud": (
        "cli/lightpress/local/requirements.txt",
        "An emulator of AWS on this machine, in an environment of its own.",
    ),
}
COLUMNS = ("package", "version", "license", "required by")

# What the metadata of a package does not tell.
_REMARKS = {
    "pillow-heif": "**the wheel as a whole is GPL-2.0**: see above",
    "pypdfium2": "its files say Apache-2.0 or BSD-3-Clause; PDFium in it: BSD-3-Clause",
    "resvg-py": "its file LICENSE is MIT; resvg in it: Apache-2.0 or MIT",
}
# Locked for Windows alone, so not installed where this page is written.
_WINDOWS_ONLY = {"colorama": "BSD-3-Clause", "pywin32": "PSF-2.0"}
_HEAD = """\
# Licenses

Lightpress is MIT licensed. This page lists the packages that it is built on, as locked, with the licenses that their
metadata names, and with what requires them. It is written by `make licenses`; a test fails where a locked version is
not listed.

**HEIC and the GPL.** The code of pillow-heif is BSD-3-Clause, but its wheels contain libheif and libde265 (LGPL-3.0)
and x265 (GPL-2.0). The wheel as a whole, and the layer that contains it, are therefore under the GPL-2.0. Deploying the
layer into your own account distributes it to nobody. If you give the built layer, or an image that contains it, to
others, the terms of the GPL apply to that. If you cannot accept them, remove `pillow-heif` from
`layers/pillow/requirements.in` and `pyproject.toml`, and its row from `INPUTS` in
`lambda_src/lightpress/image/inputs.py`; then run `make lock` and `make test`. HEIC files are refused from then on.

**JPEG XL and the GPL.** libjxl is BSD-3-Clause, and pillow-jxl-plugin, its only binding with wheels for arm64, is
GPL-3.0. It is in no deployment that does not ask for it (`extra_inputs`), and in no installation without
`lightpress[jxl]`. The same holds for its layer as for the one above: deploying it into your own account distributes it
to nobody.

**The model that finds faces** (`lambda_src/lightpress/image/faces.tflite`) is MediaPipe's BlazeFace for full range, by
Google, under the Apache License 2.0, unchanged. It is in the functions only with `face_focus = true`.
"""
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")
_REQUIRED_BY = re.compile(r"^    #(?: via|  ) +(\S+)")
_CLASSIFIER = "License :: OSI Approved :: "


class Locked(NamedTuple):
    """A package in a lock."""

    name: str
    version: str


def locked(path: str) -> dict[Locked, list[str]]:
    """The packages of a lock, for every platform, each with what requires it."""
    found: dict[Locked, list[str]] = {}
    requirers: list[str] = []
    for line in (PROJECT / path).read_text("utf-8").splitlines():
        if package := _LOCKED.match(line):
            requirers = found.setdefault(Locked(_normalized(package[1]), package[2]), [])
        elif requirer := _REQUIRED_BY.match(line):
            requirers.append("Lightpress" if requirer[1] in {"lightpress", "-r"} else requirer[1])
    return found


def page(licenses: Mapping[Locked, str]) -> str:
    """The page; a package that several locks share is listed with the first of them."""
    parts, listed = [_HEAD], set[Locked]()
    for title, (path, note) in LOCKS.items():
        packages = {one: requirers for one, requirers in sorted(locked(path).items()) if one not in listed}
        listed.update(packages)
        rows = [
            (one.name, one.version, _license(one, licenses), ", ".join(requirers))
            for one, requirers in packages.items()
        ]
        lines = [f"| {' | '.join(cells)} |" for cells in (COLUMNS, ["---"] * len(COLUMNS), *rows)]
        parts.append("\n".join([f"## {title}", "", f"{note} `{path}`", "", *lines, ""]))
    return "\n".join(parts)


def _license(package: Locked, licenses: Mapping[Locked, str]) -> str:
    """From the metadata of that version, or of another: some packages are locked twice, for several Pythons.

    Raises:
        LookupError: The package is not installed in any of the environments.
    """
    by_name = {other.name: license_ for other, license_ in licenses.items()} | _WINDOWS_ONLY
    found = licenses.get(package) or by_name.get(package.name)
    if not found:
        raise LookupError(f"{package.name} {package.version} is locked and not installed: make setup, make audit")
    return f"{found}; {_REMARKS[package.name]}" if package.name in _REMARKS else found


def licenses_in(environment: Path, cyclonedx: Path) -> dict[Locked, str]:
    """The license of each package that is installed in an environment. environment: its interpreter."""
    command: list[str | Path] = [cyclonedx, "environment", "--of", "JSON", environment]
    listing = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return {
        Locked(_normalized(component["name"]), component["version"]): license_of(component)
        for component in listing["components"]
    }


def license_of(component: Mapping[str, Any]) -> str:
    """The license of a CycloneDX component: SPDX expression or identifiers where it has them, else names."""
    licenses = component.get("licenses", [])
    spdx = [one["expression"] if "expression" in one else one["license"].get("id") for one in licenses]
    names = [one["license"]["name"].removeprefix(_CLASSIFIER) for one in licenses if "name" in one.get("license", {})]
    return ", ".join(filter(None, spdx)) or ", ".join(names) or "not stated: see its source"


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    audit = Path(sys.argv[1])
    environments = (
        Path(sys.executable),
        audit / "python",
        emulator_python(Shared(PROJECT / ".local").venv, say=print),
    )
    found: dict[Locked, str] = {}
    for interpreter in environments:
        found |= licenses_in(interpreter, audit / "cyclonedx-py")
    PAGE.write_text(page(found), encoding="utf-8")
