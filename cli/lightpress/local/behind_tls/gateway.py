"""The emulator's application, as it would be behind something that ends TLS. Runs in the emulator's own environment.

Without TLS the emulator takes every request for an insecure one, its own CDN's included, and the buckets refuse those.
A browser would refuse the strict mode's certificate; so in the other mode loopback counts as secure.
"""

from __future__ import annotations

from typing import Any

from ministack.app import app as emulator
from ministack.core.iam_evaluator import pin_request_origin


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI
    """Pass a request on as one that came over TLS."""
    pin_request_origin("127.0.0.1", True)  # noqa: FBT003  its signature
    await emulator(scope, receive, send)
