"""What the function `take_review` does with a message of the review queue."""

from __future__ import annotations

import os
from functools import cache

from lightpress.aws.dead_letters import SqsDeadLetters
from lightpress.aws.hints import SqsLooks
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.session import s3_client, sqs_client
from lightpress.aws.waiting import S3Waiting
from lightpress.backfill.at_once import THREADS, AtOnce, on_threads
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.review_messages import read_review
from lightpress.pipeline.reviewing import LookAtOverdue, ReviewOf, TakeReview
from lightpress.settings.reviews import ReviewSettings


@cache
def taker() -> TakeReview:
    """Build what takes reviews; once per container."""
    where = settings()
    return TakeReview(
        S3Reviews(s3_client(), where.images_bucket), SqsLooks(sqs_client(), where.queue_url), S3Originals(s3_client())
    )


def take_review(body: str, sent_at: int) -> tuple[ReviewOf, bool]:
    """Take one review; returns it, and whether its version is there. sent_at: in milliseconds since 1970.

    Raises NotAReview, NotOurs, NoAnswer, and whatever S3 or SQS raise.
    """
    where = settings()
    buckets = Publishing(where.uploads_bucket, tuple(map(attached_from, where.attached)))
    given = read_review(body, buckets.find_source, sent_at)
    return given, taker()(given)


@cache
def look_at_overdue() -> LookAtOverdue | None:
    """Build what looks at pictures that nobody has reviewed in time; None where no recipe says when that is."""
    where = settings()
    if not where.has_time_limits:
        return None
    buckets = Publishing(where.uploads_bucket, tuple(map(attached_from, where.attached)))
    looks = SqsLooks(sqs_client(max_connections=THREADS), where.queue_url)
    return LookAtOverdue(waiting(), buckets.named, looks, at_once())


@cache
def waiting() -> S3Waiting:
    """Build what measures how long pictures wait; once per container."""
    return S3Waiting(s3_client(max_connections=THREADS), settings().images_bucket, at_once())


@cache
def at_once() -> AtOnce:
    """Build what makes several requests; once per container. Each use of it waits for its results."""
    return on_threads()


@cache
def dead_letters() -> SqsDeadLetters:
    """Build what takes messages that make no sense; once per container."""
    return SqsDeadLetters(sqs_client(), settings().dead_letter_queue_url)


@cache
def settings() -> ReviewSettings:
    """Read the settings; once per container."""
    return ReviewSettings.from_environment(os.environ)
