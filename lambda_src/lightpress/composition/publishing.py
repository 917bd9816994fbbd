"""What functions share that look at what is published, or tell of it."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.aws.notifications import EventBridgeNotifications
from lightpress.aws.session import client
from lightpress.delivery.notify import Notifier
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.messages import no_notification
from lightpress.settings.publishing import EventSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.ports import Facts, Reviews
    from lightpress.pipeline.recipe import RecipeBook
    from lightpress.settings.first_views import LazySettings
    from lightpress.settings.publishing import Settings
    from lightpress.settings.uploads import UploadSettings

RECIPES = Path(__file__).parents[2] / "recipes.toml"


def publishing(settings: Settings | UploadSettings | LazySettings) -> Publishing:
    """The buckets whose originals are published."""
    return Publishing(settings.uploads_bucket, tuple(map(attached_from, settings.attached)))


def reviews_in(images_bucket: str, s3: S3Client, recipes: RecipeBook) -> Reviews | None:
    """What reviewers say; None where no recipe asks them."""
    if not recipes.reviewers:
        return None
    from lightpress.aws.reviews import S3Reviews  # noqa: PLC0415  few recipes have a gate

    return S3Reviews(s3, images_bucket)


def facts_in(images_bucket: str, s3: S3Client, recipes: RecipeBook) -> Facts | None:
    """What enrichers say; None where no recipe asks any."""
    if not recipes.enrichers:
        return None
    from lightpress.aws.facts import S3Facts  # noqa: PLC0415  few recipes have enrichers

    return S3Facts(s3, images_bucket)


def notifier() -> Callable[..., None]:
    """Sends an event for each outcome, where the stack has an event bus. Its client is made with the first event."""
    settings = EventSettings.from_environment(os.environ)
    if settings is None:
        return no_notification
    events = cache(partial(client, "events"))
    return Notifier(EventBridgeNotifications(events, settings.bus, settings.deployment, settings.cdn_base_url))
