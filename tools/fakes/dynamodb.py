"""DynamoDB in memory, as far as Lightpress uses it: items by key, update expressions, and conditions on them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from botocore.exceptions import ClientError

from tools.fakes.wire import at_once, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tools.fakes.wire import Wire

Value = dict[str, Any]
"""A typed value, as {"S": "text"}, {"N": "1"} or {"SS": ["a", "b"]}."""
Item = dict[str, Value]

_CLAUSE = re.compile(r"\b(SET|ADD|REMOVE|DELETE)\b")
_LIST = re.compile(r",(?![^(]*\))")
_IF_NOT_EXISTS = re.compile(r"if_not_exists\(\s*([#\w]+)\s*,\s*([:#\w]+)\s*\)")
_EXISTS = re.compile(r"(attribute_exists|attribute_not_exists)\(\s*([#\w]+)\s*\)")
_COMPARISON = re.compile(r"([#\w]+)\s*(=|<>|<=|>=|<|>)\s*(:\w+)")
_SIGNED = re.compile(r"([+-]?)\s*([:#\w]+(?:\([^)]*\))?)")


class ConditionalCheckFailedException(ClientError):
    """What boto3 makes of the code of this name."""


class _Exceptions:
    """Those that a client has at `exceptions`."""

    ConditionalCheckFailedException = ConditionalCheckFailedException


@dataclass(slots=True)
class Table:
    """Items by their key. An item is replaced and never changed."""

    key: tuple[str, ...]
    items: dict[tuple[str, ...], Item] = field(default_factory=dict)

    def key_of(self, item: Mapping[str, Value]) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in self.key)


@dataclass(slots=True)
class SimulatedDynamoDb:
    """Stands where a boto3 client does."""

    tables: dict[str, Table]
    wire: Wire = at_once
    exceptions: ClassVar = _Exceptions

    def update_item(  # noqa: PLR0913  by keyword
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Mapping[str, Value] | None = None,
        ReturnValues: str = "NONE",
    ) -> dict[str, Any]:
        words = _Words(ExpressionAttributeNames or {}, ExpressionAttributeValues or {})

        def effect() -> dict[str, Any]:
            table = self._table("UpdateItem", TableName)
            present = table.items.get(table.key_of(Key))
            _check("UpdateItem", ConditionExpression, present, words)
            changed = _updated(present or dict(Key), UpdateExpression, words)
            table.items[table.key_of(Key)] = changed
            return {} if ReturnValues == "NONE" else {"Attributes": _returned(ReturnValues, present or {}, changed)}

        return self.wire("UpdateItem", _named(TableName, Key), effect, changes=True)

    def put_item(
        self,
        *,
        TableName: str,
        Item: Item,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Mapping[str, Value] | None = None,
    ) -> dict[str, Any]:
        words = _Words(ExpressionAttributeNames or {}, ExpressionAttributeValues or {})

        def effect() -> dict[str, Any]:
            table = self._table("PutItem", TableName)
            _check("PutItem", ConditionExpression, table.items.get(table.key_of(Item)), words)
            table.items[table.key_of(Item)] = dict(Item)
            return {}

        return self.wire("PutItem", _named(TableName, Item), effect, changes=True)

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            assert ConsistentRead, "the simulation has no eventual reads: ask for a consistent one"
            table = self._table("GetItem", TableName)
            item = table.items.get(table.key_of(Key))
            return {"Item": item} if item is not None else {}

        return self.wire("GetItem", _named(TableName, Key), effect)

    def delete_item(
        self,
        *,
        TableName: str,
        Key: Item,
        ConditionExpression: str = "",
        ExpressionAttributeNames: Mapping[str, str] | None = None,
        ExpressionAttributeValues: Mapping[str, Value] | None = None,
    ) -> dict[str, Any]:
        words = _Words(ExpressionAttributeNames or {}, ExpressionAttributeValues or {})

        def effect() -> dict[str, Any]:
            table = self._table("DeleteItem", TableName)
            _check("DeleteItem", ConditionExpression, table.items.get(table.key_of(Key)), words)
            table.items.pop(table.key_of(Key), None)
            return {}

        return self.wire("DeleteItem", _named(TableName, Key), effect, changes=True)

    def get_paginator(self, operation: str) -> _Pages:
        return _Pages(self, operation)

    def _table(self, operation: str, name: str) -> Table:
        if name not in self.tables:
            raise refusal(operation, 400, "ResourceNotFoundException")
        return self.tables[name]


@dataclass(frozen=True, slots=True)
class _Pages:
    dynamodb: SimulatedDynamoDb
    operation: str

    def paginate(
        self,
        *,
        TableName: str,
        ExpressionAttributeValues: Mapping[str, Value] | None = None,
        **_options: object,
    ) -> Iterator[dict[str, Any]]:
        """One page: of a query, of the items with the one value in their key's first part."""
        wanted = {value["S"] for value in (ExpressionAttributeValues or {}).values()}

        def effect() -> dict[str, Any]:
            table = self.dynamodb.tables[TableName]
            rows = sorted(table.items.items())
            return {"Items": [item for key, item in rows if self.operation == "scan" or key[0] in wanted]}

        yield self.dynamodb.wire(self.operation.title(), TableName, effect)


