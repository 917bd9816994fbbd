"""Settings of the quotas of owners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """What each owner may upload in a day.

    Attributes:
        table: Name of the table of counters.
        max_files: Files of one owner in one day; 0 for any number.
        max_bytes: Bytes of one owner in one day; 0 for any number.
    """

    table: str
    max_files: int
    max_bytes: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> QuotaSettings | None:
        """Read the settings; None where there is no quota."""
        if "UPLOAD_COUNTERS_TABLE" not in environment:
            return None
        return cls(
            table=text(environment, "UPLOAD_COUNTERS_TABLE"),
            max_files=int(text(environment, "MAX_UPLOADS_PER_DAY")),
            max_bytes=int(text(environment, "MAX_BYTES_PER_DAY")),
        )
