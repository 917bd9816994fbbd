"""Writes the documents that are generated from the stack: `make docs`. Tests fail where one is stale.

docs/configuration.md is generated from the options, docs/dashboard.svg and docs/architecture.svg from the synthesized
template.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lightpress.cdk.config import option_groups
from lightpress.cdk.readiness import PROJECT
from tools.documents.diagram import architecture_of, diagram
from tools.documents.sketch import sketch, widgets_of

PAGE = PROJECT / "docs" / "configuration.md"
DRAWN_ENVIRONMENT = "dev"

_HEAD = """\
# Configuration

The options of `infra/environments/NAME.toml`; `-c env=NAME` (`make deploy ENV=NAME`) chooses the file. An option that
is left out has its default. A mistake stops the synthesis, and the error names the option and what is allowed.

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


def drawings(resources: dict[str, Any]) -> dict[Path, str]:
    """The SVG drawings of a template's resources, by path."""
    return {
        PROJECT / "docs" / "dashboard.svg": sketch(widgets_of(resources)),
        PROJECT / "docs" / "architecture.svg": diagram(architecture_of(resources)),
    }


def _resources() -> dict[str, Any]:
    """The resources of the environment that is drawn, synthesized without building the layer."""
    from lightpress.cdk.app import make_app  # noqa: PLC0415  only the script needs it

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
