"""What the upload API answers, one method for each request. Who asks has been found out before: `owner`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lightpress.delivery.markup import picture, srcset
from lightpress.delivery.permalink import permalink
from lightpress.delivery.summary import message_for, summary_of
from lightpress.image.formats import OUTPUTS
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.uploads.requests import PART_BYTES, check_owner, new_key, part_of, parts_of, upload_of, wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.ports import Images
    from lightpress.uploads.ports import Uploads
    from lightpress.uploads.requests import UploadLimits

Answer = dict[str, Any]

_PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class UploadService:
    """The API of one deployment. number: gives a new random number, as text."""

    terms: UploadLimits
    uploads: Uploads
    images: Images
    cdn_base_url: str
    number: Callable[[], str]

    def addresses(self, key: str) -> Answer:
        """Where a picture will be, and where to ask what became of it: known as soon as its key is."""
        return {"key": key, "permalink": f"{self.cdn_base_url}{permalink(key)}", "status_url": f"images/{quote(key)}"}

    def begin(self, body: object, owner: str) -> Answer:
        """Let somebody upload a file: a key, and a form to send it with."""
        file = wanted(body, self.terms)
        key = new_key(file, owner, self.number())
        return self.addresses(key) | {"upload": self.uploads.form(key, file)}

    def begin_parts(self, body: object, owner: str) -> Answer:
        """The same for a large file, which goes in parts."""
        file = wanted(body, self.terms)
        key = new_key(file, owner, self.number())
        return self.addresses(key) | {"upload_id": self.uploads.begin(key, file), "part_size": PART_BYTES}

    def sign_part(self, body: object, owner: str) -> Answer:
        """Where to PUT one part."""
        key, upload_id = self._upload(body, owner)
        return {"url": self.uploads.part_url(key, upload_id, *part_of(body, self.terms))}

    def list_parts(self, body: object, owner: str) -> Answer:
        """The parts that have arrived, to go on after an interruption."""
        return {"parts": self.uploads.parts(*self._upload(body, owner))}

    def complete_parts(self, body: object, owner: str) -> Answer:
        """Make one file of the parts."""
        key, upload_id = self._upload(body, owner)
        self.uploads.complete(key, upload_id, parts_of(body), self.terms.max_bytes)
        return self.addresses(key)

    def abort_parts(self, body: object, owner: str) -> Answer:
        """Give up."""
        key, upload_id = self._upload(body, owner)
        self.uploads.abort(key, upload_id)
        return {"key": key}

    def status(self, key: str, owner: str) -> Answer:
        """What became of a picture. What has not been published yet is taken to be under way."""
        check_owner(key, owner)
        published = self.images.published(key)
        return self.addresses(key) | self.told(published.manifest if published else None)

    def told(self, manifest: Manifest | None) -> Answer:
        """What is told of a manifest."""
        if manifest is None:
            return {"status": _PROCESSING}
        if manifest.status is Status.FAILED:
            title = message_for(manifest.reason)
            return {"status": manifest.status, "reason": manifest.reason, "title": title, "detail": manifest.detail}
        if manifest.status is Status.DELETED:
            return {"status": manifest.status}
        sets = {form: srcset(manifest, form, self.cdn_base_url) for form in OUTPUTS}
        return {
            "status": manifest.status,
            "picture": picture(manifest, self.cdn_base_url, alt=""),
            "srcset": {form: value for form, value in sets.items() if value},
            **summary_of(manifest, lambda variant: {"url": f"{self.cdn_base_url}/{variant.path}"}),
        }

    def delete(self, key: str, owner: str) -> Answer:
        """Delete a picture with all its variants."""
        check_owner(key, owner)
        self.uploads.delete(key)
        return {"key": key, "status": "deleting"}

    def _upload(self, body: object, owner: str) -> tuple[str, str]:
        key, upload_id = upload_of(body)
        check_owner(key, owner)
        return key, upload_id
