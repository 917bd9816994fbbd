"""Writes docs/operators-openapi.json: what the operators' API takes and answers, for programs (`make docs`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lightpress.backfill.run import LOOK, PLAN, RETRY, SWEEP
from lightpress.cdk.readiness import PROJECT
from lightpress.delivery.summary import OF_A_VARIANT, OF_THE_PICTURE
from lightpress.operators.service import FAILURE_FIELDS, REVIEW_FIELDS
from lightpress.pipeline.manifest import PublishedSource, Variant
from lightpress.uploads.fields import json_schema
from tools.documents.openapi import FACTS, FOCUS, fields_of, list_of, object_of, said

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = dict[str, Any]

PAGE = PROJECT / "docs" / "operators-openapi.json"

_TEXT, _NUMBER, _INTEGER, _FLAG = ({"type": name} for name in ("string", "number", "integer", "boolean"))
_TEXT_OR_NULL = {"type": ["string", "null"]}
_TASK = {"enum": [LOOK, SWEEP, PLAN, RETRY], "description": "What it is for; look: a backfill."}
_TIME = {"type": "integer", "description": "Seconds since 1970."}
_MORE = {"type": "boolean", "description": "Whether there are others."}
_REF_FAILURE = {"$ref": "#/components/schemas/Failure"}

SCHEMAS: dict[str, Json] = {
    "Failure": object_of(
        subject=_TEXT,
        identity=_TEXT,
        key=_TEXT_OR_NULL,
        bucket=_TEXT_OR_NULL,
        reason=_TEXT,
        detail=_TEXT,
        attempts=_INTEGER,
        first_at=_TIME,
        last_at=_TIME,
        url=_TEXT_OR_NULL,
        in_quarantine={"type": "boolean", "description": "Whether there is a copy."},
    ),
    "Failures": object_of(failures=list_of(_REF_FAILURE), more=_MORE),
    "Picture": object_of(
        key=_TEXT,
        permalink=said("Where it is, or would be.", format="uri"),
        status={"enum": ["ready", "held", "failed", "deleted", "processing", "unknown"]},
        title=_TEXT_OR_NULL | {"description": "The reason in plain words."},
        revision={"type": ["integer", "null"]},
        recipe=_TEXT_OR_NULL,
        held_for=list_of(_TEXT) | {"description": "The reviewers that a held picture waits for."},
        focus=FOCUS["focus"],
        reason=_TEXT_OR_NULL,
        detail=_TEXT_OR_NULL,
        **{
            name: {"type": sorted({*(kind["type"] if isinstance(kind["type"], list) else [kind["type"]]), "null"})}
            for name, kind in fields_of(PublishedSource, OF_THE_PICTURE).items()
        },
        picture_formats=list_of(_TEXT),
        notes=list_of(_TEXT),
        facts=FACTS,
        variants=list_of(
            object_of(
                **fields_of(Variant, OF_A_VARIANT) | {"bytes": {"type": ["integer", "null"]}},
                lazy=_FLAG,
                dominated=_FLAG | {"description": "Whether a larger size that looks the same has fewer bytes."},
                url=said("Never changes.", format="uri"),
            )
        ),
        versions=list_of(object_of(identity=_TEXT, at=_TIME, bytes=_INTEGER, deleted=_FLAG)),
        failures=list_of(_REF_FAILURE),
    ),
    "Held": object_of(
        held=list_of(
            object_of(
                key=_TEXT,
                version=_TEXT | {"description": "As reviews name it."},
                bytes=_INTEGER,
                held_for=list_of(_TEXT) | {"description": "The reviewers who have not answered."},
                answerable=list_of(_TEXT)
                | {"description": "Those whom its gate names in whose name operators may answer, the usual one first."},
                since=_TIME,
                until={"type": ["integer", "null"], "description": "When they have had time enough (gate_hours)."},
            )
        ),
        more=_MORE,
    ),
    "Reviewed": object_of(key=_TEXT, version=_TEXT, status={"enum": ["sent"]}),
    "Preview": said("1280 pixels on the longer side at most.", contentMediaType="image/jpeg"),
    "Settled": object_of(subject=_TEXT, identity=_TEXT, status={"enum": ["sent", "discarded"]}),
    "Backfills": object_of(
        backfills=list_of(
            object_of(
                name=_TEXT,
                task=_TASK,
                buckets=list_of(_TEXT),
                attempts=_INTEGER,
                sent=_INTEGER,
                objects_left={"type": ["integer", "null"], "description": "Null without a cap."},
                dollars_spent=_NUMBER,
                dollars_left={"type": ["number", "null"], "description": "Null without a cap."},
                rate=_NUMBER,
                stopped=_TEXT_OR_NULL,
                ended=_TEXT_OR_NULL,
                **{"pass": _INTEGER},
            )
        ),
        more=_MORE,
    ),
    "Days": object_of(
        days=list_of(
            object_of(
                day=said("Of UTC.", format="date"),
                published=_INTEGER,
                failed=_INTEGER,
                original_bytes=_INTEGER,
                largest_bytes={"type": "integer", "description": "Of the largest variants in their smallest format."},
                dollars={"type": "object", "additionalProperties": _NUMBER, "description": "By service."},
            )
        )
    ),
    "Problem": object_of(
        status=_INTEGER,
        code=said("For programs."),
        detail=said("In a sentence."),
        errors=list_of(object_of(field=_TEXT, detail=_TEXT)),
    ),
}
_PROBLEMS = {
    400: "The body is not I-JSON (RFC 7493), or not an object.",
    403: "The token lacks the scope.",
    404: "There is no such picture or failure.",
    409: "It changed since it was listed; or nothing would come of it: no URLs are fetched, the gate does not name the "
    "reviewer, a program has rejected it, or there is no gate.",
    413: "The body has more than 1 MB.",
    422: "Fields are missing or wrong.",
}
_OF_A_BODY = (400, 404, 409, 413, 422)
_OF_A_REVIEW = (400, 409, 413, 422)
_FIELDS = {"Settled": FAILURE_FIELDS, "Reviewed": REVIEW_FIELDS}
REQUESTS: Mapping[tuple[str, str], tuple[str, str, int, tuple[int, ...], tuple[str, ...]]] = {
    ("get", "/operators/pictures"): ("All that is known of a key", "Picture", 200, (404,), ("key",)),
    ("get", "/operators/failures"): (
        "The newest failures that are still true",
        "Failures",
        200,
        (),
        ("reason", "prefix"),
    ),
    ("post", "/operators/failures/retry"): ("Send it to its queue again", "Settled", 202, _OF_A_BODY, ()),
    ("post", "/operators/failures/discard"): ("Forget it, and its copy", "Settled", 202, _OF_A_BODY, ()),
    ("get", "/operators/held"): ("What waits for reviewers, the longest first", "Held", 200, (), ()),
    ("post", "/operators/held/approve"): (
        "Approve a version in the name of a reviewer",
        "Reviewed",
        202,
        _OF_A_REVIEW,
        (),
    ),
    ("post", "/operators/held/reject"): (
        "Reject a version in the name of a reviewer",
        "Reviewed",
        202,
        _OF_A_REVIEW,
        (),
    ),
    ("get", "/operators/held/preview"): (
        "A JPEG of what waits, without metadata; only where a recipe has a gate",
        "Preview",
        200,
        (409, 422),
        ("key", "version"),
    ),
    ("get", "/operators/backfills"): ("The runs of backfills, the newest first", "Backfills", 200, (), ()),
    ("get", "/operators/days"): ("What the last days published, saved and cost", "Days", 200, (), ()),
}
"""By method and path: a summary, the answer, its status, the problems besides 403, and what the query holds."""


def document() -> Json:
    """The API as OpenAPI 3.1 describes it."""
    paths: dict[str, Json] = {}
    for (method, path), request in REQUESTS.items():
        paths.setdefault(path, {})[method] = _operation(method, *request)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lightpress: operators",
            "version": "1",
            "description": "Shows pictures, failures, backfills and costs; retries and discards failures; reviews.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "https://{api}", "variables": {"api": {"default": "api.example.com"}}}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "With the scope `operators_scope`."}
            },
        },
    }


def openapi_page() -> str:
    """The file as it should be."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(  # noqa: PLR0913, PLR0917  what a request consists of
    method: str, summary: str, answer: str, status: int, problems: tuple[int, ...], query: tuple[str, ...]
) -> Json:
    kind = "image/jpeg" if answer == "Preview" else "application/json"
    answers = {str(status): _answer(summary, answer, kind)}
    answers |= {
        str(code): _answer(_PROBLEMS[code], "Problem", "application/problem+json") for code in sorted((403, *problems))
    }
    found: Json = {"summary": summary, "responses": answers}
    if query:
        found["parameters"] = [
            {"name": name, "in": "query", "required": name in {"key", "version"}, "schema": _TEXT} for name in query
        ]
    if method == "post":
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": json_schema(_FIELDS[answer])}},
        }
    return found


def _answer(what: str, name: str, media_type: str) -> Json:
    return {"description": what, "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}}


if __name__ == "__main__":
    PAGE.write_text(openapi_page(), encoding="utf-8")
