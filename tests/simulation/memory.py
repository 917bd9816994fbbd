"""What invocations do next, remembered: production code runs once for each different past, and never twice for one.

What an invocation does next depends only on its messages, its release, and the answers it has heard so far. So its
whole behaviour is a tree of requests, with a branch for each answer. Exploring visits the same places of it in millions
of states; only where a branch is missing is the code run, from its beginning, with the answers that lead there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.invocation import Invocation, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.deployed import Release
    from tests.simulation.invocation import Request
    from tools.fakes.sqs import Message, Queue


@dataclass(slots=True)
class Place:
    """A place in the tree. past: stands for all that was heard, and for who heard it."""

    waits_for: Request | None
    past: bytes
    heard: tuple[object, ...] = ()
    branches: dict[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class Remembered:
    """An invocation that stands at a place."""

    place: Place
    run: Callable[[], Invocation]

    @property
    def waits_for(self) -> Request | None:
        return self.place.waits_for

    def hear(self, answer: object) -> None:
        said = repr(answer)
        place = self.place.branches.get(said)
        if place is None:
            place = self.place.branches[said] = self._explored(answer, said)
        self.place = place

    def abandon(self) -> None:
        """Nothing runs."""

    def copy(self) -> Remembered:
        return Remembered(self.place, self.run)

    def _explored(self, answer: object, said: str) -> Place:
        invocation = self.run()
        heard = (*self.place.heard, answer)
        for one in heard:
            invocation.hear(one)
        invocation.abandon()
        past = hashlib.blake2b(self.place.past + said.encode(), digest_size=16).digest()
        return Place(invocation.waits_for, past, heard)


class Memory:
    """All trees, by who begins them."""

    def __init__(self) -> None:
        self._roots: dict[str, Place] = {}

    def begin(self, release: Release, queue: Queue, batch: tuple[Message, ...]) -> Remembered:
        """A new invocation."""
        who = repr((release.revision, queue.name, batch))
        run = partial(_invocation, release, queue, batch)
        if who not in self._roots:
            invocation = run()
            invocation.abandon()
            self._roots[who] = Place(invocation.waits_for, hashlib.blake2b(who.encode(), digest_size=16).digest())
        return Remembered(self._roots[who], run)


def _invocation(release: Release, queue: Queue, batch: tuple[Message, ...]) -> Invocation:
    return Invocation(release.function(queue.name, ask), queue, batch)
