"""Wires the upload API to AWS."""

from __future__ import annotations

import os
import secrets
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.hints import SqsLooks
from lightpress.aws.images import S3Images
from lightpress.aws.orders import SqsOrders
from lightpress.aws.session import WAITING_IN_API, client
from lightpress.aws.uploads import S3Uploads
from lightpress.composition.publishing import RECIPES, publishing
from lightpress.composition.quota import daily_quota
from lightpress.ingest.api import UrlIngestApi
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.settings.uploads import OrderSettings, UploadSettings
from lightpress.uploads.api import UploadService
from lightpress.uploads.callers import caller_of
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.requests import UploadLimits, media_types

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def upload_service() -> UploadService:
    """Build the upload API; once per container."""
    settings = UploadSettings.from_environment(os.environ)
    # Signed for the endpoint of the bucket's region: S3 redirects requests to the global one, and browsers do not send
    # a form again.
    s3 = client(
        "s3",
        config=WAITING_IN_API.merge(
            Config(
                signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
            )
        ),
    )
    recipes = load_recipes(RECIPES)
    images, buckets = S3Images(s3, settings.images_bucket), publishing(settings)
    looks = SqsLooks(client("sqs", config=WAITING_IN_API), settings.queue_url)
    return UploadService(
        limits=UploadLimits(recipes.max_bytes, media_types(recipes.accept)),
        keys=PublishedKeys(buckets, recipes),
        uploads=S3Uploads(s3, settings.uploads_bucket),
        images=images,
        correct=Corrections(images, looks),
        source_of=buckets.named,
        cdn_base_url=settings.cdn_base_url,
        random_id=partial(secrets.token_urlsafe, 9),
        quota=daily_quota(WAITING_IN_API),
        look=looks.request_look,
    )


@cache
def url_ingest_api() -> UrlIngestApi | None:
    """Build the API that accepts URLs to fetch; None if the stack fetches none."""
    settings = OrderSettings.from_environment(os.environ)
    if settings is None:
        return None
    return UrlIngestApi(
        SqsOrders(client("sqs", config=WAITING_IN_API), settings.url_queue_url),
        DynamoFailures(
            client("dynamodb", config=WAITING_IN_API), settings.failures_table, _now, retention_seconds=0
        ),  # it only reads
        settings.uploads_bucket,
        upload_service().keys,
        upload_service().addresses,
        upload_service().quota,
    )


def caller(event: Mapping[str, Any]) -> str:
    """Find out who makes a request, by the authorizer of the stack; raises Refused if it names nobody."""
    return caller_of(event, UploadSettings.from_environment(os.environ).auth)


def _now() -> int:
    return int(time.time())
