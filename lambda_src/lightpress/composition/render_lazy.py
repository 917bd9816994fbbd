"""What the function `render_lazy` does for who asks for a variant that is not there."""

from __future__ import annotations

import os
from functools import cache, partial

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.session import s3_client
from lightpress.composition.publishing import RECIPES, publishing
from lightpress.pipeline.first_view import FirstViews
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import limits_within, render_in_sandbox
from lightpress.pipeline.timing import TimedOriginals, Timings
from lightpress.settings.first_views import LazySettings


@cache
def settings_of_views() -> LazySettings:
    """What the stack tells this function."""
    return LazySettings.from_environment(os.environ)


@cache
def first_views() -> FirstViews:
    """Build the workflow; once per container."""
    settings, s3 = settings_of_views(), s3_client()
    limits = limits_within(settings.memory_mb)
    spent = timings()
    return FirstViews(
        originals=TimedOriginals(S3Originals(s3), spent),
        images=S3Images(s3, settings.images_bucket),
        recipes=load_recipes(RECIPES),
        render=spent.timed(
            partial(render_in_sandbox, limits=limits, on_cost=spent.add_cost, native=settings.pixel_library)
        ),
        source_of=publishing(settings).named,
    )


@cache
def timings() -> Timings:
    """What is spent on each view."""
    return Timings()
