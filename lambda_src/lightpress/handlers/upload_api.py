"""The door of the upload API: requests in, JSON out. What is answered stands in `upload_service`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types

from lightpress.composition.upload_api import caller, upload_service, url_ingest_api
from lightpress.telemetry import logger
from lightpress.uploads.api import UploadService
from lightpress.uploads.bodies import json_body
from lightpress.uploads.requests import Refused, owner_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
_PROBLEM = "application/problem+json"

STEPS = {
    "sign": UploadService.sign_part,
    "list": UploadService.list_parts,
    "complete": UploadService.complete_multipart,
    "abort": UploadService.abort_multipart,
}
"""What a large file goes on with."""


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an HTTP API (payload 2.0)."""
    return app.resolve(event, context)


@app.post("/uploads")
def begin() -> Response[str]:
    """Let a file in."""
    return _begun(upload_service().begin_upload(_body(), _owner()))


@app.post("/multipart")
def begin_parts() -> Response[str]:
    """Let a large file in, in parts."""
    return _begun(upload_service().begin_multipart(_body(), _owner()))


@app.post("/multipart/<step>")
def go_on(step: str) -> Response[str]:
    """Go on with a large file."""
    if step not in STEPS:
        raise Refused(404, "not_found", f"There is no step {step!r}; there are: {', '.join(STEPS)}.")
    return _answer(200, STEPS[step](upload_service(), _body(), _owner()))


@app.post("/ingest")
def ingest() -> Response[str]:
    """Have pictures fetched by their URLs."""
    desk = url_ingest_api()
    return nothing_here(LookupError()) if desk is None else _answer(202, desk.accept(_body(), _owner()))


@app.get("/images/.+")
def status() -> Response[str]:
    """Tell what became of a picture."""
    told, desk = upload_service().status(_key(), _owner()), url_ingest_api()
    if desk is not None and told["status"] == "processing":
        told |= desk.failed(told["key"])
    return _answer(200, told)


@app.delete("/images/.+")
def delete() -> Response[str]:
    """Delete a picture."""
    return _answer(202, upload_service().delete(_key(), _owner()))


@app.not_found
def nothing_here(_: Exception) -> Response[str]:
    """Say so in the same form as everything else that is refused."""
    return _refusal(Refused(404, "not_found", "There is nothing at this address."))


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """Say what is wrong."""
    return _refusal(refusal)


def _begun(said: dict[str, Any]) -> Response[str]:
    """Log the key: it leads from this request to all that becomes of the upload."""
    logger.info("let in", key=said["key"])
    return _answer(201, said)


def _refusal(refusal: Refused) -> Response[str]:
    """A problem as RFC 9457 has it, with a code and what is wrong with each field."""
    fields = [{"field": name, "detail": detail} for name, detail in refusal.fields.items()]
    problem = {"status": refusal.status, "code": refusal.code, "detail": refusal.detail, "errors": fields}
    headers: dict[str, str | list[str]] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return Response(refusal.status, _PROBLEM, json.dumps(problem), headers)


def _answer(code: int, said: dict[str, Any]) -> Response[str]:
    # What became of a picture changes from one moment to the next.
    headers: dict[str, str | list[str]] = {"Cache-Control": "no-store"}
    return Response(code, content_types.APPLICATION_JSON, json.dumps(said), headers)


def _body() -> object:
    return json_body(app.current_event.raw_event)


def _key() -> str:
    """No key of ours holds a percent sign: so it does not matter whether the API has decoded it already."""
    return unquote((app.current_event.path_parameters or {}).get("key", ""))


def _owner() -> str:
    return owner_of(caller(app.current_event.raw_event))
