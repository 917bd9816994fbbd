"""Work that is done beside the workflow: variants are written while the next ones are encoded.

Nothing that the workflow does afterwards may come before: a manifest names variants that are there.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

ABREAST = 4
"""Variants written at once; so many are held in memory, beside the one that is being received."""


class Pending(Protocol):
    """Something that was begun."""

    def result(self) -> Any:  # noqa: ANN401  nobody asks what it returns
        """Wait until it is done; raises what it raised."""


class Helper(Protocol):
    """Whoever does it, as of `concurrent.futures.Executor`."""

    def submit(self, work: Callable[..., object], /, *arguments: Any) -> Pending:  # noqa: ANN401  of any work
        """Begin it, now or later."""


class _Done:
    def result(self) -> None:
        """It was done at once."""


class AtOnce:
    """Does it at once, in the caller's own thread: where nothing is gained by waiting for several things."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., object], /, *arguments: Any) -> Pending:  # noqa: ANN401  of any work
        """Raises what the work raises."""
        work(*arguments)
        return _Done()


def threads() -> ThreadPoolExecutor:
    """Threads that begin with the first work they are given, and end with the block."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  with the first picture, not at a cold start

    return ThreadPoolExecutor(ABREAST)


class Begun:
    """What has been begun and may not be done, `ABREAST` at most."""

    def __init__(self, helper: Helper) -> None:
        self._helper = helper
        self._pending: deque[Pending] = deque()

    def begin(self, work: Callable[..., object], *arguments: object) -> None:
        """Have it done beside; waits for the oldest where there are too many. Raises what an older one raised."""
        while len(self._pending) >= ABREAST:
            self._pending.popleft().result()
        self._pending.append(self._helper.submit(work, *arguments))

    def finish(self) -> None:
        """Wait for all; raises what one of them raised."""
        while self._pending:
            self._pending.popleft().result()
