"""An operator who has looked at a failure wants to keep neither its row nor its copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lightpress.pipeline.failures import Failure


class Rows(Protocol):
    """The failures table."""

    def forget(self, failure: Failure) -> bool:
        """Delete a row; False, and nothing, if it was recorded anew since it was read."""


class Copies(Protocol):
    """The copies in quarantine."""

    def remove(self, path: str) -> None:
        """Delete a copy."""


def discard(failure: Failure, rows: Rows, copies: Copies) -> bool:
    """Delete the row, then its copy, which no other row names. False, and nothing, if it failed again since."""
    if not rows.forget(failure):
        return False
    if failure.quarantine:
        copies.remove(failure.quarantine)
    return True
