"""Writes docs/configuration.md from the options: `make docs`. A test fails where it is stale."""

from __future__ import annotations

import inspect
import io
import json
import tokenize
from dataclasses import fields, is_dataclass
from pathlib import Path

from lightpress.cdk.config import Config
from lightpress.cdk.readiness import PROJECT

PAGE = PROJECT / "docs" / "configuration.md"

_HEAD = """\
# Configuration

What may stand in `infra/environments/NAME.toml`; `-c env=NAME` (`make deploy ENV=NAME`) chooses the file. An option
that is left out has its default. A mistake stops the synthesis, and names the option and what is allowed.

This page is written by `make docs` from `infra/options`.

| option | default | allowed | |
|---|---|---|---|
"""


def configuration_page() -> str:
    """The page as it should be."""
    said = _said_of_options()
    rows = [
        f"| `{option.name}` | `{_toml(option.default)}` | {option.metadata['allowed']} | {said[option.name]} |"
        for option in fields(Config)
        if option.metadata
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _said_of_options() -> dict[str, str]:
    """What stands over each option, in the file of its topic."""
    topics = [topic for topic in Config.__mro__ if is_dataclass(topic)]
    return {name: said for topic in topics for name, said in _comments(Path(inspect.getfile(topic))).items()}


def _toml(value: object) -> str:
    """A default as it would stand in the file."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _comments(source: Path) -> dict[str, str]:
    """By the name that begins a line: the comment that stands over it, or the one of the line before."""
    found: dict[str, str] = {}
    lines: list[str] = []
    said = ""
    for token in tokenize.generate_tokens(io.StringIO(source.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            lines.append(token.string.removeprefix("#").strip())
        elif token.type == tokenize.NAME:
            said, lines = " ".join(lines) or said, []
            if token.line.lstrip().startswith(f"{token.string}:"):
                found.setdefault(token.string, said)
        elif token.type == tokenize.NL and not token.line.strip():
            said = ""
    return found


if __name__ == "__main__":
    PAGE.write_text(configuration_page(), encoding="utf-8")
