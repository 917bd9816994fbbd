"""What can be wrong with fetching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from collections.abc import Mapping

MANY = 100
TRIES: Mapping[FetchReason, int] = {
    FetchReason.TIMEOUT: 3,  # each occupies a thread for as long as is allowed
    FetchReason.UNREACHABLE: MANY,
    FetchReason.INCOMPLETE: 3,
    FetchReason.SERVER_ERROR: MANY,
    FetchReason.TOO_MANY_REQUESTS: MANY,
}
"""How often it is worth trying, at most; once for all others."""


class FetchFailed(Exception):
    """There is no picture of the URL. retry_after: how many seconds the server wants to be left alone.

    asked: whether it was asked for this URL at all, and not left alone because of another.
    """

    def __init__(self, reason: FetchReason, detail: str, retry_after: int | None = None, *, asked: bool = True) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        self.asked = asked

    @property
    def tries(self) -> int:
        """How often it is worth trying, at most."""
        return TRIES.get(self.reason, 1)
