"""The scheduled look: every night, whatever was written or deleted at a time from which messages may be lost by now.

A message that was lost, an event that S3 never sent, and a backlog that outlived the queue all come to the same: what
is published of a key is not what the key holds. The first two are seen in the nights after the upload, the third once
the queue keeps its message no longer; what is between them in age waits in the queue, or is done. What is only of
another recipe is left to `lightpress backfill`, which asks about the cost first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.backfill.run import Job, Run
from lightpress.pipeline.buckets import Selection

if TYPE_CHECKING:
    from lightpress.pipeline.buckets import Publishing

_A_DAY = 24 * 60 * 60
# Of nights that are a day apart, and begin up to an hour late, at least one is within so long, and mostly two.
WITHIN_DAYS = 2
# What was uploaded just now is on its way, and not lost.
_AN_HOUR = 60 * 60
_RATE = 100.0


def nightly_run(name: str, publishing: Publishing, now: float, days: int) -> Run:
    """The run of one night.

    Args:
        name: Of the run.
        publishing: The buckets. Of the uploads bucket, which has versions, deleted keys are looked at, too.
        now: In seconds since 1970.
        days: How far it looks back: `WITHIN_DAYS` longer than the queue keeps a message.
    """
    pictures = (Selection(publishing.uploads), *(_selection(one) for one in publishing.attached))
    job = Job(
        pictures,
        since=now - days * _A_DAY,
        before=now - _AN_HOUR,
        skips=(now - (days - WITHIN_DAYS) * _A_DAY, now - WITHIN_DAYS * _A_DAY),
        outdated=False,
        deletions_in=(publishing.uploads,),
    )
    return Run(name, job, rate=_RATE, paced=now)


def _selection(one: Selection) -> Selection:
    return Selection(one.bucket, one.prefix, one.suffixes)
