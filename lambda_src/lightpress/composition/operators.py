"""Wires the operators' API to AWS."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from lightpress.aws.counts import CloudWatchCounts, metrics_of
from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.history import S3History
from lightpress.aws.images import S3Images
from lightpress.aws.quarantine import S3Quarantine
from lightpress.aws.retries import SqsRetries, SqsReviews
from lightpress.aws.runs_table import DynamoRuns
from lightpress.aws.session import WAITING_IN_API, client, s3_client
from lightpress.aws.waiting_list import S3WaitingList
from lightpress.composition.publishing import RECIPES, publishing
from lightpress.operators.access import check_operator
from lightpress.operators.service import OperatorService
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.settings.operators import OperatorSettings
from lightpress.settings.uploads import UploadSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def operator_service() -> OperatorService:
    """Build the operators' API; once per container."""
    settings = UploadSettings.from_environment(os.environ)
    more = OperatorSettings.from_environment(os.environ)
    s3, dynamodb = s3_client(WAITING_IN_API), client("dynamodb", config=WAITING_IN_API)
    sqs = client("sqs", config=WAITING_IN_API)
    return OperatorService(
        publishing=publishing(settings),
        cdn_base_url=settings.cdn_base_url,
        manifests=S3Images(s3, settings.images_bucket),
        history=S3History(s3),
        rows=DynamoFailures(dynamodb, more.failures_table, _now, retention_seconds=0),  # it writes no row
        copies=S3Quarantine(s3, more.quarantine_bucket),
        retries=SqsRetries(sqs, more.queue_url, more.url_queue_url),
        waiting=S3WaitingList(s3, settings.images_bucket),
        reviews=SqsReviews(sqs, more.review_queue_url),
        recipes=load_recipes(RECIPES),
        runs=DynamoRuns(dynamodb, more.runs_table),
        counts=CloudWatchCounts(
            client("cloudwatch", config=WAITING_IN_API), metrics_of(more.metrics), partial(datetime.now, UTC)
        ),
    )


def check_caller(event: Mapping[str, Any]) -> None:
    """Raise Refused (403) unless the caller is an operator."""
    settings = UploadSettings.from_environment(os.environ)
    check_operator(event, settings.auth, OperatorSettings.from_environment(os.environ).scope)


def _now() -> int:
    return int(time.time())
