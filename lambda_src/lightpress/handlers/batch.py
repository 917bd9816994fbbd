"""A batch of messages: each on its own, and only the failed ones go back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.messages import Message
from lightpress.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lightpress.pipeline.messages import MessageProcessor

# For the slowest picture that its limits allow, and for telling its end.
_TIME_FOR_ONE_MS = 30_000


def process_messages(
    process: MessageProcessor[Any], event: Mapping[str, Any], context: LambdaContext
) -> dict[str, Any]:
    """Have `process` work off the messages of a batch, as far as there is time."""
    has_time = partial(_has_time, context)
    return process_records(event, lambda record: process(message_of(record, context), has_time))


def process_records(event: Mapping[str, Any], one: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Do `one` with each message of the event, and tell Lambda the ids of those that must come back.

    Powertools has this too, and loads asyncio and the shapes of many services' events for it: docs/performance.md.
    """
    failed = [message["messageId"] for message in event["Records"] if not _works(message, one)]
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def _works(message: Mapping[str, Any], one: Callable[[Mapping[str, Any]], None]) -> bool:
    """Let a message fail alone, whatever comes out of its work, and tell why.

    Also what is no Exception, such as the panic of an extension in Rust: it would take the news of the finished
    messages along.
    """
    try:
        one(message)
    except ExceptionGroup:  # of its sources: each has been told of
        return False
    except BaseException:  # noqa: BLE001
        logger.exception("will be retried", message_id=message["messageId"])
        return False
    return True


def _has_time(context: LambdaContext) -> bool:
    return context.get_remaining_time_in_millis() >= _TIME_FOR_ONE_MS


def message_of(record: Mapping[str, Any], context: LambdaContext) -> Message:
    """A message as Lambda hands it over."""
    return Message(
        id=record["messageId"],
        body=record["body"],
        receipt=record["receiptHandle"],
        received=int(record["attributes"]["ApproximateReceiveCount"]),
        sent_at=int(record["attributes"]["SentTimestamp"]) // 1000,
        request_id=context.aws_request_id,
    )
