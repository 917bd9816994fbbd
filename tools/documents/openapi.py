"""Writes docs/openapi.json: what the upload API takes and answers, for programs (`make docs`).

What is taken comes from the forms that requests are read with (`uploads.requests`), what is told of pictures from
the dataclasses that manifests are made of; a test asks the API itself whether the rest is true.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT
from lightpress.delivery.summary import OF_A_VARIANT, OF_THE_PICTURE
from lightpress.image.errors import Reason
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.facts import Box
from lightpress.pipeline.manifest import PublishedSource, Variant
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.uploads.fields import json_schema
from lightpress.uploads.requests import (
    COMPLETE_FIELDS,
    CORRECTION_FIELDS,
    INGEST_FIELDS,
    MULTIPART_FIELDS,
    UploadLimits,
    media_types,
    part_fields,
    upload_fields,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.uploads.fields import Fields

    Json = dict[str, Any]

PAGE = PROJECT / "docs" / "openapi.json"

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_TEXT = {"type": "string"}


def object_of(**properties: Json) -> Json:
    """With all of these and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def said(what: str, **more: Any) -> Json:  # noqa: ANN401  JSON Schema's
    """A text."""
    return {"type": "string", "description": what, **more}


def list_of(item: Json) -> Json:
    """A list of these."""
    return {"type": "array", "items": item}


def _type(hint: Any) -> Json:  # noqa: ANN401  a type
    """Of a dataclass's field: a plain type, or one of several."""
    hints = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    names = [_TYPES[one] for one in hints]
    return {"type": names[0] if len(names) == 1 else names}


def fields_of(kind: type, names: tuple[str, ...]) -> dict[str, Json]:
    """Fields of a dataclass."""
    hints = get_type_hints(kind)
    return {name: _type(hints[name]) for name in names}


_ADDRESSES: dict[str, Json] = {
    "key": said("What the file will be stored and published as."),
    "permalink": said("The picture itself once it is ready; `?w=640` chooses a size. Never changes.", format="uri"),
    "status_url": said("Where to ask what became of it, relative to the address of the API.", format="uri-reference"),
}
_QUOTA: Json = {
    "oneOf": [
        {"type": "null"},
        object_of(
            uploads_left={"type": ["integer", "null"], "description": "Files; null for any number."},
            bytes_left={"type": ["integer", "null"], "description": "Bytes; null for any number."},
            resets_at=said("When the day (UTC) ends, and all of it is left again.", format="date-time"),
        ),
    ],
    "description": "What you may still upload today; null where there is no limit.",
}
_PART: dict[str, Json] = {"part_number": {"type": "integer"}, "size": {"type": "integer"}, "etag": _TEXT}
FOCUS: dict[str, Json] = {
    "focus": {
        "type": ["array", "null"],
        "items": {"type": "number", "minimum": 0, "maximum": 1},
        "minItems": 2,
        "maxItems": 2,
        "description": "Where its subject is, from the left and the top; null if nobody says.",
    },
    "focus_pending": {"type": "boolean", "description": "Whether the variants do not follow a corrected focus yet."},
}
FACTS: Json = {
    "oneOf": [
        {"type": "null"},
        object_of(
            version=said("Of the original: what enrichers answer about."),
            alt={"type": ["string", "null"], "description": "For those who do not see it."},
            labels=list_of(object_of(name=_TEXT, confidence={"type": ["number", "null"]})),
            faces=list_of(object_of(**fields_of(Box, ("left", "top", "width", "height")))),
            looks_like=list_of(_TEXT) | {"description": "Keys of pictures that look alike."},
            capture={
                "oneOf": [
                    {"type": "null"},
                    object_of(
                        time={"type": ["string", "null"]},
                        camera={"type": ["string", "null"]},
                        lens={"type": ["string", "null"]},
                        place={"type": ["array", "null"], "items": {"type": "number"}},
                    ),
                ]
            },
            likeness={"type": ["string", "null"], "description": "A perceptual hash."},
            missing=list_of(_TEXT) | {"description": "Enrichers that have not answered yet."},
        ),
    ],
    "description": "What the recipe asks for with `facts`, and what was said of the picture; null without either.",
}
_READY: dict[str, Json] = {
    "picture": said("HTML to put into a page."),
    "srcset": {
        "type": "object",
        "description": "By format: the widths, as `srcset` wants them; none that is `dominated`.",
        "properties": dict.fromkeys(OUTPUTS, _TEXT),
        "additionalProperties": False,
    },
    "reason": {"type": "null"},
    "detail": {"type": "null"},
    **FOCUS,
    **fields_of(PublishedSource, OF_THE_PICTURE),
    "picture_formats": list_of(_TEXT) | {"description": "In the order of a `<picture>`; the last one is for `<img>`."},
    "notes": list_of(_TEXT),
    "facts": FACTS,
    "variants": list_of(
        object_of(
            **fields_of(Variant, OF_A_VARIANT)
            | {"bytes": {"type": ["integer", "null"], "description": "Null where `lazy` is true."}},
            lazy={"type": "boolean", "description": "Whether it is made when somebody first asks for it."},
            dominated={
                "type": "boolean",
                "description": "Whether a larger size that looks the same has fewer bytes: pages leave this one out.",
            },
            url=said("Never changes.", format="uri"),
        )
    ),
}


