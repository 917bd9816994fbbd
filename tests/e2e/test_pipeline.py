"""The whole system, from the upload to the CDN, with the roles' real grants enforced."""

from __future__ import annotations

import hashlib
import io
import time
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from lightpress.cli.failures import FailureStore, Filters
from lightpress.client.uploading import Upload, upload, watch
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import variants_folder
from tools.drawing import BLUE, disc, file_of, plain, ramp

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest
    from tests.e2e.conftest import Fetch

# Where two queues start a function at the same time, the emulator unpacks its layers twice at once, and may fail at it:
# the messages come back after the visibility timeout of six minutes.
PATIENCE = 480.0
MANY, EVERY = 200, 10


def picture(seed: int = 0, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG of its own for every seed."""
    buffer = io.BytesIO()
    color = hashlib.sha256(str(seed).encode()).digest()[:3]
    Image.new("RGB", size, tuple(color)).save(buffer, "JPEG")
    return buffer.getvalue()


def settle(deployment: Deployment, *uploads: Upload) -> list[Manifest]:
    late = watch(deployment, uploads, timeout=PATIENCE, settled=lambda _: None)
    assert not late, [one.key for one in late]
    return [one.manifest for one in uploads if one.manifest]


def eventually(claim: Callable[[], Any], patience: float = PATIENCE) -> Any:  # noqa: ANN401  what the claim gives
    """Wait until the claim gives something true."""
    deadline = time.monotonic() + patience
    while not (found := claim()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.2)
    return found


def stored(s3: S3Client, cloud: Outputs, folder: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=cloud.images_bucket, Prefix=folder)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


KINDS = {
    "plain.jpg": (picture(1, (1000, 700)), {"webp", "png"}),
    "a b/ü + 100%.jpg": (file_of(ramp((1000, 700)), "JPEG"), {"avif", "jpeg"}),
    "🏔️/naïve?#&=.png": (file_of(disc(700)), {"webp", "png"}),
    "a//b/../c.gif": (file_of(plain(), "GIF", save_all=True, append_images=[plain(BLUE)]), {"webp", "jpeg"}),
}


@pytest.mark.parametrize("key", KINDS)
def test_an_upload_is_served_in_every_size_and_in_the_two_formats_that_suit_it(
    deployment: Deployment, fetch: Fetch, key: str
) -> None:
    data, formats = KINDS[key]
    (manifest,) = settle(deployment, upload(deployment, key, data, f"image/{key.rpartition('.')[2]}"))
    assert manifest.status is Status.READY
    assert {(variant.name, variant.format) for variant in manifest.variants} == {
        (name, form) for name in ("w320", "w640", "w1280", "w1920") for form in formats
    }
    for variant in manifest.variants:
        answer = fetch(f"/{variant.path}")
        assert answer.status == 200
        assert hashlib.sha256(answer.data).hexdigest() == variant.sha256
        assert answer.headers["Content-Type"] == variant.media_type
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        with Image.open(io.BytesIO(answer.data)) as image:
            assert image.size == (variant.width, variant.height)


def test_overwriting_replaces_what_is_published_and_deleting_removes_it(
    deployment: Deployment, cloud: Outputs, s3: S3Client, fetch: Fetch
) -> None:
    key = "changing.jpg"
    (first,) = settle(deployment, upload(deployment, key, picture(1), "image/jpeg"))
    (second,) = settle(deployment, upload(deployment, key, picture(2), "image/jpeg"))
    assert second.revision > first.revision
    assert {variant.path for variant in first.variants}.isdisjoint(variant.path for variant in second.variants)
    assert fetch(f"/{first.variants[0].path}").status == 200, "pages may still show it"

    s3.delete_object(Bucket=cloud.uploads_bucket, Key=key)
    eventually(lambda: (found := deployment.manifest(key)) and found.status is Status.DELETED)
    eventually(lambda: not stored(s3, cloud, variants_folder(key)))
    assert fetch(f"/{second.variants[0].path}").status in {403, 404}


@pytest.mark.parametrize(
    ("key", "data", "reason"),
    [
        ("empty.jpg", b"", "empty"),
        ("folder/", b"", "folder"),
        ("notes.jpg", b"no picture at all", "not_a_picture"),
        ("drawing.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format_not_accepted"),
        ("cut.jpg", picture(3)[:100], "corrupt"),
    ],
)
def test_a_bad_upload_fails_with_a_reason(deployment: Deployment, key: str, data: bytes, reason: str) -> None:
    (manifest,) = settle(deployment, upload(deployment, key, data, "image/jpeg"))
    assert (manifest.status, manifest.reason) == (Status.FAILED, reason)
    assert manifest.detail
    assert not manifest.variants


@pytest.mark.nightly
def test_of_200_uploads_with_every_tenth_broken_all_settle_and_no_innocent_one_fails(
    deployment: Deployment, cloud: Outputs, sqs: SQSClient
) -> None:
    uploads = []
    for number in range(MANY):
        data = b"broken" if number % EVERY == 0 else picture(number, (200, 150))
        uploads.append(upload(deployment, f"many/{number:03}.jpg", data, "image/jpeg"))
    manifests = settle(deployment, *uploads)
    failed = {manifest.key for manifest in manifests if manifest.status is Status.FAILED}
    assert failed == {f"many/{number:03}.jpg" for number in range(0, MANY, EVERY)}
    assert len(manifests) == MANY
    assert {len(manifest.variants) for manifest in manifests if manifest.key not in failed} == {8}

    store = FailureStore.of(deployment)
    assert {failure.key for failure in store.failures(Filters(prefix="many/"))} == failed

    def is_empty() -> bool:
        left = sqs.get_queue_attributes(
            QueueUrl=cloud.queues["dead_letter"],
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return set(left["Attributes"].values()) == {"0"}

    eventually(is_empty)
