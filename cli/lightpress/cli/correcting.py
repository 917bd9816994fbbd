"""`lightpress focus` and `describe`: corrects the focus of a published picture, and waits until its variants follow."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.aws.hints import SqsLooks
from lightpress.aws.images import S3Images
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import FOCUS_PATTERN, TAKEN_BACK, point_in
from lightpress.uploads.requests import Correction

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.manifest import Manifest

_PAUSE = 0.5
_WAITING, _REPLACED = "waiting", "replaced"


class BadPointError(Exception):
    """A point that cannot be read; the message says what is allowed."""


def point_of(said: str) -> tuple[float, float] | None:
    """Read `0.4,0.2`, or `none`; raises BadPointError."""
    if said == TAKEN_BACK:
        return None
    if not re.fullmatch(FOCUS_PATTERN, said):
        raise BadPointError(
            f"{said!r} is no point: say how far from the left and how far from the top, each from 0 to 1 with up to "
            f"four decimals, such as 0.4,0.2; {TAKEN_BACK} takes back what was said after the upload"
        )
    return point_in(said)


@dataclass(frozen=True)
class Corrected:
    """What came of a correction.

    Attributes:
        key: Of the original.
        focus: The point; None where it was taken back.
        state: "ready" once the variants follow, "waiting" until then; "replaced", "failed" or "deleted" where the
            original is another one by now, or gone.
    """

    key: str
    focus: tuple[float, float] | None
    state: str

    @property
    def exit_code(self) -> int:
        """0 the variants follow it, 3 they do not yet, 1 it was said of what is not published any more."""
        return {Status.READY: 0, _WAITING: 3}.get(self.state, 1)

    @property
    def sentence(self) -> str:
        """The state, for people."""
        return "its variants do not follow yet, and will" if self.state == _WAITING else self.state

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return {"key": self.key, "focus": self.focus, "status": self.state}


def correct(
    deployment: Deployment,
    key: str,
    focus: tuple[float, float] | None,
    *,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Corrected:
    """Correct the focus, and wait for so many seconds; raises NothingPublished, OriginalDropped, TooManyConflicts."""
    images = S3Images(deployment.s3, deployment.images_bucket)
    corrections = Corrections(images, SqsLooks(deployment.sqs(), deployment.queue_url))
    before = corrections(deployment.publishing.named(key), focus)
    state, deadline = _state(before, deployment.manifest(key)), time.monotonic() + timeout
    while state == _WAITING and time.monotonic() < deadline:
        sleep(_PAUSE)
        state = _state(before, deployment.manifest(key))
    return Corrected(key, focus, state)


def describe(deployment: Deployment, key: str, *, alt: str | None, labels: str | None) -> dict[str, Any]:
    """Say what a published picture shows; returns what is said of it now. Raises NothingPublished, TooManyConflicts.

    Args:
        deployment: Where it is published.
        key: Of its original.
        alt: The text; `TAKEN_BACK` takes it back; None says nothing of it.
        labels: Separated by commas; the same two as well.
    """
    images = S3Images(deployment.s3, deployment.images_bucket)
    corrections = Corrections(images, SqsLooks(deployment.sqs(), deployment.queue_url))
    said = corrections.say(deployment.publishing.named(key), Correction(alt=alt, labels=labels).words)
    return {"key": key, "alt": said.alt, "labels": [label.name for label in said.labels]}


def _state(before: Manifest, now: Manifest | None) -> str:
    if now is None or now.status is not Status.READY:
        return now.status if now else Status.DELETED
    if before.source is None or not now.is_of(before.source.identity) or now.correction != before.correction:
        return _REPLACED
    return Status.READY if now.follows_correction else _WAITING
