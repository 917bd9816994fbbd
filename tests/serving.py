"""Servers for the time of a test."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socketserver import BaseServer


@contextmanager
def serving(*servers: BaseServer) -> Iterator[None]:
    """Have them serve, each in a thread of its own, until the block ends; then they are closed."""
    with ExitStack() as ending:
        for server in servers:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            for end in (thread.join, server.server_close, server.shutdown):  # the last one first
                ending.callback(end)
        yield
