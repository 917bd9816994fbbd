"""The upload API without HTTP: one method for each request. The caller is already identified as `owner`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lightpress.delivery.markup import picture, srcset
from lightpress.delivery.permalink import permalink
from lightpress.delivery.summary import message_for, summary_of
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.correction import NothingPublished, OriginalDropped
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.outcomes import TooManyConflicts
from lightpress.uploads.quota import Usage
from lightpress.uploads.requests import (
    PART_BYTES,
    Refused,
    check_owner,
    check_part,
    multipart_id,
    new_key,
    parse_correction,
    parse_multipart_upload,
    parse_part_request,
    parse_parts,
    parse_upload_request,
    size_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.pipeline.source import Source
    from lightpress.uploads.keys import PublishedKeys
    from lightpress.uploads.ports import Corrections, Manifests, Uploads
    from lightpress.uploads.quota import DailyQuota
    from lightpress.uploads.requests import Correction, UploadLimits, UploadRequest

Answer = dict[str, Any]

_PROCESSING = "processing"
_DROPPED = "Its original has left since it was published, and its variants cannot be made anew."


@dataclass(frozen=True, slots=True)
class UploadService:
    """Answers the requests of one deployment. Every method raises Refused for what it does not allow.

    Attributes:
        limits: What may be uploaded.
        keys: Under which keys.
        uploads: The uploads bucket.
        images: The images bucket, of which manifests are read.
        correct: Corrects the focus of what is published.
        source_of: Where the original of a key is.
        cdn_base_url: Address of the distribution, without a slash at its end.
        random_id: Returns a new random id, safe in a key.
        quota: What each owner may upload in a day; None for any amount.
        look: Has a key looked at.
    """

    limits: UploadLimits
    keys: PublishedKeys
    uploads: Uploads
    images: Manifests
    correct: Corrections
    source_of: Callable[[str], Source]
    cdn_base_url: str
    random_id: Callable[[], str]
    quota: DailyQuota | None = None
    look: Callable[[Source], None] = lambda _: None

    def addresses(self, key: str) -> Answer:
        """Return the addresses of a key, which never change: its permalink, and where to ask for its status."""
        return {"key": key, "permalink": f"{self.cdn_base_url}{permalink(key)}", "status_url": f"images/{quote(key)}"}

    def begin_upload(self, body: object, owner: str) -> Answer:
        """Return a new key, and a presigned form to upload the file with."""
        file, key = self._new_file(body, owner)
        quota = self._reserve(file, owner)
        return self.addresses(key) | {"upload": self.uploads.form(key, file), "quota": quota}

    def begin_multipart(self, body: object, owner: str) -> Answer:
        """Begin a multipart upload, for a large file: return a new key, the upload id and the size of the parts."""
        file, key = self._new_file(body, owner, in_parts=True)
        quota = self._reserve(file, owner)
        upload_id = self.uploads.begin(key, file)
        return self.addresses(key) | {"upload_id": upload_id, "part_size": PART_BYTES, "quota": quota}

    def sign_part(self, body: object, owner: str) -> Answer:
        """Return a presigned URL to PUT one part to, of no more bytes than the begun size leaves for it."""
        key, upload_id = self._multipart_upload(body, owner)
        number, size = parse_part_request(body, self.limits)
        check_part(number, size, size_in(key) or self.limits.max_bytes)
        return {"url": self.uploads.part_url(key, upload_id, number, size)}

    def list_parts(self, body: object, owner: str) -> Answer:
        """Return the parts that S3 has, so that an interrupted upload can resume; or that it is completed."""
        key, upload_id = self._multipart_upload(body, owner)
        parts = None
        with self._unless_it_has_come(key):
            parts = self.uploads.parts(key, upload_id)
        return {"parts": parts or [], "completed": parts is None}

    def complete_multipart(self, body: object, owner: str) -> Answer:
        """Join the parts to one file, which may not be larger than it was said to be when the upload began."""
        key, upload_id = self._multipart_upload(body, owner)
        parts = parse_parts(body)
        with self._unless_it_has_come(key):
            self.uploads.complete(key, upload_id, parts, size_in(key) or self.limits.max_bytes)
        return self.addresses(key)

    def abort_multipart(self, body: object, owner: str) -> Answer:
        """Abort a multipart upload and discard its parts."""
        key, upload_id = self._multipart_upload(body, owner)
        self.uploads.abort(key, upload_id)
        return {"key": key}

    def status(self, key: str, owner: str) -> Answer:
        """Return the state of an original. One without a manifest is reported as being processed."""
        check_owner(key, owner)
        published = self.images.published(key)
        return self.addresses(key) | _own(self._describe(published.manifest if published else None), owner)

    def _describe(self, manifest: Manifest | None) -> Answer:
        if manifest is None:
            return {"status": _PROCESSING}
        if manifest.status is Status.FAILED:
            title = message_for(manifest.reason)
            return {"status": manifest.status, "reason": manifest.reason, "title": title, "detail": manifest.detail}
        if manifest.status in {Status.DELETED, Status.HELD}:
            return {"status": manifest.status}
        sets = {name: srcset(manifest, name, self.cdn_base_url) for name in OUTPUTS}
        return {
            "status": manifest.status,
            "picture": picture(manifest, self.cdn_base_url, alt=manifest.alt or ""),
            "srcset": {name: value for name, value in sets.items() if value},
            "focus": manifest.focus,
            "focus_pending": not manifest.follows_correction,
            **summary_of(manifest, lambda variant: {"url": f"{self.cdn_base_url}/{variant.path}"}),
        }

    def correct_published(self, key: str, body: object, owner: str) -> Answer:
        """Correct what is said of a published picture; after another focus, the pipeline makes its variants anew."""
        check_owner(key, owner)
        said = parse_correction(body)
        try:
            manifest = self._corrected(self.source_of(key), said)
        except NothingPublished:
            raise Refused(
                409, "not_published", "There is no published picture of this key now: ask for its status."
            ) from None
        except OriginalDropped:
            raise Refused(409, "original_dropped", f"{_DROPPED} Upload it again with the focus.") from None
        except TooManyConflicts:
            raise Refused(503, "busy", "It is being published anew right now: try again.", retry_after=1) from None
        answer = {"focus": manifest.correction, "focus_pending": not manifest.follows_correction}
        return self.addresses(key) | answer | {"alt": manifest.alt, "labels": [one.name for one in manifest.labels]}

    def _corrected(self, source: Source, said: Correction) -> Manifest:
        """Words first: where they are refused, so is the focus."""
        manifest = None
        if said.alt is not None or said.labels is not None:
            manifest = self.correct.say(source, said.words)
        return self.correct(source, said.point) if said.focus is not None or manifest is None else manifest

    def delete(self, key: str, owner: str) -> Answer:
        """Delete an original; the pipeline then deletes its variants.

        Of one that has left, it is told here: AWS does not say whether S3 tells of a delete marker over nothing.
        """
        check_owner(key, owner)
        self.uploads.delete(key)
        published = self.images.published(key)
        if published is not None and published.manifest.original_dropped is not None:
            self.look(self.source_of(key))
        return {"key": key, "status": "deleting"}

    def _new_file(self, body: object, owner: str, *, in_parts: bool = False) -> tuple[UploadRequest, str]:
        file = parse_upload_request(body, self.limits)
        random_id = self.random_id()
        key = new_key(file, owner, multipart_id(random_id, file.size) if in_parts else random_id)
        self.keys.check(key)
        return file, key

    def _reserve(self, file: UploadRequest, owner: str) -> Answer | None:
        return self.quota.reserve(owner, Usage(1, file.size)) if self.quota else None

    @contextmanager
    def _unless_it_has_come(self, key: str) -> Iterator[None]:
        """Let pass that S3 knows no such upload, where something was published under its key.

        A key is of one upload, so that was it, though its original may have left before the caller asked again.
        """
        try:
            yield
        except Refused as refusal:
            if refusal.code != "not_found" or self.images.published(key) is None:
                raise

    def _multipart_upload(self, body: object, owner: str) -> tuple[str, str]:
        key, upload_id = parse_multipart_upload(body)
        check_owner(key, owner)
        return key, upload_id


def _own(answer: Answer, owner: str) -> Answer:
    """Without the keys of others: that somebody has the same picture is nobody else's business."""
    facts = answer.get("facts")
    if not facts:
        return answer
    return answer | {"facts": facts | {"looks_like": [key for key in facts["looks_like"] if _is_of(key, owner)]}}


def _is_of(key: str, owner: str) -> bool:
    try:
        check_owner(key, owner)
    except Refused:
        return False
    return True
