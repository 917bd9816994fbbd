"""Settings of `backfill`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import attached_buckets, dead_letter_queue_url, text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class BackfillSettings:
    """Settings of `backfill`.

    Attributes:
        uploads_bucket: Where originals are.
        images_bucket: Where manifests are, and the files of runs.
        hints_queue_url: The queue of the backfill.
        dead_letters_url: The queue of those who record failures.
        runs_table: Name of the table of runs.
        retention_days: How long the queue of uploads keeps a message.
        previous_days: For how many days replaced variants are kept; None until they are replaced again.
        failures_table: Name of the failures table.
        attached: Of each attached bucket, what `buckets.Attached` holds.
    """

    uploads_bucket: str
    images_bucket: str
    hints_queue_url: str
    dead_letters_url: str
    runs_table: str
    retention_days: int
    previous_days: int | None
    failures_table: str
    attached: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> BackfillSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            uploads_bucket=text(environment, "UPLOADS_BUCKET"),
            images_bucket=text(environment, "IMAGES_BUCKET"),
            hints_queue_url=text(environment, "HINTS_QUEUE_URL"),
            dead_letters_url=dead_letter_queue_url(environment),
            runs_table=text(environment, "RUNS_TABLE"),
            retention_days=int(text(environment, "QUEUE_RETENTION_DAYS")),
            previous_days=int(text(environment, "PREVIOUS_DAYS")) or None,
            failures_table=text(environment, "FAILURES_TABLE"),
            attached=attached_buckets(environment),
        )
