"""A saved query asks for what the functions really log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.queries import QUERIES

if TYPE_CHECKING:
    from tests.cdk.templates import Template

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

# What CloudWatch Logs adds to each line.
_OF_THE_LOG = {"@timestamp", "@log"}
# What Lambda writes of each invocation where the log's format is JSON:
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
_REPORT = {
    "time": "2026-11-21T10:00:00.000Z",
    "type": "platform.report",
    "record": {
        "requestId": "request-1",
        "metrics": {"durationMs": 812.2, "billedDurationMs": 813, "memorySizeMB": 1769, "initDurationMs": 431.9},
        "status": "success",
    },
}
_WORDS = {
    *("fields", "filter", "sort", "stats", "limit", "as", "by", "and", "or", "in", "asc", "desc"),
    *("count", "sum", "avg", "max", "latest"),
}
_IDENTIFIER = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.]*")
_TEXT = re.compile(r'"([^"]*)"')
_PUT_IN = {"KEY", "ID"}


def fields_of(query: str) -> set[str]:
    """Every field that a query reads: its words, less those of the language and those that it names itself."""
    without_texts = _TEXT.sub(" ", query)
    named = set(re.findall(r"\bas (\w+)", without_texts))
    return set(_IDENTIFIER.findall(without_texts)) - _WORDS - named


def has(line: dict[str, Any], field: str) -> bool:
    value: Any = line
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


def test_every_field_of_a_query_is_in_a_line_that_is_really_written(lines: list[dict[str, Any]]) -> None:
    written = [*lines, _REPORT]
    for question, query in QUERIES.items():
        missing = {field for field in fields_of(query) if not any(has(line, field) for line in written)}
        assert missing <= _OF_THE_LOG, question


def test_every_text_that_a_query_looks_for_is_written(lines: list[dict[str, Any]]) -> None:
    written = {line.get("message") for line in lines} | {_REPORT["type"]}
    for question, query in QUERIES.items():
        assert set(_TEXT.findall(query)) - _PUT_IN <= written, question


def test_the_fields_of_a_query_are_found() -> None:
    query = 'fields a.b as c, @timestamp\n| filter message = "not a field" and d in ["x"]\n| stats count(*) as n by c'
    assert fields_of(query) == {"a.b", "@timestamp", "message", "d"}


def test_queries_are_saved_under_the_name_of_the_environment_over_the_logs_of_all_functions(dev: Template) -> None:
    saved = [query.properties for query in dev.resources("AWS::Logs::QueryDefinition")]
    assert {query["Name"]: query["QueryString"] for query in saved} == {
        f"lightpress-dev/{question}": query for question, query in QUERIES.items()
    }
    for query in saved:
        assert len(query["LogGroupNames"]) == len(dev.functions())
