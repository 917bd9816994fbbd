"""A web server on this machine that misbehaves in every way that a path asks for.

    with misbehaving() as server:
        server.url("ok", 7)      a picture, with an ETag; another one for each number

`ENDINGS` says how a URL of each kind ends. A kind that begins with "first-" misbehaves once for each number.
"""

from __future__ import annotations

import hashlib
import io
import socket
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Event, Lock
from typing import TYPE_CHECKING

from PIL import Image

from tests.serving import serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

READY = "ready"
ENDINGS = {
    "ok": READY,
    "plain": READY,  # neither ETag nor Last-Modified
    "dated": READY,  # Last-Modified, and no ETag
    "chunked": READY,
    "redirect": READY,
    "five-redirects": READY,
    "chunk-extensions": READY,
    "trailers": READY,
    "same-length-twice": READY,
    "early-hints": READY,
    "continue": READY,
    "first-429": READY,
    "first-503": READY,
    "missing": "not_found",
    "gone": "not_found",
    "forbidden": "forbidden",
    "html": "not_an_image",
    "svg": "not_an_image",
    "empty": "not_an_image",
    "cut": "corrupt",  # begins as a picture: it is fetched, and fails in the pipeline
    "loop": "too_many_redirects",
    "six-redirects": "too_many_redirects",
    "endless-words": "not_an_image",  # which is known long before it is too large
    "private": "blocked_address",
    "metadata": "blocked_address",
    "mapped": "blocked_address",
    "file": "blocked_scheme",
    "packed": "content_encoded",
    "large": "too_large",
    "endless": "too_large",
    "chunk-of-exabytes": "too_large",
    "nonsense": "bad_answer",
    "banner": "bad_answer",
    "endless-head": "bad_answer",
    "endless-hints": "bad_answer",
    "switching": "bad_answer",
    "gzip-chunked": "bad_answer",
    "two-lengths": "bad_answer",
    "length-minus": "bad_answer",
    "length-plus": "bad_answer",
    "chunk-minus-one": "bad_answer",
    "chunk-minus-two": "bad_answer",
    "chunk-blank": "bad_answer",
    "chunk-plus": "bad_answer",
    "chunk-0x": "bad_answer",
    "chunk-underscore": "bad_answer",
    "chunk-of-17-digits": "bad_answer",
    "chunk-unnumbered": "bad_answer",
    "chunk-unended": "bad_answer",
    "chunk-endless-extension": "bad_answer",
    "tiny-chunks": "bad_answer",
    "teapot": "bad_answer",
    "nowhere": "bad_answer",
    "short": "incomplete",
    "cut-chunk": "incomplete",
    "cut-head": "incomplete",
    "hang-up": "incomplete",
    "broken": "server_error",
    "silent": "timeout",
    "drip": "timeout",
    "slow-head": "timeout",
}
_REDIRECTS = {
    "private": "http://10.0.0.1/cat.jpg",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "mapped": "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "file": "file:///etc/passwd",
}
_STATUSES = {"missing": 404, "gone": 410, "forbidden": 403, "broken": 500, "teapot": 418, "nowhere": 302}
_PIECE = bytes(1 << 16)
_OK = b"HTTP/1.1 200 OK\r\n"
_IN_CHUNKS = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </cat.css>; rel=preload\r\n\r\n"
# How the size of a chunk with a picture is written, or none.
_SIZES = {
    "chunk-minus-one": "-1",
    "chunk-minus-two": "-2",
    "chunk-blank": " {:x}",
    "chunk-plus": "+{:x}",
    "chunk-0x": "0x{:x}",
    "chunk-underscore": "0_{:x}",
    "chunk-of-17-digits": "{:017x}",
    "chunk-of-exabytes": "f" * 16,
    "chunk-unnumbered": "",
}


def _chunk(data: bytes, extension: bytes = b"") -> bytes:
    return f"{len(data):X}".encode() + extension + b"\r\n" + data + b"\r\n"


def _chunk_of(size: str) -> Callable[[bytes], tuple[bytes, bytes]]:
    """A picture in a chunk that begins like that, and more that never ends."""
    return lambda data: (
        _IN_CHUNKS + size.format(len(data)).encode() + b"\r\n" + data + b"\r\n0\r\n\r\n",
        _PIECE,
    )


