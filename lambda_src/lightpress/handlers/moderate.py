"""Entry point of the function `moderate`: a reviewer that has Rekognition look at pictures that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.moderate import moderate
from lightpress.handlers.batch import process_records
from lightpress.pipeline.moderation import Undecided
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  Lambda passes it
    """Answer a batch of events; returns the ids of the messages that SQS must deliver again."""
    return process_records(event, _answer)


def _answer(record: Mapping[str, Any]) -> None:
    try:
        review = moderate(record["body"])
    except Undecided as undecided:
        # Another delivery would say the same. The picture stays held, where `lightpress gate list` shows it.
        metrics.add_metric(name="ReviewsUnanswered", unit="Count", value=1)
        logger.warning("a person has to look", detail=str(undecided))
        return
    metrics.add_metric(name="ReviewsSent" if review else "ReviewsNotWanted", unit="Count", value=1)
    if review:
        logger.info("moderated", approved=review.approved, detail=review.detail)
