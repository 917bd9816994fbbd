from __future__ import annotations

import socket

from lightpress.local.errors import LocalCloudError

LOOPBACK = "127.0.0.1"
LOOPBACKS = (LOOPBACK, "::1")
"""A browser takes `localhost` for either of them."""


def require_free(port: int, *, use: str, option: str) -> None:
    """Raise LocalCloudError if a program listens on the port."""
    if any(listens(host, port) for host in LOOPBACKS):
        raise LocalCloudError(
            f"Port {port}, wanted for {use}, is taken by another program. Stop that program, "
            f"or choose another port with {option}."
        )


def listens(host: str, port: int) -> bool:
    """Whether a program accepts connections at this address."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
