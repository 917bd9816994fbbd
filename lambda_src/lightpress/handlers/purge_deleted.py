"""Entry point of the function `purge_deleted`: one invalidation for a batch of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.aws.purges import TooManyRequests
from lightpress.composition.purge_deleted import cdn
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  the shape is Lambda's
    """Invalidate a batch of folders. While CloudFront is busy, SQS delivers the whole batch again later."""
    ids = sorted(record["messageId"] for record in event["Records"])
    folders = {record["body"] for record in event["Records"]}
    try:
        cdn().forget(folders, reference=" ".join(ids))
    except TooManyRequests:
        metrics.add_metric(name="PurgesPutOff", unit="Count", value=len(folders))
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in ids]}
    metrics.add_metric(name="FoldersPurged", unit="Count", value=len(folders))
    logger.info("purged", folders=sorted(folders))
    return {"batchItemFailures": []}
