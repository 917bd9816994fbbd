"""What the function `purge_deleted` invalidates, and where it sees how much waits."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from lightpress.aws.purges import CloudFrontCache, SqsPurges
from lightpress.aws.session import client, sqs_client
from lightpress.delivery.purging import Purged, purge
from lightpress.settings.purging import PurgeSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NO_DELAY = 0  # it sends nothing
_PAUSE_SECONDS = 5  # CloudFront says that 95 % of invalidations take effect within them
_REQUEST_SECONDS = 30  # `aws.session.WAITING`


def purge_batch(messages: Mapping[str, str], remaining_ms: Callable[[], int], sent_at: float) -> Purged:
    """Invalidate the folders of a batch of messages, by their ids.

    Args:
        messages: The folder of each message, by the message's id.
        remaining_ms: Returns how long the invocation may take.
        sent_at: When the oldest of them was sent, in seconds since 1970.
    """

    def wait() -> bool:
        if remaining_ms() < 1000 * (_PAUSE_SECONDS + _REQUEST_SECONDS):
            return False
        time.sleep(_PAUSE_SECONDS)
        return True

    settings = _settings()
    overdue = time.time() - sent_at > settings.overdue_seconds
    return purge(messages, cdn(), purge_queue().pending, wait, all_from=settings.all_from, overdue=overdue)


@cache
def cdn() -> CloudFrontCache:
    """Build the adapter to the cache of the distribution; once per container."""
    return CloudFrontCache(client("cloudfront"), _settings().distribution_id)


@cache
def purge_queue() -> SqsPurges:
    """Build the adapter to the purge queue; once per container."""
    return SqsPurges(sqs_client(), _settings().queue_url, _NO_DELAY)


def _settings() -> PurgeSettings:
    return PurgeSettings.from_environment(os.environ)