def _status(name: str, **more: Json) -> Json:
    return object_of(**_ADDRESSES, status={"const": name}, **more)


_ANSWERS: dict[str, Json] = {
    "Begun": object_of(
        **_ADDRESSES,
        upload=object_of(
            url=said("Where to POST the form to.", format="uri"),
            fields={
                "type": "object",
                "description": "All fields of the form, but the last one: `file`.",
                "additionalProperties": _TEXT,
            },
        ),
        quota=_QUOTA,
    ),
    "BegunInParts": object_of(
        **_ADDRESSES,
        upload_id=_TEXT,
        part_size={"type": "integer", "description": "Of every part but the last, which may have less."},
        quota=_QUOTA,
    ),
    "Signed": object_of(url=said("Where to PUT the part, within 15 minutes.", format="uri")),
    "Parts": object_of(
        parts=list_of(object_of(**_PART)),
        completed={
            "type": "boolean",
            "description": "Whether they are one file already: nothing is left to do, and `parts` is empty.",
        },
    ),
    "Completed": object_of(**_ADDRESSES),
    "Aborted": object_of(key=_TEXT),
    "Ordered": object_of(
        accepted=list_of(object_of(index={"type": "integer"}, **_ADDRESSES)),
        refused=list_of(
            object_of(index={"type": "integer"}, reason=said("For programs."), detail=said("In a sentence."))
        ),
        quota=_QUOTA,
    ),
    "Status": {
        "oneOf": [
            _status("processing"),
            _status("held"),
            _status("ready", **_READY),
            _status(
                "failed",
                reason=said("For programs. A newer release may know others.", examples=[*Reason]),
                title=said("The same in plain words."),
                detail={"type": ["string", "null"]},
            ),
            _status("deleted"),
        ]
    },
    "Corrected": object_of(**_ADDRESSES, **FOCUS, alt={"type": ["string", "null"]}, labels=list_of(_TEXT)),
    "Deleting": object_of(key=_TEXT, status={"const": "deleting"}),
    "Problem": object_of(
        status={"type": "integer"},
        code=said("For programs."),
        detail=said("In a sentence."),
        errors=list_of(object_of(field=_TEXT, detail=_TEXT)),
    ),
    "Refused": {"type": "object", "properties": {"message": _TEXT}},
}

_PROBLEMS = {
    400: "The body is not I-JSON (RFC 7493), or not an object; or files of this collection are not published.",
    403: "The authorizer does not say who calls, or refuses.",
    404: "There is no such picture or upload of yours, or no URLs are fetched.",
    409: "The parts are not those that have arrived, or do not fit; or there is no published picture of this key.",
    413: "The body has more than 1 MB, or the parts of the upload have together more than is accepted.",
    422: "Fields are missing or wrong: `errors` names each, and what is allowed.",
    429: "More than the quota of the day.",
    503: "The picture is being published anew right now: try again.",
}
_BEFORE_THE_API = {
    401: "Nobody is signed in.",
    429: "Too many requests; or, as a problem, more than the quota of the day.",
}


@dataclass(frozen=True)
class Operation:
    """One request.

    problems: besides 403, what may be answered. form: what its body holds; None where it has none. says_one: at least
    one of its optional fields has to be there.
    """

    id: str
    summary: str
    status: int
    answer: str
    problems: tuple[int, ...]
    form: Fields | None = None
    says_one: bool = False


