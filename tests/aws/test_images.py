"""Manifests replace exactly what was read; variants are served for a year."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lightpress.aws.images import S3Images
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.pipeline.ports import PreconditionFailed, Published

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY = "a.jpg"
FIRST = Manifest(KEY, Status.DELETED, 1)
SECOND = replace(FIRST, revision=2)
THIRD = replace(FIRST, revision=3)


@pytest.fixture
def images(s3: S3Client) -> S3Images:
    return S3Images(s3, "images")


def standing(images: S3Images) -> Published:
    published = images.published(KEY)
    assert published is not None
    return published


def test_nothing_is_published_of_an_unknown_key(images: S3Images) -> None:
    assert images.published(KEY) is None


def test_what_is_published_can_be_read_with_its_etag(images: S3Images, s3: S3Client) -> None:
    images.publish(FIRST, None)
    assert standing(images).manifest == FIRST
    assert standing(images).etag == s3.head_object(Bucket="images", Key=manifest_path(KEY))["ETag"]


def test_a_manifest_replaces_the_one_that_was_read(images: S3Images) -> None:
    images.publish(FIRST, None)
    images.publish(SECOND, standing(images))
    assert standing(images).manifest == SECOND


def test_where_one_stands_none_is_put_as_the_first(images: S3Images) -> None:
    images.publish(FIRST, None)
    with pytest.raises(PreconditionFailed):
        images.publish(SECOND, None)
    assert standing(images).manifest == FIRST


def test_where_a_newer_one_stands_none_replaces_the_one_that_was_read(images: S3Images) -> None:
    images.publish(FIRST, None)
    read = standing(images)
    images.publish(SECOND, read)
    with pytest.raises(PreconditionFailed):
        images.publish(THIRD, read)
    assert standing(images).manifest == SECOND


def test_where_none_stands_any_more_none_is_replaced(images: S3Images, s3: S3Client) -> None:
    images.publish(FIRST, None)
    read = standing(images)
    s3.delete_object(Bucket="images", Key=manifest_path(KEY))
    with pytest.raises(PreconditionFailed):
        images.publish(SECOND, read)


@pytest.mark.parametrize(("code", "status"), [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409)])
def test_a_lost_race_is_distinguished_from_a_fault(s3_client: S3Client, code: str, status: int) -> None:
    with Stubber(s3_client) as stub:
        stub.add_client_error("put_object", code, "", status)
        with pytest.raises(PreconditionFailed):
            S3Images(s3_client, "images").publish(FIRST, None)


@pytest.mark.parametrize(
    ("code", "status"), [("NoSuchBucket", 404), ("AccessDenied", 403), ("SlowDown", 503), ("InternalError", 500)]
)
def test_a_fault_is_distinguished_from_a_lost_race(s3_client: S3Client, code: str, status: int) -> None:
    with Stubber(s3_client) as stub:
        for operation in ("put_object", "get_object"):
            stub.add_client_error(operation, code, "", status)
        with pytest.raises(ClientError, match=code):
            S3Images(s3_client, "images").publish(FIRST, None)
        with pytest.raises(ClientError, match=code):
            S3Images(s3_client, "images").published(KEY)


def test_a_manifest_is_never_cached(images: S3Images, s3: S3Client) -> None:
    images.publish(FIRST, None)
    head = s3.head_object(Bucket="images", Key=manifest_path(KEY))
    assert (head["CacheControl"], head["ContentType"]) == ("no-store", "application/json")


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_variant_is_cached_for_a_year_under_its_own_type(images: S3Images, s3: S3Client, name: str) -> None:
    path = f"i/k/1-g/w320.{OUTPUTS[name].extension}"
    images.write(path, b"pixels", OUTPUTS[name].media_type, "Katze für Ömer.x")
    answer = s3.get_object(Bucket="images", Key=path)
    assert answer["Body"].read() == b"pixels"
    assert answer["ContentType"] == OUTPUTS[name].media_type
    assert answer["CacheControl"] == "public, max-age=31536000, immutable"
    assert answer["ContentDisposition"] == "inline; filename*=UTF-8''Katze%20f%C3%BCr%20%C3%96mer.x"
    assert answer["Metadata"] == {}


def test_the_paths_of_one_key_are_listed_and_of_no_other(images: S3Images) -> None:
    mine, others = variants_folder(KEY), variants_folder("b.jpg")
    for folder in (mine, others):
        for number in range(3):
            images.write(f"{folder}{number}-g/w320.webp", b"", "image/webp", "a.webp")
    images.publish(FIRST, None)
    assert sorted(images.paths(mine)) == [f"{mine}{number}-g/w320.webp" for number in range(3)]
    assert list(images.paths(variants_folder("c.jpg"))) == []


@pytest.mark.nightly
def test_more_than_a_thousand_paths_are_listed_and_removed(images: S3Images, s3: S3Client) -> None:
    folder = variants_folder(KEY)
    wanted = {f"{folder}{number}-g/w320.webp" for number in range(1_005)}
    for path in wanted:
        s3.put_object(Bucket="images", Key=path)
    images.write("i/other/1-g/w320.webp", b"", "image/webp", "a.webp")
    assert set(images.paths(folder)) == wanted
    images.remove(images.paths(folder))
    assert list(images.paths(folder)) == []
    assert list(images.paths("i/")) == ["i/other/1-g/w320.webp"]


def test_removing_nothing_asks_for_nothing(s3_client: S3Client) -> None:
    with Stubber(s3_client):
        S3Images(s3_client, "images").remove([])


def test_removing_what_is_gone_is_fine(images: S3Images) -> None:
    images.remove(["i/never/1-g/w320.webp"])


def test_a_removal_that_s3_refuses_is_a_fault(s3_client: S3Client) -> None:
    with Stubber(s3_client) as stub:
        refused = {"Key": "i/a/1-g/w320.webp", "Code": "AccessDenied", "Message": "no"}
        stub.add_response("delete_objects", {"Errors": [refused]})
        with pytest.raises(
            ClientError, match=r"AccessDenied.*1 objects are not deleted, such as i/a/1-g/w320.webp: no"
        ):
            S3Images(s3_client, "images").remove(["i/a/1-g/w320.webp"])


def test_a_tombstone_that_names_no_key_is_that_of_the_key_that_it_is_read_by(images: S3Images) -> None:
    images.publish_at(manifest_path(KEY), Manifest("", Status.DELETED, 7), None)
    assert standing(images).manifest == Manifest(KEY, Status.DELETED, 7)
