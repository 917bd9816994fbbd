"""A receiver of webhooks on this machine, with TLS: it verifies by the published package, and answers as it is told to.

with receiving(authority) as receiver:
    receiver.answers = [503, 204]
"""

from __future__ import annotations

import base64
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import TYPE_CHECKING, Any

from standardwebhooks import Webhook

from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    import trustme

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Receiver:
    """What came in.

    Attributes:
        url: Where to send.
        taken: What the package says that verified requests hold, and their headers.
        asked: How many requests came in, verified or not.
        answers: The statuses of the next answers; then 204. 0: none, and silence.
        fields: Header fields of all answers.
        over: Ends the silence.
    """

    url: str
    taken: list[tuple[Any, dict[str, str]]] = field(default_factory=list)
    asked: int = 0
    answers: list[int] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    over: Event = field(default_factory=Event)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers in self.taken]


class _Handler(BaseHTTPRequestHandler):
    world: Receiver

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self.world.asked += 1

    def do_POST(self) -> None:
        self.world.asked += 1
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.world.answers.pop(0) if self.world.answers else 204
        if not status:
            self.world.over.wait()
            return
        self.world.taken.append((Webhook(KEY).verify(body, headers), headers))
        self.send_response(status)
        for name, value in self.world.fields.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def receiving(authority: trustme.CA, name: str = "localhost") -> Iterator[Receiver]:
    """Receive until the block ends."""
    world = Receiver("")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"world": world}))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    world.url = f"https://{name}:{server.server_address[1]}/hooks/images?token=t"
    with serving(server):
        try:
            yield world
        finally:
            world.over.set()
