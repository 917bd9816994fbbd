"""Whether an image passes through a deployment: uploaded, published, served to each browser, deleted and forgotten."""

from __future__ import annotations

import io
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import urllib3
from PIL import Image

from lightpress.cli.doctor.check import Finding, State, blocks, note, ok
from lightpress.client.uploading import UploadRefusedError, upload, watch
from lightpress.client.waiting import UPLOAD_TIMEOUT
from lightpress.delivery.permalink import permalink
from lightpress.pipeline.manifest import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.client.uploading import Upload
    from lightpress.pipeline.manifest import Manifest

# What browsers send for <img>:
# https://developer.mozilla.org/docs/Web/HTTP/Guides/Content_negotiation/List_of_default_Accept_values
ACCEPT = {
    "Chrome": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Firefox": "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "Safari": "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,"
    "image/*;q=0.8,*/*;q=0.5",
    "Safari 14": "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
    "a program": "*/*",
}
_FOLDER = "lightpress-doctor/"
_SIZE = (640, 480)
_WIDTH = 320
_PAUSE_SECONDS = 1.0
_ONLY_WHERE_LISTED = {"image/jxl", "image/avif", "image/webp"}  # browsers that cannot show them send */* as well
_OK, _REDIRECTS, _FORBIDDEN, _GONE = 200, {301, 302, 303, 307, 308}, 403, 410
_SERVED = {_OK, *_REDIRECTS}
_LISTS = tuple({*ACCEPT.values()})
_AS_LONG_TO_FORGET = 3


@dataclass
class PictureTest:
    """One image on its way through a deployment.

    Attributes:
        deployment: Which.
        timeout: Seconds to wait for each step; three times as long for the CDN to forget.
        key: Of the image: a new one each time.
    """

    deployment: Deployment
    timeout: float = 120.0
    key: str = field(default_factory=lambda: f"{_FOLDER}{uuid.uuid4().hex}.png")

    def run(self) -> Iterator[tuple[str, Finding]]:
        """The findings, one for each step; the image is deleted whatever happens."""
        try:
            uploaded = upload(self.deployment, self.key, drawn(), "image/png")
        except UploadRefusedError as error:
            yield "upload", blocks(f"{error}. Your role needs s3:PutObject and s3:GetObject on the uploads bucket.")
            return
        try:
            yield "upload", ok("by a presigned form")
            published = self._published(uploaded)
            yield "publishing", published
            served = []
            if published.state is State.OK:
                for browser, accept in ACCEPT.items():
                    served.append(self._served(accept))
                    yield f"served to {browser}", served[-1]
        finally:
            removed = self._removed()
        yield "deletion", removed
        if removed.state is State.OK and any(one.state is State.OK for one in served):
            yield "forgotten by the CDN", self._forgotten()

    def _published(self, uploaded: Upload) -> Finding:
        if watch(self.deployment, [uploaded], timeout=self.timeout, settled=lambda _: None):
            return blocks(
                f"Not published after {self.timeout:.0f} s: see the log of process_upload, and UploadsWaitTooLong in "
                f"docs/operations.md; or a rule of the recipes leaves {_FOLDER}** alone."
            )
        return became(uploaded.manifest, uploaded.seconds)

    @property
    def _address(self) -> str:
        return f"{self.deployment.cdn_base_url}{permalink(self.key)}?w={_WIDTH}"

    def _served(self, accept: str) -> Finding:
        """Follow the permalink as a browser does, and decode what comes."""
        address = self._address
        with urllib3.PoolManager(timeout=UPLOAD_TIMEOUT) as http:
            found = http.request("GET", address, headers={"Accept": accept}, redirect=False)
            if found.status in _REDIRECTS:
                address = urljoin(address, found.headers["Location"])
                found = http.request("GET", address, headers={"Accept": accept}, redirect=False)
        if found.status == _FORBIDDEN:
            return note("not tried: CloudFront wants a signature (signing_keys); see lightpress sign")
        if found.status != _OK:
            return blocks(f"{address} answers {found.status}: see docs/errors.md, and the log of resolve.")
        return delivered(found.headers.get("Content-Type", ""), found.data, accept)

    def _removed(self) -> Finding:
        """Delete the original, wait for its tombstone, and delete all its versions."""
        s3, bucket = self.deployment.s3, self.deployment.uploads_bucket
        s3.delete_object(Bucket=bucket, Key=self.key)
        deadline = time.monotonic() + self.timeout
        while not (gone := self._is_gone()) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        found = s3.list_object_versions(Bucket=bucket, Prefix=self.key)
        for one in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
            s3.delete_object(Bucket=bucket, Key=self.key, VersionId=one["VersionId"])
        if gone:
            return ok("its variants are removed")
        return blocks(f"Its variants are still there after {self.timeout:.0f} s: see the log of process_upload.")

    def _forgotten(self) -> Finding:
        """Whether the permalink ends for each browser that may have been answered from the CDN's copy.

        Its copies are asked to go once the function that removes the files has ended, and go within a minute or so.
        """
        if not self.deployment.purge_queue_url:
            return note("not tried: this stack tells the CDN nothing; what it has kept is served until it expires")
        began, answers = time.monotonic(), set[int]()
        with urllib3.PoolManager(timeout=UPLOAD_TIMEOUT) as http:
            while answers != {_GONE} and time.monotonic() < began + _AS_LONG_TO_FORGET * self.timeout:
                time.sleep(_PAUSE_SECONDS)
                told = [http.request("GET", self._address, headers={"Accept": each}, redirect=False) for each in _LISTS]
                answers = {answer.status for answer in told}
        seconds = time.monotonic() - began
        if answers == {_GONE}:
            return ok(f"the permalink answers {_GONE} after {seconds:.0f} s")
        what = (
            "still shows it" if answers & _SERVED else f"answers {', '.join(map(str, sorted(answers)))}, not {_GONE},"
        )
        return blocks(
            f"{self._address} {what} after {seconds:.0f} s: see the log and the queue of purge_deleted, and the "
            "invalidations of the distribution."
        )

    def _is_gone(self) -> bool:
        manifest = self.deployment.manifest(self.key)
        return manifest is None or manifest.status is Status.DELETED


