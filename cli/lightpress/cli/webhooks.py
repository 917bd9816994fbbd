"""`lightpress webhooks`: what receivers of events did not take, and sending it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cli.dead_letters import count, move, queue_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.client.deployment import Deployment


@dataclass(frozen=True)
class Receiver:
    """A receiver of events, and how many it has not taken.

    Attributes:
        url: Its URL.
        waiting: Events that are on their way, those between two attempts too.
        dead_letters: Events that are not tried any more.
    """

    url: str
    waiting: int
    dead_letters: int

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return {"url": self.url, "waiting": self.waiting, "dead_letters": self.dead_letters}


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of a deployment."""

    deployment: Deployment

    def receivers(self) -> list[Receiver]:
        """Every receiver."""
        sqs = self.deployment.sqs()
        return [
            Receiver(url, count(sqs, queue_of(sqs, queue)), count(sqs, queue_of(sqs, dead_letters)))
            for url, queue, dead_letters in self._rows()
        ]

    def replay(self, url: str | None, progressed: Callable[[int], None]) -> int:
        """Send dead letters to their queues again, of one receiver or of all; returns how many.

        What comes back meanwhile is not sent twice: there are as many as there were in the beginning. An event of which
        nobody knows any more whether it was sent may be sent once more; its id is the same.
        """
        sqs = self.deployment.sqs()
        chosen = [row for row in self._rows() if url in {None, row[0]}]
        return sum(
            move(sqs, queue_of(sqs, dead_letters), queue_of(sqs, queue), progressed)
            for _, queue, dead_letters in chosen
        )

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = json.loads(self.deployment.webhooks or "[]")
        return [(row["url"], row["queue_url"], row["dead_letters_url"]) for row in rows]
