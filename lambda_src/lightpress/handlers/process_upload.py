"""Entry point of the function `process_upload`, which the queue invokes: only the messages that failed are retried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.process_upload import processor_of
from lightpress.handlers.batch import process_messages, queue_of
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of queue messages; returns the ids of those that SQS must deliver again."""
    # A function that is configured wrongly fails here, with the whole batch, and raises an alarm.
    return process_messages(processor_of(queue_of(event)), event, context)
