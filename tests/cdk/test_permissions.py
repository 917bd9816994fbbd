"""What exactly each function may do, and what is in its environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.functions import KEEP_FREED_MEMORY
from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of

if TYPE_CHECKING:
    from tests.cdk.templates import Template

_UPLOADS = f"lightpress-dev-uploads-{ACCOUNT}-{REGION}-an"
_IMAGES = f"lightpress-dev-images-{ACCOUNT}-{REGION}-an"
_SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
_QUARANTINE = f"lightpress-dev-quarantine-{ACCOUNT}-{REGION}-an"


def _log(group: str) -> set[tuple[str, str]]:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
    return {("logs:CreateLogStream", arn), ("logs:PutLogEvents", arn)}


def _messages_of(queue: str) -> set[tuple[str, str]]:
    actions = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage")
    return {(f"sqs:{action}", f"{_SQS}:{queue}") for action in actions}


_STORY = {
    ("s3:GetObject", f"arn:aws:s3:::{_UPLOADS}/*"),
    ("s3:ListBucket", f"arn:aws:s3:::{_UPLOADS}"),
    ("s3:ListBucketVersions", f"arn:aws:s3:::{_UPLOADS}"),
    ("s3:GetObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
    ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
    ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/i/*"),
    ("s3:DeleteObject", f"arn:aws:s3:::{_IMAGES}/i/*"),
    ("s3:ListBucket", f"arn:aws:s3:::{_IMAGES}"),
    ("sqs:SendMessage", f"{_SQS}:PurgeQueue"),
    ("events:PutEvents", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"),
}
_MAY = {
    "process_upload": {
        *_STORY,
        *_messages_of("Queue"),
        *_messages_of("BackfillQueue"),
        *_log("ProcessUploadLogs"),
        ("sqs:SendMessage", f"{_SQS}:DeadLetterQueue"),
    },
    "record_failure": {
        *_STORY,
        *_messages_of("DeadLetterQueue"),
        *_log("RecordFailureLogs"),
        ("s3:PutObject", f"arn:aws:s3:::{_QUARANTINE}/*"),
        ("s3:DeleteObject", f"arn:aws:s3:::{_QUARANTINE}/*"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/FailuresTable"),
        ("dynamodb:UpdateItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/FailuresTable"),
    },
    "backfill": {
        *_log("BackfillLogs"),
        ("s3:GetObject", f"arn:aws:s3:::{_UPLOADS}/*"),
        ("s3:ListBucket", f"arn:aws:s3:::{_UPLOADS}"),
        ("s3:ListBucketVersions", f"arn:aws:s3:::{_UPLOADS}"),
        ("s3:GetObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
        ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
        ("s3:DeleteObject", f"arn:aws:s3:::{_IMAGES}/i/*"),
        ("s3:GetObject", f"arn:aws:s3:::{_IMAGES}/b/*"),
        ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/b/*"),
        ("s3:ListBucket", f"arn:aws:s3:::{_IMAGES}"),
        ("sqs:SendMessage", f"{_SQS}:BackfillQueue"),
        ("sqs:GetQueueAttributes", f"{_SQS}:BackfillQueue"),
        ("sqs:GetQueueAttributes", f"{_SQS}:DeadLetterQueue"),
        ("dynamodb:Scan", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/FailuresTable"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/RunsTable"),
        ("dynamodb:UpdateItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/RunsTable"),
    },
    "purge_deleted": {
        *_messages_of("PurgeQueue"),
        *_log("PurgeDeletedLogs"),
        ("cloudfront:CreateInvalidation", f"arn:aws:cloudfront::{ACCOUNT}:distribution/Distribution"),
    },
}


@pytest.mark.parametrize("handler", _MAY)
def test_a_function_may_do_this_and_nothing_else(dev: Template, handler: str) -> None:
    grants = grants_of(dev.raw, function_id(dev.raw, handler))
    assert {(grant.action, grant.resource) for grant in grants} == _MAY[handler]


def test_traces_need_two_more_actions_and_no_other_environment_differs(prod: Template, dev: Template) -> None:
    in_prod = {grant.action for grant in grants_of(prod.raw, function_id(prod.raw, "process_upload"))}
    in_dev = {grant.action for grant in grants_of(dev.raw, function_id(dev.raw, "process_upload"))}
    assert in_prod - in_dev == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert in_dev <= in_prod


def test_process_upload_gets_the_names_of_its_resources_in_its_variables(dev: Template) -> None:
    assert environment_of(dev.raw, function_id(dev.raw, "process_upload")) == {
        "UPLOADS_BUCKET": _UPLOADS,
        "IMAGES_BUCKET": _IMAGES,
        "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/Queue",
        "BACKFILL_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/BackfillQueue",
        "PURGE_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/PurgeQueue",
        "PURGE_DELAY_SECONDS": "70",
        "REFRESH_DELAY_SECONDS": "40",
        "EVENT_BUS": "default",
        "CDN_BASE_URL": "https://Distribution.cloudfront.net",
        "DEAD_LETTER_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/DeadLetterQueue",
        "POWERTOOLS_SERVICE_NAME": "lightpress-dev",
        "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        **KEEP_FREED_MEMORY,
    }