def became(manifest: Manifest | None, seconds: float) -> Finding:
    """What became of the image, by its manifest, after so many seconds."""
    if manifest is None:
        return blocks("It was deleted meanwhile.")
    if manifest.status is Status.HELD:
        return note(f"not tried: it is held until it is reviewed ({', '.join(manifest.gate)}), as its recipe says")
    if manifest.status is not Status.READY:
        return blocks(f"It failed: {manifest.reason}. {manifest.detail or ''}".strip())
    return ok(f"{len(manifest.variants)} variants after {seconds:.1f} s")


def drawn() -> bytes:
    """A PNG file with a gradient, so that each format has something to encode."""
    horizontal = Image.linear_gradient("L").rotate(90).resize(_SIZE)
    vertical = Image.linear_gradient("L").resize(_SIZE)
    file = io.BytesIO()
    Image.merge("RGB", (horizontal, vertical, Image.new("L", _SIZE, 128))).save(file, "PNG")
    return file.getvalue()


def delivered(media_type: str, data: bytes, accept: str) -> Finding:
    """Whether a browser that sends this Accept header can show what it got."""
    if media_type in _ONLY_WHERE_LISTED and media_type not in accept:
        return blocks(f"The CDN sent {media_type} to a browser that does not list it: see the log of resolve.")
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except OSError as error:
        return blocks(f"What the CDN sent as {media_type} cannot be decoded ({error}): see the log of resolve.")
    return ok(f"{media_type}, {image.width} x {image.height}, {len(data):,} bytes")
