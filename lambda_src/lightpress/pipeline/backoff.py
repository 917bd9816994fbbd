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
    """How long a message waits after so many tries: twice as long each time, and less by up to a half.

    By how much less depends on message and try alone: those that failed together do not all come back together.
    """
    pause = min(first << min(received - 1, _MOST_DOUBLINGS), longest)
    spread = zlib.crc32(f"{message_id} {received}".encode()) / 2**32
    return round(pause * (1 - spread / 2))


def hold_back(queue: Queue, receipt: str, seconds: int, errors: list[Exception]) -> None:
    """Let a message pause; where not even that works, it comes back all the same, after the queue's own pause."""
    try:
        queue.hold_back(receipt, seconds)
    except Exception as error:  # noqa: BLE001  it is told with the others
        errors.append(error)
