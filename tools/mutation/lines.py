"""Which tests run the lines that a mutant changes: they come first, since most mutants are found by one of them."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MOST_FIRST = 100


@dataclass(frozen=True)
class Ran:
    """A test that has run over a module without a mutant.

    Attributes:
        name: As pytest names it.
        seconds: How long it took.
        lines: Of the module, those that it ran.
    """

    name: str
    seconds: float
    lines: frozenset[int]


def recorded(file: Path) -> list[Ran]:
    """What `server.Recording` wrote; nothing where it could not."""
    if not file.exists():
        return []
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [Ran(name, seconds, frozenset(lines)) for name, seconds, lines in rows]


def first_tests(ran: Iterable[Ran], lines: frozenset[int]) -> tuple[str, ...]:
    """The tests that run one of these lines, the quickest first.

    Of lines that run when the module is imported, such as defaults, no test is known: then those that run any of it.
    """
    known = [test for test in ran if test.lines]
    over = [test for test in known if test.lines & lines] or known
    return tuple(test.name for test in sorted(over, key=lambda test: (test.seconds, test.name))[:_MOST_FIRST])


def changed_lines(before: str, after: str) -> frozenset[int]:
    """The lines of `before` with the innermost statement that is another one in `after`; of a block, its head."""
    statement = _changed(ast.parse(before), ast.parse(after))
    if statement is None:
        return frozenset()
    body = getattr(statement, "body", None)
    end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
    return frozenset({statement.lineno, *range(statement.lineno, end)})


def _changed(before: ast.AST, after: ast.AST) -> ast.stmt | None:
    # Where something was left out, what follows it is compared with another node, and differs: no statement is in that.
    for one, other in zip(ast.iter_child_nodes(before), ast.iter_child_nodes(after), strict=False):
        if ast.dump(one) != ast.dump(other):
            inner = _changed(one, other)
            if inner is not None:
                return inner
    return before if isinstance(before, ast.stmt) else None
