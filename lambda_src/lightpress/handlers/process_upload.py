"""The door of the queue: each message of a batch on its own, and only the failed ones go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from lightpress.compose import process_uploads
from lightpress.process import Message
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A batch that fails whole is reported like any other: raising would count as an error of the function.
_processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)

# For the slowest picture that its limits allow, and for telling its end.
_TIME_FOR_ONE_MS = 30_000


class OutOfTime(Exception):  # noqa: N818  nothing went wrong: the message is for another invocation
    """The invocation would end before the message is done, and take the news of the finished ones along."""


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401  the shape is Lambda's
    """Work off a batch of queue messages; returns the ids of those that must come back."""
    process_uploads()  # a function that is set up wrongly fails as a whole, and is seen to
    return process_partial_response(event, _one, _processor, context)


def _one(record: SQSRecord, lambda_context: LambdaContext) -> None:
    if lambda_context.get_remaining_time_in_millis() < _TIME_FOR_ONE_MS:
        raise OutOfTime(record.message_id)
    try:
        process_uploads()(Message(record.message_id, record.body))
    except ExceptionGroup:  # of its sources: each has been told of
        raise
    except Exception:
        logger.exception("will be retried", message_id=record.message_id)
        raise
