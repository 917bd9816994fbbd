"""Queues of what is asked of other services: each with a dead-letter queue of its own, whose messages are asked again.

What nobody answers is no failure of a picture, and no message that makes no sense: so it does not go where those do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from constructs import Construct

from lightpress.cdk.existing import rule_dead_letters
from lightpress.cdk.queues import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightpress.cdk.config import Config

MOST_ATTEMPTS = 30
"""A service that throttles, or is out of order, is asked for hours: a message is hidden for six timeouts each time."""


class AskedQueue(Construct):
    """Events that ask one service.

    Attributes:
        name: What the queues' names are made of.
        queue: Where events wait.
        dead_letters: What was asked for hours in vain, and what a rule could not send.
    """

    def __init__(self, scope: Construct, name: str, *, timeout_seconds: int, config: Config) -> None:
        super().__init__(scope, f"{name}Asked")
        self.name = name
        self.dead_letters = rule_dead_letters(self, name, config)
        self.queue = WorkQueue(
            self,
            f"{name}Queue",
            logical_id=f"{name}Queue",
            retention_days=config.processing.queue_retention_days,
            timeout_seconds=timeout_seconds,
            dead_letters=self.dead_letters,
            max_receive_count=MOST_ATTEMPTS,
        )


def asked_as_json(asked: Iterable[AskedQueue]) -> str:
    """The output by which the command line finds them."""
    rows = [
        {"name": one.name, "queue_url": one.queue.queue_url, "dead_letters_url": one.dead_letters.queue_url}
        for one in asked
    ]
    return json.dumps(rows)
