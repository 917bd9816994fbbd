"""Entry point of the function `process_upload`, which the queue invokes: only the messages that failed are retried."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.composition.process_upload import abreast, processor_of, turns
from lightpress.handlers.batch import has_time, process_messages, queue_of
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of queue messages; returns the ids of those that SQS must deliver again."""
    # A function that is configured wrongly fails here, with the whole batch, and raises an alarm.
    process = processor_of(queue_of(event))
    turns().has_time = partial(has_time, context)
    return process_messages(process, event, context, abreast())
