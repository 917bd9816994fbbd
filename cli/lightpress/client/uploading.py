"""Uploads one original by presigned form, as a browser does, and waits for originals until they are published."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import urllib3

from lightpress.client.media_types import media_type_of
from lightpress.client.waiting import UPLOAD_TIMEOUT
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.units import GB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.client.deployment import Deployment

_MINUTES_5 = 300
_LARGEST = 5 * GB
_PAUSE = 0.1


class UploadRefusedError(Exception):
    """S3 did not accept an upload; the message holds its answer."""


@dataclass
class Upload:
    """An uploaded file.

    Attributes:
        key: In the uploads bucket.
        identity: Of the original: its version or ETag.
        started: `time.monotonic()` when the time began that counts.
        manifest: Of this original; None until it is published or has failed.
        seconds: From then to the manifest.
    """

    key: str
    identity: str
    started: float
    manifest: Manifest | None = None
    seconds: float = field(default=0.0)

    @property
    def settled(self) -> bool:
        """Whether this original is published or has failed."""
        return self.manifest is not None


def upload(deployment: Deployment, key: str, data: bytes, media_type: str | None = None) -> Upload:
    """Upload by a presigned form for this key and type, valid for five minutes; raises UploadRefusedError."""
    media_type = media_type or media_type_of(key)
    started = time.monotonic()
    post = deployment.s3.generate_presigned_post(
        deployment.uploads_bucket,
        key,
        Fields={"Content-Type": media_type},
        Conditions=[{"Content-Type": media_type}, ["content-length-range", 0, _LARGEST]],
        ExpiresIn=_MINUTES_5,
    )
    fields = [*post["fields"].items(), ("file", ("file", data, media_type))]
    with urllib3.PoolManager(ca_certs=deployment.ca_bundle, timeout=UPLOAD_TIMEOUT) as http:
        response = http.request("POST", post["url"], fields=fields, redirect=False)
    if response.status not in {200, 201, 204}:
        raise UploadRefusedError(
            f"{key}: S3 refused the upload ({response.status}: {response.data[:500].decode(errors='replace')})"
        )
    original = deployment.original(key)
    if original is None and (version := response.headers.get("x-amz-version-id")):
        return Upload(key, version, started)  # it may have been published, and have left since
    if original is None:
        raise UploadRefusedError(f"{key}: the upload was accepted, and was deleted since")
    return Upload(key, original.identity, started)


def watch(
    deployment: Deployment, uploads: Iterable[Upload], *, timeout: float, settled: Callable[[Upload], None]
) -> list[Upload]:
    """Poll the manifests until each upload is published or has failed.

    Args:
        deployment: The deployment.
        uploads: The uploads to wait for.
        timeout: Seconds after which it stops waiting.
        settled: Is called with each upload that has ended.

    Returns:
        The uploads that have not ended in time.
    """
    waiting = list(uploads)
    deadline = time.monotonic() + timeout
    while waiting and time.monotonic() < deadline:
        for one in waiting:
            if is_settled(deployment, one):
                settled(one)
        waiting = [one for one in waiting if not one.settled]
        time.sleep(_PAUSE if waiting else 0)
    return waiting


def is_settled(deployment: Deployment, one: Upload) -> bool:
    """Read the manifest of an upload: whether it is published or has failed; the upload keeps its manifest then."""
    manifest = deployment.manifest(one.key)
    if manifest is None or manifest.status is Status.DELETED:
        return False
    if manifest.source is None or manifest.source.identity != one.identity:
        return False
    one.manifest = manifest
    one.seconds = time.monotonic() - one.started
    return True
