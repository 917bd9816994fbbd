"""The scheduled sweep: every week, variants go that were replaced long ago, and whatever else is left over of pictures.

It lists everything, and reads few manifests: a picture of which nothing is left over has variants of one generation.
Where recipes leave all variants for their first view, or nothing has come of a new version, those of before may be the
only ones: `lightpress sweep` finds these, which reads every manifest.
"""

from __future__ import annotations

from lightpress.backfill.run import SWEEP, Job, Run
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.paths import MANIFESTS

_RATE = 100.0


def weekly_run(name: str, images: str, now: float) -> Run:
    """The run of one week.

    Args:
        name: Of the run.
        images: The images bucket.
        now: In seconds since 1970.
    """
    job = Job((Selection(images, MANIFESTS),), task=SWEEP, remove=True, leftovers=True)
    return Run(name, job, rate=_RATE, paced=now)
