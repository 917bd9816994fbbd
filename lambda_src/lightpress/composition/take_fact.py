"""What the function `take_fact` does with a message of the fact queue."""

from __future__ import annotations

import os
from functools import cache

from lightpress.aws.dead_letters import SqsDeadLetters
from lightpress.aws.facts import S3Facts
from lightpress.aws.hints import SqsLooks
from lightpress.aws.images import S3Images
from lightpress.aws.session import s3_client, sqs_client
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.enriching import FactOf, TakeFact, read_fact
from lightpress.settings.reviews import ReviewSettings


@cache
def taker() -> TakeFact:
    """Build what takes facts; once per container."""
    where, s3 = settings(), s3_client()
    looks = SqsLooks(sqs_client(), where.queue_url)
    return TakeFact(S3Facts(s3, where.images_bucket), S3Images(s3, where.images_bucket), looks)


def take_fact(body: str, sent_at: int) -> tuple[FactOf, bool]:
    """Take one fact; returns it, and whether it was in time. sent_at: in milliseconds since 1970.

    Raises NotAFact, PreconditionFailed, and whatever S3 or SQS raise.
    """
    where = settings()
    buckets = Publishing(where.uploads_bucket, tuple(map(attached_from, where.attached)))
    given = read_fact(body, buckets.find_source, sent_at)
    return given, taker()(given)


@cache
def dead_letters() -> SqsDeadLetters:
    """Build what takes messages that make no sense; once per container."""
    return SqsDeadLetters(sqs_client(), settings().dead_letter_queue_url)


@cache
def settings() -> ReviewSettings:
    """Read the settings, which are those of `take_review`; once per container."""
    return ReviewSettings.from_environment(os.environ)
