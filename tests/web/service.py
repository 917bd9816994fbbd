"""An upload service for the page to talk to: an API, a storage and a CDN, with the real picture core behind them.

Page and API have one origin, storage and CDN another, as deployed: so the page's Content-Security-Policy is at work.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from lightpress.delivery.markup import picture as picture_markup
from lightpress.delivery.markup import srcset
from lightpress.delivery.summary import summary_of
from lightpress.image.errors import MESSAGES, PictureRejected, Reason
from lightpress.image.inputs import INPUTS
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.facts import Words
from lightpress.pipeline.manifest import Publication, variants_of
from lightpress.pipeline.owed import owed_of
from lightpress.pipeline.paths import variant_path
from lightpress.uploads.page import page_formats
from lightpress.uploads.requests import parse_correction
from tests.serving import serving
from web.serve import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.pipeline.manifest import Manifest, Variant

SPEC = Spec(sizes=(Size("w160", width=160), Size("w320", width=320)), formats=("avif", "webp", "jpeg"))
MAX_BYTES = 2_000_000
PARTS_FROM, PART_BYTES = 300_000, 100_000
SHRINK_TO = 320
ACCEPTED = {"jpeg", "png", "heic"}
TOKEN = "Bearer let-me-in"


@dataclass
class Dependencies:
    """What the service holds, and what goes wrong in it next: each entry of `broken` fails one request to that path.

    parts: of uploads under way, by key. sent_parts: the numbers of all that came, also of those that failed.
    held_back: parts that are signed for once the event is set. lazy: variants that are left for their first view.
    spec: what is made of each picture. shrink_to: the pixels that the page says are enough for it.
    """

    auth: dict[str, Any]
    token: str = TOKEN
    originals: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    begun: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    sent_parts: list[int] = field(default_factory=list)
    held_back: dict[int, threading.Event] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    lazy: frozenset[tuple[str, str]] = frozenset()
    spec: Spec = SPEC
    shrink_to: int = SHRINK_TO
    page_origin: str = ""
    other_origin: str = ""

    def breaks(self, path: str) -> bool:
        """Whether this request is one of those that are to fail."""
        if path not in self.broken:
            return False
        self.broken.remove(path)
        return True

    def keep(self, key: str, data: bytes, focus: tuple[float, float] | None = None) -> None:
        """What the pipeline does with an upload, or with a corrected focus."""
        self.originals[key] = data
        revision = self.manifests[key].revision + 1 if key in self.manifests else 1
        publication = Publication(key, revision, "v1", len(data), "web", "digest", correction=focus)
        spec = replace(self.spec, lazy=self.lazy).kept_in_focus(focus)
        try:
            rendering = render(data, replace(spec, lazy=frozenset()))
            variants: list[Variant] = []
            for rendition in rendering.variants:
                path = variant_path(key, publication.generation, rendition)
                made = variants_of(rendition, path)
                self.files[f"/{path}"] = (rendition.data, made[0].media_type)
                variants += () if spec.leaves_out(rendition.names, rendition.format) else made
            lazy = owed_of(spec, rendering.original, tuple(variants), publication)
            self.manifests[key] = publication.ready(rendering.original, tuple(variants), lazy)
        except PictureRejected as rejected:
            self.manifests[key] = publication.failed(rejected)

    def status(self, key: str) -> dict[str, Any]:
        """What the API says of a key."""
        manifest = self.manifests.get(key)
        if manifest is None:
            return {"key": key, "status": "processing"}
        if manifest.reason:
            title = MESSAGES[Reason(manifest.reason)]
            failed = {"status": "failed", "reason": manifest.reason, "title": title, "detail": manifest.detail}
            return {"key": key} | failed
        told = summary_of(manifest, lambda variant: {"url": f"{self.other_origin}/{variant.path}"})
        told |= {"focus": manifest.correction, "focus_pending": not manifest.follows_correction}
        sets = {name: srcset(manifest, name, self.other_origin) for name in OUTPUTS}
        return {
            "key": key,
            "status": "ready",
            "srcset": {name: value for name, value in sets.items() if value},
            "picture": picture_markup(manifest, self.other_origin, alt=manifest.alt or ""),
        } | told


class _Handler(BaseHTTPRequestHandler):
    world: ClassVar[Dependencies]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def say(self, status: int, said: dict[str, Any]) -> None:
        self.answer(status, json.dumps(said).encode(), {"content-type": "application/json"})

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))


class _PageAndApi(_Handler):
    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/images/"):
            if self.allowed():
                self.say(200, self.world.status(unquote(path.removeprefix("/images/"))))
            return
        found = pages(self.page()).get(path.removeprefix("/"))
        if found:
            self.answer(200, *found)
        else:
            self.answer(404)

    def do_POST(self) -> None:
        asked = json.loads(self.body())
        if not self.allowed():
            return
        if self.world.breaks(self.path):
            self.say(503, {"title": "Unavailable", "detail": "The service is busy. Try again in a minute."})
            return
        if self.path.startswith("/multipart/"):
            self.go_on(asked)
            return
        self.world.begun.append(asked)
        key = f"someone/{len(self.world.begun)}/{asked['filename']}"
        if self.path == "/multipart":
            self.world.parts[key] = {}
            self.say(201, {"key": key, "upload_id": "1", "part_size": PART_BYTES})
            return
        upload = {"url": self.world.other_origin + "/", "fields": {"key": key, "policy": "signed"}}
        self.say(201, {"key": key, "upload": upload})

    def do_PATCH(self) -> None:
        asked = json.loads(self.body())
        if not self.allowed():
            return
        key = unquote(urlsplit(self.path).path.removeprefix("/images/"))
        if self.world.breaks("/correct"):
            self.say(503, {"title": "Unavailable", "detail": "The service is busy. Try again in a minute."})
            return
        said = parse_correction(asked)
        if said.focus is None:
            words = said.words(self.world.manifests[key].words or Words())
            self.world.manifests[key] = replace(self.world.manifests[key], words=words)
            self.say(202, {"key": key})
            return
        focus = said.point
        self.world.manifests[key] = replace(self.world.manifests[key], correction=focus)
        threading.Thread(target=self.world.keep, args=(key, self.world.originals[key], focus)).start()
        self.say(202, {"key": key, "focus": focus, "focus_pending": True})

    def do_DELETE(self) -> None:
        if not self.allowed():
            return
        key = unquote(urlsplit(self.path).path.removeprefix("/images/"))
        if self.world.breaks("/delete"):
            self.say(503, {"title": "Unavailable", "detail": "The service is busy. Try again in a minute."})
            return
        del self.world.originals[key], self.world.manifests[key]
        self.say(202, {"key": key})

    def go_on(self, asked: dict[str, Any]) -> None:
        """As the API does with uploads in parts."""
        key = asked["key"]
        if self.path == "/multipart/list" and key in self.world.originals:
            self.say(200, {"parts": [], "completed": True})
        elif key not in self.world.parts:
            self.say(404, {"code": "not_found", "detail": "There is no such upload."})
        elif self.path == "/multipart/sign":
            number = asked["part_number"]
            if number in self.world.held_back:
                self.world.held_back[number].wait(timeout=15)
            self.say(200, {"url": f"{self.world.other_origin}/{quote(key)}?partNumber={number}&size={asked['size']}"})
        elif self.path == "/multipart/list":
            parts = [_told(number, data) for number, data in sorted(self.world.parts[key].items())]
            self.say(200, {"parts": parts})
        elif self.path == "/multipart/complete":
            held = self.world.parts.pop(key)
            assert [(part["part_number"], part["etag"]) for part in asked["parts"]] == [
                (number, etag_of(data)) for number, data in sorted(held.items())
            ]
            whole = b"".join(data for _, data in sorted(held.items()))
            threading.Thread(target=self.world.keep, args=(key, whole)).start()
            if self.world.breaks("/multipart/complete answer"):
                self.say(503, {"message": "Service Unavailable"})
                return
            self.say(200, {"key": key})
        else:
            del self.world.parts[key]
            self.say(200, {"key": key})

    def allowed(self) -> bool:
        if self.world.auth["kind"] == "none" or self.headers.get("authorization") == self.world.token:
            return True
        self.say(401, {"message": "Unauthorized"})
        return False

    def page(self) -> dict[str, Any]:
        return {
            "auth": self.world.auth,
            "max_bytes": MAX_BYTES,
            "parts_from": PARTS_FROM,
            "shrink_to": self.world.shrink_to,
            **page_formats(row for row in INPUTS if row.name in ACCEPTED),
            "connect": [self.world.other_origin],
            "images": [self.world.other_origin],
        }


class _StorageAndCdn(_Handler):
    def do_OPTIONS(self) -> None:
        allowed = {"access-control-allow-origin": self.world.page_origin, "access-control-allow-methods": "POST, PUT"}
        self.answer(200, headers=allowed)

    def do_GET(self) -> None:
        data, media_type = self.world.files[self.path]
        self.answer(200, data, {"content-type": media_type})

    def do_PUT(self) -> None:
        cors = {"access-control-allow-origin": self.world.page_origin, "access-control-expose-headers": "ETag"}
        where, data = urlsplit(self.path), self.body()
        asked = parse_qs(where.query)
        number = int(asked["partNumber"][0])
        assert len(data) == int(asked["size"][0]), "the part that was signed for"
        self.world.sent_parts.append(number)
        if self.world.breaks(f"/part/{number}"):
            self.answer(503, b"<Error><Code>SlowDown</Code></Error>", cors)
            return
        self.world.parts[unquote(where.path.removeprefix("/"))][number] = data
        self.answer(200, headers=cors | {"etag": etag_of(data)})

    def do_POST(self) -> None:
        cors = {"access-control-allow-origin": self.world.page_origin}
        fields = _form(self.headers["content-type"], self.body())
        if self.world.breaks("/storage"):
            self.answer(400, b"<Error><Code>RequestTimeout</Code></Error>", cors)
            return
        threading.Thread(target=self.world.keep, args=(fields["key"].decode(), fields["file"])).start()
        self.answer(204, headers=cors)


def etag_of(data: bytes) -> str:
    """As S3 gives it."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _told(number: int, data: bytes) -> dict[str, Any]:
    return {"part_number": number, "size": len(data), "etag": etag_of(data)}


def _form(media_type: str, body: bytes) -> dict[str, bytes]:
    """The fields of a multipart form, by name."""
    parts = message_from_bytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body).walk()
    named = ((part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts)
    return {name: data for name, data in named if isinstance(name, str) and isinstance(data, bytes)}


@contextmanager
def serving_pages(auth: dict[str, Any]) -> Iterator[Dependencies]:
    """A running service; the page is at its `page_origin`."""
    world = Dependencies(auth)
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (kind,), {"world": world}))
        for kind in (_PageAndApi, _StorageAndCdn)
    ]
    world.page_origin, world.other_origin = (f"http://localhost:{server.server_address[1]}" for server in servers)
    with serving(*servers):
        yield world
