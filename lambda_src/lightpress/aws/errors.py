"""What the answers of S3 mean to a workflow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import DeleteObjectsOutputTypeDef, HeadObjectOutputTypeDef

_GONE = 404
_LOST_RACE = {409, 412}
_EMPTY = 416  # there is an object, and it has no first byte
_BUSY = 500  # and above: to ask again would only be more of what is too much
_FIRST_BYTE = "bytes=0-0"
_STORED_WITH_A_KEY = "stored using a form of Server Side Encryption"


def find_object(s3: S3Client, bucket: str, key: str, **how: Any) -> HeadObjectOutputTypeDef | None:  # noqa: ANN401  as boto3 takes it
    """HEAD; None where nothing is there. A missing bucket is a fault, which a HEAD of an object does not tell apart.

    Raises as `head_object`. Without s3:ListBucket, S3 answers 403 and not 404 to a missing key: a fault, too.
    """
    try:
        return head_object(s3, bucket, key, **how)
    except ClientError as error:
        if not is_gone(error):
            raise
    s3.head_bucket(Bucket=bucket)
    return None


def head_object(s3: S3Client, bucket: str, key: str, **how: Any) -> HeadObjectOutputTypeDef:  # noqa: ANN401  as boto3 takes it
    """HEAD; raises ClientError with the code that S3 gives to a GET, and 404 as it is.

    The answer to a HEAD has no body, so an expired token, a wrong region, a key of KMS that is disabled and one that
    only the object's owner has are all a 400 without words, and everything that is not allowed is a 403:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html. None of that says anything about the object.
    So what it means is asked again, by a GET of the first byte. Where that finds nothing amiss, the first answer is
    raised as it was.
    """
    try:
        return s3.head_object(Bucket=bucket, Key=key, **how)
    except ClientError as error:
        told = _told_by_get(s3, bucket, key) if _is_without_words(error) else None
        if told is None:
            raise
        told.add_note(f"It was asked about {bucket}/{key}.")
        raise told from error


def _is_without_words(error: ClientError) -> bool:
    """Whether there was no body with a code: botocore puts the status there."""
    code = status(error)
    return error.response["Error"]["Code"] == str(code) and code != _GONE and code < _BUSY


def _told_by_get(s3: S3Client, bucket: str, key: str) -> ClientError | None:
    try:
        s3.get_object(Bucket=bucket, Key=key, Range=_FIRST_BYTE)["Body"].close()
    except ClientError as error:
        return None if status(error) == _EMPTY else error
    return None


def wants_customer_key(error: ClientError) -> bool:
    """The object is encrypted with a key that its owner sends along (SSE-C), which was not sent.

    The code alone is that of many a bad request; only the words say it.
    """
    said = error.response["Error"]
    return said["Code"] == "InvalidRequest" and _STORED_WITH_A_KEY in said.get("Message", "")


def is_gone(error: ClientError) -> bool:
    """The object is not there: no key, a delete marker, or If-Match on nothing. A missing bucket is a fault."""
    return status(error) == _GONE and error.response["Error"]["Code"] != "NoSuchBucket"


@contextmanager
def on_condition() -> Iterator[None]:
    """Around a conditional request: raises PreconditionFailed where it is refused for what is there now.

    The condition failed (412), another conditional write was under way (409), or nothing is there any more.
    """
    try:
        yield
    except ClientError as error:
        if status(error) in _LOST_RACE or is_gone(error):
            raise PreconditionFailed from error
        raise


def check_all_deleted(answer: DeleteObjectsOutputTypeDef) -> None:
    """Raise ClientError for the first object that was not deleted: S3 answers 200 to whoever asks for many."""
    errors = answer.get("Errors", [])
    if errors:
        first = errors[0]
        said = f"{len(errors)} objects are not deleted, such as {first.get('Key')}: {first.get('Message')}"
        told: Any = {
            "Error": {"Code": first.get("Code", ""), "Message": said},
            "ResponseMetadata": {"HTTPStatusCode": 200},
        }
        raise ClientError(told, "DeleteObjects")


def status(error: ClientError) -> int:
    """The status of the answer."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
