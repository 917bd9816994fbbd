"""Answers of the HTTP APIs: JSON, and problems as RFC 9457 has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response, content_types

if TYPE_CHECKING:
    from lightpress.uploads.requests import Refused

_PROBLEM = "application/problem+json"


def refusal_of(refusal: Refused) -> Response[str]:
    """Build a problem (RFC 9457) with a code and what is wrong with each field."""
    fields = [{"field": name, "detail": detail} for name, detail in refusal.fields.items()]
    problem = {"status": refusal.status, "code": refusal.code, "detail": refusal.detail, "errors": fields}
    headers: dict[str, str | list[str]] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(refusal.status, _PROBLEM, json.dumps(problem), headers)


def answer_of(code: int, body: dict[str, Any]) -> Response[str]:
    """Build an answer that nobody keeps: the status of an original may change at any time."""
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    return Response(code, content_types.APPLICATION_JSON, json.dumps(body), headers)