def _length(length: bytes) -> bytes:
    return b"Content-Length: " + length + b"\r\n"


# What is answered word for word, to the last byte: there the connection ends.
_ANSWERS: Mapping[str, Callable[[bytes], bytes]] = {
    "chunk-extensions": lambda data: _IN_CHUNKS + _chunk(data, b' ; a="x;y" ;b') + b"0;last\r\n\r\n",
    "trailers": lambda data: _IN_CHUNKS + _chunk(data) + b"0\r\nExpires: never\r\n\r\n",
    "same-length-twice": lambda data: _OK + 2 * _length(b"%d" % len(data)) + b"\r\n" + data,
    "early-hints": lambda data: 3 * _HINTS + _OK + b"\r\n" + data,
    "continue": lambda data: b"HTTP/1.1 100 Continue\r\n\r\n" + _OK + b"\r\n" + data,
    "gzip-chunked": lambda data: _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + _chunk(data) + b"0\r\n\r\n",
    "two-lengths": lambda data: _OK + _length(b"%d" % len(data)) + _length(b"10") + b"\r\n" + data,
    "length-minus": lambda data: _OK + _length(b"-%d" % len(data)) + b"\r\n" + data,
    "length-plus": lambda data: _OK + _length(b"+%d" % len(data)) + b"\r\n" + data,
    "chunk-unended": lambda data: _IN_CHUNKS + _chunk(data)[:-2] + b"0\r\n\r\n",
    "cut-chunk": lambda data: _IN_CHUNKS + _chunk(data) + _chunk(data)[:-9],
    "cut-head": lambda _: _OK + b"Content-Le",
    "hang-up": lambda _: b"",
}
# What begins an answer, and what is then said over and over.
_HOPS = {
    f"{number}-redirects": f"{less}-redirects" for number, less in pairwise(("six", "five", "four", "three", "two"))
} | {"two-redirects": "redirect", "redirect": "ok"}
_ENDLESS: Mapping[str, Callable[[bytes], tuple[bytes, bytes]]] = {
    "endless": lambda data: (_OK + b"Content-Type: image/jpeg\r\n\r\n" + data, _PIECE),
    "endless-words": lambda _: (_OK + b"Content-Type: image/jpeg\r\n\r\n", _PIECE),
    "tiny-chunks": lambda data: (_IN_CHUNKS + _chunk(data), 1_000 * _chunk(b"x")),
    "endless-head": lambda _: (_OK, 1_000 * b"X-Long: x\r\n"),
    "endless-hints": lambda _: (b"", _HINTS),
    "switching": lambda data: (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + _OK + b"\r\n" + data, b"x"),
    "chunk-endless-extension": lambda data: (_IN_CHUNKS + f"{len(data):x};".encode(), 1_000 * b"x"),
    **{kind: _chunk_of(size) for kind, size in _SIZES.items()},
}


def picture(number: int, side: int = 24) -> bytes:
    """A JPEG file of its own for every number."""
    buffer = io.BytesIO()
    color = tuple(hashlib.sha256(str(number).encode()).digest()[:3])
    Image.new("RGB", (side, side), color).save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass
