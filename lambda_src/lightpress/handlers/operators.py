"""Entry point of the operators' API: HTTP and JSON around `operators.service.OperatorService`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from lightpress.composition.operators import check_caller, operator_service
from lightpress.handlers.answers import answer_of, refusal_of
from lightpress.telemetry import logger
from lightpress.uploads.bodies import json_body
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an HTTP API (payload 2.0), if an operator makes it."""
    return app.resolve(event, context)


@app.get("/operators/pictures")
def picture() -> Response[str]:
    """Answer with all that is known of a key. It stands in the query: paths are decoded by some on their way."""
    _check()
    return answer_of(200, operator_service().picture(_asked("key")))


@app.get("/operators/failures")
def failures() -> Response[str]:
    """List the newest failures."""
    _check()
    return answer_of(200, operator_service().failures(_asked("reason"), _asked("prefix")))


@app.post("/operators/failures/retry")
def retry() -> Response[str]:
    """Send a failure to its queue again."""
    _check()
    return _done("retried by an operator", operator_service().retry(_body()))


@app.post("/operators/failures/discard")
def discard() -> Response[str]:
    """Forget a failure."""
    _check()
    return _done("discarded by an operator", operator_service().discard(_body()))


@app.get("/operators/held")
def held() -> Response[str]:
    """List what waits for reviewers."""
    _check()
    return answer_of(200, operator_service().held())


@app.post("/operators/held/approve")
def approve() -> Response[str]:
    """Approve a version, in the name of a reviewer."""
    _check()
    return _reviewed("approved by an operator", operator_service().review(_body(), approved=True))


@app.post("/operators/held/reject")
def reject() -> Response[str]:
    """Reject a version, in the name of a reviewer."""
    _check()
    return _reviewed("rejected by an operator", operator_service().review(_body(), approved=False))


@app.get("/operators/backfills")
def backfills() -> Response[str]:
    """List the runs of backfills."""
    _check()
    return answer_of(200, operator_service().backfills())


@app.get("/operators/days")
def days() -> Response[str]:
    """Answer with what the last days cost and saved."""
    _check()
    return answer_of(200, operator_service().days())


@app.not_found
def not_found(_: Exception) -> Response[str]:
    """Answer 404 as a problem, like every other refusal."""
    return refusal_of(Refused(404, "not_found", "There is nothing at this address."))


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """Answer a refused request with a problem."""
    return refusal_of(refusal)


def _check() -> None:
    """Each request asks first, before anything is read."""
    check_caller(app.current_event.raw_event)


def _done(words: str, body: dict[str, Any]) -> Response[str]:
    """Log what was ordered: the access log says by which request."""
    logger.info(words, subject=body["subject"])
    return answer_of(202, body)


def _reviewed(words: str, body: dict[str, Any]) -> Response[str]:
    logger.info(words, key=body["key"], version=body["version"])
    return answer_of(202, body)


def _asked(name: str) -> str:
    return (app.current_event.query_string_parameters or {}).get(name, "")


def _body() -> object:
    return json_body(app.current_event.raw_event)
