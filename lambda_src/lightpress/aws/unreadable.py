"""An object that is there and cannot be read: what S3 answers then, and what that means.

A HEAD tells of archives (StorageClass, ArchiveStatus, Restore). Its refusals have no body, and 400 may be an expired
token as well as a missing key of SSE-C. So whoever gets one asks again for the first byte: the error of a GET says it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (InvalidObjectState)
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.aws.errors import on_condition, status, wants_customer_key
from lightpress.image.errors import Reason
from lightpress.pipeline.source import Closed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Source

_ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}  # GLACIER_IR is read as any other
_REFUSED = {400, 403}
_EMPTY = 416  # there is no first byte

# Of a key of KMS: that it throttles, or is out of order, passes by itself and is none of these.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
_DENIED = {
    "AccessDenied",
    "AllAccessDisabled",
    "KMS.AccessDeniedException",
    "KMS.DisabledException",
    "KMS.InvalidKeyUsageException",
    "KMS.KMSInvalidStateException",
    "KMS.NotFoundException",
}


def is_refusal(error: ClientError) -> bool:
    """Whether it may be about the object: worth asking `why_closed`, which knows."""
    return status(error) in _REFUSED


def archive_of(head: Mapping[str, Any]) -> str | None:
    """The archive that an object is in, restored or not; None where it is in none."""
    tier: str | None = head.get("ArchiveStatus")
    if tier:
        return f"the tier {tier}"
    kind = head.get("StorageClass")
    return f"the storage class {kind}" if kind in _ARCHIVES else None


def closed_by_archive(head: Mapping[str, Any]) -> Closed | None:
    """What HEAD tells of an archive; None if the object is in none, or a restored copy can be read."""
    archive, restore = archive_of(head), head.get("Restore", "")
    if archive is None or 'ongoing-request="false"' in restore:
        return None
    if 'ongoing-request="true"' in restore:
        return _archived(f"It is in {archive} and being restored.")
    return _archived(f"It is in {archive}: restore it.")


def closed_by(error: ClientError) -> Closed | None:
    """What the error of a GET says of the object; None if it is about something else."""
    told: Mapping[str, Any] = error.response
    code = told["Error"]["Code"]
    if code == "InvalidObjectState":
        archive = archive_of({"ArchiveStatus": told.get("AccessTier"), "StorageClass": told.get("StorageClass")})
        return _archived(f"It is in {archive or 'an archive'}: restore it.")
    if wants_customer_key(error):
        return Closed(Reason.CUSTOMER_KEY, "Upload it again, encrypted in any other way or in none.")
    if code in _DENIED:
        return Closed(
            Reason.ACCESS_DENIED, f"S3 answers {code}. Once its operators have granted access, it can be retried."
        )
    return None


def why_closed(s3: S3Client, source: Source, etag: str) -> Closed | None:
    """GET the first byte of what had this ETag; None if that works. Raises PreconditionFailed and errors of our own."""
    try:
        with on_condition():
            answer = s3.get_object(Bucket=source.bucket, Key=source.key, IfMatch=etag, Range="bytes=0-0")
    except ClientError as error:
        closed = closed_by(error)
        if closed is None and status(error) != _EMPTY:
            raise
        return closed
    answer["Body"].close()
    return None


def _archived(where: str) -> Closed:
    return Closed(Reason.ARCHIVED, f"{where} It is processed once that is done, or when it is retried.")
