"""What the function `process_upload` does with a message of the queue."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.session import s3_client, sqs_client
from lightpress.composition.publishing import notifier, publishing
from lightpress.composition.reconciling import dependencies, dropping
from lightpress.pipeline.messages import MessageProcessor
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.sandbox import limits_within
from lightpress.pipeline.timing import Timings
from lightpress.settings.environment import dead_letter_queue_url
from lightpress.settings.publishing import Settings, backfill_queue_url
from lightpress.telemetry import ReconcileTelemetry

if TYPE_CHECKING:
    from lightpress.pipeline.outcomes import Outcome


@cache
def processor() -> MessageProcessor[Outcome]:
    """Build the processor that reconciles every source a message names; once per container."""
    settings = Settings.from_environment(os.environ)
    sqs, timings = sqs_client(), Timings()
    needs = dependencies(settings, s3_client(), sqs, limits_within(settings.memory_mb), timings)
    return MessageProcessor(
        find_source=publishing(settings).find_source,
        workflow=partial(reconcile, dependencies=needs),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=ReconcileTelemetry(timings),
        announce=notifier(),
        afterwards=dropping(needs),
    )


def processor_of(queue_arn: str) -> MessageProcessor[Outcome]:
    """The processor of messages of a queue: a message can be held back on no other queue than its own."""
    backfill = backfill_queue_url(os.environ)
    if backfill is None or queue_arn.rpartition(":")[2] != backfill.rpartition("/")[2]:
        return processor()
    return replace(processor(), queue=SqsQueue(sqs_client(), backfill))
