"""Entry point of the function `purge_deleted`: as few invalidations as a batch of folders takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.purge_deleted import purge_batch
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Invalidate a batch of folders. What CloudFront is too busy for, SQS delivers again later."""
    messages = {record["messageId"]: record["body"] for record in event["Records"]}
    sent_at = min(int(record["attributes"]["SentTimestamp"]) for record in event["Records"]) / 1_000
    purged = purge_batch(messages, context.get_remaining_time_in_millis, sent_at)
    if purged.put_off:
        metrics.add_metric(name="PurgesPutOff", unit="Count", value=len(purged.put_off))
    if purged.folders:
        metrics.add_metric(name="FoldersPurged", unit="Count", value=len(purged.folders))
        logger.info("purged", folders=sorted(purged.folders)[:100], everything=purged.everything)
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in purged.put_off]}
