"""What the function `record_failure` does with a dead letter."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cache, partial

from lightpress.aws.dead_letters import SqsQueue
from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.quarantine import S3Quarantine
from lightpress.aws.session import WAITING_FOR_COPIES, client, s3_client, sqs_client
from lightpress.composition.publishing import notifier, publishing
from lightpress.composition.reconciling import dependencies, dropping
from lightpress.failures.record import FailureRecords, RecordFailure
from lightpress.pipeline.leftovers import overtake
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.sandbox import limits_within
from lightpress.pipeline.timing import Timings
from lightpress.settings.failures import FailureSettings
from lightpress.settings.publishing import Settings
from lightpress.telemetry import ReconcileTelemetry

# No other message waits behind it, so an original gets more time here. Its CPU seconds stay limited as elsewhere.
_WALL_SECONDS_ALONE = 60.0


@cache
def recorder() -> RecordFailure:
    """Build the recorder, which reconciles a dead letter's sources once more; once per container."""
    settings, kept = Settings.from_environment(os.environ), FailureSettings.from_environment(os.environ)
    s3, sqs, timings = s3_client(), sqs_client(), Timings()
    observer = ReconcileTelemetry(timings)
    limits = replace(limits_within(settings.memory_mb), wall_seconds=_WALL_SECONDS_ALONE)
    quarantine = S3Quarantine(s3_client(WAITING_FOR_COPIES), kept.quarantine_bucket)
    needs = dependencies(settings, s3, sqs, limits, timings)
    table = DynamoFailures(client("dynamodb"), kept.failures_table, _now, kept.retention_seconds)
    return RecordFailure(
        find_source=publishing(settings).find_source,
        reconcile=partial(reconcile, dependencies=needs),
        registry=FailureRecords(quarantine, table, observer, _now, kept.retention_seconds),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=observer,
        announce=notifier(),
        overtake=partial(overtake, dependencies=needs),
        uploads=settings.uploads_bucket,
        afterwards=dropping(needs),
    )


def _now() -> int:
    return int(time.time())
