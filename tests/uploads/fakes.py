"""The ports of the upload API in memory, with S3's rules where the API relies on them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.ports import Published
from lightpress.uploads.quota import Usage
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.source import Source
    from lightpress.uploads.requests import Part, UploadRequest


@dataclass
class FakeUploads:
    """The uploads bucket: what signed permissions allow, the test does itself (`put`, `put_part`).

    Attributes:
        objects: Size in bytes of each object, by key.
        multipart: Size in bytes of each part, by number, of each multipart upload, by key and upload id.
    """

    objects: dict[str, int] = field(default_factory=dict)
    multipart: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    _begun: int = 0

    def form(self, key: str, file: UploadRequest) -> dict[str, Any]:
        return {"url": "https://uploads.test", "fields": {"key": key, "Content-Type": file.media_type}}

    def begin(self, key: str, file: UploadRequest) -> str:
        assert file.size
        self._begun += 1
        self.multipart[key, f"upload-{self._begun}"] = {}
        return f"upload-{self._begun}"

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        return f"https://uploads.test/{key}?uploadId={upload_id}&partNumber={number}&size={size}"

    def parts(self, key: str, upload_id: str) -> list[dict[str, Any]] | None:
        if self._is_completed(key, upload_id):
            return None
        parts = self._parts(key, upload_id)
        return [
            {"part_number": number, "size": size, "etag": etag_of(upload_id, number)} for number, size in parts.items()
        ]

    def complete(self, key: str, upload_id: str, parts: tuple[Part, ...], max_bytes: int) -> None:
        if self._is_completed(key, upload_id):
            return
        stored = self._parts(key, upload_id)
        if sum(stored.values()) > max_bytes:
            raise Refused(413, "too_large", "The parts are too large.")
        if any(part.number not in stored or part.etag != etag_of(upload_id, part.number) for part in parts):
            raise Refused(409, "parts_do_not_match", "The parts are not those that were uploaded.")
        self.objects[key] = sum(stored[part.number] for part in parts)
        del self.multipart[key, upload_id]

    def abort(self, key: str, upload_id: str) -> None:
        self.multipart.pop((key, upload_id), None)

    def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    def put(self, key: str, size: int) -> None:
        self.objects[key] = size

    def put_part(self, key: str, upload_id: str, number: int, size: int) -> None:
        self._parts(key, upload_id)[number] = size

    def _is_completed(self, key: str, upload_id: str) -> bool:
        return (key, upload_id) not in self.multipart and key in self.objects

    def _parts(self, key: str, upload_id: str) -> dict[int, int]:
        """S3 finds a multipart upload by both, key and id."""
        if (key, upload_id) not in self.multipart:
            raise Refused(404, "not_found", "There is no such upload.")
        return self.multipart[key, upload_id]


@dataclass
class FakeImages:
    """The manifests of the images bucket, by key."""

    manifests: dict[str, Manifest] = field(default_factory=dict)

    def published(self, key: str) -> Published | None:
        manifest = self.manifests.get(key)
        return Published(manifest, "etag") if manifest else None

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        assert replacing is not None
        self.manifests[manifest.key] = manifest


@dataclass
class FakeLooks:
    """The keys that are to be looked at."""

    keys: list[str] = field(default_factory=list)

    def request_look(self, source: Source) -> None:
        self.keys.append(source.key)


@dataclass
class FakeCounters:
    """Counters of uploads, by owner and day."""

    used: dict[str, Usage] = field(default_factory=dict)

    def reserve(self, owner_day: str, more: Usage, limits: Usage, until: int) -> Usage | None:
        assert until
        before = self.used.get(owner_day, Usage(0, 0))
        after = Usage(before.files + more.files, before.bytes + more.bytes)
        if (limits.files and after.files > limits.files) or (limits.bytes and after.bytes > limits.bytes):
            return None
        self.used[owner_day] = after
        return after

    def add(self, owner_day: str, more: Usage, until: int) -> None:
        assert until
        before = self.used.get(owner_day, Usage(0, 0))
        self.used[owner_day] = Usage(before.files + more.files, before.bytes + more.bytes)


def etag_of(upload_id: str, number: int) -> str:
    """An ETag that no other part has."""
    return hashlib.md5(f"{upload_id} {number}".encode(), usedforsecurity=False).hexdigest()
