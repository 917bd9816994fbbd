"""Looking names up in time. The system's resolver knows no deadline: over servers that are silent it can take a minute.

So each name is looked up by a thread of its own, which is waited for only as long as there is time. Nobody can stop it:
it ends when the resolver gives up. That such threads do not pile up, there are only so many at once, and one for each
name, however many wait for it.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock, Thread
from typing import TYPE_CHECKING

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Resolve = Callable[[str], Sequence[str]]
    """The addresses of a host, as text; raises OSError."""

AT_ONCE = 32
_WAIT_SECONDS = 5.0


def look_up(host: str) -> Sequence[str]:
    """The addresses of a host name, from the system's resolver, each once and in its order; raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


@dataclass(frozen=True, slots=True)
class LookUps:
    """Those of one container: at most `AT_ONCE` at a time."""

    _free: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))
    _asked: dict[str, Future[Sequence[str]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, resolve: Resolve, host: str, seconds: float) -> Sequence[str]:
        """Resolve a host. Raises TimeoutError where that takes longer, FetchFailed, and what `resolve` raises."""
        end = time.monotonic() + seconds
        with self._lock:
            found = self._asked.get(host)
        if found is None:
            found = self._ask(resolve, host, seconds)
        return found.result(max(0.0, end - time.monotonic()))

    def _ask(self, resolve: Resolve, host: str, seconds: float) -> Future[Sequence[str]]:
        """Begin to look a host up, unless somebody else has by now."""
        if not self._free.acquire(timeout=min(seconds, _WAIT_SECONDS)):
            raise FetchFailed(
                FetchReason.UNREACHABLE, f"{host} cannot be looked up: too many others take too long.", asked=False
            )
        with self._lock:
            found = self._asked.get(host)
            if found is None:
                # Nobody waits for it when the process ends. Its own end waits for the lock.
                found = Future()
                Thread(target=self._answer, args=(resolve, host, found), daemon=True).start()
                self._asked[host] = found
                return found
        self._free.release()
        return found

    def _answer(self, resolve: Resolve, host: str, found: Future[Sequence[str]]) -> None:
        try:
            found.set_result(resolve(host))
        except BaseException as error:  # noqa: BLE001  whoever waits for it raises it
            found.set_exception(error)
        finally:
            with self._lock:
                del self._asked[host]
            self._free.release()
