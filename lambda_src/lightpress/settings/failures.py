"""Settings of `record_failure`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class FailureSettings:
    """Settings that `record_failure` has besides `Settings`.

    Attributes:
        quarantine_bucket: Where copies of failed originals go.
        failures_table: Name of the failures table.
        retention_seconds: How long a failure is kept.
    """

    quarantine_bucket: str
    failures_table: str
    retention_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> FailureSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            quarantine_bucket=text(environment, "QUARANTINE_BUCKET"),
            failures_table=text(environment, "FAILURES_TABLE"),
            retention_seconds=int(text(environment, "FAILURE_RETENTION_SECONDS")),
        )
