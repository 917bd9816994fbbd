"""Writes docs/cli.md, the reference of the command line, from what typer knows of each command: `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from tools.markdown import line

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = PROJECT / "docs" / "cli.md"

_HEAD = """\
# Command line

Every command of `lightpress`, and every option, written from the code by `make docs`. `pip install lightpress` has
`render` and `init`; `lightpress[cli]` has what operates a deployment, `lightpress[cdk]` has `template`,
`lightpress[local]` has `demo` and `local`. A command that needs more says what to install.

`--help` explains each command, `--version` tells the version. `--debug`, anywhere on the line, shows the traceback of
an error. Where AWS, a file or the network is at fault, a command ends with one sentence and exit code 1; a wrong
option is exit code 2. In a pipe, nothing moves and tables are not cut.

`--env` takes `local` (the local cloud), the name of an environment in AWS, or `STACK/ID` of a
[construct](construct.md).
"""


def command_page() -> str:
    """The page as it should be: a section for each command."""
    sections = [_section(name, command, context) for name, command, context in _commands(typer.main.get_command(app))]
    return "\n".join([_HEAD, *sections])


def _commands(group: Any, above: Any = None, name: str = "lightpress") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    """Every command below a group, in the order of its help: its name, itself, and its context."""
    context = group.make_context(name, [], parent=above, resilient_parsing=True)
    for short in group.list_commands(context):
        command, full = group.commands[short], f"{name} {short}"
        if hasattr(command, "commands"):
            yield from _commands(command, context, full)
        else:
            yield full, command, typer.Context(command, info_name=short, parent=context)


def _section(name: str, command: Any, context: Any) -> str:  # noqa: ANN401
    pieces = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "").replace("......", "...")
    head = f"## {name}\n\n    {name} {pieces}\n\n{command.help.strip()}\n"
    rows = [_row(parameter, context) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if not rows:
        return head
    return "\n".join([head, line(("", "default", "")), "|---|---|---|", *rows, ""])


def _row(parameter: Any, context: Any) -> str:  # noqa: ANN401
    if parameter.param_type_name == "argument":
        name = parameter.metavar or parameter.name.upper()
    else:
        kind = "" if parameter.is_flag else f" {parameter.metavar or parameter.display_type(context)}"
        name = ", ".join(parameter.opts) + kind
    variable = f" The variable `{parameter.envvar}` sets it, too." if parameter.envvar else ""
    return line((f"`{name}`", _default(parameter), f"{parameter.help}{variable}"))


def _default(parameter: Any) -> str:  # noqa: ANN401
    if parameter.required:
        return "must be given"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    value = parameter.default
    if value is None or value is False or value in ("", (), []):
        return ""
    if isinstance(value, Path):
        value = value.relative_to(PROJECT) if value.is_relative_to(PROJECT) else value
    return f"`{getattr(value, 'value', value)}`"


if __name__ == "__main__":
    PAGE.write_text(command_page(), encoding="utf-8")
