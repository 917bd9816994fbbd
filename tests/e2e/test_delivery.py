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
from lightpress.image.outputs import FALLBACKS, OUTPUTS
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


# A purge waits for 40 seconds (an overwrite) or 70 (a deletion), and up to 20 more for others.
PURGED_WITHIN = 180


def shown(fetch: Fetch, path: str, manifest: Manifest, accept: str = "*/*") -> Variant:
    """The variant that is sent at a permalink."""
    answer = fetch(path, headers={"Accept": accept, "Origin": "https://www.example.com"})
    assert answer.status == 200, (path, answer.status, answer.data[:200])
    assert answer.headers["Vary"].startswith("Accept")
    assert answer.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=600, s-maxage=604800"
    sha256 = hashlib.sha256(answer.data).hexdigest()
    variant = next(one for one in manifest.variants if one.sha256 == sha256)
    assert answer.headers["Content-Type"] == variant.media_type
    name = saved_as(manifest.key, OUTPUTS[variant.format].extension)
    assert answer.headers["Content-Disposition"] == content_disposition(name)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return variant


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
        variant = shown(fetch, f"{permalink(key)}?w=300&dpr=2", manifest, ACCEPT[viewer])
        assert variant.width == 640
        able = set(OUTPUTS) if viewer in CAN_SHOW_ALL else set(FALLBACKS)
        seen.add(variant.format)
        offered = [one for one in manifest.variants if one.width == 640 and one.format in able]
        assert variant.bytes == min(one.bytes for one in offered), "the smallest that the viewer can show"
        answer = fetch(f"/{variant.path}", headers={"Accept": ACCEPT[viewer]})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(answer.data).hexdigest() == variant.sha256
        with Image.open(io.BytesIO(answer.data)) as image:
            assert (image.size, image.format.lower() if image.format else "") == ((640, 448), variant.format)
    assert seen == formats, "each of the two formats is for some viewer"


def test_a_permalink_knows_what_a_browser_has_and_answers_head_and_ranges(deployment: Deployment, fetch: Fetch) -> None:
    (manifest,) = settle(deployment, upload(deployment, "links/known.jpg", picture(3), "image/jpeg"))
    link = "/links/known.jpg?w=320"
    first = fetch(link, method="HEAD")
    assert (first.status, first.data) == (200, b"")
    whole = fetch(link)
    assert whole.headers["ETag"] == first.headers["ETag"]
    variant = next(one for one in manifest.variants if one.sha256 == hashlib.sha256(whole.data).hexdigest())
    assert whole.headers["ETag"] == f'"{variant.path.split("/", 2)[2]}"'
    same = fetch(link, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status, same.data, same.headers["ETag"]) == (304, b"", whole.headers["ETag"])
    assert fetch(link, headers={"If-None-Match": '"1-old/w320.jpg"'}).status == 200
    part = fetch(link, headers={"Range": "bytes=10-29"})
    assert (part.status, part.data) == (206, whole.data[10:30])
    assert part.headers["Content-Range"] == f"bytes 10-29/{variant.bytes}"
    head = fetch(link, method="HEAD")
    assert (head.status, head.data, head.headers["X-Cache"]) == (200, b"", "Hit from cloudfront")


def test_a_size_and_a_format_can_be_asked_for_by_name(deployment: Deployment, fetch: Fetch) -> None:
    (manifest,) = settle(deployment, upload(deployment, "avatars/me.jpg", picture(8, (500, 400)), "image/jpeg"))
    found = shown(fetch, "/avatars/me.jpg?size=small&fm=webp", manifest)
    assert (found.name, found.format, found.width, found.height) == ("small", "webp", 96, 96)


def test_what_the_cdn_keeps_at_a_permalink_ends_with_an_overwrite_and_a_deletion_and_an_immutable_address_stays(
    deployment: Deployment, cloud: Outputs, s3: S3Client, fetch: Fetch
) -> None:
    link = "/links/moves.jpg?w=320"
    assert fetch(link).status == 404
    assert fetch(link).headers["Cache-Control"] == "public, max-age=0, s-maxage=5"
    (one,) = settle(deployment, upload(deployment, "links/moves.jpg", picture(1), "image/jpeg"))
    eventually(lambda: fetch(link).status == 200)
    first = shown(fetch, link, one)
    assert fetch(link).headers["X-Cache"] == "Hit from cloudfront"

    (other,) = settle(deployment, upload(deployment, "links/moves.jpg", picture(2), "image/jpeg"))
    assert hashlib.sha256(fetch(link).data).hexdigest() == first.sha256, "kept until it is invalidated"
    eventually(lambda: hashlib.sha256(fetch(link).data).hexdigest() != first.sha256, PURGED_WITHIN)
    second = shown(fetch, link, other)
    for variant in (first, second):
        answer = fetch(f"/{variant.path}")
        assert (answer.status, hashlib.sha256(answer.data).hexdigest()) == (200, variant.sha256)

    s3.delete_object(Bucket=cloud.uploads_bucket, Key="links/moves.jpg")
    eventually(lambda: (found := deployment.manifest("links/moves.jpg")) and found.status is Status.DELETED)
    eventually(lambda: fetch(link).status == 410, PURGED_WITHIN)
    # 404 on AWS, where the CDN may list; the emulator says 403 of what is not there all the same.
    gone = (f"/{first.path}", f"/{second.path}")
    eventually(lambda: {fetch(path).status for path in gone} <= {403, 404}, PURGED_WITHIN)


def test_a_picture_has_a_placeholder_until_it_is_published_and_never_404(deployment: Deployment, fetch: Fetch) -> None:
    begun = upload(deployment, "links/new.jpg", picture(9), "image/jpeg")
    answer = fetch("/links/new.jpg?w=320")
    while answer.headers.get("X-Lightpress-Status") == "processing":
        assert (answer.status, answer.data, answer.headers["Content-Type"]) == (200, PLACEHOLDER, "image/png")
        assert answer.headers["Cache-Control"] == "public, max-age=0, s-maxage=1"
        answer = fetch("/links/new.jpg?w=320")
    (manifest,) = settle(deployment, begun)
    assert shown(fetch, "/links/new.jpg?w=320", manifest).width == 320


def test_a_picture_that_failed_is_not_found_with_its_reason(deployment: Deployment, fetch: Fetch) -> None:
    settle(deployment, upload(deployment, "links/broken.jpg", b"no picture", "image/jpeg"))
    answer = fetch("/links/broken.jpg")
    assert (answer.status, answer.headers["X-Lightpress-Reason"]) == (404, "not_a_picture")


def test_nobody_asks_the_resolver_but_through_the_edge(fetch: Fetch) -> None:
    assert fetch(resolver_path("links/plain.jpg")).status == 404
