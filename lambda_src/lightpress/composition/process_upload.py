"""What the function `process_upload` does with a message of the queue."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.session import s3_client, sqs_client
from lightpress.composition.publishing import RECIPES, dependencies, dropping, notifier, publishing
from lightpress.pipeline import beside
from lightpress.pipeline.messages import MessageProcessor
from lightpress.pipeline.recipe import load_recipes
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.sandbox import limits_within
from lightpress.pipeline.timing import Timings
from lightpress.pipeline.turns import ABREAST, Turns, abreast_in
from lightpress.settings import Settings, backfill_queue_url, dead_letter_queue_url
from lightpress.telemetry import OneByOne, ReconcileTelemetry

if TYPE_CHECKING:
    from lightpress.pipeline.reconcile import Outcome


@cache
def turns() -> Turns:
    """Who renders; the handler tells it how much time there is."""
    return Turns()


@cache
def abreast() -> int:
    """How many messages of a batch are worked off at once."""
    return abreast_in(Settings.from_environment(os.environ).memory_mb, load_recipes(RECIPES))


@cache
def processor() -> MessageProcessor[Outcome]:
    """Build the processor that reconciles every source a message names; once per container."""
    settings = Settings.from_environment(os.environ)
    sqs, timings = sqs_client(), Timings()
    s3 = s3_client(max_connections=ABREAST * (beside.ABREAST + 1))
    needs = dependencies(settings, s3, sqs, limits_within(settings.memory_mb), timings)
    needs = replace(needs, render=turns().rendering(needs.render))
    return MessageProcessor(
        find_source=publishing(settings).find_source,
        workflow=turns().by_name(partial(reconcile, dependencies=needs)),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=OneByOne(ReconcileTelemetry(timings)),
        announce=notifier(),
        afterwards=dropping(needs),
    )


def processor_of(queue_arn: str) -> MessageProcessor[Outcome]:
    """The processor of messages of a queue: a message can be held back on no other queue than its own."""
    backfill = backfill_queue_url(os.environ)
    if backfill is None or queue_arn.rpartition(":")[2] != backfill.rpartition("/")[2]:
        return processor()
    return replace(processor(), queue=SqsQueue(sqs_client(), backfill))
