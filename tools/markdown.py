"""Table rows in Markdown, and the parts of a page that a program writes: they lie between two marks (comments)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def line(cells: Iterable[str]) -> str:
    """A row of a table with these cells."""
    return f"| {' | '.join(cell(one) for one in cells)} |"


def cell(text: str) -> str:
    """The text on one line, with `|` escaped, which would end the cell."""
    return " ".join(text.replace("|", "\\|").split())


def between(text: str, begin: str, end: str) -> str:
    """The part between the marks; empty where either is missing."""
    _, opened, rest = text.partition(begin)
    part, closed, _ = rest.partition(end)
    return part if opened and closed else ""


def replace_between(text: str, begin: str, end: str, part: str) -> str:
    """The text with `part` between the marks, which stay. Raises ValueError where a mark is missing."""
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"the page lacks {end if opened else begin}")
    return f"{before}{begin}{part}{end}{after}"
