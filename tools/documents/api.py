"""Writes docs/api-reference.md, the requests of the upload API one by one, from its OpenAPI document: `make docs`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lightpress.cdk.readiness import PROJECT
from tools.documents.openapi import deployed_limits, document
from tools.markdown import line

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = PROJECT / "docs" / "api-reference.md"

_HEAD = """\
# The upload API, request by request

Written by `make docs` from [openapi.json](openapi.json), which programs read; [api.md](api.md) explains the API and
how to switch it on. Paths are relative to the output `UploadApiUrl`. Each request carries what `upload_auth` asks for:
`Authorization: Bearer TOKEN`, or Signature Version 4. Problems are `application/problem+json`:
[api.md](api.md#what-goes-wrong).
"""


def api_page() -> str:
    """The page as it should be."""
    described = document(deployed_limits())
    requests = [
        _request(method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]
    answers = [_answer(name, schema) for name, schema in described["components"]["schemas"].items()]
    return "\n".join([_HEAD, *requests, "## Answers\n", *answers])


def _request(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [f"## {method.upper()} {path}\n", f"{operation['summary']}.\n"]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts += [*_fields(schema, required=True), ""]
    rows = [
        line((code, _kinds(answer), answer["description"])) for code, answer in sorted(operation["responses"].items())
    ]
    return "\n".join([*parts, line(("status", "", "")), "|---|---|---|", *rows, ""])


def _kinds(answer: Mapping[str, Any]) -> str:
    names = [content["schema"]["$ref"].rpartition("/")[2] for content in answer["content"].values()]
    return ", ".join(f"[{name}](#{name.lower()})" for name in names)


def _answer(name: str, schema: Mapping[str, Any]) -> str:
    parts = [f"### {name}\n"]
    for one in schema.get("oneOf", [schema]):
        parts += [*_fields(one, required=False), ""]
    return "\n".join(parts)


def _fields(schema: Mapping[str, Any], *, required: bool) -> list[str]:
    must = set(schema.get("required", ())) if required else set()
    rows = [
        line((f"`{name}`", _type(of), ("Required. " if name in must else "") + of.get("description", "")))
        for name, of in schema["properties"].items()
    ]
    return [line(("field", "", "")), "|---|---|---|", *rows]


def _type(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(map(_type, schema["oneOf"]))
    kind = schema.get("type", "any")
    name = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if name == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    if name == "object" and "properties" in schema:
        return f"object: {', '.join(f'`{one}`' for one in schema['properties'])}"
    return name


if __name__ == "__main__":
    PAGE.write_text(api_page(), encoding="utf-8")
