"""Entry point of the function `fetch_url`: the URLs of a batch are fetched at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.fetch_url import batch
from lightpress.handlers.batch import message_of
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of queue messages; returns the ids of those that SQS must deliver again."""
    messages = [message_of(record, context) for record in event["Records"]]
    retried = batch()(messages, lambda: context.get_remaining_time_in_millis() / 1000)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in retried]}
