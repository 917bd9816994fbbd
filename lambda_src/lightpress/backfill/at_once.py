"""Requests for several things at once: what takes the place of `map` where each call waits for AWS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

A = TypeVar("A")
B = TypeVar("B")

THREADS = 16
"""As many as the clients of the functions and of the command line keep connections for."""


class AtOnce(Protocol):
    """`map`, or something like it."""

    def __call__(self, work: Callable[[A], B], several: Iterable[A], /) -> Iterator[B]:
        """The results, in order."""


def on_threads() -> AtOnce:
    """A `map` on threads that are kept for the next call. `work` must not use it in turn: it might wait for itself."""
    return ThreadPoolExecutor(THREADS).map
