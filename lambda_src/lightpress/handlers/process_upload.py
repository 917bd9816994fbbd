"""The door of the queue: each message of a batch on its own, and only the failed ones go back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.compose import process_uploads
from lightpress.handlers.batch import work_off
from lightpress.process import Message
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

# For the slowest picture that its limits allow, and for telling its end.
_TIME_FOR_ONE_MS = 30_000


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch of queue messages; returns the ids of those that must come back."""
    process = process_uploads()  # a function that is set up wrongly fails as a whole, and is seen to
    has_time = partial(_has_time, context)
    return work_off(event, lambda record: process(_message(record, context), has_time))


def _has_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() >= _TIME_FOR_ONE_MS


def _message(record: Mapping[str, Any], context: LambdaContext) -> Message:
    return Message(
        id=record["messageId"],
        body=record["body"],
        receipt=record["receiptHandle"],
        received=int(record["attributes"]["ApproximateReceiveCount"]),
        sent_at=int(record["attributes"]["SentTimestamp"]) // 1000,
        request_id=context.aws_request_id,
    )
