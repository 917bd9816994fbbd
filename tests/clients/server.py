"""A server that answers as the upload API and S3 do, and keeps what it was asked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat nap.jpg"
PERMALINK = "https://cdn.example/uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat%20nap.jpg"
ADDRESSES = {"key": KEY, "permalink": PERMALINK, "status_url": "images/..."}
PART_BYTES = 4


@dataclass
class Cloud:
    """What was asked of the server, and what it is to answer.

    Attributes:
        requests: Of each its method, path, header `Authorization` and body.
        statuses: What a picture has next.
        refusal: What the storage answers a form; None where it takes it.
        url: Of the server.
        parts: Those that have arrived, by number.
        broken: Paths; each entry fails one request.
        cut: Paths; each entry has the body of one answer end before its end.
        lost: Whether the answer to the completion of an upload in parts is lost; from then on it is completed.
        gone: Whether the parts are given up when somebody asks for them.
        begun_with: The bytes that the upload in parts was begun with.
        quota: What is left of the caller's day; None without limits.
    """

    requests: list[tuple[str, str, str | None, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    url: str = ""
    parts: dict[int, bytes] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    gone: bool = False
    begun_with: int = 0
    lost: bool = False
    completed: bool = False
    quota: dict[str, Any] | None = None

    @property
    def paths(self) -> list[str]:
        """The paths of all requests."""
        return [path for _, path, *_ in self.requests]

    def breaks(self, path: str) -> bool:
        """Whether this request is one of those that are to fail."""
        if path not in self.broken:
            return False
        self.broken.remove(path)
        return True

    def go_on(self, path: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer as the API does with uploads in parts."""
        assert (asked["key"], asked["upload_id"]) == (KEY, "u")
        if self.breaks(path):
            return 503, {"code": "unavailable"}
        if path == "/multipart/sign":
            return 200, {"url": f"{self.url}/part/{asked['part_number']}"}
        if path == "/multipart/complete":
            return self.complete()
        return self.list_parts() if path == "/multipart/list" else (200, {})

    def complete(self) -> tuple[int, dict[str, Any]]:
        """Put the parts together; `lost`: they are, and nobody hears of it."""
        if sum(map(len, self.parts.values())) > self.begun_with:
            return 413, {"code": "too_large"}
        self.completed = True
        return (503, {"message": "Service Unavailable"}) if self.lost else (200, {})

    def list_parts(self) -> tuple[int, dict[str, Any]]:
        """What the API says of those that have arrived."""
        if self.completed:
            return 200, {"parts": [], "completed": True}
        if self.gone:
            self.parts.clear()
            return 404, {"code": "not_found"}
        parts = [{"part_number": n, "size": len(data), "etag": f'"{n}"'} for n, data in self.parts.items()]
        return 200, {"parts": parts}


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A server on this machine."""
    state = Cloud()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield state


class _Handler(BaseHTTPRequestHandler):
    cloud: ClassVar[Cloud]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/storage":
            self.keep(_fields(self, body))
            self.answer(*(self.cloud.refusal or (204, "")))
            return
        asked = json.loads(body)
        if self.path.startswith("/multipart/"):
            self.keep(asked.get("parts"))
            self.say(*self.cloud.go_on(self.path, asked))
            return
        self.keep(asked)
        if self.cloud.breaks(self.path):
            self.say(503, {"code": "unavailable"})
        elif self.path == "/multipart":
            self.cloud.parts.clear()
            self.cloud.begun_with = asked["size"]
            limited = {"quota": self.cloud.quota} if self.cloud.quota else {}
            self.say(201, {**ADDRESSES, "upload_id": "u", "part_size": PART_BYTES, **limited})
        else:
            form = {"url": f"{self.cloud.url}/storage", "fields": {"key": KEY, "policy": "p"}}
            self.say(201, {**ADDRESSES, "upload": form})

    def do_PUT(self) -> None:
        number, data = int(self.path.rpartition("/")[2]), self.rfile.read(int(self.headers["content-length"]))
        if self.cloud.breaks(self.path):
            self.answer(503, "<Error><Code>SlowDown</Code></Error>")
            return
        self.keep(data.decode())
        self.cloud.parts[number] = data
        self.answer(200, "", etag=f'"{number}"')

    def do_PATCH(self) -> None:
        self.keep(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.say(202, {"focus_pending": True})

    def do_GET(self) -> None:
        self.keep(None)
        self.say(200, self.cloud.statuses.pop(0))

    def do_DELETE(self) -> None:
        self.keep(None)
        self.say(404, {"code": "not_found", "detail": "There is no such picture."})

    def keep(self, said: object) -> None:
        self.cloud.requests.append((self.command, self.path, self.headers["authorization"], said))

    def say(self, status: int, said: dict[str, Any]) -> None:
        self.answer(status, json.dumps(said))

    def answer(self, status: int, body: str, etag: str = "") -> None:
        self.send_response(status)
        if etag:
            self.send_header("etag", etag)
        cut = self.path in self.cloud.cut
        if cut:
            self.cloud.cut.remove(self.path)
        if status != 204:
            self.send_header("content-length", str(len(body.encode()) + cut))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _fields(request: BaseHTTPRequestHandler, body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, in their order."""
    message = message_from_bytes(b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [
        (str(part.get_param("name", header="content-disposition")), (part.get_payload(decode=True) or b"").decode())  # type: ignore[union-attr]
        for part in parts
    ]
