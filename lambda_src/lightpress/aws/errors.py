"""What S3's answers mean to the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_GONE = 404
_LOST_RACE = {409, 412}


def is_gone(error: ClientError) -> bool:
    """The object is not there: no key, a delete marker, or If-Match on nothing. A missing bucket is a fault."""
    return status(error) == _GONE and error.response["Error"]["Code"] != "NoSuchBucket"


def lost_race(error: ClientError) -> bool:
    """A condition failed (412), or another conditional write was under way (409)."""
    return status(error) in _LOST_RACE


def status(error: ClientError) -> int:
    """The status of the answer."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
