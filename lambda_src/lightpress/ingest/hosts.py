"""Other people's servers: how many requests at once, how often, and not at all while they want to be left alone."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.ingest.connection import Deadline

_MOST_REMEMBERED = 10_000
_PART = 1.0


@dataclass(slots=True)
class _Host:
    busy: int = 0
    next_at: float = 0.0
    left_alone_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Hosts:
    """Limits what one container of the function requests from each host.

    All containers together request at most as many times more as there are of them (`fetch_max_concurrency`).

    Attributes:
        at_once: Concurrent requests.
        rate: New requests per second.
        clock: Seconds that only grow.
    """

    at_once: int
    rate: float
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, _Host] = field(default_factory=dict)
    _changed: Condition = field(default_factory=Condition)

    @contextmanager
    def turn(self, name: str, patience: Deadline) -> Iterator[float]:
        """Wait for a turn at a host; gives the seconds that it took.

        Raises FetchFailed where it wants to be left alone, or where others have their turns for longer than `patience`.
        """
        came = self.clock()
        host = self._begin(name, patience)
        try:
            yield self.clock() - came
        finally:
            with self._changed:
                host.busy -= 1
                self._changed.notify_all()

    def leave_alone(self, name: str, seconds: int) -> None:
        """Ask nothing of a host for a while."""
        with self._changed:
            host = self._host(name)
            host.left_alone_until = max(host.left_alone_until, self.clock() + seconds)
            self._changed.notify_all()

    def left_alone(self) -> dict[str, int]:
        """For how many seconds each host that is left alone wants that still."""
        with self._changed:
            now = self.clock()
            left = {name: host.left_alone_until - now for name, host in self._known.items()}
        return {name: round(seconds + 0.5) for name, seconds in left.items() if seconds > 0}

    def _begin(self, name: str, patience: Deadline) -> _Host:
        with self._changed:
            host = self._host(name)
            while True:
                now = self.clock()
                if (alone := host.left_alone_until - now) > 0:
                    raise FetchFailed(
                        FetchReason.TOO_MANY_REQUESTS,
                        f"{name} wants to be left alone for {alone:.0f} s.",
                        retry_after=round(alone + 0.5),
                        asked=False,
                    )
                if host.busy < self.at_once and host.next_at <= now:
                    break
                pause = host.next_at - now if host.busy < self.at_once else _PART
                self._changed.wait(_left(patience, pause, name))
            host.busy += 1
            host.next_at = now + 1 / self.rate
            return host

    def _host(self, name: str) -> _Host:
        if len(self._known) > _MOST_REMEMBERED:
            now = self.clock()
            for other, host in list(self._known.items()):
                if not host.busy and max(host.next_at, host.left_alone_until) < now:
                    del self._known[other]
        return self._known.setdefault(name, _Host())


def _left(patience: Deadline, most: float, name: str) -> float:
    try:
        return patience.left(most)
    except TimeoutError as error:
        raise FetchFailed(
            FetchReason.TOO_MANY_REQUESTS, f"{name} was busy with others of the same host all the time.", asked=False
        ) from error
