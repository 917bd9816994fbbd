"""Lines of Markdown, and the parts of a page that are written by a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def line(cells: Iterable[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cell(one) for one in cells)} |"


def cell(text: str) -> str:
    """In one line, and with nothing that would end the cell."""
    return " ".join(text.replace("|", "\\|").split())


def between(text: str, begin: str, end: str) -> str:
    """The part from `begin` to `end`, both included; empty where it is not there."""
    _, found, rest = text.partition(begin)
    part, closed, _ = rest.partition(end)
    return begin + part + end if found and closed else ""


def with_part(text: str, begin: str, end: str, part: str) -> str:
    """The text with `part` in place of what was from `begin` to `end`, both included."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return before + part + after
