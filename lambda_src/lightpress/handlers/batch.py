"""What holds for each message of a batch, whatever the function does with it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.process import Message
from lightpress.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lightpress.process import Process

# For the slowest picture that its limits allow, and for telling its end.
_TIME_FOR_ONE_MS = 30_000


class Escaped(Exception):  # noqa: N818  it is whatever it carries
    """Something that is no Exception came out of a message's work."""


@contextmanager
def contained(message_id: str) -> Iterator[None]:
    """Let a message fail alone, and tell why.

    The batch processor lets everything pass that is no Exception, such as the panic of an extension in Rust: it would
    take the news of the finished messages along.
    """
    try:
        yield
    except ExceptionGroup:  # of its sources: each has been told of
        raise
    except Exception:
        logger.exception("will be retried", message_id=message_id)
        raise
    except BaseException as error:
        logger.exception("will be retried", message_id=message_id)
        raise Escaped(type(error).__name__) from error


def work_off(process: Process[Any], record: SQSRecord, context: LambdaContext) -> None:
    """Have `process` work off one message, as far as there is time."""
    with contained(record.message_id):
        process(_message(record, context), partial(_has_time, context))


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
