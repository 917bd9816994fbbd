"""What each function may do, to the letter, and what its environment tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.infra.grants import ACCOUNT, REGION, environment_of, function_id, grants_of

if TYPE_CHECKING:
    from tests.infra.templates import Template

_UPLOADS = f"lightpress-dev-uploads-{ACCOUNT}-{REGION}-an"
_IMAGES = f"lightpress-dev-images-{ACCOUNT}-{REGION}-an"
_SQS = f"arn:aws:sqs:{REGION}:{ACCOUNT}"
_LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:ProcessUploadLogs:*"

_PROCESS_UPLOAD_MAY = {
    ("s3:GetObject", f"arn:aws:s3:::{_UPLOADS}/*"),
    ("s3:ListBucket", f"arn:aws:s3:::{_UPLOADS}"),
    ("s3:GetObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
    ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/m/*"),
    ("s3:PutObject", f"arn:aws:s3:::{_IMAGES}/i/*"),
    ("s3:DeleteObject", f"arn:aws:s3:::{_IMAGES}/i/*"),
    ("s3:ListBucket", f"arn:aws:s3:::{_IMAGES}"),
    ("sqs:SendMessage", f"{_SQS}:DeadLetterQueue"),
    ("sqs:ChangeMessageVisibility", f"{_SQS}:Queue"),
    ("sqs:DeleteMessage", f"{_SQS}:Queue"),
    ("sqs:GetQueueAttributes", f"{_SQS}:Queue"),
    ("sqs:GetQueueUrl", f"{_SQS}:Queue"),
    ("sqs:ReceiveMessage", f"{_SQS}:Queue"),
    ("logs:CreateLogStream", _LOG),
    ("logs:PutLogEvents", _LOG),
}


def test_process_upload_may_do_this_and_nothing_else(dev: Template) -> None:
    grants = grants_of(dev.raw, function_id(dev.raw, "process_upload"))
    assert {(grant.action, grant.resource) for grant in grants} == _PROCESS_UPLOAD_MAY


def test_traces_need_two_more_actions_and_no_other_environment_differs(prod: Template, dev: Template) -> None:
    in_prod = {grant.action for grant in grants_of(prod.raw, function_id(prod.raw, "process_upload"))}
    in_dev = {grant.action for grant in grants_of(dev.raw, function_id(dev.raw, "process_upload"))}
    assert in_prod - in_dev == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert in_dev <= in_prod


def test_process_upload_is_told_where_everything_is(dev: Template) -> None:
    assert environment_of(dev.raw, function_id(dev.raw, "process_upload")) == {
        "UPLOADS_BUCKET": _UPLOADS,
        "IMAGES_BUCKET": _IMAGES,
        "DEAD_LETTER_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/DeadLetterQueue",
        "POWERTOOLS_SERVICE_NAME": "lightpress",
        "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
        "LOG_LEVEL": "INFO",
    }
