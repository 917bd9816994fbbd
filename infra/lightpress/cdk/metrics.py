"""What can be measured: the metrics that the functions count themselves, and those of AWS that are used here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

if TYPE_CHECKING:
    from lightpress.cdk.config import Config

NAMESPACE = "Lightpress"
FAILURE_RATE = "FailureRate"
RETRIES = "Retries"
LONGEST_WAIT = "LongestWait"
DEAD_LETTER_AGE = "DeadLetterAge"

# Every way in which a picture that was looked at comes to an end, by the function that brings it there.
ENDS = {
    "ProcessUpload": (
        "PicturesPublished",
        "PicturesRejected",
        "PicturesFailed",
        "PicturesRemoved",
        "PicturesUnchanged",
    ),
    "CompressInPlace": ("ObjectsReplaced", "ObjectsKept", "ObjectsLeftAlone", "ObjectsUnchanged", "ObjectsGone"),
}


def counted(
    config: Config, name: str, *, period: Duration, statistic: str = "Sum", label: str | None = None
) -> cloudwatch.Metric:
    """A metric of `lightpress.telemetry`, of this environment alone."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": config.prefix},
        statistic=statistic,
        period=period,
        label=label,
    )


def retried(config: Config, function_name: str, *, period: Duration) -> cloudwatch.Metric:
    """How many messages a function has failed at, and SQS brings back."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=RETRIES,
        dimensions_map={"service": config.prefix, "function_name": function_name},
        statistic="Sum",
        period=period,
    )
