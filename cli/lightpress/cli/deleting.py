"""What S3 does not delete of a batch, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import DeleteObjectsOutputTypeDef


def refused_in(answer: DeleteObjectsOutputTypeDef, bucket: str) -> str | None:
    """What was not deleted of `bucket`, and what to do; None where all was."""
    errors = answer.get("Errors", [])
    if not errors:
        return None
    first = errors[0]
    return (
        f"S3 did not remove {len(errors)} objects of {bucket}, such as {first.get('Key')!r} "
        f"({first.get('Code')}: {first.get('Message')}). Allow s3:DeleteObjectVersion, and run the "
        "command again."
    )
