"""The scheduled look: every night, whatever was written or deleted at a time from which messages may be lost by now.

A message that was lost, an event that S3 never sent, and a backlog that outlived the queue all come to the same: what
is published of a key is not what the key holds. The first two are seen in the nights after the upload, the third once
the queue keeps its message no longer; what is between them in age waits in the queue, or is done. Where reviewers or
enrichers are asked, who may answer at any time or be overdue, every age is looked at. What is only of another recipe is
left to `lightpress backfill`, which asks about the cost first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.backfill.run import Job, Run
from lightpress.pipeline.buckets import Selection

if TYPE_CHECKING:
    from lightpress.pipeline.buckets import Publishing

_A_DAY = 24 * 60 * 60
# Two nights are within so long: they are a day apart, begin up to an hour late, and leave the last hour alone.
WITHIN_HOURS = 50
# What was uploaded just now is on its way, and not lost.
_AN_HOUR = 60 * 60
_RATE = 100.0


def nightly_run(name: str, publishing: Publishing, now: float, retention_days: int, *, at_any_age: bool) -> Run:
    """The run of one night.

    Args:
        name: Of the run.
        publishing: The buckets. Of the uploads bucket, which has versions, deleted keys are looked at, too.
        now: In seconds since 1970.
        retention_days: How long the queue keeps a message.
        at_any_age: Whether what is published may be wrong at any age until then, and not only when a message is lost.
    """
    pictures = (Selection(publishing.uploads), *(_selection(one) for one in publishing.attached))
    expired, recent = now - retention_days * _A_DAY, now - WITHIN_HOURS * _AN_HOUR
    job = Job(
        pictures,
        since=expired - WITHIN_HOURS * _AN_HOUR,
        before=now - _AN_HOUR,
        skips=None if at_any_age else (expired, recent),
        outdated=False,
        deletions_in=(publishing.uploads,),
    )
    return Run(name, job, rate=_RATE, paced=now)


def _selection(one: Selection) -> Selection:
    return Selection(one.bucket, one.prefix, one.suffixes)
