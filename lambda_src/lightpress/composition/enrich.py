"""What the functions that are shipped enrichers do with an event: look at the picture, and send the answer."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from lightpress.aws.images import S3Images
from lightpress.aws.likenesses import S3Likenesses
from lightpress.aws.recognition import described_by, faces_of, labels_of
from lightpress.aws.session import client, s3_client, sqs_client, waiting
from lightpress.pipeline.asking import BEDROCK, REKOGNITION, Unseen, read_asked, seen_by, still_asks
from lightpress.pipeline.enriching import fact_message
from lightpress.pipeline.facts import ALT, DUPLICATES, FACES, LABELS
from lightpress.settings.enriching import EnricherSettings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.pipeline.facts import Fact
    from lightpress.pipeline.manifest import Manifest, Variant

_WAITING = waiting(connect=3, read=20, attempts=2)


class NothingToSee(Exception):
    """What the manifest names is not there: it was published anew meanwhile, and the next look is at that."""


def enrich(body: str, enricher: str) -> Fact | None:
    """Answer one event; None where the answer is not wanted any more.

    Raises Unseen where the service would not look at it another time either; and NotAsked, NothingToSee, and whatever
    the services raise: the message comes back, and is a dead letter then.
    """
    asked, where = read_asked(body), settings()
    published = S3Images(images_s3(), where.images_bucket).published(asked.key)
    if published is None or not still_asks(published.manifest, asked, enricher):
        return None
    try:
        fact = _answered(enricher, published.manifest, where)
    except Unseen as unseen:
        raise Unseen(f"{asked.key}: {unseen}") from unseen
    fact_sqs().send_message(QueueUrl=where.fact_queue_url, MessageBody=fact_message(asked.source, asked.version, fact))
    return fact


def _answered(enricher: str, manifest: Manifest, where: EnricherSettings) -> Fact:
    if enricher == DUPLICATES:
        likeness = manifest.source.likeness if manifest.source else None
        if likeness is None:
            raise Unseen("It has no perceptual hash.")
        return S3Likenesses(images_s3(), where.images_bucket).compared(manifest.key, likeness)
    sight = BEDROCK if enricher == ALT else REKOGNITION
    variant = seen_by(sight, manifest)
    if variant is None:
        raise Unseen(
            f"It has no whole variant in jpeg or png of {sight.least} to {sight.most:,} pixels a side and up to "
            f"{sight.largest:,} bytes."
        )
    data = S3Images(images_s3(), where.images_bucket).file_at(variant.path)
    if data is None:
        raise NothingToSee(f"{variant.path} is not there")
    return _seen(enricher, data, variant, where)


def _seen(enricher: str, data: bytes, variant: Variant, where: EnricherSettings) -> Fact:
    if enricher == ALT:
        return described_by(seeing("bedrock-runtime"), where.alt_text_model, data, variant)
    return {LABELS: labels_of, FACES: faces_of}[enricher](seeing("rekognition"), data)


@cache
def images_s3() -> S3Client:
    """Of the images bucket; once per container."""
    return s3_client()


@cache
def fact_sqs() -> SQSClient:
    """Of the fact queue; once per container."""
    return sqs_client()


@cache
def seeing(service: str) -> Any:  # noqa: ANN401  its type is known where it is used
    """A client of a service that sees; once per container."""
    return client(service, _WAITING)


@cache
def settings() -> EnricherSettings:
    """Read the settings; once per container."""
    return EnricherSettings.from_environment(os.environ)
