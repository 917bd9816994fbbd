"""Serves the page on 127.0.0.1, to this machine alone, and to nobody who was only lured to its port.

Every address begins with a token that only who started the command knows, and the Host header must be this machine's.
So neither another page in the same browser, nor a name that its owner has pointed here (DNS rebinding), gets an answer.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from lightpress.image.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.cli.watching.gallery import Gallery

_PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PICTURES = {f".{output.extension}": output.media_type for output in OUTPUTS.values()}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ONCE, _FOR_AN_HOUR = "no-store", "private, max-age=3600, immutable"
_LONGEST_BODY = 4_096
_SECONDS_BETWEEN_BEATS = 15.0
_MOST_LISTENERS = 8


class PortError(Exception):
    """The page cannot be at a port; the message names it, and says what to do."""


class PageServer:
    """The page's server; it answers from when it is made until `close`.

    Args:
        gallery: What it shows.
        choose: Called with the name of a recipe that somebody has chosen on the page, or None for the rules.
        port: To listen on; 0 for any that is free.

    Raises:
        PortError: The port is taken, or of those that only the root user may listen on.
    """

    def __init__(
        self,
        gallery: Gallery,
        choose: Callable[[str | None], None],
        aim: Callable[[str, tuple[float, float] | None], None],
        port: int = 0,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        bound = {"gallery": gallery, "choose": staticmethod(choose), "aim": staticmethod(aim), "token": self.token}
        handler = type("_Bound", (_Handler,), bound)
        try:
            self._server = _Server(("127.0.0.1", port), handler)
        except OSError as error:
            raise PortError(
                f"The page cannot be at port {port}: {error.strerror}. Choose another with --port, or leave it out for "
                "any that is free."
            ) from error
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    listeners = threading.BoundedSemaphore(_MOST_LISTENERS)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as socketserver declares it
        """Say nothing: a browser that leaves in the middle of an answer is no fault."""


class _Handler(BaseHTTPRequestHandler):
    gallery: ClassVar[Gallery]
    choose: ClassVar[Callable[[str | None], None]]
    aim: ClassVar[Callable[[str, tuple[float, float] | None], None]]
    token: ClassVar[str]
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "lightpress", ""
    timeout = 30
    server: _Server

    def do_GET(self) -> None:
        """Send the page, a file of it, its state, or a variant."""
        name = self._name()
        if name is None:
            return
        if name == "state.json":
            version, text = self.gallery.now()
            self._send(f'{{"version": {version}, "state": {text}}}'.encode(), "application/json")
        elif name == "events":
            self._tell_changes()
        elif name.startswith("files/"):
            path = self.gallery.files.get(name.removeprefix("files/"))
            self._send_file(path, _PICTURES.get(path.suffix) if path else None, _FOR_AN_HOUR)
        else:
            path = _PAGE / (name or "index.html")
            known = path.name in {one.name for one in _PAGE.iterdir()} and path.parent == _PAGE
            self._send_file(path if known else None, _TYPES.get(path.suffix), _ONCE)

    def do_POST(self) -> None:
        """Take the choice of a recipe, or where the subject of a picture is."""
        name = self._name()
        if name is None:
            return
        length = self.headers.get("Content-Length", "")
        ours = self.headers.get("Content-Type") == "application/json" and name in {"recipe", "focus"}
        if not ours or not length.isdigit() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST, "This is not what the page sends.")
            return
        try:
            self._take(name, json.loads(self.rfile.read(int(length))))
        except (ValueError, KeyError, TypeError, RecursionError):
            self._refuse(HTTPStatus.BAD_REQUEST, "This is not what the page sends.")
            return
        self._send(b"{}", "application/json")

    def _take(self, name: str, said: Any) -> None:  # noqa: ANN401  whatever was sent
        """Pass it on; raises ValueError, KeyError or TypeError where it is not what the page sends."""
        if name == "recipe":
            chosen = said["recipe"]
            if chosen is not None and not isinstance(chosen, str):
                raise TypeError
            type(self).choose(chosen)
            return
        key, focus = said["key"], said["focus"]
        if not isinstance(key, str):
            raise TypeError
        if focus is not None:
            x, y = map(float, focus)
            if not (0 <= x <= 1 and 0 <= y <= 1):
                raise ValueError
            focus = round(x, 2), round(y, 2)
        type(self).aim(key, focus)

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal, which shows what is rendered."""

    def _name(self) -> str | None:
        """What is asked for, below the token; None where that was refused."""
        host, port = self.headers.get("Host", ""), self.server.server_address[1]
        if host not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
            self.close_connection = True
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This is not the name of this server.")
            return None
        origin = self.headers.get("Origin", f"http://{host}")
        _, token, name = [*self.path.partition("?")[0].split("/", 2), "", ""][:3]
        if origin != f"http://{host}" or not hmac.compare_digest(token.encode(), self.token.encode()):
            self.close_connection = True
            self._refuse(HTTPStatus.FORBIDDEN, "Open the address that lightpress render has printed.")
            return None
        return name

    def _send_file(self, path: Path | None, media_type: str | None, keep: str) -> None:
        try:
            data = path.read_bytes() if path and media_type else None
        except OSError:  # removed meanwhile, for the recipes have changed
            data = None
        if data is None or media_type is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such file.")
        else:
            self._send(data, media_type, keep)

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self._send(f"{words}\n".encode(), "text/plain; charset=utf-8", status=status)

    def _send(self, data: bytes, media_type: str, keep: str = _ONCE, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        said = {"Content-Type": media_type, "Content-Length": str(len(data)), "Cache-Control": keep}
        for name, value in (_HEADERS | said).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _tell_changes(self) -> None:
        """Server-sent events: the version, whenever it is another one. Bounded, for each takes a thread."""
        if not self.server.listeners.acquire(blocking=False):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The page is open too often.")
            return
        try:
            self.close_connection = True
            self.send_response(HTTPStatus.OK)
            said = {"Content-Type": "text/event-stream", "Cache-Control": _ONCE, "Connection": "close"}
            for name, value in (_HEADERS | said).items():
                self.send_header(name, value)
            self.end_headers()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            version, _ = self.gallery.now()
            self.wfile.write(f"retry: 1000\ndata: {version}\n\n".encode())
            while (found := self.gallery.after(version, _SECONDS_BETWEEN_BEATS)) is not None:
                self.wfile.write(b":\n\n" if found == version else f"data: {found}\n\n".encode())
                version = found
        except OSError:
            pass  # the page was closed
        finally:
            self.server.listeners.release()
