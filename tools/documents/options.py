"""Writes what is made from the code: `make docs`. Tests fail where it is stale.

docs/configuration.md is made of the options, docs/dashboard.svg and docs/architecture.svg of the synthesized stack.
"""

from __future__ import annotations

import inspect
import io
import json
import tokenize
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lightpress.cdk.config import Config
from lightpress.cdk.readiness import PROJECT
from tools.documents.diagram import architecture_of, diagram
from tools.documents.sketch import sketch, widgets_of

PAGE = PROJECT / "docs" / "configuration.md"
DRAWN_ENVIRONMENT = "dev"

_HEAD = """\
# Configuration

What may stand in `infra/environments/NAME.toml`; `-c env=NAME` (`make deploy ENV=NAME`) chooses the file. An option
that is left out has its default. A mistake stops the synthesis, and names the option and what is allowed.

This page is written by `make docs` from `infra/lightpress/cdk/options`.

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


def drawings(resources: dict[str, Any]) -> dict[Path, str]:
    """The pictures of a template's resources, by where they lie."""
    return {
        PROJECT / "docs" / "dashboard.svg": sketch(widgets_of(resources)),
        PROJECT / "docs" / "architecture.svg": diagram(architecture_of(resources)),
    }


def _resources() -> dict[str, Any]:
    """Of the environment that is drawn, without its layer."""
    from lightpress.cdk.app import make_app  # noqa: PLC0415  synthesizes where it is run itself

    with TemporaryDirectory() as folder:
        context = {"env": DRAWN_ENVIRONMENT, "aws:cdk:bundling-stacks": []}
        stack = make_app(context, folder).synth().get_stack_by_name(f"Lightpress-{DRAWN_ENVIRONMENT}")
        template = json.loads(Path(stack.template_full_path).read_text(encoding="utf-8"))
    resources: dict[str, Any] = template["Resources"]
    return resources


def _write() -> None:
    for path, text in {PAGE: configuration_page(), **drawings(_resources())}.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write()
