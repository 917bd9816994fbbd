"""The scheduled sweep: every week, variants go that were replaced long ago, and whatever else is left over of pictures.

It lists everything, and reads few manifests: a picture of which nothing is left over has a manifest that names
variants, and these are of one generation, or of two until the older ones have been kept for long enough. Where recipes
leave all variants for their first view, those of before may be the only ones: `lightpress sweep` finds these, which
reads every manifest.
"""

from __future__ import annotations

from lightpress.backfill.run import SWEEP, Job, Run
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.paths import MANIFESTS

_A_DAY = 24 * 60 * 60
_RATE = 100.0


def weekly_run(name: str, images: str, now: float, previous_days: int | None) -> Run:
    """The run of one week.

    Args:
        name: Of the run.
        images: The images bucket.
        now: In seconds since 1970.
        previous_days: For how many days replaced variants are kept; None until they are replaced again.
    """
    replaced_before = now - previous_days * _A_DAY if previous_days is not None else 0.0
    job = Job((Selection(images, MANIFESTS),), task=SWEEP, remove=True, replaced_before=replaced_before)
    return Run(name, job, rate=_RATE, paced=now)
