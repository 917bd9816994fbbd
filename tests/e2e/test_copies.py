"""Copies of variants on the strict local cloud, by the recipe that docs/how-to/copies.md shows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import urllib3

from lightpress.cli.status import look
from lightpress.client.uploading import upload
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.copy_pattern import ANOTHERS
from lightpress.pipeline.manifest import Status
from tests.e2e.test_delivery import PURGED_WITHIN
from tests.e2e.test_pipeline import eventually, settle
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs

pytestmark = pytest.mark.emulator("its recipes are others")

PHOTO = file_of(ramp((1200, 800)), "JPEG")
OTHER = file_of(ramp((800, 1200)), "PNG")
ADDRESSES = {f"{size}.{ending}" for size in ("150", "640", "1024") for ending in ("webp", "jpg")}


@pytest.fixture(scope="module")
def cloud(cloud_by_folder: Outputs) -> Outputs:
    return cloud_by_folder


def fetched(cloud: Outputs, path: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", f"{cloud.cdn_base_url}/{path}", redirect=False, retries=False)


def stored(deployment: Deployment, path: str) -> bytes:
    return deployment.s3.get_object(Bucket=deployment.images_bucket, Key=path)["Body"].read()


def copies_of(deployment: Deployment, stem: str) -> set[str]:
    listed = deployment.s3.list_objects_v2(Bucket=deployment.images_bucket, Prefix=f"thumbs/{stem}-")
    return {item["Key"].removeprefix(f"thumbs/{stem}-") for item in listed.get("Contents", [])}


def test_each_variant_is_served_from_its_address_until_the_original_is_overwritten_or_deleted(cloud: Outputs) -> None:
    deployment, key = of_local_cloud(cloud), "2026/11/cat.jpg"
    (manifest,) = settle(deployment, upload(deployment, key, PHOTO, "image/jpeg"))
    eventually(lambda: copies_of(deployment, "cat") == ADDRESSES)
    for variant in manifest.variants:
        ending = variant.path.rpartition(".")[2]
        answer = fetched(cloud, f"thumbs/cat-{variant.name}.{ending}")
        assert (answer.status, hashlib.sha256(answer.data).hexdigest()) == (200, variant.sha256)
        assert answer.headers["content-type"] == variant.media_type
        assert answer.headers["cache-control"] == "public, max-age=300"
    before = stored(deployment, "thumbs/cat-640.webp")
    settle(deployment, upload(deployment, key, OTHER, "image/png"))
    eventually(lambda: stored(deployment, "thumbs/cat-640.webp") != before)
    deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key=key)
    eventually(lambda: not copies_of(deployment, "cat"))
    eventually(lambda: fetched(cloud, "thumbs/cat-640.webp").status == 404, PURGED_WITHIN)


def test_a_deletion_purges_both_spellings_of_an_address_that_pages_may_use(cloud: Outputs) -> None:
    deployment, keys = of_local_cloud(cloud), ("spelled/@hen.jpg", "spelled/ox~1@2x.jpg")
    for key in keys:
        settle(deployment, upload(deployment, key, PHOTO, "image/jpeg"))
    eventually(lambda: copies_of(deployment, "@hen") == copies_of(deployment, "ox~1@2x") == ADDRESSES)
    spelled = [f"thumbs/{stem}-640.webp" for stem in ("@hen", "%40hen", "ox~1@2x", "ox%7E1%402x")]
    assert {fetched(cloud, path).status for path in spelled} == {200}
    for key in keys:
        deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key=key)
    for path in spelled:
        eventually(lambda path=path: fetched(cloud, path).status == 404, PURGED_WITHIN)  # type: ignore[misc]


def test_of_two_originals_with_one_address_the_first_keeps_it_and_the_second_gets_it_next(cloud: Outputs) -> None:
    deployment = of_local_cloud(cloud)
    settle(deployment, upload(deployment, "twins/dog.jpg", PHOTO, "image/jpeg"))
    eventually(lambda: copies_of(deployment, "dog") == ADDRESSES)
    owner = fetched(cloud, "thumbs/dog-640.jpg").data
    settle(deployment, upload(deployment, "twins/dog.png", OTHER, "image/png"))
    eventually(lambda: refusals(deployment, "twins/dog.png") == {ANOTHERS})
    assert refusals(deployment, "twins/dog.jpg") == {None}
    assert fetched(cloud, "thumbs/dog-640.jpg").data == owner
    deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key="twins/dog.jpg")
    eventually(lambda: refusals(deployment, "twins/dog.png") == {None})
    eventually(lambda: fetched(cloud, "thumbs/dog-640.jpg").data not in {owner, b""}, PURGED_WITHIN)


def refusals(deployment: Deployment, key: str) -> set[str | None]:
    manifest = look(deployment, key).manifest
    return {copy.refused for copy in manifest.copies} if manifest and manifest.status is Status.READY else set()


def test_what_somebody_else_has_put_there_is_never_touched(cloud: Outputs) -> None:
    deployment, path = of_local_cloud(cloud), "thumbs/cow-640.webp"
    deployment.s3.put_object(Bucket=deployment.images_bucket, Key=path, Body=b"by hand")
    settle(deployment, upload(deployment, "cow.jpg", PHOTO, "image/jpeg"))
    eventually(lambda: refusals(deployment, "cow.jpg") == {None, "foreign_object"})
    deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key="cow.jpg")
    eventually(lambda: copies_of(deployment, "cow") == {"640.webp"})
    assert stored(deployment, path) == b"by hand"
