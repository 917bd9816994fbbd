"""Entry point of the function `find_duplicates`: an enricher that finds pictures that look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.handlers.enriching import answer_events
from lightpress.pipeline.facts import DUPLICATES
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a batch of events; returns the ids of the messages that SQS must deliver again."""
    return answer_events(event, context, DUPLICATES)
