"""What recording failures needs of the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lightpress.pipeline.failures import Failure, Trial
    from lightpress.pipeline.source import Original, Source


class Quarantine(Protocol):
    """The quarantine bucket: what failed, as it was."""

    def keep(self, source: Source, original: Original, name: str) -> str | None:
        """Copy the original and return the copy's key; None if it is too large to be copied.

        name: Of this copy alone. The key says nothing of it.

        Raises PreconditionFailed if the source holds something else by now, and Unreadable if it cannot be read.
        """

    def keep_message(self, message_id: str, part: str, name: str) -> str:
        """Write a message, or the part of it that makes no sense, word for word; returns its key, as `keep` does."""

    def remove(self, path: str) -> None:
        """Delete a copy, which no row names any more."""


class Failures(Protocol):
    """Where failures and trials are recorded: the failures table."""

    def begin_trial(self, trial: Trial) -> int:
        """Count one more; returns how many of the same have begun and not ended."""

    def end_trial(self, trial: Trial) -> None:
        """Take one back: it came to an end of its own."""

    def record(self, failure: Failure, revision: int | None = None) -> str | None:
        """Write the failure down, over what was known of the same subject and identity.

        revision: of the manifest that will tell of it; None where none will.

        Of the two times of the first sight, the older stays; request ids are collected. Returns the copy in quarantine
        that the row named before and names no more; None where there is none.
        """

    def rejection(self, subject: str, identity: str) -> frozenset[int] | None:
        """The revisions of manifests that a rejection was recorded for; None if none is recorded now."""

    def lift_rejection(self, subject: str, identity: str, revisions: frozenset[int]) -> str | None:
        """Let the row be of no failure any more, unless a rejection was recorded for another revision since.

        Returns the copy in quarantine that it named; None where there is none.
        """
