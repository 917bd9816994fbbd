"""The upload client of the npm package, against a server that answers as the upload API and S3 do."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from tests.clients.test_links import run

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat nap.jpg"
PERMALINK = "https://cdn.example/uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat%20nap.jpg"


@dataclass
class Cloud:
    """What was asked of the server, and what it is to answer."""

    requests: list[tuple[str, str, str | None, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    url: str = ""


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A server on this machine."""
    state = Cloud()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/storage":
                state.requests.append(("POST", self.path, self.headers["authorization"], fields(self, body)))
                self.answer(*(state.refusal or (204, "")))
                return
            state.requests.append(("POST", self.path, self.headers["authorization"], json.loads(body)))
            form = {"url": f"{state.url}/storage", "fields": {"key": KEY, "policy": "p"}}
            begun = {"key": KEY, "permalink": PERMALINK, "status_url": "images/...", "upload": form}
            self.answer(201, json.dumps(begun))

        def do_GET(self) -> None:
            state.requests.append(("GET", self.path, self.headers["authorization"], None))
            self.answer(200, json.dumps(state.statuses.pop(0)))

        def do_DELETE(self) -> None:
            state.requests.append(("DELETE", self.path, self.headers["authorization"], None))
            self.answer(404, json.dumps({"code": "not_found", "detail": "There is no such picture."}))

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fields(request: BaseHTTPRequestHandler, body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, in their order."""
    message = message_from_bytes(b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [
        (str(part.get_param("name", header="content-disposition")), (part.get_payload(decode=True) or b"").decode())  # type: ignore[union-attr]
        for part in parts
    ]


UPLOAD = """
import { Uploads } from './uploads.js';
const uploads = new Uploads({ api: given + '/', authorization: async () => 'Bearer t' });
const said = (call) => call().catch((error) => [error.name, error.code, error.status, error.message]);
const file = new File(['pixels'], 'cat nap.jpg', { type: 'image/jpeg' });
const shares = [];
"""


def test_a_file_is_announced_sent_as_the_last_field_and_waited_for() -> None:
    script = (
        UPLOAD
        + """
    const begun = await uploads.upload(file, { collection: 'avatars', progress: (share) => shares.push(share) });
    console.log(JSON.stringify([begun, shares, await uploads.published(begun)]));
    """
    )
    with cloud() as there:
        there.statuses = [{"status": "processing"}, {"status": "ready", "width": 640}]
        begun, shares, published = run(script, there.url)
    assert begun == {"key": KEY, "permalink": PERMALINK, "status_url": "images/..."}
    assert (shares[-1], published) == (1, {"status": "ready", "width": 640})
    announced, sent, *asked = there.requests
    about = {"filename": "cat nap.jpg", "size": 6, "type": "image/jpeg", "collection": "avatars"}
    assert announced == ("POST", "/uploads", "Bearer t", about)
    assert sent == ("POST", "/storage", None, [("key", KEY), ("policy", "p"), ("file", "pixels")])
    path = "/images/uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat%20nap.jpg"
    assert asked == [("GET", path, "Bearer t", None)] * 2


def test_what_is_refused_has_a_code_and_words() -> None:
    script = (
        UPLOAD
        + """
    console.log(JSON.stringify([
      await said(() => uploads.upload(file)),
      await said(() => uploads.published('a.jpg')),
      await said(() => uploads.published('a.jpg', { timeout: 0 })),
      await said(() => uploads.remove('a.jpg')),
    ]));
    """
    )
    with cloud() as there:
        there.refusal = (400, "<Error><Code>EntityTooLarge</Code></Error>")
        there.statuses = [
            {"status": "failed", "reason": "corrupt", "title": "The picture is damaged or cut short."},
            {"status": "processing"},
        ]
        refused = run(script, there.url)
    assert refused == [
        ["UploadError", "EntityTooLarge", 400, "The storage did not accept the file (400 EntityTooLarge)."],
        ["UploadError", "corrupt", 0, "The picture is damaged or cut short."],
        ["UploadError", "timeout", 0, "It is not published yet."],
        ["UploadError", "not_found", 404, "There is no such picture."],
    ]


def test_uppy_is_given_the_form_and_keeps_the_addresses_with_the_file() -> None:
    script = (
        UPLOAD
        + """
    import { useLightpress } from './uploads.js';
    let options, meta;
    const uppy = {
      use: (plugin, given) => { options = given; },
      getFile: () => file,
      setFileMeta: (id, given) => { meta = given; },
    };
    useLightpress(uppy, class {}, uploads);
    console.log(JSON.stringify([await options.signRequest({ key: 'id' }), options.shouldUseMultipart, meta]));
    """
    )
    with cloud() as there:
        signed, multipart, meta = run(script, there.url)
    assert (signed["key"], signed["fields"], multipart) == (KEY, {"key": KEY, "policy": "p"}, False)
    assert meta == {"key": KEY, "permalink": PERMALINK, "status_url": "images/..."}
