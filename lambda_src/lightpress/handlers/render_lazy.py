"""Entry point of the function `render_lazy`, which only the CDN invokes, for variants that S3 does not have."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from lightpress.composition.render_lazy import first_views, settings_of_views, timings
from lightpress.delivery.first_view import answer_to, path_in
from lightpress.telemetry import logger, metrics, tell_first_view

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer a request to a function URL (payload 2.0). HEAD is answered as GET is: Lambda sends no body to it."""
    path = path_in(event["rawPath"])
    view = first_views()(path) if path else None
    tell_first_view(view, timings().take())
    answer = answer_to(view, settings_of_views().cdn_path)
    response: dict[str, Any] = {"statusCode": answer.status, "headers": answer.headers}
    if answer.body is not None:
        response |= {"body": base64.b64encode(answer.body).decode(), "isBase64Encoded": True}
    return response
