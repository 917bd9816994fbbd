"""Entry point of the function `take_review`: keeps what reviewers say, and has the pictures looked at again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lightpress.composition.take_review import dead_letters, look_at_overdue, take_review, waiting
from lightpress.handlers.batch import process_records
from lightpress.handlers.dead_letters import set_aside
from lightpress.pipeline.review_messages import NoAnswer, NotAReview, NotOurs
from lightpress.pipeline.reviewing import MEASURE
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  Lambda passes it
    """Take a batch of reviews; returns the ids of the messages that SQS must deliver again."""
    return process_records(event, _take)


def _take(record: Mapping[str, Any]) -> None:
    if record["body"] == MEASURE:
        _measure()
        return
    try:
        given, is_there = take_review(record["body"], int(record["attributes"]["SentTimestamp"]))
    except NotAReview as nonsense:
        set_aside(record, nonsense, dead_letters())
        return
    except NotOurs as scan:
        metrics.add_metric(name="ReviewsNotOurs", unit="Count", value=1)
        logger.info("not ours", detail=str(scan))
        return
    except NoAnswer as unanswered:
        # Another delivery would say the same. The picture stays held, where `lightpress gate list` shows it.
        metrics.add_metric(name="ReviewsUnanswered", unit="Count", value=1)
        logger.warning("no answer", detail=str(unanswered))
        return
    metrics.add_metric(name="ReviewsTaken", unit="Count", value=1)
    logger.info(
        "reviewed" if is_there else "reviewed a version that is gone",
        key=given.source.key,
        version=given.identity,
        reviewer=given.review.reviewer,
        approved=given.review.approved,
    )


def _measure() -> None:
    found = waiting().measure()
    metrics.add_metric(name="PicturesWaiting", unit="Count", value=found.count)
    now = datetime.now(UTC)
    metrics.add_metric(name="LongestWait", unit="Seconds", value=found.seconds(now))
    if look := look_at_overdue():
        metrics.add_metric(name="ReviewsOverdue", unit="Count", value=look(now.timestamp()))
