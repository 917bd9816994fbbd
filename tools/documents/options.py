"""Writes docs/configuration.md from the options: `make docs`. A test fails where it is stale."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from lightpress.cdk.config import option_groups
from lightpress.cdk.readiness import PROJECT

PAGE = PROJECT / "docs" / "configuration.md"

_HEAD = """\
# Configuration

The options of `infra/environments/NAME.toml`; `-c env=NAME` (`make deploy ENV=NAME`) chooses the file. An option that
is left out has its default. A mistake stops the synthesis, and the error names the option and what is allowed.

MB means 1,048,576 bytes, as AWS Lambda counts memory.

`make docs` writes this page from `infra/lightpress/cdk/options`.
"""
_TABLE_HEAD = """\
| option | default | allowed | |
|---|---|---|---|
"""


def configuration_page() -> str:
    """The page as it should be: a section for each group of options, a row for each option."""
    sections = [_section(name, group) for name, group in option_groups().items()]
    return "\n".join([_HEAD, *sections])


def _section(name: str, group: type[Any]) -> str:
    rows = [
        f"| `{option.name}` | `{_toml(option.default)}` | {option.metadata['allowed']} | {option.metadata['doc']} |\n"
        for option in fields(group)
    ]
    return f"## {name.capitalize()}\n\n{group.__doc__}\n\n{_TABLE_HEAD}{''.join(rows)}"


def _toml(value: object) -> str:
    """A default as it would be written in the file."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


if __name__ == "__main__":
    PAGE.write_text(configuration_page(), encoding="utf-8")
