"""Settings of `fetch_url`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Settings of `fetch_url`.

    Attributes:
        uploads_bucket: Where fetched files are stored.
        queue_url: The URL queue.
        options: As `cdk.url_ingest` writes them and `composition.fetch_url` reads them.
    """

    uploads_bucket: str
    queue_url: str
    options: dict[str, Any]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> FetchSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            queue_url=text(environment, "QUEUE_URL"),
            options=json.loads(text(environment, "FETCH")),
        )
