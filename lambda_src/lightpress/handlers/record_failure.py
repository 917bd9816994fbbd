"""The door of the dead-letter queue: what the queue gave up on is published after all, or recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from lightpress.aws.dead_letters import letter_of
from lightpress.compose import record_failures
from lightpress.handlers.batch import contained
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401  the shape is Lambda's
    """Work off a batch of letters; returns the ids of those that must come back."""
    record_failures()  # a function that is set up wrongly fails as a whole, and is seen to
    return process_partial_response(event, _one, _processor, context)


def _one(record: SQSRecord, lambda_context: LambdaContext) -> None:
    with contained(record.message_id):
        letter = letter_of(record.raw_event, lambda_context.aws_request_id)
        record_failures()(letter, record.receipt_handle, int(record.attributes.approximate_receive_count))
