"""How long a message waits before its next try."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.pipeline.ports import Queue

_FIRST_PAUSE_SECONDS = 15
_LONGEST_PAUSE_SECONDS = 900
_MOST_DOUBLINGS = 16


def pause_seconds(
    message_id: str, received: int, *, first: int = _FIRST_PAUSE_SECONDS, longest: int = _LONGEST_PAUSE_SECONDS
) -> int:
    """How many seconds a message waits before its next try: twice as long each time, and less by up to a half.

    By how much less depends on message and try alone: those that failed together do not all come back together.

    Args:
        message_id: Of the message.
        received: How often it was received, 1 after the first try.
        first: Seconds after the first try.
        longest: The most seconds.
    """
    pause = min(first << min(received - 1, _MOST_DOUBLINGS), longest)
    spread = zlib.crc32(f"{message_id} {received}".encode()) / 2**32
    return round(pause * (1 - spread / 2))


def hold_back(queue: Queue, receipt: str, seconds: int, errors: list[Exception]) -> None:
    """Let a message wait before its next try. If that fails, it is retried after the queue's own visibility timeout.

    Args:
        queue: The queue.
        receipt: The receipt handle of this delivery.
        seconds: How long it waits.
        errors: Is extended by the error, if there is one.
    """
    try:
        queue.hold_back(receipt, seconds)
    except Exception as error:  # noqa: BLE001  it is told with the others
        errors.append(error)
