"""Settings of `compress_in_place`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import memory_mb, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class InPlaceSettings:
    """Settings of `compress_in_place`.

    Attributes:
        tables: Of each bucket, what `buckets.InPlace` holds.
        images_bucket: Where the ledger is.
        queue_url: The queue that its messages come from.
        memory_mb: Memory of the function, in MB as Lambda reports it.
    """

    tables: tuple[dict[str, Any], ...]
    images_bucket: str
    queue_url: str
    memory_mb: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> InPlaceSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            tables=tuple(json.loads(text(environment, "IN_PLACE"))),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            queue_url=text(environment, "QUEUE_URL"),
            memory_mb=memory_mb(environment),
        )
