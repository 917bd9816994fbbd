"""Settings of the operators' API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Settings that the operators' API has besides `UploadSettings`.

    Attributes:
        scope: What the tokens of operators carry.
        queue_url: The queue of uploads.
        url_queue_url: The URL queue; None where no URLs are fetched.
        review_queue_url: The review queue; None where no recipe has a gate.
        quarantine_bucket: Where the copies of failed originals are.
        failures_table: Name of the failures table.
        runs_table: Name of the table of backfills.
        metrics: What is counted, and what it costs: as `aws.counts` reads it.
    """

    scope: str
    queue_url: str
    url_queue_url: str | None
    review_queue_url: str | None
    quarantine_bucket: str
    failures_table: str
    runs_table: str
    metrics: dict[str, Any]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> OperatorSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            scope=text(environment, "OPERATORS_SCOPE"),
            queue_url=text(environment, "QUEUE_URL"),
            url_queue_url=environment.get("URL_QUEUE_URL"),
            review_queue_url=environment.get("REVIEW_QUEUE_URL"),
            quarantine_bucket=text(environment, "QUARANTINE_BUCKET"),
            failures_table=text(environment, "FAILURES_TABLE"),
            runs_table=text(environment, "RUNS_TABLE"),
            metrics=json.loads(text(environment, "METRICS")),
        )
