"""Writes docs/openapi.json, the OpenAPI description of the upload API (`make docs`).

Request bodies are those of the validators (`uploads.requests`), the properties of originals and variants those of the
manifest's dataclasses. A test compares the rest with the API's answers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT
from lightpress.delivery.summary import OF_A_VARIANT, OF_THE_PICTURE
from lightpress.image import Reason
from lightpress.image.formats import OUTPUTS
from lightpress.pipeline.manifest import PublishedSource, Variant
from lightpress.pipeline.recipe import load_recipes
from lightpress.uploads.fields import schema
from lightpress.uploads.requests import (
    LISTING_FORM,
    PARTS_FORM,
    UPLOAD_FORM,
    UploadLimits,
    file_form,
    media_types,
    part_form,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.uploads.fields import Form

    Json = dict[str, Any]

PAGE = PROJECT / "docs" / "openapi.json"

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_TEXT = {"type": "string"}


def _object(**properties: Json) -> Json:
    """A schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _said(what: str, **more: Any) -> Json:  # noqa: ANN401  JSON Schema's
    return {"type": "string", "description": what, **more}


def _list_of(item: Json) -> Json:
    return {"type": "array", "items": item}


def _type(hint: Any) -> Json:  # noqa: ANN401  a type
    """The schema of a dataclass field's type: a plain type, or a union of such."""
    hints = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    names = [_TYPES[one] for one in hints]
    return {"type": names[0] if len(names) == 1 else names}


def _fields(kind: type, names: tuple[str, ...]) -> dict[str, Json]:
    hints = get_type_hints(kind)
    return {name: _type(hints[name]) for name in names}


_ADDRESSES: dict[str, Json] = {
    "key": _said("The key that the file is stored and published under."),
    "permalink": _said(
        "Redirects to a variant once there is one; `?w=640` chooses a size. Never changes.", format="uri"
    ),
    "status_url": _said("Its status, relative to the URL of the API.", format="uri-reference"),
}
_PART: dict[str, Json] = {"part_number": {"type": "integer"}, "size": {"type": "integer"}, "etag": _TEXT}
_READY: dict[str, Json] = {
    "picture": _said("A `<picture>` element for a page."),
    "srcset": {
        "type": "object",
        "description": "By format: every width, as the attribute `srcset`.",
        "properties": dict.fromkeys(OUTPUTS, _TEXT),
        "additionalProperties": False,
    },
    "reason": {"type": "null"},
    "detail": {"type": "null"},
    **_fields(PublishedSource, OF_THE_PICTURE),
    "notes": _list_of(_TEXT),
    "variants": _list_of(_object(**_fields(Variant, OF_A_VARIANT), url=_said("Never changes.", format="uri"))),
}


def _status(name: str, **more: Json) -> Json:
    return _object(**_ADDRESSES, status={"const": name}, **more)


_ANSWERS: dict[str, Json] = {
    "Begun": _object(
        **_ADDRESSES,
        upload=_object(
            url=_said("The URL to POST the form to.", format="uri"),
            fields={
                "type": "object",
                "description": "All fields of the form except the last one, `file`.",
                "additionalProperties": _TEXT,
            },
        ),
    ),
    "BegunInParts": _object(
        **_ADDRESSES,
        upload_id=_TEXT,
        part_size={"type": "integer", "description": "In bytes, of every part except the last, which may be smaller."},
    ),
    "Signed": _object(url=_said("The URL to PUT the part to, within 15 minutes.", format="uri")),
    "Parts": _object(parts=_list_of(_object(**_PART))),
    "Completed": _object(**_ADDRESSES),
    "Aborted": _object(key=_TEXT),
    "Ordered": _object(
        accepted=_list_of(_object(index={"type": "integer"}, **_ADDRESSES)),
        refused=_list_of(
            _object(index={"type": "integer"}, reason=_said("For programs."), detail=_said("For people."))
        ),
    ),
    "Status": {
        "oneOf": [
            _status("processing"),
            _status("ready", **_READY),
            _status(
                "failed",
                reason=_said("A code for programs. Newer releases may have others.", examples=[*Reason]),
                title=_said("The same as a sentence."),
                detail={"type": ["string", "null"]},
            ),
            _status("deleted"),
        ]
    },
    "Deleting": _object(key=_TEXT, status={"const": "deleting"}),
    "Problem": _object(
        status={"type": "integer"},
        code=_said("For programs."),
        detail=_said("For people."),
        errors=_list_of(_object(field=_TEXT, detail=_TEXT)),
    ),
    "Refused": {"type": "object", "properties": {"message": _TEXT}},
}

