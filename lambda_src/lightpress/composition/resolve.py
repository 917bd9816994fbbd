"""What the function `resolve` reads."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.aws.originals import is_there
from lightpress.aws.session import WAITING_FOR_VIEWER, s3_client
from lightpress.delivery.resolve import Lookups
from lightpress.settings.environment import cdn_path
from lightpress.settings.resolving import images_bucket, permalink_seconds, placeholders_for

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest


def lookups() -> Lookups:
    """Where `resolve` looks, and what it sends."""
    return Lookups(
        published_manifest, images().file_at, is_uploaded, permalink_seconds(os.environ), cdn_path(os.environ)
    )


def published_manifest(key: str) -> Manifest | None:
    """Read the manifest of a key; None if nothing was ever published under it."""
    published = images().published(key)
    return published.manifest if published else None


def is_uploaded(key: str) -> bool:
    """Whether a placeholder is shown for a key that nothing is published of yet."""
    bucket = placeholders_for(os.environ)
    if bucket is None:
        return False
    # Few stacks show placeholders; the others need not read the recipes at each cold start.
    from lightpress.composition.publishing import RECIPES  # noqa: PLC0415
    from lightpress.pipeline.recipe_file import load_recipes  # noqa: PLC0415

    return load_recipes(RECIPES).recipe_for(key) is not None and is_there(images().s3, bucket, key)


@cache
def images() -> S3Images:
    """Build the adapter to the images bucket; once per container."""
    return S3Images(s3_client(WAITING_FOR_VIEWER), images_bucket(os.environ))
