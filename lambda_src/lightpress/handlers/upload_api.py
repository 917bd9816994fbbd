"""Entry point of the upload API: HTTP and JSON around `uploads.api.UploadService`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from lightpress.composition.upload_api import caller, upload_service, url_ingest_api
from lightpress.handlers.answers import answer_of, refusal_of
from lightpress.telemetry import logger
from lightpress.uploads.api import UploadService
from lightpress.uploads.bodies import json_body
from lightpress.uploads.requests import Refused, owner_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()

STEPS = {
    "sign": UploadService.sign_part,
    "list": UploadService.list_parts,
    "complete": UploadService.complete_multipart,
    "abort": UploadService.abort_multipart,
}
"""The requests that continue a multipart upload, by the last part of their path."""


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an HTTP API (payload 2.0)."""
    return app.resolve(event, context)


@app.post("/uploads")
def begin() -> Response[str]:
    """Begin to upload a file by a presigned form."""
    return _begun(upload_service().begin_upload(_body(), _owner()))


@app.post("/multipart")
def begin_parts() -> Response[str]:
    """Begin a multipart upload."""
    return _begun(upload_service().begin_multipart(_body(), _owner()))


@app.post("/multipart/<step>")
def continue_multipart(step: str) -> Response[str]:
    """Continue a multipart upload."""
    if step not in STEPS:
        raise Refused(404, "not_found", f"There is no step {step!r}; there are: {', '.join(STEPS)}.")
    return answer_of(200, STEPS[step](upload_service(), _body(), _owner()))


@app.post("/ingest")
def ingest() -> Response[str]:
    """Queue URLs of originals to be fetched."""
    url_ingest = url_ingest_api()
    return not_found(LookupError()) if url_ingest is None else answer_of(202, url_ingest.accept(_body(), _owner()))


@app.get("/images/.+")
def status() -> Response[str]:
    """Answer with the status of an original."""
    answer, url_ingest = upload_service().status(_key(), _owner()), url_ingest_api()
    if url_ingest is not None and answer["status"] == "processing":
        answer |= url_ingest.failed(answer["key"])
    return answer_of(200, answer)


@app.patch("/images/.+")
def correct() -> Response[str]:
    """Correct the focus of a published picture."""
    return answer_of(202, upload_service().correct_published(_key(), _body(), _owner()))


@app.delete("/images/.+")
def delete() -> Response[str]:
    """Delete an original and, later, its variants."""
    return answer_of(202, upload_service().delete(_key(), _owner()))


@app.not_found
def not_found(_: Exception) -> Response[str]:
    """Answer 404 as a problem, like every other refusal."""
    return refusal_of(Refused(404, "not_found", "There is nothing at this address."))


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """Answer a refused request with a problem."""
    return refusal_of(refusal)


def _begun(body: dict[str, Any]) -> Response[str]:
    """Log the key, by which later log lines about this upload are found."""
    logger.info("upload begun", key=body["key"])
    return answer_of(201, body)


def _body() -> object:
    return json_body(app.current_event.raw_event)


def _key() -> str:
    """The key in the path. No key that the API gives out has a percent sign, so it may be decoded once more."""
    return unquote((app.current_event.path_parameters or {}).get("key", ""))


def _owner() -> str:
    return owner_of(caller(app.current_event.raw_event))
