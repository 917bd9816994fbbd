"""How long a deployment keeps what it is told to forget: the stack says it, and receipts of erasures repeat it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """Of one deployment; days, but where it says seconds.

    Attributes:
        keeps_data: Whether its buckets outlive the stack (`removal = "retain"`).
        working_seconds: After so long, nobody works any more who may have read an original before.
        invalidates: Whether the CDN is told of deletions.
        logs: Of the functions, in CloudWatch.
        access_logs: Of the CDN; 0 if there are none.
        queues: How long a message may wait.
        dead_letters: How long a dead letter may.
        failures: Of copies in quarantine and rows of failures.
        runs: Of the reports of backfills.
        backups: How far back the failures table can be restored.
        previous: Of variants that were replaced; 0 where they are until they are replaced again.
    """

    keeps_data: bool
    working_seconds: int
    invalidates: bool
    logs: int
    access_logs: int
    queues: int
    dead_letters: int
    failures: int
    runs: int
    backups: int
    previous: int = 0

    def to_json(self) -> str:
        """As the stack output `Retention` has it."""
        return json.dumps(asdict(self))


def retention_from(text: str) -> Retention:
    """Read what `Retention.to_json` wrote, but for what a later release added; an earlier one says less."""
    values = json.loads(text)
    return Retention(**{name: values[name] for name in Retention.__dataclass_fields__ if name in values})
