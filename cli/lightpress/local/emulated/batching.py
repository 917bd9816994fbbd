"""How Lambda gathers a batch from a queue, for the emulator, which hands over ten messages at once and waits for none.

As AWS documents it (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and
https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html, November 2026): with
`MaximumBatchingWindowInSeconds`, a function is invoked once the window that began with the first message is over, or as
many messages as the batch may have are there. Without one, a batch has ten messages at most.

Here messages stay in the queue until then, and count as waiting; Lambda hides them while it gathers. A batch is not cut
at 6 MB. It imports the standard library only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WITHOUT_WINDOW = 10


@dataclass
class Windows:
    """The windows of all queues. now: the time in seconds; begun: when that of each queue began, by its name."""

    now: Callable[[], float] = time.monotonic
    begun: dict[str, float] = field(default_factory=dict)

    def batch(self, queue: str, visible: int, most: int, seconds: float) -> int:
        """Say how many messages a function is invoked with now.

        Args:
            queue: Its name.
            visible: How many messages could be received.
            most: How many a batch may have.
            seconds: How long the window is; 0 for none.

        Returns:
            0 while the window goes on.
        """
        if not seconds:
            return min(visible, most, MOST_WITHOUT_WINDOW)
        if not visible:
            self.begun.pop(queue, None)
            return 0
        begun = self.begun.setdefault(queue, self.now())
        if visible < most and self.now() < begun + seconds:
            return 0
        del self.begun[queue]
        return min(visible, most)
