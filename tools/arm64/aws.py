"""Something on this machine that answers as AWS would about an empty account."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNED = "AWS4-HMAC-SHA256"


@dataclass
class EmptyAccount:
    """Requests: each as method and path, of those that were signed."""

    url: str
    signed: list[str] = field(default_factory=list)


@contextmanager
def empty_account() -> Iterator[EmptyAccount]:
    """Serve it on 127.0.0.1: no object is there, lists are empty, and everything else succeeds with nothing to say."""

    class _Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization", "").startswith(_SIGNED):
                account.signed.append(f"{self.command} {self.path}")
            body = b"{}" if "X-Amz-Target" in self.headers else b"<Nothing/>"
            of_an_object = self.command in {"GET", "HEAD"} and "list-type=2" not in self.path
            self.send_response(404 if of_an_object else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  http.server's names

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    account = EmptyAccount(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
