"""How much an owner may upload in a day (UTC). What is begun counts, whether or not the file arrives.

Of a URL that is to be fetched, the file counts when the URL is accepted, and its bytes when they are known: what is
under way can exceed the bytes of a day, and then nothing more is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.uploads.ports import UploadCounters


@dataclass(frozen=True, slots=True)
class Usage:
    """What an owner has begun to upload in a day, or may: a number of files, and their bytes together."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """Counts what each owner begins to upload, and refuses what exceeds the limits.

    Attributes:
        limits: The most in one day; 0 means no limit.
        counters: Where it is counted.
        now: Returns the time, with a time zone.
    """

    limits: Usage
    counters: UploadCounters
    now: Callable[[], datetime]

    def reserve(self, owner: str, more: Usage) -> dict[str, Any]:
        """Count `more`; returns what is left of the day, as answers tell it.

        Raises:
            Refused: 429, with the seconds until the next day, if the limits do not allow it. Then nothing is counted.
        """
        now = self.now().astimezone(UTC)
        resets = _end_of_day(now)
        used = self.counters.reserve(_counter(owner, now), more, self.limits, until=int(resets.timestamp()))
        if used is None:
            raise self._exceeded(resets, now)
        return {
            "uploads_left": _left(self.limits.files, used.files),
            "bytes_left": _left(self.limits.bytes, used.bytes),
            "resets_at": f"{resets:%Y-%m-%dT%H:%M:%SZ}",
        }

    def count(self, owner: str, size: int) -> None:
        """Count so many bytes of a file that was reserved without knowing them, whatever the limits are."""
        now = self.now().astimezone(UTC)
        self.counters.add(_counter(owner, now), Usage(0, size), until=int(_end_of_day(now).timestamp()))

    def _exceeded(self, resets: datetime, now: datetime) -> Refused:
        limits = [
            *([f"{self.limits.files} files"] if self.limits.files else []),
            *([f"{self.limits.bytes} bytes"] if self.limits.bytes else []),
        ]
        return Refused(
            429,
            "quota_exceeded",
            f"You may upload {' and '.join(limits)} a day, and this would be more. "
            f"Try again after {resets:%Y-%m-%d %H:%M} UTC.",
            retry_after=int((resets - now).total_seconds()) + 1,
        )


def _counter(owner: str, now: datetime) -> str:
    return f"{owner} {now:%Y-%m-%d}"


def _end_of_day(now: datetime) -> datetime:
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def _left(limit: int, used: int) -> int | None:
    return max(limit - used, 0) if limit else None
