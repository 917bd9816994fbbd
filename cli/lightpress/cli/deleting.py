"""Deleting many objects of S3 at once, and what it does not delete of them, in a sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import DeleteObjectsOutputTypeDef

_MOST_DELETED_AT_ONCE = 1000
_DENIED = "AccessDenied"
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, "Characters"


def delete(s3: S3Client, bucket: str, named: Sequence[Any]) -> str | None:
    """Delete a thousand at a time; keys that no XML can hold, one at a time, for the list of many is XML.

    named: Keys and versions, as DeleteObjects takes them.

    Returns what was not deleted, and what to do; None where all was.
    """
    for one in named:
        if _NOT_IN_XML.search(one["Key"]):
            s3.delete_object(Bucket=bucket, **one)
    objects = [one for one in named if not _NOT_IN_XML.search(one["Key"])]
    for start in range(0, len(objects), _MOST_DELETED_AT_ONCE):
        some = objects[start : start + _MOST_DELETED_AT_ONCE]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        if refused := _refused_in(answer, bucket):
            return refused
    return None


def _refused_in(answer: DeleteObjectsOutputTypeDef, bucket: str) -> str | None:
    """What was not deleted of `bucket`, and what to do; None where all was."""
    errors = answer.get("Errors", [])
    if not errors:
        return None
    first = errors[0]
    advice = "Allow s3:DeleteObjectVersion" if first.get("Code") == _DENIED else "Wait some minutes"
    return (
        f"S3 did not remove {len(errors)} objects of {bucket}, such as {first.get('Key')!r} "
        f"({first.get('Code')}: {first.get('Message')}). {advice}, and run the command again."
    )
