"""Where fetched pictures are stored: an object that cannot be read is told apart from none, and never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lightpress.aws.upload_store import S3UploadStore
from lightpress.ingest.download import NO_VALIDATORS, Downloaded, Validators
from lightpress.ingest.ports import StoredUpload
from lightpress.ingest.urls import parse_url
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY = "trips/cat.jpg"
LINK = parse_url("https://example.com/cat.jpg?token=secret")


def picture(data: bytes, validators: Validators = NO_VALIDATORS) -> Downloaded:
    return Downloaded(bytearray(data), "image/jpeg", validators)


def test_what_has_landed_is_known_by_what_was_written_beside_it(s3: S3Client) -> None:
    landing = S3UploadStore(s3, "uploads")
    assert landing.head(KEY) is None
    landing.put(KEY, picture(b"cat", Validators('"v1"', "today", "elsewhere")), "hash", LINK, None)
    etag = s3.head_object(Bucket="uploads", Key=KEY)["ETag"]
    assert landing.head(KEY) == StoredUpload(etag, "hash", Validators('"v1"', "today", "elsewhere"))
    s3.put_object(Bucket="uploads", Key=KEY, Body=b"somebody else's")
    found = landing.head(KEY)
    assert found is not None
    assert (found.sha256, found.validators) == (None, NO_VALIDATORS)


def test_of_a_url_that_is_longer_than_s3_keeps_beside_an_object_the_beginning_is_kept(s3: S3Client) -> None:
    link = parse_url(f"https://example.com/{'a' * 1_500}.jpg")
    S3UploadStore(s3, "uploads").put(KEY, picture(b"cat"), "hash", link, None)
    assert s3.head_object(Bucket="uploads", Key=KEY)["Metadata"]["source-url"] == link.shown[:1_024]


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_what_cannot_be_seen_is_not_absent(s3_client: S3Client, status: int) -> None:
    with Stubber(s3_client) as answers:
        answers.add_client_error("head_object", str(status), "", status)
        answers.add_client_error("get_object", "Refused", "", status)
        with pytest.raises(ClientError):
            S3UploadStore(s3_client, "uploads").head(KEY)


def test_what_came_meanwhile_is_not_overwritten(s3: S3Client) -> None:
    landing = S3UploadStore(s3, "uploads")
    landing.put(KEY, picture(b"first"), "1", LINK, None)
    seen = landing.head(KEY)
    with pytest.raises(PreconditionFailed):
        landing.put(KEY, picture(b"second"), "2", LINK, None)
    landing.put(KEY, picture(b"second"), "2", LINK, seen)
    with pytest.raises(PreconditionFailed):
        landing.put(KEY, picture(b"third"), "3", LINK, seen)
    assert s3.get_object(Bucket="uploads", Key=KEY)["Body"].read() == b"second"


def test_a_missing_bucket_is_a_fault_once_something_is_to_land_there(s3_client: S3Client) -> None:
    with Stubber(s3_client) as answers:
        landing = S3UploadStore(s3_client, "nobodys")
        answers.add_client_error("head_object", "404", "Not Found", 404)
        answers.add_client_error("put_object", "NoSuchBucket", "", 404)
        held = landing.head(KEY)
        with pytest.raises(ClientError, match="NoSuchBucket"):
            landing.put(KEY, picture(b"cat"), "1", LINK, held)
