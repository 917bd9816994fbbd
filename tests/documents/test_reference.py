"""The pages that are written from the code are what the code says now, and what the others say of commands is true."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
import typer

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import RENAMED, app
from lightpress.image.errors import Reason
from lightpress.pipeline.manifest import Manifest
from tools.documents import api, commands, extensions, manifests, reasons
from tools.documents.manifests import described

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITTEN = {
    commands.PAGE: commands.command_page,
    reasons.PAGE: reasons.errors_page,
    manifests.PAGE: manifests.manifest_page,
    api.PAGE: api.api_page,
    extensions.PAGE: extensions.extensions_script,
    extensions.MODULE: extensions.extensions_module,
}
PAGES = sorted(
    path
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("*/**/README.md")]
    if not {"decisions", "node_modules", ".venv", ".local"} & set(path.parts) and path.name != "CHANGELOG.md"
)
_CALL = re.compile(r"(?:^|[\s`(/])lightpress ([a-z]+(?: [a-z]+)?)((?:(?!`|\s{3,}| \|| #).)*)", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_OF_EVERY_COMMAND = {"--help", "--debug", "--version"}


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_a_page_that_is_written_from_the_code_is_what_the_code_says(page: Path) -> None:
    write: Callable[[], str] = WRITTEN[page]
    assert page.read_text(encoding="utf-8") == write(), "it is stale: make docs"


def test_every_reason_of_a_picture_has_something_to_do_about_it() -> None:
    assert reasons.TO_DO.keys() == set(Reason)
    assert [reason for reason, words in reasons.TO_DO.items() if not words.endswith(".")] == []


def test_a_field_that_the_docstring_leaves_out_is_noticed() -> None:
    class Undescribed(Manifest):
        """Says nothing of its fields."""

    with pytest.raises(KeyError, match="key"):
        described(Undescribed)


@lru_cache
def known() -> dict[str, set[str]]:
    """The options of every command."""
    return {
        name.removeprefix("lightpress "): {option for parameter in command.params for option in parameter.opts}
        for name, command, _ in commands._commands(typer.main.get_command(app))  # noqa: SLF001
    }


def mistakes(text: str, options: dict[str, set[str]]) -> list[str]:
    """What a page has the command line do that it does not."""
    found = []
    for call in _CALL.finditer(text):
        words, rest = call.groups()
        name = next((one for one in (words, words.split()[0]) if one in options), None)
        if name is None:
            groups = {one.split()[0] for one in options if " " in one}
            if "--" in rest and words.split()[0] not in groups:
                found.append(f"lightpress {words}{rest}")
            continue
        unknown = {*_OPTION.findall(rest)} - options[name] - _OF_EVERY_COMMAND - {f"--{old}" for old in RENAMED}
        found += [f"lightpress {name} {option}" for option in sorted(unknown)]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_option_that_a_page_gives_a_command_is_one_of_it(page: Path) -> None:
    assert mistakes(page.read_text(encoding="utf-8"), known()) == []


def test_a_command_or_an_option_that_there_is_not_is_noticed() -> None:
    options: dict[str, Any] = known()
    assert mistakes("`lightpress render a.jpg --output out`", options) == ["lightpress render --output"]
    assert mistakes("    lightpress rendr a.jpg --out out", options) == ["lightpress rendr a.jpg --out out"]
    assert mistakes("lightpress failures retry --reason x --all", options) == ["lightpress failures retry --all"]
    assert mistakes("with `lightpress upload a.jpg --env prod`, then", options) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_make_target_that_a_page_names_is_one(page: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = {*re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE)}
    named = {*re.findall(r"(?:^    |`)make ([a-z0-9-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)}
    assert named <= targets
