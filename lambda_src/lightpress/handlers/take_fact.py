"""Entry point of the function `take_fact`: keeps what enrichers say, and has the pictures looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.composition.take_fact import dead_letters, take_fact
from lightpress.handlers.batch import process_records
from lightpress.handlers.dead_letters import set_aside
from lightpress.pipeline.enriching import NotAFact
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001  Lambda passes it
    """Take a batch of facts; returns the ids of the messages that SQS must deliver again."""
    return process_records(event, _take)


def _take(record: Mapping[str, Any]) -> None:
    try:
        given, kept = take_fact(record["body"], int(record["attributes"]["SentTimestamp"]))
    except NotAFact as nonsense:
        set_aside(record, nonsense, dead_letters())
        return
    metrics.add_metric(name="FactsTaken" if kept else "FactsTooLate", unit="Count", value=1)
    logger.info("fact", key=given.source.key, version=given.identity, enricher=given.fact.enricher, kept=kept)