class _Condition(NamedTuple):
    """That an attribute compares so with a value; or that it is there or not, where there is none."""

    name: str
    compared: str
    value: str


@dataclass(slots=True)
class _Words:
    """The names and values that an expression speaks of by placeholders."""

    names: Mapping[str, str]
    values: Mapping[str, Value]

    def name(self, word: str) -> str:
        return self.names[word] if word.startswith("#") else word

    def value(self, word: str, item: Item) -> Value:
        return self.values[word] if word.startswith(":") else item[self.name(word)]


def _returned(wanted: str, before: Item, changed: Item) -> Item:
    if wanted in {"ALL_NEW", "ALL_OLD"}:
        return changed if wanted == "ALL_NEW" else before
    assert wanted == "UPDATED_NEW", wanted
    return {name: value for name, value in changed.items() if before.get(name) != value}


def _updated(item: Item, expression: str, words: _Words) -> Item:
    """Every right side sees the item as it was before."""
    changed = dict(item)
    for verb, action in _actions(expression):
        _CLAUSES[verb](action, item, changed, words)
    return changed


@cache
def _actions(expression: str) -> tuple[tuple[str, str], ...]:
    """Each of an update expression, with its verb."""
    parts = _CLAUSE.split(expression)[1:]
    clauses = zip(parts[::2], parts[1::2], strict=True)
    return tuple((verb, action.strip()) for verb, text in clauses for action in _LIST.split(text))


@cache
def _assignment(action: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The name on the left, and on the right the terms with their signs."""
    name, _, right = (part.strip() for part in action.partition("="))
    return name, tuple(_SIGNED.findall(right))


def _set(action: str, before: Item, changed: Item, words: _Words) -> None:
    name, signed = _assignment(action)
    terms = [(sign, _term(term, before, words)) for sign, term in signed]
    total = (int(f"{sign}1") * int(term["N"]) for sign, term in terms) if len(terms) > 1 else iter(())
    changed[words.name(name)] = {"N": str(sum(total))} if len(terms) > 1 else terms[0][1]


def _term(term: str, before: Item, words: _Words) -> Value:
    if unless := _IF_NOT_EXISTS.fullmatch(term):
        present = before.get(words.name(unless[1]))
        return present if present is not None else words.value(unless[2], before)
    return words.value(term, before)


def _add(action: str, before: Item, changed: Item, words: _Words) -> None:
    name, value = action.split()
    present, more = before.get(words.name(name), {}), words.value(value, before)
    if "N" in more:
        changed[words.name(name)] = {"N": str(int(present.get("N", 0)) + int(more["N"]))}
    else:
        changed[words.name(name)] = {"SS": sorted({*present.get("SS", ()), *more["SS"]})}


def _remove(action: str, _before: Item, changed: Item, words: _Words) -> None:
    changed.pop(words.name(action), None)


_CLAUSES: dict[str, Callable[[str, Item, Item, _Words], None]] = {"SET": _set, "ADD": _add, "REMOVE": _remove}


def _check(operation: str, condition: str, item: Item | None, words: _Words) -> None:
    """Raise if a condition does not hold: comparisons joined by AND, and those by OR."""
    if not any(all(_holds(one, item or {}, words) for one in part) for part in _alternatives(condition)):
        refused = refusal(operation, 400, "ConditionalCheckFailedException", "The conditional request failed")
        raise ConditionalCheckFailedException(refused.response, operation)


@cache
def _alternatives(condition: str) -> tuple[tuple[_Condition, ...], ...]:
    parts = [part.split(" AND ") for part in condition.split(" OR ")] if condition else [[]]
    return tuple(tuple(_condition(one.strip()) for one in part) for part in parts)


def _condition(text: str) -> _Condition:
    if exists := _EXISTS.fullmatch(text):
        return _Condition(exists[2], exists[1], "")
    comparison = _COMPARISON.fullmatch(text)
    assert comparison, f"the simulated DynamoDB cannot read {text!r}"
    return _Condition(comparison[1], comparison[2], comparison[3])


def _holds(condition: _Condition, item: Item, words: _Words) -> bool:
    left = item.get(words.name(condition.name))
    if not condition.value:
        return (left is not None) == (condition.compared == "attribute_exists")
    if left is None:
        return condition.compared == "<>"
    return _COMPARED[condition.compared](_number_or_text(left), _number_or_text(words.values[condition.value]))


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


def _number_or_text(value: Value) -> object:
    if "SS" in value:
        return frozenset(value["SS"])
    return int(value["N"]) if "N" in value else value["S"]


def _named(table: str, key: Item) -> str:
    return f"{table} " + " ".join(value["S"] for value in list(key.values())[:2])
