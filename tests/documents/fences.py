"""The blocks of code and the commands that stand in the documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Decisions are of their day.
PAGES = sorted(
    path
    for folder in ("*.md", "docs/**/*.md", "examples/*.md", "clients/**/*.md", "layers/**/*.md")
    for path in PROJECT.glob(folder)
    if path.parent.name != "decisions"
)
_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")
_ENDS_COMMAND = re.compile(r"\s{2,}|\s#\s")
SHELLS = {"sh", "console"}


@dataclass(frozen=True)
class Fence:
    """A fenced block.

    Attributes:
        page: From the root of the project.
        head: Behind the backticks: a language, and for some the name of a file.
        text: The block.
        number: Among all of the page, from 1.
    """

    page: str
    head: str
    text: str
    number: int

    def __str__(self) -> str:
        return f"{self.page}#{self.number}-{self.head}"


def name_of(page: Path) -> str:
    """The path of a page, from the root of the project."""
    return str(page.relative_to(PROJECT))


def fences(page: Path) -> list[Fence]:
    """The fenced blocks of a page, in order."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Fence(name_of(page), head, text, number) for number, (head, text) in enumerate(found, 1)]


def indented(page: Path) -> list[str]:
    """The lines of the indented blocks of a page; one that goes on is one with those that follow."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [line for block in _INDENTED.findall(text) for line in _lines(block)]


def commands(page: Path) -> Iterator[str]:
    """What a page has people type: in blocks for a shell, behind a prompt, and in indented blocks."""
    for fence in fences(page):
        if fence.head == "console":
            yield from (_typed(line[2:]) for line in _lines(fence.text) if line.startswith("$ "))
    yield from (_typed(line) for line in indented(page) if re.match(r"[a-z.]", line))


def _lines(block: str) -> list[str]:
    joined = re.sub(r" *\\\n +|\n {5,}(?=[\"'{\]])", " ", block)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _typed(line: str) -> str:
    """A line without what is said about it."""
    return _ENDS_COMMAND.split(line)[0]
