"""`lightpress asked`: what services were asked in vain, and asking again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cli.dead_letters import count, move, queue_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.client.deployment import Deployment


@dataclass(frozen=True)
class Service:
    """A function that asks a service about pictures.

    Attributes:
        name: Of the function, such as "DetectLabels" or "Moderate".
        waiting: Pictures that it is to ask about, those between two attempts too.
        unanswered: Pictures that it has asked about for hours in vain.
    """

    name: str
    waiting: int
    unanswered: int

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class Asked:
    """What a deployment asks of services."""

    deployment: Deployment

    def services(self) -> list[Service]:
        """Every function that asks."""
        sqs = self.deployment.sqs()
        return [
            Service(name, count(sqs, queue_of(sqs, queue)), count(sqs, queue_of(sqs, dead_letters)))
            for name, queue, dead_letters in self._rows()
        ]

    def retry(self, name: str | None, progressed: Callable[[int], None]) -> int:
        """Have one of them, or all, ask about everything again that nobody answered; returns how many pictures.

        Who needs no answer any more, because the picture was overwritten or somebody else has answered, is not asked.
        """
        sqs = self.deployment.sqs()
        return sum(
            move(sqs, queue_of(sqs, dead_letters), queue_of(sqs, queue), progressed)
            for one, queue, dead_letters in self._rows()
            if name in {None, one}
        )

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = json.loads(self.deployment.asked or "[]")
        return [(row["name"], row["queue_url"], row["dead_letters_url"]) for row in rows]
