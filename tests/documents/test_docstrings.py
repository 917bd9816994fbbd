"""Docstrings keep up with the code: what they list is there, and what is there is listed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.readiness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDERS = ("lambda_src", "infra", "cli")
_MOST_WITHOUT_A_LIST = 2
_SECTION = re.compile(r"^(Attributes|Args|Returns|Raises):$", re.MULTILINE)
_ROW = re.compile(r"^    (\w+(?:, \w+)*): \S", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Documented:
    """A class or function, and its place for people."""

    node: ast.ClassDef | Function
    place: str

    def listed(self, section: str) -> set[str]:
        """The names that a section of the docstring lists."""
        _, *parts = _SECTION.split(ast.get_docstring(self.node) or "")
        rows = [_ROW.findall(text) for name, text in zip(parts[::2], parts[1::2], strict=True) if name == section]
        return {name for found in rows for row in found for name in row.split(", ")}


@cache
def _documented() -> tuple[Documented, ...]:
    paths = [path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.py"))]
    return tuple(
        Documented(node, f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}")
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | Function)
    )


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    """The fields that the class statement declares, with their defaults; not the private ones, nor class variables."""
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            name, annotation = line.target.id, ast.unparse(line.annotation)
            if not name.startswith("_") and not annotation.startswith("ClassVar"):
                yield name, line.value


def _is_record(node: ast.ClassDef) -> bool:
    """Whether the class holds fields and little else: a dataclass, a named tuple, a typed dictionary."""
    decorators = {ast.unparse(one).partition("(")[0] for one in node.decorator_list}
    return "dataclass" in decorators or bool({"NamedTuple", "TypedDict"} & {ast.unparse(one) for one in node.bases})


def _says_what_it_is(default: ast.expr | None) -> bool:
    """Whether a sentence stands beside the default, as in the options: `integer(3, low=1, high=9, doc="...")`."""
    values = [*default.args, *(word.value for word in default.keywords)] if isinstance(default, ast.Call) else []
    return any(isinstance(value, ast.Constant | ast.JoinedStr) and " " in ast.unparse(value) for value in values)


def _arguments(node: Function) -> set[str]:
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in every if one is not None}


def _undocumented(row: Documented) -> set[str]:
    assert isinstance(row.node, ast.ClassDef)
    fields = dict(_fields(row.node))
    if len(fields) <= _MOST_WITHOUT_A_LIST:
        return set()
    return {name for name, default in fields.items() if not _says_what_it_is(default)} - row.listed("Attributes")


def _named_in_vain(row: Documented) -> set[str]:
    """What a docstring lists and the code does not have. Attributes may be properties, or set in `__init__`."""
    if isinstance(row.node, ast.ClassDef):
        init = [node for node in row.node.body if isinstance(node, Function) and node.name == "__init__"]
        return row.listed("Attributes") - _attributes(row.node) | row.listed("Args") - set().union(
            *map(_arguments, init), _attributes(row.node)
        )
    return row.listed("Args") - _arguments(row.node)


def _attributes(node: ast.ClassDef) -> set[str]:
    names = {name for name, _ in _fields(node)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and ast.unparse(inner.value) == "self" and isinstance(inner.ctx, ast.Store):
            names.add(inner.attr)
        if isinstance(inner, Function):
            names.add(inner.name)
    return names


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_public_record_of_more_than_two_fields_documents_each_of_them_by_name(folder: str) -> None:
    records = [
        row
        for row in _documented()
        if isinstance(row.node, ast.ClassDef)
        and row.place.startswith(f"{folder}/")
        and not row.node.name.startswith("_")
        and _is_record(row.node)
    ]
    assert len(records) > 10
    assert {row.place: missing for row in records if (missing := _undocumented(row))} == {}


def test_no_docstring_lists_an_attribute_or_argument_that_is_not_there() -> None:
    assert {row.place: extra for row in _documented() if (extra := _named_in_vain(row))} == {}


def _row(code: str) -> Documented:
    (node,) = ast.parse(code).body
    assert isinstance(node, ast.ClassDef | Function)
    return Documented(node, "here")


_RECORD = '''
@dataclass
class Box:
    """A box.

    Attributes:
        width, height: In pixels.
    """
    width: int
    height: int
    depth: int
'''


def test_of_three_fields_the_one_without_a_line_is_named() -> None:
    assert _undocumented(_row(_RECORD)) == {"depth"}


def test_a_field_that_was_removed_is_noticed_in_its_docstring() -> None:
    assert _named_in_vain(_row(_RECORD.replace("width, height:", "width, height, weight:"))) == {"weight"}


def test_an_argument_that_was_renamed_is_noticed_in_its_docstring() -> None:
    code = 'def area(box):\n    """Its area.\n\n    Args:\n        bok: The box.\n    """'
    assert _named_in_vain(_row(code)) == {"bok"}
