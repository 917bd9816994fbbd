"""Entry point of the function `preview`, which shows operators what waits for a reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from lightpress.composition.preview import check_caller, previews
from lightpress.handlers.answers import refusal_of
from lightpress.image.errors import PictureRejected
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.telemetry import logger
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()

# Nobody keeps it, and no browser takes it for anything but a picture.
_HEADERS: dict[str, str | list[str]] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an HTTP API (payload 2.0), if an operator makes it."""
    return app.resolve(event, context)


@app.get("/operators/held/preview")
def preview() -> Response[Any]:
    """Answer with a JPEG of the version that was listed."""
    check_caller(app.current_event.raw_event)
    asked = app.current_event.query_string_parameters or {}
    try:
        data = previews()(asked.get("key", ""), asked.get("version", ""))
    except PictureRejected as rejected:
        raise Refused(422, "not_shown", rejected.detail) from rejected
    except Unreadable as unreadable:
        raise Refused(422, "not_shown", unreadable.closed.detail) from unreadable
    except PreconditionFailed:
        data = None
    if data is None:
        raise Refused(409, "changed", "It was overwritten or deleted since it was listed: list it anew.")
    logger.info("shown to an operator", key=asked["key"], version=asked["version"])
    return Response(200, "image/jpeg", data, _HEADERS)


@app.exception_handler(Refused)  # type: ignore[untyped-decorator]
def refused(refusal: Refused) -> Response[str]:
    """Answer a refused request with a problem."""
    return refusal_of(refusal)
