"""What can come of a workflow: what is told of it, in logs, metrics and events, is told by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.pipeline.failures import Verdict
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Closed, Original, Source

ATTEMPTS = 8


class TooManyConflicts(Exception):
    """The source changed faster than it could be published, `ATTEMPTS` times in a row."""


class Action(StrEnum):
    """The result of one reconciliation."""

    PUBLISHED = "published"
    HELD = "held"  # until it is reviewed
    RETOLD = "retold"  # as it is, with what enrichers say now
    REJECTED = "rejected"  # and nothing is published of that yet: it is for whoever records failures
    HANDED_ON = "handed_on"  # to them, too: somebody may have recorded a rejection of it that is none any more
    FAILED = "failed"
    REMOVED = "removed"
    KEPT = "kept"  # as another recipe made it: the original cannot be read now
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done for a source, and what is published of it now.

    Attributes:
        source: what was reconciled.
        action: what was done.
        manifest: what is published now; None where nothing ever was.
        verdict: why it was rejected or failed; None where it was not.
        closed: why it was kept as another recipe made it; None where it was not.
        original: what the source held; None if nothing.
    """

    source: Source
    action: Action
    manifest: Manifest | None
    verdict: Verdict | None = None
    closed: Closed | None = None
    original: Original | None = None

    @property
    def handed_on(self) -> bool:
        """Whether it is for whoever records failures, though nothing is wrong with it."""
        return self.action is Action.HANDED_ON


class Result(StrEnum):
    """What came of a request for a variant that was not in the bucket."""

    RENDERED = "rendered"
    FOUND = "found"  # somebody else has made it meanwhile
    NOT_OWED = "not_owed"
    MOVED = "moved"  # the generation before owed it; `path` is the same variant of now
    CHANGED = "changed"  # the original, or what is published of it, is another by now
    UNREADABLE = "unreadable"
    NO_RECIPE = "no_recipe"  # the recipe of today has no such variant
    FAILED = "failed"
    FAILED_BEFORE = "failed_before"
    LOST = "lost"  # rendering ended without a verdict: it may be tried again
