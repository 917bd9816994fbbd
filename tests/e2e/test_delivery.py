"""One URL, the right picture: what viewers get at a permalink, while pictures come, change and go."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.client.uploading import upload
from lightpress.delivery.permalink import permalink
from lightpress.delivery.resolve import PLACEHOLDER
from lightpress.image.formats import FALLBACKS, OUTPUTS
from lightpress.pipeline.file_names import content_disposition, saved_as
from lightpress.pipeline.manifest import Status
from tests.delivery.paths import resolver_path
from tests.e2e.test_pipeline import eventually, picture, settle
from tests.edge.test_permalinks import ACCEPT
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest, Variant
    from tests.e2e.conftest import Fetch

VIEWERS = ("Chrome 142", "Safari 26", "Firefox 145", "Googlebot-Image", "curl")
CAN_SHOW_ALL = {"Chrome 142", "Safari 26", "Firefox 145"}


def led_to(fetch: Fetch, path: str, accept: str = "*/*") -> str:
    answer = fetch(path, headers={"Accept": accept})
    assert answer.status == 302, (path, answer.status, answer.data[:200])
    assert answer.headers["Vary"] == "Accept"
    assert "max-age=60" in answer.headers["Cache-Control"]
    return answer.headers["Location"]


def variant_at(manifest: Manifest, path: str) -> Variant:
    return next(variant for variant in manifest.variants if f"/{variant.path}" == path)


KINDS = {
    "links/plain.jpg": (picture(7, (1000, 700)), {"webp", "png"}),
    "links/a b/ü + 100%.jpg": (file_of(ramp((1000, 700)), "JPEG"), {"avif", "jpeg"}),
    "i/looks/like.an": (picture(7, (1000, 700)), {"webp", "png"}),
    "links//b/../c.jpg": (file_of(ramp((1000, 700)), "JPEG"), {"avif", "jpeg"}),
}


@pytest.mark.parametrize("key", KINDS)
def test_every_viewer_gets_a_picture_that_it_can_show_in_the_size_it_asks_for(
    deployment: Deployment, fetch: Fetch, key: str
) -> None:
    data, formats = KINDS[key]
    (manifest,) = settle(deployment, upload(deployment, key, data, "image/jpeg"))
    seen = set()
    for viewer in VIEWERS:
        location = led_to(fetch, f"{permalink(key)}?w=300&dpr=2", ACCEPT[viewer])
        variant = variant_at(manifest, location)
        assert variant.width == 640
        able = set(OUTPUTS) if viewer in CAN_SHOW_ALL else set(FALLBACKS)
        seen.add(variant.format)
        offered = [one for one in manifest.variants if one.width == 640 and one.format in able]
        assert variant.bytes == min(one.bytes for one in offered), "the smallest that the viewer can show"
        answer = fetch(location, headers={"Accept": ACCEPT[viewer]})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Disposition"] == content_disposition(
            saved_as(key, OUTPUTS[variant.format].extension)
        )
        assert len(answer.data) == variant.bytes
        assert hashlib.sha256(answer.data).hexdigest() == variant.sha256
        assert answer.headers["Content-Type"] == variant.media_type
        with Image.open(io.BytesIO(answer.data)) as image:
            assert (image.size, image.format.lower() if image.format else "") == ((640, 448), variant.format)
    assert seen == formats, "each of the two formats is for some viewer"


def test_a_size_and_a_format_can_be_asked_for_by_name(deployment: Deployment, fetch: Fetch) -> None:
    (manifest,) = settle(deployment, upload(deployment, "avatars/me.jpg", picture(8, (500, 400)), "image/jpeg"))
    found = variant_at(manifest, led_to(fetch, "/avatars/me.jpg?size=small&fm=webp"))
    assert (found.name, found.format, found.width, found.height) == ("small", "webp", 96, 96)


def test_a_permalink_follows_its_picture_and_an_immutable_address_stays(
    deployment: Deployment, cloud: Outputs, s3: S3Client, fetch: Fetch
) -> None:
    link = "/links/moves.jpg?w=320"
    assert fetch(link).status == 404
    assert fetch(link).headers["Cache-Control"] == "public, max-age=0, s-maxage=5"
    (one,) = settle(deployment, upload(deployment, "links/moves.jpg", picture(1), "image/jpeg"))
    eventually(lambda: fetch(link).status == 302)
    first = led_to(fetch, link)
    (other,) = settle(deployment, upload(deployment, "links/moves.jpg", picture(2), "image/jpeg"))
    second = led_to(fetch, link)
    assert first != second
    for manifest, address in ((one, first), (other, second)):
        answer = fetch(address)
        assert answer.status == 200
        assert hashlib.sha256(answer.data).hexdigest() == variant_at(manifest, address).sha256

    s3.delete_object(Bucket=cloud.uploads_bucket, Key="links/moves.jpg")
    eventually(lambda: (found := deployment.manifest("links/moves.jpg")) and found.status is Status.DELETED)
    assert fetch(link).status == 410
    # 404 on AWS, where the CDN may list; the emulator says 403 of what is not there all the same.
    eventually(lambda: {fetch(first).status, fetch(second).status} <= {403, 404})


def test_a_picture_has_a_placeholder_until_it_is_published_and_never_404(deployment: Deployment, fetch: Fetch) -> None:
    begun = upload(deployment, "links/new.jpg", picture(9), "image/jpeg")
    answer = fetch("/links/new.jpg?w=320")
    while answer.status == 200:
        assert (answer.data, answer.headers["Content-Type"]) == (PLACEHOLDER, "image/png")
        assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1"
        answer = fetch("/links/new.jpg?w=320")
    (manifest,) = settle(deployment, begun)
    assert answer.status == 302
    assert variant_at(manifest, answer.headers["Location"]).width == 320


def test_a_picture_that_failed_is_not_found_with_its_reason(deployment: Deployment, fetch: Fetch) -> None:
    settle(deployment, upload(deployment, "links/broken.jpg", b"no picture", "image/jpeg"))
    answer = fetch("/links/broken.jpg")
    assert (answer.status, answer.headers["X-Lightpress-Reason"]) == (404, "not_a_picture")


def test_nobody_asks_the_resolver_but_through_the_edge(fetch: Fetch) -> None:
    assert fetch(resolver_path("links/plain.jpg")).status == 404
