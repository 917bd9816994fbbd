"""What the entry points of all shipped enrichers do with a batch of events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lightpress.composition.enrich import enrich
from lightpress.handlers.batch import process_records
from lightpress.pipeline.asking import Unseen
from lightpress.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer_events(event: dict[str, Any], enricher: str) -> dict[str, Any]:
    """Answer a batch of events; returns the ids of the messages that SQS must deliver again."""
    return process_records(event, partial(_answer, enricher=enricher))


def _answer(record: Mapping[str, Any], *, enricher: str) -> None:
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
