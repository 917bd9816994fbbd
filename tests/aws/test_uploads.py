"""Multipart uploads on moto: what is joined is what was measured."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from lightpress.aws.uploads import VALID_SECONDS, S3Uploads
from lightpress.uploads.requests import Part, Refused, UploadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SMALL, LARGE = "web/ann/cat.jpg", b"small", b"larger than it was said to be"
MOST = 10


class Upload:
    """A multipart upload of the key that was said to have no more than `MOST` bytes."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket="uploads", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.id = self.s3.create_multipart_upload(Bucket="uploads", Key=KEY)["UploadId"]

    def send(self, data: bytes, number: int = 1) -> str:
        """Upload a part; returns its ETag."""
        part = self.s3.upload_part(Bucket="uploads", Key=KEY, UploadId=self.id, PartNumber=number, Body=data)
        return part["ETag"]

    def before_it_is_completed(self, data: bytes) -> None:
        """Have the first part replaced by other bytes at the last moment: after all looks, before S3 joins them."""

        def replace(**_event: object) -> None:
            self.send(data)

        self.s3.meta.events.register("before-call.s3.CompleteMultipartUpload", replace)

    def complete(self, *etags: str) -> None:
        parts = tuple(Part(number, etag) for number, etag in enumerate(etags, 1))
        S3Uploads(self.s3, "uploads").complete(KEY, self.id, parts, MOST)

    def stored(self) -> bytes | None:
        if "Contents" not in self.s3.list_objects_v2(Bucket="uploads"):
            return None
        return self.s3.get_object(Bucket="uploads", Key=KEY)["Body"].read()


@pytest.fixture
def upload() -> Iterator[Upload]:
    with mock_aws():
        yield Upload()


def test_parts_within_the_size_that_was_said_are_joined(upload: Upload) -> None:
    upload.complete(upload.send(SMALL))
    assert upload.stored() == SMALL


def test_parts_with_more_bytes_than_were_said_are_discarded(upload: Upload) -> None:
    with pytest.raises(Refused, match="at most 10 are accepted") as refused:
        upload.complete(upload.send(LARGE))
    assert (refused.value.status, refused.value.code) == (413, "too_large")
    assert upload.stored() is None
    assert "Uploads" not in upload.s3.list_multipart_uploads(Bucket="uploads")


@pytest.mark.parametrize("named", [SMALL, LARGE], ids=["what was measured", "what comes later"])
def test_a_part_that_is_replaced_after_it_was_measured_makes_no_file(upload: Upload, named: bytes) -> None:
    etag = upload.send(named)
    upload.send(SMALL)
    upload.before_it_is_completed(LARGE)
    with pytest.raises(Refused, match="not those that have arrived"):
        upload.complete(etag)
    assert upload.stored() is None


def test_an_upload_of_which_nothing_has_arrived_has_no_parts(upload: Upload) -> None:
    assert S3Uploads(upload.s3, "uploads").parts(KEY, upload.id) == []


@pytest.mark.parametrize("code", ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"])
def test_parts_that_s3_does_not_join_are_refused_in_our_words_and_stay(upload: Upload, code: str) -> None:
    def refuse(**_event: object) -> tuple[AWSResponse, dict[str, Any]]:
        said = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        return AWSResponse("https://s3", 400, HTTPHeaders(), None), said

    etag, s3 = upload.send(SMALL), cast("Any", upload.s3)
    s3.meta.events.register("before-call.s3.CompleteMultipartUpload", refuse)
    with pytest.raises(Refused, match="not those that have arrived") as refused:
        upload.complete(etag)
    assert (refused.value.status, refused.value.code) == (409, "parts_do_not_match")
    assert len(S3Uploads(upload.s3, "uploads").parts(KEY, upload.id) or ()) == 1


def test_an_upload_that_is_gone_is_given_up_and_any_other_refusal_is_raised(upload: Upload) -> None:
    uploads = S3Uploads(upload.s3, "uploads")
    uploads.abort(KEY, "none")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Uploads(upload.s3, "nowhere").abort(KEY, upload.id)
    with pytest.raises(Refused, match="no such upload"):
        uploads.parts(KEY, "none")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Uploads(upload.s3, "nowhere").parts(KEY, upload.id)


def test_a_completed_upload_is_completed_however_often_it_is_asked_for_and_no_other(upload: Upload) -> None:
    uploads = S3Uploads(upload.s3, "uploads")
    upload.s3.put_object(Bucket="uploads", Key=f"{KEY}.more", Body=b"x")
    with pytest.raises(Refused, match="no such upload"):
        uploads.parts(KEY, "none")
    etag = upload.send(SMALL)
    upload.complete(etag)
    upload.complete(etag)
    assert upload.stored() == SMALL
    assert len(upload.s3.list_object_versions(Bucket="uploads", Prefix=KEY)["Versions"]) == 2, "its own, and the other"
    assert uploads.parts(KEY, upload.id) is None
    upload.s3.delete_object(Bucket="uploads", Key=KEY)
    with pytest.raises(Refused, match="no such upload"):
        upload.complete(etag)


def test_an_answer_of_s3_that_botocore_has_lost_is_no_lost_upload(upload: Upload) -> None:
    parts = (Part(1, upload.send(SMALL)),)
    s3: Any = upload.s3
    events = s3.meta.events

    def complete(**_event: object) -> tuple[AWSResponse, dict[str, Any]]:
        """The first attempt, of which no answer came, and the answer to the second one."""
        events.unregister("before-call.s3.CompleteMultipartUpload", complete)
        named = {"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]}
        s3.complete_multipart_upload(Bucket="uploads", Key=KEY, UploadId=upload.id, MultipartUpload=named)
        said = {"Error": {"Code": "NoSuchUpload", "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 404}}
        # As botocore has parsed it. The S3 of moto would remember the upload.
        return AWSResponse("https://s3", 404, HTTPHeaders(), None), said

    events.register("before-call.s3.CompleteMultipartUpload", complete)
    S3Uploads(upload.s3, "uploads").complete(KEY, upload.id, parts, MOST)
    assert upload.stored() == SMALL


def test_of_parts_that_are_not_named_no_byte_counts(upload: Upload) -> None:
    etag = upload.send(SMALL)
    upload.send(LARGE, number=2)
    upload.complete(etag)
    assert upload.stored() == SMALL


def test_a_form_is_for_one_file_with_everything_that_was_said_of_it_and_for_a_quarter_of_an_hour(
    upload: Upload,
) -> None:
    file = UploadRequest("cat.jpg", 5, "image/jpeg", checksum="c" * 43 + "=", focus="0.4,0.2")
    fields = S3Uploads(upload.s3, "uploads").form(KEY, file)["fields"]
    said = {
        "key": KEY,
        "Content-Type": "image/jpeg",
        "x-amz-meta-focus": "0.4,0.2",
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": file.checksum,
    }
    assert {name: fields.get(name) for name in said} == said
    policy = json.loads(base64.b64decode(fields["policy"]))
    for name, value in said.items():
        assert {name: value} in policy["conditions"]
    assert ["content-length-range", 5, 5] in policy["conditions"]
    valid = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert valid.total_seconds() == pytest.approx(VALID_SECONDS, abs=60)