def operations(limits: UploadLimits) -> dict[tuple[str, str], Operation]:
    """By method and path."""
    file = upload_fields(limits)
    beginning, going_on = (400, 413, 422, 429), (400, 404, 413, 422)
    return {
        ("post", "/uploads"): Operation("begin", "Begin to upload a file", 201, "Begun", beginning, file),
        ("post", "/multipart"): Operation(
            "beginParts", "Begin to upload a large file, in parts", 201, "BegunInParts", beginning, file
        ),
        ("post", "/multipart/sign"): Operation(
            "signPart",
            "Where to PUT one part",
            200,
            "Signed",
            (*going_on, 409),
            {**MULTIPART_FIELDS, **part_fields(limits)},
        ),
        ("post", "/multipart/list"): Operation(
            "listParts", "The parts that have arrived", 200, "Parts", going_on, MULTIPART_FIELDS
        ),
        ("post", "/multipart/complete"): Operation(
            "completeParts",
            "Make one file of the parts; asked again, the same answer",
            200,
            "Completed",
            (*going_on, 409),
            {**MULTIPART_FIELDS, **COMPLETE_FIELDS},
        ),
        ("post", "/multipart/abort"): Operation("abortParts", "Give up", 200, "Aborted", going_on, MULTIPART_FIELDS),
        ("post", "/ingest"): Operation(
            "ingest", "Have pictures fetched by their URLs", 202, "Ordered", (*going_on, 429), INGEST_FIELDS
        ),
        ("get", "/images/{key}"): Operation("status", "What became of a picture", 200, "Status", (404,)),
        ("patch", "/images/{key}"): Operation(
            "correct",
            "Correct the focus of a picture, or the words about it",
            202,
            "Corrected",
            (*going_on, 409, 503),
            CORRECTION_FIELDS,
            says_one=True,
        ),
        ("delete", "/images/{key}"): Operation("delete", "Delete a picture", 202, "Deleting", (404,)),
    }


def document(limits: UploadLimits) -> Json:
    """The API as OpenAPI 3.1 describes it."""
    paths: dict[str, Json] = {}
    for (method, path), operation in operations(limits).items():
        paths.setdefault(path, _parameters(path))[method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lightpress: uploads",
            "version": "1",
            "description": "Signs uploads, and reports the status of originals: docs/api.md.",
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
                    "description": 'With `upload_auth = "jwt"`, or as your own authorizer wants it.',
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


def deployed_limits() -> UploadLimits:
    """Those of the recipes that come along: an environment with others has other limits."""
    book = load_recipes(LAMBDA_SRC / "recipes.toml")
    return UploadLimits(book.max_bytes, media_types(book.accept))


def openapi_page() -> str:
    """The file as it should be."""
    return json.dumps(document(deployed_limits()), indent=2, ensure_ascii=False) + "\n"


def _parameters(path: str) -> Json:
    if "{key}" not in path:
        return {}
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "As it was given. Its slashes may stand as they are, or as %2F.",
        "schema": {"type": "string", "minLength": 1},
    }
    return {"parameters": [key]}


def _operation(operation: Operation) -> Json:
    answers = {str(operation.status): _answer(operation.summary, operation.answer)}
    problems = {code: _PROBLEMS[code] for code in sorted((*operation.problems, 403))}
    answers |= {str(code): _answer(what, "Problem", "application/problem+json") for code, what in problems.items()}
    for code, what in _BEFORE_THE_API.items():
        before = _answer(what, "Refused")
        of_the_api = answers.get(str(code), {"content": {}})
        answers[str(code)] = before | {"content": before["content"] | of_the_api["content"]}
    described: Json = {"operationId": operation.id, "summary": operation.summary, "responses": answers}
    if operation.form is not None:
        described["requestBody"] = {"required": True, "content": _content(_body(operation, operation.form))}
    return described


def _body(operation: Operation, form: Fields) -> Json:
    schema = json_schema(form)
    if operation.says_one:
        said = ({"properties": {name: {"type": "string"}}, "required": [name]} for name in form)
        schema["anyOf"] = list(said)
    return schema


def _answer(what: str, name: str, media_type: str = "application/json") -> Json:
    return {"description": what, "content": _content({"$ref": f"#/components/schemas/{name}"}, media_type)}


def _content(of: Mapping[str, Any], media_type: str = "application/json") -> Json:
    return {media_type: {"schema": of}}


if __name__ == "__main__":
    PAGE.write_text(openapi_page(), encoding="utf-8")
