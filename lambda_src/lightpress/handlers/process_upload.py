"""The door of the queue: each message of a batch on its own, and only the failed ones go back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from lightpress.compose import process_uploads
from lightpress.handlers.batch import contained
from lightpress.process import Message
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A batch that fails whole is reported like any other: raising would count as an error of the function.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

# For the slowest picture that its limits allow, and for telling its end.
_TIME_FOR_ONE_MS = 30_000


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401  the shape is Lambda's
    """Work off a batch of queue messages; returns the ids of those that must come back."""
    process_uploads()  # a function that is set up wrongly fails as a whole, and is seen to
    return process_partial_response(event, _one, _processor, context)


def _one(record: SQSRecord, lambda_context: LambdaContext) -> None:
    with contained(record.message_id):
        process_uploads()(_message(record, lambda_context), partial(_has_time, lambda_context))


def _has_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() >= _TIME_FOR_ONE_MS


def _message(record: SQSRecord, context: LambdaContext) -> Message:
    return Message(
        id=record.message_id,
        body=record.body,
        receipt=record.receipt_handle,
        received=int(record.attributes.approximate_receive_count),
        sent_at=int(record.attributes.sent_timestamp) // 1000,
        request_id=context.aws_request_id,
    )
