"""The door of the queue of existing buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.compress_in_place import processor
from lightpress.handlers.batch import process_messages
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch of queue messages; returns the ids of those that must come back."""
    # A function that is set up wrongly fails here, as a whole, and is seen to.
    return process_messages(processor(), event, context)
