"""What holds for each message of a batch, whatever the function does with it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lightpress.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator


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
