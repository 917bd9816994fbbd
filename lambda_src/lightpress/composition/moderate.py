"""What the function `moderate` does with a picture that waits: have Rekognition look at it, and send the review."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.recognition import moderation_of
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.session import client, s3_client, sqs_client, waiting
from lightpress.composition.publishing import RECIPES
from lightpress.image.errors import PictureRejected
from lightpress.pipeline.asking import REKOGNITION
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.gate import MODERATION, Review
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.moderation import Thresholds, Undecided, read_held
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.pipeline.preview import Previews
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.review_messages import review_message
from lightpress.pipeline.sandbox import limits_within, render_in_sandbox
from lightpress.pipeline.source import Source
from lightpress.settings.moderation import ModerationSettings

if TYPE_CHECKING:
    from lightpress.pipeline.moderation import Held

# Of throttling, the client tries again after growing pauses of up to 1, 2 and 4 s; then SQS does, after minutes.
_WAITING = waiting(connect=3, read=10, attempts=4)


def moderate(body: str) -> Review | None:
    """Answer one event; None where no answer is wanted any more.

    Raises NotHeld; Undecided where a person has to look; and whatever S3, SQS, Rekognition and rendering raise, so that
    the message comes back.
    """
    held, where = read_held(body), settings()
    if not _waits(held):
        return None
    try:
        review = _review(held, Thresholds.from_json(where.thresholds))
    except PreconditionFailed:
        return None
    if review is not None:
        message = review_message(Source(held.bucket, held.original), held.version, review)
        review_sqs().send_message(QueueUrl=where.review_queue_url, MessageBody=message)
    return review


def _waits(held: Held) -> bool:
    """Whether this version still waits for this reviewer: the same event comes again at each look at the picture."""
    s3, bucket = images_s3(), settings().images_bucket
    published = S3Images(s3, bucket).published(held.key)
    if published is None or published.manifest.status is not Status.HELD:
        return False
    manifest = published.manifest
    if not manifest.is_of(held.version) or MODERATION not in manifest.gate:
        return False
    return MODERATION in S3Reviews(s3, bucket).standing(held.key, held.version, (MODERATION,)).missing


def _review(held: Held, thresholds: Thresholds) -> Review | None:
    """None where the key holds another version by now."""
    try:
        preview = previews().of(held.key, held.version)
    except PictureRejected as rejected:
        # Published, it would be rejected for the same; by another release it might not be, and nobody had looked at it.
        return Review(MODERATION, approved=False, detail=rejected.detail)
    except Unreadable as unreadable:
        raise Undecided(unreadable.closed.detail) from unreadable
    if preview is None:
        return None
    if not REKOGNITION.takes(preview.width, preview.height, len(preview.data)):
        raise Undecided(
            f"Rekognition looks at no picture of {preview.width} x {preview.height} pixels and {len(preview.data):,} "
            f"bytes; allowed: at least {REKOGNITION.least} pixels a side, and up to {REKOGNITION.largest:,} bytes."
        )
    review = thresholds.review(moderation_of(rekognition(), preview.data, thresholds.least))
    if review.approved and preview.moves:
        raise Undecided("It moves, and Rekognition has seen its first frame alone, which it finds nothing in.")
    return review


@cache
def previews() -> Previews:
    """Build what renders the picture that is sent to Rekognition; once per container."""
    where = settings()
    return Previews(
        S3Originals(s3_client()),
        load_recipes(RECIPES),
        partial(render_in_sandbox, limits=limits_within(where.memory_mb), native=where.pixel_library),
        Publishing(where.uploads_bucket, tuple(map(attached_from, where.attached))).named,
    )


@cache
def images_s3() -> Any:  # noqa: ANN401  its type is known where it is used
    """Of the images bucket; once per container."""
    return s3_client()


@cache
def review_sqs() -> Any:  # noqa: ANN401  its type is known where it is used
    """Of the review queue; once per container."""
    return sqs_client()


@cache
def rekognition() -> Any:  # noqa: ANN401  its type is known where it is used
    """Of Rekognition; once per container."""
    return client("rekognition", _WAITING)


@cache
def settings() -> ModerationSettings:
    """Read the settings; once per container."""
    return ModerationSettings.from_environment(os.environ)
