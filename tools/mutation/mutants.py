"""Every mutant of a module: those of Cosmic Ray's operators, and calls with one thing left out."""

from __future__ import annotations

import ast
import difflib
import pickle
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_COMPARISONS = {
    *(("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt")),
    *(("Lt", "GtE"), ("LtE", "Gt"), ("Gt", "LtE"), ("GtE", "Lt")),
    *(("Eq", "NotEq"), ("NotEq", "Eq"), ("Is", "IsNot"), ("IsNot", "Is"), ("In", "NotIn"), ("NotIn", "In")),
}
_BINARY = {
    *(("Add", "Sub"), ("Sub", "Add"), ("Mul", "Div"), ("Div", "Mul"), ("FloorDiv", "Mul"), ("Mod", "Mul")),
    *(("BitAnd", "BitOr"), ("BitOr", "BitAnd"), ("LShift", "RShift"), ("RShift", "LShift")),
}
_UNARY = {("Delete", "Not"), ("USub", "UAdd"), ("UAdd", "USub")}
_PAIRS = {
    "ReplaceComparisonOperator": _COMPARISONS,
    "ReplaceBinaryOperator": _BINARY,
    "ReplaceUnaryOperator": _UNARY,
}
"""Of Cosmic Ray's replacements of an operator by another one, those that PIT makes by default.

The boundary of a comparison, its opposite, and the inverse of an operation. The others are noise: they fail at any call
(`**` for `+` of texts), or nothing can tell them (`>=` for `==` of two names).
"""


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        operator: what made it.
        was, now: the lines that differ.
        code: the whole module.
    """

    operator: str
    was: str
    now: str
    code: str


def mutants_of(source: str) -> Iterator[Mutant]:
    """Each once; without those that differ from the original in nothing that runs."""
    seen = {what_runs(source)}
    for operator, before, after in (*_left_out(source), *_cosmic_rays(source)):
        runs = what_runs(after)
        if runs not in seen:
            seen.add(runs)
            yield Mutant(operator, *_difference(before, after), after)


def _cosmic_rays(source: str) -> Iterator[tuple[str, str, str]]:
    """As `cosmic_ray.mutating.mutate_code` makes them, which parses the source for each one that it looks for."""
    from cosmic_ray.ast import get_ast  # noqa: PLC0415  it is in an environment of its own
    from cosmic_ray.mutating import MutationVisitor  # noqa: PLC0415
    from cosmic_ray.plugins import get_operator, operator_names  # noqa: PLC0415

    parsed = pickle.dumps(get_ast(source))
    tree = pickle.loads(parsed)  # noqa: S301  what we have just written
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments() or not _is_made(name.removeprefix("core/")):
            continue
        for occurrence in count():
            visitor = MutationVisitor(occurrence, operator())
            mutated = visitor.walk(tree)
            if not visitor.mutation_applied:
                break  # and the tree is as it was
            yield name.removeprefix("core/"), source, mutated.get_code()
            tree = pickle.loads(parsed)  # noqa: S301


def _is_made(operator: str) -> bool:
    """operator: as Cosmic Ray names it: `AddNot`, `ReplaceComparisonOperator_Lt_LtE`."""
    kind, *pair = operator.split("_")
    return kind not in _PAIRS or tuple(pair) in _PAIRS[kind]


def _left_out(source: str) -> Iterator[tuple[str, str, str]]:
    """A keyword argument, or a call whose result nobody uses."""
    before = ast.unparse(ast.parse(source))
    for number, node in enumerate(ast.walk(ast.parse(source))):
        if isinstance(node, ast.Call):
            for position in range(len(node.keywords)):
                yield "without a keyword argument", before, _without_keyword(source, number, position)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield "without a call", before, _without_call(source, number)


def _without_keyword(source: str, number: int, position: int) -> str:
    tree = ast.parse(source)
    call = list(ast.walk(tree))[number]
    assert isinstance(call, ast.Call)  # noqa: S101  as in the original
    del call.keywords[position]
    return ast.unparse(tree)


def _without_call(source: str, number: int) -> str:
    tree = ast.parse(source)
    statement = list(ast.walk(tree))[number]
    assert isinstance(statement, ast.Expr)  # noqa: S101  as in the original
    statement.value = ast.Constant(value=None)
    return ast.unparse(tree)


class _Bare(ast.NodeTransformer):
    """Without what nothing that runs depends on: annotations, docstrings, protocols, and what freezes a dataclass.

    Nor with `strict` of zip, which raises where what cannot be is, and with the numbers of settings, `MOST_TRIES = 20`:
    tests ask the setting, and would be no better for its digits.
    """

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            return ast.Pass()
        for call in (one for one in node.decorator_list if isinstance(one, ast.Call)):
            call.keywords = [one for one in call.keywords if one.arg not in {"frozen", "slots"}]
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "zip":
            node.keywords = [one for one in node.keywords if one.arg != "strict"]
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """A star or a slash among them, which Cosmic Ray takes for operators, changes nothing that callers do here."""
        node.args, node.posonlyargs = [*node.posonlyargs, *node.args, *node.kwonlyargs], []
        node.defaults, node.kw_defaults = [*node.defaults, *filter(None, node.kw_defaults)], []
        node.kwonlyargs = []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        names = [one.id for one in node.targets if isinstance(one, ast.Name)]
        if node.col_offset == 0 and all(name.lstrip("_").isupper() for name in names):
            node.value = _Numberless().visit(node.value)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(value="ClassVar" if "ClassVar" in ast.unparse(node.annotation) else "")
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Expr(ast.Constant(value=None)) if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        is_for_types = "TYPE_CHECKING" in {one.id for one in ast.walk(node.test) if isinstance(one, ast.Name)}
        return ast.Pass() if is_for_types else self.generic_visit(node)


class _Numberless(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        return ast.Constant(0) if is_number else node


def what_runs(source: str) -> str:
    """The same text for two modules that differ in nothing that runs; empty for what is no Python."""
    try:
        return ast.dump(_Bare().visit(ast.parse(source)))
    except SyntaxError:
        return ""  # no mutant: it would fail every test


def _difference(before: str, after: str) -> tuple[str, str]:
    lines = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[:2] in {"- ", "+ "}]
    was, now = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return was, now
