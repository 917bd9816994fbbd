"""`lightpress connect`: an existing bucket tells EventBridge, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import NotificationConfigurationTypeDef

_EVENTBRIDGE = "EventBridgeConfiguration"


def connect(s3: S3Client, bucket: str) -> bool:
    """Switch it on, and return whether it was off.

    S3 takes the notifications of a bucket as a whole only: so they are read, and written back with one thing more.
    """
    present: dict[str, Any] = {**s3.get_bucket_notification_configuration(Bucket=bucket)}
    present.pop("ResponseMetadata", None)
    if _EVENTBRIDGE in present:
        return False
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=cast("NotificationConfigurationTypeDef", present | {_EVENTBRIDGE: {}}),
        SkipDestinationValidation=True,  # they are as they were
    )
    return True
