"""What the entry points of all shipped enrichers do with a batch of events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.composition.enrich import enrich
from lightpress.handlers.batch import Expected, process_records
from lightpress.pipeline.asking import Unseen
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

_TIME_FOR_ONE_MS = 45_000
"""Of the 60 seconds: a service that does not answer is waited for 43 (`aws.session.longest_wait`)."""


def answer_events(event: dict[str, Any], context: LambdaContext, enricher: str) -> dict[str, Any]:
    """Answer a batch of events; returns the ids of the messages that SQS must deliver again."""
    return process_records(event, partial(_answer, context=context, enricher=enricher))


def _answer(record: Mapping[str, Any], *, context: LambdaContext, enricher: str) -> None:
    if context.get_remaining_time_in_millis() < _TIME_FOR_ONE_MS:
        raise Expected("the invocation might end before the answer, and would lose those that it has")
    try:
        fact = enrich(record["body"], enricher)
    except Unseen as unseen:
        # Another delivery would come to the same. The picture is published without what this enricher would say.
        metrics.add_metric(name="FactsUnanswered", unit="Count", value=1)
        logger.warning("nothing to say", enricher=enricher, detail=str(unseen))
        return
    metrics.add_metric(name="FactsSent" if fact else "FactsNotWanted", unit="Count", value=1)
    if fact:
        logger.info("fact sent", enricher=enricher, labels=len(fact.labels), faces=len(fact.faces))
