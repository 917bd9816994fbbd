"""Writes docs/configuration.md, and the arguments of the construct, from the options: `make docs`.

A test fails where one of them is stale.
"""

from __future__ import annotations

import json
from dataclasses import fields
from textwrap import fill
from typing import TYPE_CHECKING, Any

from lightpress.cdk.config import option_groups
from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from dataclasses import Field

PAGE = PROJECT / "docs" / "configuration.md"
ARGUMENTS = PROJECT / "infra" / "lightpress" / "cdk" / "arguments.py"

_HEAD = """\
# Configuration

The options of an environment. In a project of `lightpress init` they are in `environments/NAME.toml`, in a checkout in
`infra/environments/NAME.toml`; `-c env=NAME` (`make deploy ENV=NAME`) chooses the file. An option that is left out has
its default. A mistake stops the synthesis, and the error names the option and what is allowed.

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
        f"| `{option.name}` | `{_default(option)}` | {option.metadata['allowed']} | {option.metadata['doc']} |\n"
        for option in fields(group)
    ]
    return f"## {name.capitalize()}\n\n{group.__doc__}\n\n{_TABLE_HEAD}{''.join(rows)}"


_ARGUMENTS_HEAD = """\
\"\"\"The options as keyword arguments, for type checkers: written by `make docs`, from `lightpress.cdk.options`.\"\"\"

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightpress.cdk.options.rows import AttachedBucket, CompressedBucket, Webhook


class Options(TypedDict, total=False):
    \"\"\"All have defaults: docs/configuration.md.

    Attributes:
"""
_TYPES = {
    "tuple[str, ...]": "Sequence[str]",
    "tuple[int, ...]": "Sequence[int]",
    "tuple[tuple[str, int], ...]": "Mapping[str, int]",
    "tuple[Existing[Attached], ...]": "Sequence[AttachedBucket]",
    "tuple[WebhookRow, ...]": "Sequence[Webhook]",
    "tuple[Existing[InPlace], ...]": "Sequence[CompressedBucket]",
}
_OF_THE_STACK = {"termination_protection"}
_LONGEST_LINE = 120


def arguments_module() -> str:
    """The module as it should be."""
    groups = option_groups().values()
    options = [option for group in groups for option in fields(group) if option.name not in _OF_THE_STACK]
    described = "".join(f"{_described(option)}\n" for option in options)
    return f'{_ARGUMENTS_HEAD}{described}\n    """\n\n' + "".join(map(_argument, options))


def _described(option: Field[Any]) -> str:
    text = f"{option.name}: {option.metadata['doc']}"
    return fill(
        text,
        _LONGEST_LINE,
        initial_indent=" " * 8,
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _argument(option: Field[Any]) -> str:
    choices = [f'"{one}"' for one in dict.fromkeys(option.metadata["schema"].get("enum", ()))]
    if not choices:
        return f"    {option.name}: {_TYPES.get(str(option.type), option.type)}\n"
    line = f"    {option.name}: Literal[{', '.join(choices)}]\n"
    if len(line) <= _LONGEST_LINE + 1:
        return line
    return f"    {option.name}: Literal[\n" + "".join(f"        {one},\n" for one in choices) + "    ]\n"


def _default(option: Field[Any]) -> str:
    """As it would be written in the file."""
    if option.metadata["schema"].get("type") == "object":
        return "{}"
    return json.dumps(list(option.default) if isinstance(option.default, tuple) else option.default)


if __name__ == "__main__":
    PAGE.write_text(configuration_page(), encoding="utf-8")
    ARGUMENTS.write_text(arguments_module(), encoding="utf-8")
