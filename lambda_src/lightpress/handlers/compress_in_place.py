"""The door of the queue of existing buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from lightpress.compose import compress_in_place
from lightpress.handlers.batch import work_off
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A batch that fails whole is reported like any other: raising would count as an error of the function.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401  the shape is Lambda's
    """Work off a batch of queue messages; returns the ids of those that must come back."""
    compress_in_place()  # a function that is set up wrongly fails as a whole, and is seen to
    return process_partial_response(event, _one, _processor, context)


def _one(record: SQSRecord, lambda_context: LambdaContext) -> None:
    work_off(compress_in_place(), record, lambda_context)
