"""What failed is copied as it was, under a name of its own; never another upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from lightpress.aws.originals import S3Originals
from lightpress.aws.quarantine import S3Quarantine
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Original, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SOURCE = Source("uploads", "a b/ü+%.jpg")


@pytest.fixture
def quarantine(s3: S3Client) -> S3Quarantine:
    s3.create_bucket(Bucket="quarantine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return S3Quarantine(s3, "quarantine")


def upload(s3: S3Client, data: bytes, **more: Any) -> Original:  # noqa: ANN401  as boto3 takes it
    s3.put_object(Bucket=SOURCE.bucket, Key=SOURCE.key, Body=data, **more)
    original = S3Originals(s3).head(SOURCE)
    assert original is not None
    return original


def body(s3: S3Client, key: str) -> bytes:
    return s3.get_object(Bucket="quarantine", Key=key)["Body"].read()


def test_the_copy_equals_the_original_and_its_tags_stay_behind(s3: S3Client, quarantine: S3Quarantine) -> None:
    original = upload(s3, b"broken", ContentType="image/jpeg", Metadata={"by": "somebody"}, Tagging="a=b")
    key = quarantine.keep(SOURCE, original, "r-1")
    assert key is not None
    found = s3.get_object(Bucket="quarantine", Key=key)
    assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
        b"broken",
        "image/jpeg",
        {"by": "somebody"},
    )
    assert s3.get_object_tagging(Bucket="quarantine", Key=key)["TagSet"] == []


def test_the_same_original_has_a_copy_for_each_name(s3: S3Client, quarantine: S3Quarantine) -> None:
    first = upload(s3, b"broken")
    assert quarantine.keep(SOURCE, first, "r-1") == quarantine.keep(SOURCE, first, "r-1")
    assert quarantine.keep(SOURCE, first, "r-1") != quarantine.keep(SOURCE, first, "r-2")
    assert quarantine.keep(SOURCE, upload(s3, b"broken"), "r-1") != quarantine.keep(SOURCE, first, "r-1")


def test_a_copy_is_removed_and_no_other(s3: S3Client, quarantine: S3Quarantine) -> None:
    first, other = (quarantine.keep(SOURCE, upload(s3, data), "r-1") for data in (b"broken", b"broken as well"))
    assert first is not None
    quarantine.remove(first)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="quarantine")["Contents"]] == [other]


@pytest.mark.parametrize(("code", "status"), [("PreconditionFailed", 412), ("NoSuchKey", 404)])
def test_a_source_that_holds_something_else_or_nothing_has_changed(s3: S3Client, code: str, status: int) -> None:
    original = Original("v1", '"etag"', 6)
    with Stubber(s3) as answers:  # moto copies whatever the condition says
        answers.add_client_error("copy_object", code, http_status_code=status)
        with pytest.raises(PreconditionFailed):
            S3Quarantine(s3, "quarantine").keep(SOURCE, original, "r-1")


def test_exactly_the_version_of_the_original_is_requested(s3: S3Client) -> None:
    original = Original("v1", '"etag"', 6)
    with Stubber(s3) as answers:
        answers.add_response(
            "copy_object",
            {},
            {
                "Bucket": "quarantine",
                "Key": "pictures/e93cc535f8b8d35df3c20b6a04550dda/68aef44b1aaaffbe7d459f87e6ab3ba3",
                "CopySource": {"Bucket": "uploads", "Key": SOURCE.key},
                "CopySourceIfMatch": '"etag"',
                "TaggingDirective": "REPLACE",
            },
        )
        assert S3Quarantine(s3, "quarantine").keep(SOURCE, original, "r-1")
        answers.assert_no_pending_responses()


def test_what_one_request_cannot_copy_is_left_where_it_is(s3: S3Client) -> None:
    with Stubber(s3):  # nothing is asked
        assert S3Quarantine(s3, "quarantine").keep(SOURCE, Original("v1", '"etag"', (5 << 30) + 1), "r-1") is None


@pytest.mark.parametrize("part", ["hello", "", "ä 😀\n", "half a character: \ud800"])
def test_a_message_is_kept_word_for_word(s3: S3Client, quarantine: S3Quarantine, part: str) -> None:
    key = quarantine.keep_message("id/../x", part, "r-1")
    assert s3.head_object(Bucket="quarantine", Key=key)["ContentType"] == "text/plain; charset=utf-8"
    assert body(s3, key).decode(errors="surrogatepass") == part
    assert key == quarantine.keep_message("id/../x", part, "r-1") != quarantine.keep_message("id-2", part, "r-1")
    assert key != quarantine.keep_message("id/../x", part, "r-2")
