"""Changes to code by its syntax tree: whatever it is wrapped, indented or commented like, and its variables are called.

A pattern is an expression or one statement, in Python. In it, names of one capital letter stand for any expression, and
for the same one wherever they stand; a list of arguments that ends in `*_` stands for one with any more of them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache

Found = dict[str, ast.AST]


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        present: the pattern, which has to be there exactly once.
        instead: what takes its place; its letters are what they stood for. Of a statement: any number of statements.
        function: the only function to look into; anywhere, if empty.
    """

    present: str
    instead: str
    function: str = ""


def changed(text: str, *changes: Change) -> str:
    """The text of a module with changes; raises AssertionError where one of them is not possible exactly once."""
    tree: ast.AST = ast.parse(text)
    for change in changes:
        replacing = _Replacing(change)
        tree = replacing.visit(tree)
        assert replacing.count == 1, f"{replacing.count} places and not 1 have {change}"
    return ast.unparse(ast.fix_missing_locations(tree))


def places(text: str, change: Change) -> int:
    """In how many places of the text of a module a change is possible."""
    nodes, present = _nodes(text), _parsed(change.present)[0]
    if change.function:
        within = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == change.function)
        nodes = [inner for node in within for inner in ast.walk(node)]
    return sum(_fits(present, node, {}) for node in nodes)


@cache
def _nodes(text: str) -> list[ast.AST]:
    """Of a text whose tree nobody changes: parsed once."""
    return list(ast.walk(ast.parse(text)))


@dataclass
class _Replacing(ast.NodeTransformer):
    change: Change
    count: int = 0
    inside: int = field(init=False)

    def __post_init__(self) -> None:
        self.inside = 0 if self.change.function else 1
        self.present = _parsed(self.change.present)[0]
        self.instead = _parsed(self.change.instead)

    def visit(self, node: ast.AST) -> ast.AST:
        entering = isinstance(node, ast.FunctionDef) and node.name == self.change.function
        self.inside += entering
        result = self._replaced(node) if self.inside else None
        result = result or super().visit(node)
        self.inside -= entering
        return result

    def _replaced(self, node: ast.AST) -> ast.AST | None:
        found: Found = {}
        if not _fits(self.present, node, found):
            return None
        self.count += 1
        filled = [_Filling(found).visit(part) for part in _parsed(self.change.instead)]
        if isinstance(node, ast.stmt):
            return ast.If(ast.Constant(value=True), filled or [ast.Pass()], [])
        return filled[0] if filled else ast.Constant(None)


@dataclass
class _Filling(ast.NodeTransformer):
    found: Found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.found.get(node.id, node)


def _parsed(text: str) -> list[ast.AST]:
    """The statements, or the one expression. A `return` is a statement, and may stand alone here."""
    body = ast.parse(text).body
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return [body[0].value]
    return list(body)


def _fits(pattern: ast.AST, node: ast.AST, found: Found) -> bool:
    if isinstance(pattern, ast.Name) and len(pattern.id) == 1 and pattern.id.isupper():
        return _same(found.setdefault(pattern.id, node), node)
    if type(pattern) is not type(node):
        return False
    return all(
        _fits_field(wanted, getattr(node, name), found)
        for name, wanted in ast.iter_fields(pattern)
        if name not in {"ctx", "type_comment", "type_ignores"}
    )


def _fits_field(wanted: object, present: object, found: Found) -> bool:
    if isinstance(wanted, list) and isinstance(present, list):
        if wanted and isinstance(wanted[-1], ast.Starred) and ast.unparse(wanted[-1]) == "*_":
            wanted, present = wanted[:-1], present[: len(wanted) - 1]
        return len(wanted) == len(present) and all(
            _fits_field(one, other, found) for one, other in zip(wanted, present, strict=True)
        )
    if isinstance(wanted, ast.AST) and isinstance(present, ast.AST):
        return _fits(wanted, present, found)
    return wanted == present


def _same(one: ast.AST, other: ast.AST) -> bool:
    return ast.dump(one) == ast.dump(other)
