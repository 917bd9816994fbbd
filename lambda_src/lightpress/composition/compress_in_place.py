"""What the function `compress_in_place` does with a message of the in-place queue."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import S3Objects
from lightpress.aws.session import s3_client, sqs_client
from lightpress.in_place.buckets import Compressing, in_place_from
from lightpress.in_place.compress import CompressDependencies, compress
from lightpress.in_place.timing import TimedObjects
from lightpress.pipeline.messages import MessageProcessor
from lightpress.pipeline.sandbox import compress_in_sandbox, limits_within
from lightpress.pipeline.timing import Timings
from lightpress.settings.environment import dead_letter_queue_url
from lightpress.settings.in_place import InPlaceSettings
from lightpress.telemetry import CompressionTelemetry

if TYPE_CHECKING:
    from lightpress.in_place.compress import CompressionOutcome


@cache
def processor() -> MessageProcessor[CompressionOutcome]:
    """Build the processor that compresses every object a message names; once per container."""
    settings = InPlaceSettings.from_environment(os.environ)
    s3, sqs, timings = s3_client(), sqs_client(), Timings()
    tables = Compressing(tuple(map(in_place_from, settings.tables)))
    objects = S3Objects(s3, acls=frozenset(table.bucket for table in tables.tables if table.acls))
    limits = limits_within(settings.memory_mb)
    dependencies = CompressDependencies(
        objects=TimedObjects(objects, timings),
        ledger=S3Ledger(s3, settings.images_bucket),
        tables=tables,
        compress=timings.timed(partial(compress_in_sandbox, limits=limits, on_cost=timings.add_cost)),
    )
    return MessageProcessor(
        find_source=tables.find_source,
        workflow=partial(compress, dependencies=dependencies),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=CompressionTelemetry(timings),
    )