class Misbehaving:
    """asked: how often, by path. sent: bytes of what is endless, by path. heads: the last request of each path.
    most_at_once: requests, ever. latency: seconds before each answer. body: of every picture, in place of its own.
    location: where "hop" leads. words: the answer of "words". mended: paths that give a picture from now on."""

    origin: str
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0
    latency: float = 0.0
    body: bytes | None = None
    location: str = ""
    words: bytes = b""
    mended: set[str] = field(default_factory=set)
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def url(self, kind: str, number: int = 0) -> str:
        return f"{self.origin}/{kind}/{number}.jpg"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: Misbehaving

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        world = self.world
        kind, _, rest = self.path.strip("/").partition("/")
        with world.lock:
            world.asked[self.path] += 1
            world.heads[self.path] = {name.lower(): value for name, value in self.headers.items()}
            world.at_once += 1
            world.most_at_once = max(world.most_at_once, world.at_once)
            first = world.asked[self.path] == 1
        self.close_connection = True
        try:
            if world.latency:
                world.over.wait(world.latency)
            with suppress(OSError):
                self._answer(kind, int(rest.partition(".")[0]), first=first)
        finally:
            with world.lock:
                world.at_once -= 1

    def _answer(self, kind: str, number: int, *, first: bool) -> None:
        data = self.world.body or picture(number)
        if self.path in self.world.mended:
            self._send(200, data)
        elif kind == "hop":
            self._send(302, headers={"Location": self.world.location})
        elif kind in _REDIRECTS:
            self._send(302, headers={"Location": _REDIRECTS[kind]})
        elif kind in _STATUSES:
            self._send(_STATUSES[kind], b"sorry")
        elif kind in _HOPS:
            self._send(301, headers={"Location": f"/{_HOPS[kind]}/{number}.jpg"})
        elif kind == "loop":
            self._send(302, headers={"Location": self.path})
        elif kind.startswith("first-") and first:
            self._send(int(kind[6:]), b"later", headers={"Retry-After": "1"})
        elif kind == "ok":
            self._validated(data)
        elif kind in {"plain", "first-429", "first-503"}:
            self._send(200, data)
        else:
            self._by_itself(kind, data)

    def _by_itself(self, kind: str, data: bytes) -> None:
        if kind == "words":
            self.wfile.write(self.world.words)
        elif kind in _ANSWERS:
            self.wfile.write(_ANSWERS[kind](data))
        elif kind in _ENDLESS:
            self._endlessly(*_ENDLESS[kind](data))
        else:
            getattr(self, f"_{kind.replace('-', '_')}")(data)

    def _send(self, status: int, data: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (
            {"Content-Length": str(len(data)), "Content-Type": "image/jpeg", **(headers or {})}
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _validated(self, data: bytes) -> None:
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self._send(304, headers={"ETag": etag})
        else:
            self._send(200, data, {"ETag": etag})

    def _dated(self, data: bytes) -> None:
        date = "Fri, 27 Nov 2026 10:00:00 GMT"
        known = self.headers.get("If-Modified-Since") == date
        self._send(304 if known else 200, b"" if known else data, {"Last-Modified": date})

    def _chunked(self, data: bytes) -> None:
        self._send(200, headers={"Transfer-Encoding": "chunked", "Content-Length": "1"})
        for piece in (data[:1], *(data[start : start + 100] for start in range(1, len(data), 100))):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _html(self, _: bytes) -> None:
        self._send(200, b"<!doctype html><p>no picture</p>" * 300)

    def _svg(self, _: bytes) -> None:
        self._send(200, b"<html><svg/></html>", headers={"Content-Type": "image/svg+xml"})

    def _empty(self, _: bytes) -> None:
        self._send(200)

    def _cut(self, data: bytes) -> None:
        self._send(200, data[:-200])

    def _packed(self, data: bytes) -> None:
        self._send(200, data, headers={"Content-Encoding": "gzip"})

    def _large(self, _: bytes) -> None:
        self._send(200, headers={"Content-Length": str(10 << 30)})

    def _endlessly(self, begin: bytes, more: bytes) -> None:
        self.wfile.write(begin)
        while not self.world.over.is_set():
            self.wfile.write(more)
            with self.world.lock:
                self.world.sent[self.path] += len(more)

    def _nonsense(self, _: bytes) -> None:
        self.wfile.write(b"hello, I am no web server\r\n\r\n")

    def _banner(self, _: bytes) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        self.world.over.wait(60)

    def _short(self, data: bytes) -> None:
        self._send(200, data, headers={"Content-Length": str(len(data) + 100)})

    def _silent(self, _: bytes) -> None:
        self.world.over.wait(60)

    def _drip(self, data: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + data[:10])
        self._drop_by_drop()

    def _slow_head(self, _: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._drop_by_drop()

    def _drop_by_drop(self) -> None:
        while not self.world.over.wait(0.2):
            self.wfile.write(b"x")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Clients go away in the middle: that is what is tested."""


@contextmanager
def misbehaving(tls: ssl.SSLContext | None = None, name: str = "127.0.0.1") -> Iterator[Misbehaving]:
    """Serve until the block ends. tls: serve by it; name: by which the server calls itself."""
    world = Misbehaving("")
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"world": world}))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    world.origin = f"http{'s' if tls else ''}://{name}:{server.server_address[1]}"
    with serving(server):
        try:
            yield world
        finally:
            world.over.set()


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
