"""A 403 of S3 is investigated until its cause is known, and is never taken for a fact about the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lightpress.aws.errors import find_object, on_condition
from lightpress.aws.objects import S3Objects
from lightpress.aws.upload_store import S3UploadStore
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Source
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    Look = Callable[[S3Client], object]

HERE = Source("plain", "a.jpg")
LOOKS: dict[str, Look] = {
    "existing": lambda s3: S3Objects(s3).head(HERE),
    "landing": lambda s3: S3UploadStore(s3, HERE.bucket).head(HERE.key),
    "failures": lambda s3: find_object(s3, HERE.bucket, HERE.key),
}
# What S3 answers to a HEAD, and to a GET: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
REFUSALS = [
    (400, 400, "ExpiredToken", "The provided token has expired."),
    (400, 400, "InvalidToken", "The provided token is malformed or otherwise not valid."),
    (400, 400, "AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
    (400, 400, "InvalidRequest", "Please use AWS4-HMAC-SHA256."),
    (400, 400, "KMS.DisabledException", "arn:aws:kms:eu-west-1:1:key/k is disabled."),
    (403, 403, "AccessDenied", "User is not authorized to perform: kms:Decrypt"),
    (403, 403, "InvalidAccessKeyId", "The AWS access key ID you provided does not exist in our records."),
    (403, 403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large."),
    (403, 403, "SignatureDoesNotMatch", "The request signature that we calculated does not match."),
    (301, 301, "PermanentRedirect", "The bucket you are attempting to access must be addressed otherwise."),
    (400, 503, "SlowDown", "Please reduce your request rate."),
]


def refuse(answers: Stubber, operation: str, status: int, code: str = "", message: str = "") -> None:
    answers.add_client_error(operation, code or str(status), message, status)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]} {refusal[2]}")
def test_a_refusal_without_words_is_raised_with_those_of_a_get(
    s3_client: S3Client, look: Look, refusal: tuple[int, int, str, str]
) -> None:
    bare, status, code, words = refusal
    with Stubber(s3_client) as answers:
        refuse(answers, "head_object", bare)
        refuse(answers, "get_object", status, code, words)
        with pytest.raises(ClientError, match=code) as caught:
            look(s3_client)
        answers.assert_no_pending_responses()
    assert caught.value.__notes__ == ["It was asked about plain/a.jpg."]


def test_one_byte_is_asked_for_and_no_more(s3_client: S3Client) -> None:
    with Stubber(s3_client) as answers:
        refuse(answers, "head_object", 400)
        expected: Any = {"Bucket": "plain", "Key": "a.jpg", "Range": "bytes=0-0"}
        answers.add_client_error("get_object", "ExpiredToken", "", 400, expected_params=expected)
        with pytest.raises(ClientError, match="ExpiredToken"):
            find_object(s3_client, "plain", "a.jpg")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("status", [500, 503])
def test_who_is_busy_is_not_asked_once_more(s3_client: S3Client, look: Look, status: int) -> None:
    with Stubber(s3_client) as answers:
        refuse(answers, "head_object", status)
        with pytest.raises(ClientError, match=str(status)):
            look(s3_client)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_refusal_that_a_get_does_not_repeat_is_still_none_about_the_object(
    s3: S3Client, s3_client: S3Client, look: Look
) -> None:
    for body in (b"data", b""):  # which has no first byte
        s3.put_object(Bucket=HERE.bucket, Key=HERE.key, Body=body)
        found = s3.get_object(Bucket=HERE.bucket, Key=HERE.key)
        with Stubber(s3_client) as answers:
            refuse(answers, "head_object", 400)
            if body:
                answers.add_response("get_object", {"Body": found["Body"]})
            else:
                refuse(answers, "get_object", 416, "InvalidRange")
            with pytest.raises(ClientError, match="400"):
                look(s3_client)


@pytest.mark.parametrize("look", [LOOKS["existing"], LOOKS["failures"]])
def test_a_404_is_a_missing_object_only_where_the_bucket_is_there(s3_client: S3Client, look: Look) -> None:
    with Stubber(s3_client) as answers:
        refuse(answers, "head_object", 404)
        refuse(answers, "head_bucket", 404)
        with pytest.raises(ClientError, match="HeadBucket"):
            look(s3_client)
        refuse(answers, "head_object", 404)
        answers.add_response("head_bucket", {})
        assert look(s3_client) is None


@pytest.mark.parametrize("data", [b"data", b""])
def test_an_object_with_a_customer_key_is_distinguished_from_every_other_bad_request(data: bytes) -> None:
    bucket = Bucket()
    s3: Any = SimulatedS3({HERE.bucket: bucket})
    bucket.put(HERE.key, data, customer_key=True)
    held = S3Objects(s3).head(HERE)
    assert held is not None
    assert held.obstacle == "customer_key"


@pytest.mark.parametrize(
    ("status", "code"), [(409, "ConditionalRequestConflict"), (412, "PreconditionFailed"), (404, "NoSuchKey")]
)
def test_a_condition_fails_where_something_else_is_there_or_nothing(status: int, code: str) -> None:
    with pytest.raises(PreconditionFailed), on_condition():
        raise refused(status, code)


@pytest.mark.parametrize(("status", "code"), [(404, "NoSuchBucket"), (403, "AccessDenied"), (500, "InternalError")])
def test_any_other_refusal_of_a_condition_is_raised_as_it_is(status: int, code: str) -> None:
    with pytest.raises(ClientError, match=code), on_condition():
        raise refused(status, code)


def refused(status: int, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject")  # type: ignore[typeddict-item]
