"""The proxy of the CDN: browsers reach the distribution at an address of this machine.

The emulator knows a distribution by its host name, which a browser cannot resolve. This proxy listens on localhost, and
forwards every request with that host name; it changes nothing else. It imports the standard library only, so that it
starts at once and stays small:

    python cdn.py --port 4580 --distribution d111.cloudfront.net --endpoint http://127.0.0.1:4566
"""

from __future__ import annotations

import argparse
import socket
import ssl
import threading
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_REPLACED = {"host", "x-forwarded-proto", "expect"}
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_SECONDS = 60


class Upstream:
    """Sends requests to the emulator as one distribution of its CDN."""

    def __init__(self, endpoint_url: str, distribution: str, ca: str | None) -> None:
        address = urlsplit(endpoint_url)
        self._address = (address.hostname or "", address.port or 0)
        self._context = ssl.create_default_context(cafile=ca) if address.scheme == "https" else None
        self._own_headers = [("Host", distribution), ("X-Forwarded-Proto", "https"), ("Connection", "close")]

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=_SECONDS)
        return self._context.wrap_socket(connection, server_hostname=self._address[0]) if self._context else connection

    def request(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
        """The bytes of a request, assembled here because the target must stay as the viewer sent it, valid or not."""
        lines = [f"{method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in [*headers, *self._own_headers]]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Door(BaseHTTPRequestHandler):
    """Answers each request with the response of the distribution."""

    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    upstream: Upstream

    def pass_on(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP | _REPLACED]
        target = self.requestline.split()[1]  # not self.path, in which leading slashes are merged
        request = self.upstream.request(self.command, target, headers, body)
        try:
            with self.upstream.connect() as connection:
                connection.sendall(request)
                with closing(HTTPResponse(connection, method=self.command)) as response:
                    response.begin()
                    data = response.read()
        except (OSError, HTTPException) as error:
            self.send_error(HTTPStatus.BAD_GATEWAY, explain=f"The local cloud does not answer: {error}")
            return
        self._answer(response, data)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815  the base's names

    def _answer(self, response: HTTPResponse, data: bytes) -> None:
        bodiless = self.command == "HEAD" or response.status in _WITHOUT_BODY
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in _HOP_BY_HOP and (bodiless or name.lower() != "content-length"):
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.log_request(response.status, len(data))


class IPv6Server(ThreadingHTTPServer):
    """The proxy's HTTP server on the loopback address of IPv6."""

    address_family = socket.AF_INET6


def servers(port: int, upstream: Upstream) -> list[ThreadingHTTPServer]:
    """One server for each loopback address of this machine, IPv4 and, if there is one, IPv6."""
    door = type("DoorOfDistribution", (Door,), {"upstream": upstream})
    found = [ThreadingHTTPServer(("127.0.0.1", port), door)]
    with suppress(OSError):
        found.append(IPv6Server(("::1", port), door))
    return found


def main() -> None:
    """Parse the command line, and serve until the process is killed."""
    parser = argparse.ArgumentParser(description="The proxy of the CDN.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--distribution", required=True, help="host name of the distribution")
    parser.add_argument("--endpoint", required=True, help="URL of the emulator")
    parser.add_argument("--ca", help="PEM file of the certificate authority")
    options = parser.parse_args()
    first, *others = servers(options.port, Upstream(options.endpoint, options.distribution, options.ca))
    for other in others:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    first.serve_forever()


if __name__ == "__main__":
    main()
