"""What becomes of a review or a fact that makes no sense. What does is said once, and tried for days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.pipeline.failures import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lightpress.pipeline.ports import DeadLetters

TRIES_OF_NONSENSE = 8
"""So often a message that makes no sense comes back: another release, or other settings, may know what it is about."""


def set_aside(record: Mapping[str, Any], nonsense: Exception, dead_letters: DeadLetters) -> None:
    """Send a message that makes no sense to the dead letters, if it did not for long enough; else raise what it is.

    SQS itself would count the tries of those that make sense, too, and give them up in an outage.
    """
    received = int(record["attributes"]["ApproximateReceiveCount"])
    if received < TRIES_OF_NONSENSE:
        raise nonsense
    sent_at = int(record["attributes"]["SentTimestamp"]) // 1000
    letter = DeadLetter(record["body"], record["messageId"], detail=str(nonsense), attempts=received, first_at=sent_at)
    dead_letters.send(letter)
