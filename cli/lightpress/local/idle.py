"""Waits until no function is at work on a message.

The emulator ends a function that is at work as its variables change, and what it was at work on comes again only after
the visibility timeout, six minutes. S3 sends a message for each notification that it is configured with, so a function
is at work after each deploy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

_VISIBLE: Literal["ApproximateNumberOfMessages"] = "ApproximateNumberOfMessages"
_IN_FLIGHT: Literal["ApproximateNumberOfMessagesNotVisible"] = "ApproximateNumberOfMessagesNotVisible"
_PAUSE = 0.2


def wait_until_idle(sqs: SQSClient, *, patience_seconds: float = 30.0) -> bool:
    """Wait until no message waits in any queue, nor is worked on; returns whether that came to be.

    patience_seconds: After so long, a cloud that is in use is left as it is.
    """
    deadline = time.monotonic() + patience_seconds
    while any(_messages(sqs, url) for url in sqs.list_queues().get("QueueUrls", [])):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)
    return True


def _messages(sqs: SQSClient, url: str) -> int:
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_VISIBLE, _IN_FLIGHT])["Attributes"]
    return int(told[_VISIBLE]) + int(told[_IN_FLIGHT])