_PROBLEMS = {
    400: "The body cannot be read.",
    403: "The authorizer gives no caller, or denies the request.",
    404: "The caller has no such original or upload, or URL ingest is off.",
    409: "The parts are not those that were uploaded.",
    413: "The parts together are too large.",
    422: "Fields are missing or invalid: `errors` names each, and what is allowed.",
}
_BEFORE_THE_API = {401: "The request has no valid credentials.", 429: "Too many requests."}


@dataclass(frozen=True)
class Operation:
    """An operation of the API.

    Attributes:
        id: The operationId.
        summary: What it does.
        status: Status code of success.
        answer: Name of the schema of its answer.
        problems: Status codes of errors, in addition to 403.
        form: The fields of its body; None where it has none.
    """

    id: str
    summary: str
    status: int
    answer: str
    problems: tuple[int, ...]
    form: Form | None = None


def operations(terms: UploadLimits) -> dict[tuple[str, str], Operation]:
    """All operations, by method and path."""
    file = file_form(terms)
    unreadable, going_on = (400, 422), (400, 404, 422)
    return {
        ("post", "/uploads"): Operation("begin", "Start uploading a file", 201, "Begun", unreadable, file),
        ("post", "/multipart"): Operation(
            "beginParts", "Start uploading a large file in parts", 201, "BegunInParts", unreadable, file
        ),
        ("post", "/multipart/sign"): Operation(
            "signPart", "Get the URL of one part", 200, "Signed", going_on, {**UPLOAD_FORM, **part_form(terms)}
        ),
        ("post", "/multipart/list"): Operation(
            "listParts", "List the uploaded parts", 200, "Parts", going_on, UPLOAD_FORM
        ),
        ("post", "/multipart/complete"): Operation(
            "completeParts",
            "Complete an upload",
            200,
            "Completed",
            (*going_on, 409, 413),
            {**UPLOAD_FORM, **PARTS_FORM},
        ),
        ("post", "/multipart/abort"): Operation("abortParts", "Abort an upload", 200, "Aborted", going_on, UPLOAD_FORM),
        ("post", "/ingest"): Operation(
            "ingest", "Fetch originals by their URLs", 202, "Ordered", (400, 404, 422), LISTING_FORM
        ),
        ("get", "/images/{key}"): Operation("status", "Get the status of an original", 200, "Status", (404,)),
        ("delete", "/images/{key}"): Operation("delete", "Delete an original", 202, "Deleting", (404,)),
    }


def document(terms: UploadLimits) -> Json:
    """The OpenAPI 3.1 document."""
    paths: dict[str, Json] = {}
    for (method, path), operation in operations(terms).items():
        paths.setdefault(path, _parameters(path))[method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lightpress: uploads",
            "version": "1",
            "description": "Uploads originals and reports their status: docs/api.md.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "https://{api}", "variables": {"api": {"default": "api.example.com"}}}],
        "security": [{"token": []}, {"iam": []}],
        "paths": paths,
        "components": {
            "schemas": _ANSWERS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": 'With `upload_auth = "jwt"`, or as your own authorizer requires it.',
                },
                "iam": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": 'Signature Version 4, with `upload_auth = "iam"`.',
                },
            },
        },
    }


def deployed_terms() -> UploadLimits:
    """The limits of the recipes in this repository; an environment with other recipes has other limits."""
    book = load_recipes(LAMBDA_SRC / "recipes.toml")
    return UploadLimits(book.max_bytes, media_types(book.accept))


def openapi_page() -> str:
    """The text of docs/openapi.json."""
    return json.dumps(document(deployed_terms()), indent=2, ensure_ascii=False) + "\n"


def _parameters(path: str) -> Json:
    if "{key}" not in path:
        return {}
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "As the API returned it. Slashes may be written as they are, or as %2F.",
        "schema": {"type": "string", "minLength": 1},
    }
    return {"parameters": [key]}


def _operation(operation: Operation) -> Json:
    answers = {str(operation.status): _answer(operation.summary, operation.answer)}
    problems = {code: _PROBLEMS[code] for code in sorted((*operation.problems, 403))}
    answers |= {str(code): _answer(what, "Problem", "application/problem+json") for code, what in problems.items()}
    answers |= {str(code): _answer(what, "Refused") for code, what in _BEFORE_THE_API.items()}
    said: Json = {"operationId": operation.id, "summary": operation.summary, "responses": answers}
    if operation.form is not None:
        said["requestBody"] = {"required": True, "content": _content(schema(operation.form))}
    return said


def _answer(what: str, name: str, media_type: str = "application/json") -> Json:
    return {"description": what, "content": _content({"$ref": f"#/components/schemas/{name}"}, media_type)}


def _content(of: Mapping[str, Any], media_type: str = "application/json") -> Json:
    return {media_type: {"schema": of}}


if __name__ == "__main__":
    PAGE.write_text(openapi_page(), encoding="utf-8")
