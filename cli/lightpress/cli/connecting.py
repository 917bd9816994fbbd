"""`lightpress connect`: turns on EventBridge notifications of an existing bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import NotificationConfigurationTypeDef

_EVENTBRIDGE = "EventBridgeConfiguration"


def connect(s3: S3Client, bucket: str) -> bool:
    """Turn the notifications on; returns whether they were off.

    S3 replaces the whole configuration of a bucket: it is read, and written back with EventBridge added.
    """
    present: dict[str, Any] = {**s3.get_bucket_notification_configuration(Bucket=bucket)}
    present.pop("ResponseMetadata", None)
    if _EVENTBRIDGE in present:
        return False
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=cast("NotificationConfigurationTypeDef", present | {_EVENTBRIDGE: {}}),
        SkipDestinationValidation=True,  # the other destinations are unchanged
    )
    return True
