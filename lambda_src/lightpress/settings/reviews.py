"""Settings of `take_review` and `take_fact`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, dead_letter_queue_url, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """Settings of `take_review`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where reviews are kept.
        queue_url: The queue of uploads, through which keys are looked at again.
        dead_letter_queue_url: Where messages go that make no sense.
        attached: Of each attached bucket, what `buckets.Attached` holds.
        has_time_limits: Whether any recipe says what becomes of what nobody reviews in time.
    """

    uploads_bucket: str
    images_bucket: str
    queue_url: str
    dead_letter_queue_url: str
    attached: tuple[dict[str, Any], ...] = ()
    has_time_limits: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> ReviewSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            queue_url=text(environment, "QUEUE_URL"),
            dead_letter_queue_url=dead_letter_queue_url(environment),
            attached=attached_buckets(environment),
            has_time_limits="GATE_TIME_LIMITS" in environment,
        )
