"""What the function `preview` shows operators of what is not published."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from lightpress.aws.originals import S3Originals
from lightpress.aws.session import s3_client
from lightpress.composition.publishing import RECIPES
from lightpress.operators.access import check_operator
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.preview import Previews
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import limits_within, render_in_sandbox
from lightpress.settings.previews import PreviewSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def previews() -> Previews:
    """Build what renders previews; once per container."""
    where = PreviewSettings.from_environment(os.environ)
    return Previews(
        S3Originals(s3_client()),
        load_recipes(RECIPES),
        partial(render_in_sandbox, limits=limits_within(where.memory_mb), native=where.pixel_library),
        Publishing(where.uploads_bucket, tuple(map(attached_from, where.attached))).named,
    )


def check_caller(event: Mapping[str, object]) -> None:
    """Raise Refused (403) unless the caller is an operator."""
    where = PreviewSettings.from_environment(os.environ)
    check_operator(event, where.auth, where.scope)
