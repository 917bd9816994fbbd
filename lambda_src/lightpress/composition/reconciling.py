"""What `process_upload` and `record_failure` share: the workflow `reconcile` and its ports, the renderer among them."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.purges import SqsLateLooks, SqsPurges
from lightpress.composition.publishing import RECIPES, facts_in, publishing, reviews_in
from lightpress.pipeline import beside
from lightpress.pipeline.dropping import Dropping
from lightpress.pipeline.messages import no_notification
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import render_in_sandbox
from lightpress.pipeline.timing import TimedImages, TimedOriginals
from lightpress.settings.publishing import CopySettings, LateLookSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.pipeline.ports import Copies
    from lightpress.pipeline.sandbox import SandboxLimits
    from lightpress.pipeline.timing import Timings
    from lightpress.settings.publishing import Settings


def dependencies(
    settings: Settings, s3: S3Client, sqs: SQSClient, limits: SandboxLimits, timings: Timings
) -> Dependencies:
    """The ports of `reconcile` on AWS; every call is timed, and variants are written beside the renderer."""
    looks = LateLookSettings.from_environment(os.environ)
    queue_url, refresh_delay = settings.purge_queue_url, settings.refresh_delay_seconds
    recipes = load_recipes(RECIPES)
    copied = CopySettings.from_environment(os.environ)
    return Dependencies(
        originals=TimedOriginals(S3Originals(s3), timings),
        images=TimedImages(S3Images(s3, settings.images_bucket), timings),
        recipes=recipes,
        render=timings.timed(
            partial(render_in_sandbox, limits=limits, on_cost=timings.add_cost, native=settings.pixel_library)
        ),
        purges=SqsPurges(sqs, queue_url, settings.purge_delay_seconds) if queue_url else None,
        refreshes=SqsPurges(sqs, queue_url, refresh_delay) if queue_url and refresh_delay else None,
        late_looks=SqsLateLooks(sqs, looks.queue_url, looks.delay_seconds) if looks else None,
        reviews=reviews_in(settings.images_bucket, s3, recipes),
        facts=facts_in(settings.images_bucket, s3, recipes),
        copies=_copies(copied, settings.images_bucket, s3) if copied else None,
        wakes=SqsLateLooks(sqs, copied.queue_url, 0) if copied else None,
        source_of=publishing(settings).named,
        helping=beside.threads,
    )


def _copies(copied: CopySettings, images_bucket: str, s3: S3Client) -> Copies:
    from lightpress.aws.copies import S3Copies  # noqa: PLC0415  few recipes have copies

    return S3Copies(s3, copied.bucket or images_bucket, images_bucket, copied.folders)


def dropping(needs: Dependencies) -> Callable[..., None]:
    """Has originals leave, once it is announced that they are published; nothing where no recipe drops any."""
    if not needs.recipes.drops_originals:
        return no_notification
    return Dropping(needs.originals, needs.images, needs.recipes)
