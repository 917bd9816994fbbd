"""Processes each message of a batch on its own, and reports the failed ones to Lambda."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.messages import Message
from lightpress.telemetry import count_retry, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lightpress.pipeline.messages import MessageProcessor

# For the slowest original that its limits allow, and for recording the result.
_TIME_FOR_ONE_MS = 30_000


class Expected(Exception):
    """A message that SQS must deliver again, and no failure of ours: whoever raises it has counted it as what it is."""


def process_messages(
    process: MessageProcessor[Any], event: Mapping[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Have `process` process the messages of a batch, as long as there is time."""
    has_time = partial(_has_time, context)
    return process_records(event, lambda record: process(message_of(record, context), has_time))


def queue_of(event: Mapping[str, Any]) -> str:
    """The ARN of the queue that a batch comes from: all of a batch come from one."""
    return str(next((record.get("eventSourceARN", "") for record in event["Records"]), ""))


def process_records(event: Mapping[str, Any], process: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Call `process` with each message of the event; returns the ids of those that SQS must deliver again.

    Powertools has this too, but imports asyncio and the event classes of many services for it: docs/performance.md.
    """
    failed = [message["messageId"] for message in event["Records"] if not _succeeds(message, process)]
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def _succeeds(message: Mapping[str, Any], process: Callable[[Mapping[str, Any]], None]) -> bool:
    """Process a message; log and count whatever it raises, so that it fails alone. Lambda counts no error of it.

    This includes what is no Exception, such as the panic of an extension in Rust: otherwise the results of the finished
    messages would be lost.
    """
    try:
        process(message)
    except ExceptionGroup:  # of its sources: each has been logged and counted
        return False
    except Expected:
        logger.warning("will be retried", message_id=message["messageId"], exc_info=True)
        return False
    except BaseException:  # noqa: BLE001
        count_retry()
        logger.exception("will be retried", message_id=message["messageId"])
        return False
    return True


def _has_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() >= _TIME_FOR_ONE_MS


def message_of(record: Mapping[str, Any], context: LambdaContext) -> Message:
    """Read a record of an SQS event."""
    return Message(
        id=record["messageId"],
        body=record["body"],
        receipt=record["receiptHandle"],
        received=int(record["attributes"]["ApproximateReceiveCount"]),
        sent_at=int(record["attributes"]["SentTimestamp"]) // 1000,
        request_id=context.aws_request_id,
    )
