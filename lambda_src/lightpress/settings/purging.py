"""Settings of `purge_deleted`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PurgeSettings:
    """Settings of `purge_deleted`.

    Attributes:
        distribution_id: The CDN.
        queue_url: The purge queue.
        all_from: From how many waiting purges on everything is invalidated at once; 0 for never.
        overdue_seconds: How long a purge may wait before that is done for it, too, so that the queue never drops it.
    """

    distribution_id: str
    queue_url: str
    all_from: int
    overdue_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> PurgeSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            distribution_id=text(environment, "DISTRIBUTION_ID"),
            queue_url=text(environment, "PURGE_QUEUE_URL"),
            all_from=int(text(environment, "INVALIDATE_ALL_FROM")),
            overdue_seconds=int(text(environment, "PURGES_OVERDUE_SECONDS")),
        )
