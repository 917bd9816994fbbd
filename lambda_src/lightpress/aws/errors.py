"""What S3's answers mean to the story."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

_GONE = 404
_LOST_RACE = {409, 412}


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


def status(error: ClientError) -> int:
    """The status of the answer."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]
