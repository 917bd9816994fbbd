"""What the documents promise is there: the tests they name, the versions they list, the files they lead to."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.readiness import PROJECT
from tools.documents.licenses import COLUMNS, LOCKS, PAGE, Locked, license_of, locked

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").glob("*.md")])
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    for file, name in _TEST.findall(document.read_text(encoding="utf-8")):
        assert f"def {name}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_every_row_of_the_threat_model_names_its_tests() -> None:
    text = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| who ")]
    assert len(rows) > 12
    assert [row for row in rows if not _TEST.search(row)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_list_of_licenses_has_every_locked_package_with_a_license_and_what_requires_it() -> None:
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    rows = [cells for cells in lines if cells[0] not in {COLUMNS[0], "---"}]
    wanted = {package for path, _ in LOCKS.values() for package in locked(path)}
    assert {Locked(*cells[:2]) for cells in rows} == wanted, "it is stale: make licenses"
    assert [cells for cells in rows if len(cells) != len(COLUMNS) or not all(cells)] == []


def test_what_requires_a_package_is_what_the_lock_says() -> None:
    deployed = {package.name: requirers for package, requirers in locked("layers/pillow/requirements.txt").items()}
    assert deployed["pillow"] == ["Lightpress", "pillow-heif"]
    assert deployed["pycparser"] == ["cffi"]


def test_the_list_says_plainly_that_heic_brings_the_gpl() -> None:
    (row,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| pillow-heif |")]
    assert "GPL-2.0" in row


@pytest.mark.parametrize(
    ("licenses", "shown"),
    [
        ([{"expression": "MIT OR Apache-2.0"}], "MIT OR Apache-2.0"),
        ([{"license": {"id": "MPL-2.0"}}, {"license": {"name": "License :: OSI Approved :: Mozilla"}}], "MPL-2.0"),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], "BSD License"),
        ([], "not stated: see its source"),
    ],
)
def test_a_license_is_shown_by_its_spdx_name_where_it_has_one(licenses: list[object], shown: str) -> None:
    assert license_of({"name": "any", "licenses": licenses}) == shown


def notes(tag: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROJECT / "scripts" / "release-notes", tag], capture_output=True, text=True, check=False)


def test_a_release_is_the_section_of_its_version() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    ran = notes(f"v{version}")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()
    assert "\n## " not in ran.stdout


def test_a_tag_of_another_version_is_no_release() -> None:
    ran = notes("v99.0.0")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "99.0.0" in ran.stderr
