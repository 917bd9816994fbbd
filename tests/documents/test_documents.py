"""What the documents promise is there: the tests they name, the versions they list, the files they lead to."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.readiness import PROJECT
from lightpress.image.errors import UNREADABLE
from tools.documents.licenses import COLUMNS, LOCKS, PAGE, Locked, license_of, locked

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
DECISIONS = PROJECT / "docs" / "decisions"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_NAME = re.compile(r"`([\w./-]+\.(?:py|js|toml))` ?\n?\(`(\w+)`\)")
_PATH = re.compile(
    r"`((?:(?:cli|docs|infra|lambda_src|layers|scripts|tests|tools|web)/|\.(?:ci|editorconfig|github|pre-commit))[\w./-]*\w)/?`"
)
_PLACEHOLDER = re.compile(r"/(?:ENV|NAME)\.")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_top_level_holds_what_is_named_here_and_nothing_that_was_left_by_accident() -> None:
    git = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if git.returncode != 0:
        pytest.skip("not a git checkout")
    found = {path.split("/")[0] for path in git.stdout.splitlines()}
    folders = {
        "cli",
        "clients",
        "docs",
        "examples",
        "infra",
        "lambda_src",
        "layers",
        "scripts",
        "tests",
        "tools",
        "web",
    }
    hidden = {".ci", ".devcontainer", ".editorconfig", ".github", ".gitignore", ".pre-commit-config.yaml"}
    pages = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"}
    locks = {
        f"requirements{kind}.txt" for kind in ("", "-audit", "-dev", "-docs", "-lint", "-mutation", "-native", "-sdk")
    }
    assert found - folders - hidden - pages - locks == {"Makefile", "app.py", "cdk.json", "pyproject.toml"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    for file, name in _TEST.findall(document.read_text(encoding="utf-8")):
        assert f"def {name}(" in (PROJECT / file).read_text(encoding="utf-8"), f"{file}::{name}"


def _defines(file: str, name: str) -> bool:
    """Whether a file defines a name: a function, a class, a constant, a field or an argument by keyword."""
    defined = rf"^\s*(?:(?:async )?def|class|function|const) {name}\b|^\s*(?:export )?{name}\s*[:=]"
    return re.search(defined, _text(PROJECT / file), re.MULTILINE) is not None


# docs/conformance.md names files of the packages that its pictures come from.
@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "conformance.md"], ids=lambda path: path.name
)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    named = [path for path in _PATH.findall(_text(document)) if not _PLACEHOLDER.search(path)]
    assert [path for path in named if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_name_that_a_document_looks_for_in_a_file_is_defined_there(document: Path) -> None:
    assert [(file, name) for file, name in _NAME.findall(_text(document)) if not _defines(file, name)] == []


def test_a_name_that_is_only_used_in_a_file_is_not_defined_there() -> None:
    assert not _defines("lambda_src/lightpress/pipeline/reconcile.py", "RecipeBook")
    assert not _defines("lambda_src/lightpress/pipeline/manifest.py", "Manifes")


def test_ten_questions_are_answered_by_a_file_and_a_name_each() -> None:
    (table,) = re.findall(
        r"^## Ten questions.+?$(.+?)^## ", _text(PROJECT / "CONTRIBUTING.md"), re.MULTILINE | re.DOTALL
    )
    answers = re.findall(r"^\| (.+\?) \| (.+) \|$", table, re.MULTILINE)
    assert len(answers) == 10
    assert [question for question, answer in answers if not _NAME.search(answer)] == []


def test_the_glossary_has_thirty_words_at_most_each_with_one_sentence_and_a_place() -> None:
    page = _text(PROJECT / "docs" / "glossary.md")
    rows = re.findall(r"^\| (.+?) \| (.+) \| (.+) \|$", page, re.MULTILINE)[1:]
    words = [word for word, *_ in rows]
    assert 20 <= len(words) <= 30
    assert words == sorted(set(words))
    assert [word for word, meaning, _ in rows if not meaning.endswith(".") or ". " in meaning] == []
    assert [word for word, _, place in rows if not _NAME.fullmatch(place)] == []


def test_every_room_has_its_line_in_contributing() -> None:
    table = _text(PROJECT / "CONTRIBUTING.md")
    folders = [
        folder for part in ("lambda_src", "infra", "cli") for folder in (PROJECT / part / "lightpress").iterdir()
    ]
    rooms = [str(folder.relative_to(PROJECT)) for folder in folders if (folder / "__init__.py").exists()]
    assert len(rooms) >= 15
    assert [room for room in rooms if f"| `{room}` |" not in table] == []


def test_every_row_of_the_threat_model_names_its_tests() -> None:
    text = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| who ")]
    assert len(rows) > 12
    assert [row for row in rows if not _TEST.search(row)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_manual_says_what_to_do_for_every_reason_why_an_original_cannot_be_read() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {reason for reason in UNREADABLE if f"| `{reason}` |" not in text} == set()


def test_the_index_of_decisions_lists_every_file_with_its_title_status_and_date() -> None:
    rows = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+) \| (.+) \| (.+) \|$", _text(DECISIONS / "README.md"), re.MULTILINE
    )
    numbers = [int(number) for number, *_ in rows]
    assert numbers == list(range(1, len(rows) + 1))
    assert sorted(file for _, file, *_ in rows) == sorted(path.name for path in DECISIONS.glob("0*.md"))
    for number, file, title, status, date in rows:
        head, *rest = _text(DECISIONS / file).split("\n\n", 2)
        assert file.startswith(f"{number}-")
        assert (head, rest[0]) == (f"# {number}. {title}", f"- Status: {status}\n- Date: {date}")


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("0*.md")), ids=lambda path: path.stem[:4])
def test_a_decision_says_its_context_what_was_decided_and_what_followed(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", _text(path), re.MULTILINE)
    assert headings[:2] == ["Context", "Decision"]
    assert {"Consequences", "Measurements"}.issuperset(headings[2:])
    assert headings[2:]


def test_every_decision_that_the_code_refers_to_exists() -> None:
    numbers = {path.name[:4] for path in DECISIONS.glob("0*.md")}
    code = [path for folder in ("lambda_src", "infra", "cli", "tools") for path in (PROJECT / folder).rglob("*.py")]
    named = {number for path in code for number in re.findall(r"docs/decisions/(\d{4})", _text(path))}
    assert named
    assert named <= numbers


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


def test_the_list_of_licenses_says_that_heic_brings_the_gpl() -> None:
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
